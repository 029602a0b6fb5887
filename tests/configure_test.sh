#!/bin/sh
# configure names everything that is missing at once, for four distributions.
configure=$(cd "${srcdir:-.}" && pwd)/configure
failed=0
if [ -f "${srcdir:-.}/config.status" ]; then
	echo 'SKIP: the sources were configured where they are'
	exit 77
fi
cd "$TEST_TMP" || exit 99

fail() {
	echo "FAIL: $*"
	failed=1
}

# names WORD...: each stands in what configure said.
names() {
	for word; do
		case $out in
		*" $word"[!a-z0-9-]* | *" $word") ;;
		*) fail "'$word' is not named" ;;
		esac
	done
}

unset MAKEFLAGS MFLAGS MAKELEVEL
# No library at all.
mkdir none
out=$(PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$TEST_TMP/none "$configure" 2>&1) && fail 'configure passed without a library'
names libre-dev librem-dev portaudio19-dev libopus-dev libspeexdsp-dev libsqlite3-dev libssl-dev libncurses-dev zlib1g-dev
names portaudio-devel opus-devel speexdsp speexdsp-devel openssl openssl-dev ncurses-devel
for distribution in Debian Fedora Arch Alpine; do
	n=$(printf '%s\n' "$out" | grep -c " $distribution ")
	[ "$n" -eq 9 ] || fail "$distribution is named $n times, not 9"
done

# libre from 3.0 on has librem in it; what is there is not named.
mkdir merged
printf 'Name: libre\nDescription: x\nVersion: 4.1.0\nLibs: -lre\n' >merged/libre.pc
out=$(PKG_CONFIG_PATH='' PKG_CONFIG_LIBDIR=$TEST_TMP/merged "$configure" 2>&1) && fail 'configure passed with libre alone'
names libopus-dev
case $out in
*librem-dev* | *' libre-dev'*) fail 'libre 4.1.0 was not enough' ;;
esac

[ $failed -eq 0 ] || printf '%s\n' "$out"
exit $failed
