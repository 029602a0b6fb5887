#!/bin/sh
# quickstart, with every tool that it calls replaced by one that writes down how it was called.
src=$(cd "${srcdir:-.}" && pwd) || exit 99
tmp=${TEST_TMP:?}
failed=0
calls=$tmp/calls

fail() {
	echo "FAIL: $*"
	sed 's/^/    /' "$tmp/out"
	failed=1
}

# tool NAME: reads the script of a replaced tool; it writes its call down first.
tool() {
	{
		echo '#!/bin/sh'
		echo "echo \"$1 \$*\" >>'$calls'"
		cat
	} >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# The tree that quickstart sees, with a fake program in it.
fresh() {
	rm -rf "${tmp:?}/tree" "${tmp:?}/bin"
	mkdir -p "$tmp/tree/debian" "$tmp/tree/build-quickstart" "$tmp/bin"
	cp "$src/quickstart" "$tmp/tree/"
	cp "$src/debian/control" "$tmp/tree/debian/"
	: >"$tmp/tree/configure.ac"
	: >"$tmp/tree/Makefile.am"
	: >"$tmp/tree/Makefile.in"
	printf '#!/bin/sh\necho "configure $*" >>"%s"\n' "$calls" >"$tmp/tree/configure"
	chmod +x "$tmp/tree/configure"
	: >"$tmp/gone"
	tool dpkg-query <<-X
		for package; do :; done
		grep -qx "\$package" '$tmp/gone' || echo installed
	X
	tool apt-cache <<-X
		echo "  Candidate: 1.0"
	X
	tool apt-get <<-X
		case \$1 in install) : >'$tmp/gone' ;; esac
	X
	tool id </dev/null
	echo 'echo 1000' >>"$tmp/bin/id"
	tool sudo <<-X
		[ "\$1" = -n ] && shift
		exec "\$@"
	X
	tool systemctl <<-X
		echo offline
	X
	tool autoreconf </dev/null
	tool make </dev/null
	program 0 '{"event":"ready","time":1.000,"version":"0.1.0","accounts":["demo"],"sip":["udp:127.0.0.1:5060"],"audio":"null"}' \
		'{"event":"registration","time":1.000,"account":"demo","state":"registered"}' \
		'{"event":"call","time":1.100,"call":1,"direction":"out","peer":"sip:echo@127.0.0.1:5080","state":"calling"}' \
		'{"event": "call", "time": 1.200, "call": 1, "state": "established"}' \
		'{"event":"media","time":2.200,"call":1,"codec":"opus","rate":48000,"rx_packets":48,"tx_packets":50,"rx_level":-60.0,"tx_level":-61.5}' \
		'{"event":"call","time":3.300,"call":1,"state":"closed","duration":2.1,"ended_by":"us"}'
	: >"$calls"
}

# program STATUS EVENT...: the fake offhook.
program() {
	printf '#!/bin/sh\necho "offhook $*" >>"%s"\ncat <<X\n' "$calls" >"$tmp/tree/build-quickstart/offhook"
	status=$1
	shift
	printf '%s\n' "$@" X "exit $status" >>"$tmp/tree/build-quickstart/offhook"
	chmod +x "$tmp/tree/build-quickstart/offhook"
}

# run WANTED-STATUS ARG...
run() {
	wanted=$1
	shift
	PATH=$tmp/bin:$PATH sh "$tmp/tree/quickstart" "$@" </dev/null >"$tmp/out" 2>&1
	got=$?
	[ "$got" -eq "$wanted" ] || fail "$case: quickstart $* ended with $got, not $wanted"
}

said() {
	grep -qF -- "$1" "$tmp/out" || fail "$case: '$1' was not said"
}

called() {
	grep -qE -- "$1" "$calls" || {
		fail "$case: '$1' was not called:"
		sed 's/^/    /' "$calls"
	}
}

not_called() {
	grep -qE -- "$1" "$calls" && fail "$case: '$1' was called"
}

last_line() {
	[ "$(tail -n 1 "$tmp/out")" = "$1" ] || fail "$case: the last line is not '$1'"
}

case='all is there'
fresh
run 0
called '^configure -q'
called '^make -C .*build-quickstart'
called '^offhook --demo --headless --audio=null -e dial echo'
not_called '^apt-get|^autoreconf'
for sentence in 'Registered' 'Calling sip:echo@127.0.0.1:5080' 'Answered (200, ACK)' 'RTP: 50 packets sent, 48 received; opus, sent -61.5 dBFS, heard -60.0 dBFS' \
	'over after 2.1 s, ended by us' 'The demo call worked'; do
	said "$sentence"
done

case='missing, nobody to ask'
fresh
printf '%s\n' libre-dev libopus-dev libcmocka-dev >"$tmp/gone"
run 1
said '  sudo apt-get install --no-install-recommends libopus-dev libre-dev'
not_called '^(apt-get|sudo|make)'
grep -q libcmocka-dev "$tmp/out" && fail "$case: a package of the tests was asked for"

case='the tests want a server, and systemd would start it'
fresh
printf '%s\n' kamailio sox >"$tmp/gone"
run 1 test
said '  sudo apt-get install --no-install-recommends kamailio sox'
tool systemctl <<-X
	echo degraded
X
run 1 test
said '  sudo apt-get install --no-install-recommends sox'
said 'kamailio is left out'
echo sox >"$tmp/gone"
run 1 test
grep -q kamailio "$tmp/out" && fail "$case: it is installed, and was spoken of"

case='missing, --yes'
fresh
printf '%s\n' libre-dev gcc >"$tmp/gone"
run 0 --yes
called '^sudo -n apt-get install -q -y --no-install-recommends gcc libre-dev$'
not_called 'apt-get update'

case='missing, root'
fresh
echo libcmocka-dev >"$tmp/gone"
tool id <<-X
	echo 0
X
run 0
not_called '^apt-get'
fresh
echo libcmocka-dev >"$tmp/gone"
tool id <<-X
	echo 0
X
tool make <<-X
	case "\$*" in *check*) echo '# PASS:  1' ;; esac
X
run 0 test
called '^apt-get install .* libcmocka-dev$'
not_called '^sudo'
last_line '1 passed, 0 failed'

case='no lists of packages'
fresh
echo libre-dev >"$tmp/gone"
tool apt-cache </dev/null
run 0 --yes
called '^apt-get update'

case='lists too old'
fresh
echo libre-dev >"$tmp/gone"
tool apt-get <<-X
	case \$1 in
	update) : >'$tmp/fetched' ;;
	install) [ -f '$tmp/fetched' ] ;;
	esac
X
rm -f "$tmp/fetched"
run 0 --yes
[ "$(grep -c '^apt-get update' "$calls")" = 1 ] || fail "$case: apt-get update was not run once"
[ "$(grep -c '^apt-get install' "$calls")" = 2 ] || fail "$case: apt-get install was not tried twice"

case='packages that do not install'
fresh
echo libre-dev >"$tmp/gone"
tool apt-get <<-X
	echo 'E: no such luck'
	exit 100
X
run 1 --yes test
said 'E: no such luck'
last_line '0 passed, 1 failed'
not_called '^make'

case='no make'
fresh
tool make <<-X
	echo 'src/x.c:1: error: it does not compile'
	exit 2
X
run 1
said 'it does not compile'
not_called '^offhook'

case='the call fails'
fresh
program 4 '{"event":"outcome","call":1,"peer":"sip:echo@h","code":486,"reason":"Busy Here","kind":"busy","text":"busy."}'
run 1
said 'The call failed: 486 Busy Here'
said 'status 4'

case='no sound'
fresh
program 0 '{"event":"call","call":1,"state":"established"}'
run 1
said 'no sound went both ways: 0 RTP packets sent, 0 received'
for counts in '"rx_packets":0,"tx_packets":50' '"rx_packets": 50, "tx_packets": 0'; do
	fresh
	program 0 '{"event":"call","call":1,"state":"established"}' '{"event":"media","call":1,"codec":"opus",'"$counts"'}'
	run 1
	said 'no sound went both ways'
done

case='no call at all'
fresh
program 0 '{"event":"ready"}'
run 1
said 'was not answered'

case='test results'
fresh
tool make <<-X
	case "\$*" in *check*)
		echo 'PASS: tests/test_a'
		echo 'FAIL: tests/test_b'
		for line in 'TOTAL: 7' 'PASS:  3' 'SKIP:  1' 'XFAIL: 0' 'FAIL:  2' 'XPASS: 0' 'ERROR: 1'; do echo "# \$line"; done
		case "\$*" in *VERBOSE=*) echo '# PASS:  3'; echo '# FAIL:  2' ;; esac
		exit 2 ;;
	esac
X
run 1 test
said 'FAIL: tests/test_b'
last_line '3 passed, 3 failed, 1 skipped'

case='tests that do not build'
fresh
tool make <<-X
	case "\$*" in *check*) echo 'tests/test_a.c:1: error'; exit 2 ;; esac
X
run 1 test
said 'tests/test_a.c:1: error'
last_line '0 passed, 1 failed'

case='a wrong word'
fresh
run 2 tests

exit $failed
