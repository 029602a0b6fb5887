#!/bin/sh
# The doors are shut, and each would be seen open: plants a forbidden line of each kind in a scratch tree.
srcdir=${srcdir:-.}
doors=$srcdir/tests/doors.sh
failed=0
dir=$(mktemp -d "${TMPDIR:-/tmp}/offhook-doors.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

fail() {
	echo "FAIL: $*"
	failed=1
}

# fresh: an empty scratch tree.
fresh() {
	rm -rf "$dir/t"
	mkdir -p "$dir/t" || exit 99
}

# caught FILE LINE: a file FILE whose third line is LINE must be named.
caught() {
	fresh
	mkdir -p "$dir/t/${1%/*}"
	printf '/* planted */\n\n%s\n' "$2" >"$dir/t/$1"
	if out=$(sh "$doors" "$dir/t"); then
		fail "$1: '$2' was let in"
	else
		case $out in
		*"$1:3: "*) ;;
		*) fail "$1: '$2' was refused, but not where it stands: $out" ;;
		esac
	fi
}

# let_in FILE LINE: the door must not be shut to what belongs there.
let_in() {
	fresh
	mkdir -p "$dir/t/${1%/*}"
	printf '%s\n' "$2" >"$dir/t/$1"
	out=$(sh "$doors" "$dir/t") || fail "$1: '$2' was refused: $out"
}

# second HEADER ROOM: a second file with a header that belongs in one.
second() {
	fresh
	mkdir -p "$dir/t/$2"
	printf '#include <%s>\n' "$1" >"$dir/t/$2/planted_a.c"
	sh "$doors" "$dir/t" >/dev/null || fail "$2: one file with <$1> was refused"
	printf '#include <%s>\n' "$1" >"$dir/t/$2/planted_b.c"
	out=$(sh "$doors" "$dir/t") && fail "$2: a second file with <$1> was let in"
	case $out in
	*"$2/planted_b.c:1: "*) ;;
	*) fail "$2: a second file with <$1> was not named: $out" ;;
	esac
}

out=$(sh "$doors" "$srcdir") || fail "the tree itself:
$out"
sh "$doors" "$dir" >/dev/null 2>&1 && fail "an empty tree passed"

# One line in a copy of the whole tree.
fresh
for d in src ui; do
	[ ! -d "$srcdir/$d" ] || cp -R "$srcdir/$d" "$dir/t/" || exit 99
done
chmod -R u+w "$dir/t"
echo '#include <re.h>' >>"$dir/t/src/phone/phone.h"
out=$(sh "$doors" "$dir/t") && fail "a line planted in the real tree was let in"
case $out in
src/phone/phone.h:*) ;;
*) fail "a line planted in the real tree was not named: $out" ;;
esac

# libraries
for f in src/base/planted.c src/phone/planted.c src/command/planted.c src/store/planted.c ui/planted.c src/planted.c; do
	caught "$f" '#include <re.h>'
	caught "$f" '#include <rem.h>'
	caught "$f" '	#  include <re_sip.h>'
done
caught src/command/planted.c '#include <re/re.h>'
caught src/sip/planted.c '#include <ncurses.h>'
caught src/planted.c '#include <curses.h>'
caught src/sip/planted.c '#include <portaudio.h>'
caught ui/planted.c '#include <portaudio.h>'
caught src/command/planted.c '#include <sqlite3.h>'
second curses.h ui
second portaudio.h src/media
second sqlite3.h src/store

# rooms
for pair in base:phone base:sip base:ui phone:sip phone:media phone:command phone:ui phone:store sip:media sip:command \
	sip:exchange sip:ui media:sip media:command media:ui store:sip store:ui command:sip command:media command:control \
	command:ui control:sip control:media control:ui exchange:phone exchange:sip exchange:media exchange:ui; do
	caught "src/${pair%:*}/planted.h" "#include \"${pair#*:}/planted.h\""
done
for room in sip media store control exchange; do
	caught ui/planted.c "#include \"$room/planted.h\""
done
caught src/exchange/planted.c '#include <phone/call.h>'
caught src/exchange/planted.c '#include "../phone/call.h"'
caught src/exchange/planted.c '#include "src/phone/call.h"'
caught src/sip/planted.c '#include PLANTED_H'
caught src/attic/planted.c '#include "base/text.h"' 2>/dev/null

# the pure room
for header in sys/socket.h netinet/in.h time.h sys/time.h unistd.h fcntl.h pthread.h signal.h poll.h; do
	caught src/phone/planted.c "#include <$header>"
done
caught src/phone/planted.c '#include "base/loop.h"'
caught src/phone/planted.c 'static void f(void) { (void)fopen("x", "r"); }'
caught src/phone/planted.c 'static void f(void) { printf ("x"); }'
caught src/phone/planted.c 'static void f(void) { fputs("/*", stderr); }'

# what belongs there
let_in src/sip/planted.c '#include <re.h>'
let_in src/media/planted.c '#include <rem.h>'
let_in src/phone/planted.c '#include <string.h> /* fopen() */'
let_in src/phone/planted.c 'static int f(char *d) { return snprintf(d, 9, "puts(%d)", 1); }'
let_in src/phone/planted.c '// #include <re.h>'
let_in src/command/planted.c '#include "phone/phone.h"'
let_in ui/planted.c '#include "phone/snapshot.h"'
let_in src/exchange/planted.c '#include "base/loop.h"'

exit $failed
