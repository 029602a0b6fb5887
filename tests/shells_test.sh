#!/bin/sh
# The completions of shells, in the shells themselves as far as they are installed: what each offers for what is typed.
src=$(cd "${srcdir:-.}" && pwd) || exit 99
tmp=${TEST_TMP:?}
failed=0
done=0

fail() {
	echo "FAIL: $*"
	failed=1
}

# Profiles and files to be offered.
mkdir -p "$XDG_CONFIG_HOME/offhook/home" "$XDG_CONFIG_HOME/offhook/themes" "$XDG_STATE_HOME/offhook/work" "$tmp/files/folder" || exit 99
: >"$tmp/files/one.wav"
: >"$tmp/files/two words.wav"
cd "$tmp/files" || exit 99

# ---- bash ----

# bash_offers WANTED WORD...: what is offered for the last word, sorted. The words are as bash parts them.
bash_offers() {
	wanted=$1
	shift
	got=$(bash -c '
		source "$1" || exit 1
		shift
		COMP_WORDS=(offhook "$@")
		COMP_CWORD=$#
		_offhook offhook "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\\n" "${COMPREPLY[@]}" | sort | paste -sd"|"' bash "$src/completions/bash/offhook" "$@" 2>&1)
	case $wanted in
	*...*)
		# begins and ends so
		case $got in
		"${wanted%...*}"*"${wanted#*...}") ;;
		*) fail "bash: $*: offered '$got' instead of '$wanted'" ;;
		esac
		;;
	*) [ "$got" = "$wanted" ] || fail "bash: $*: offered '$got' instead of '$wanted'" ;;
	esac
}

if bash --version >/dev/null 2>&1; then
	done=1
	bash -n "$src/completions/bash/offhook" || fail 'bash: syntax'
	bash_offers '' ''
	bash_offers '' ec
	bash_offers '' sip : bob
	bash_offers '--headless|--help' --he
	bash_offers '--audio=|--config=|--demo...|-v' -
	bash_offers '--exec=' --exe
	bash_offers 'file:|null|portaudio' --audio ''
	bash_offers null --audio n
	bash_offers null --audio = n
	bash_offers --audio=null --audio=n
	bash_offers 'file:|null|portaudio' --audio =
	bash_offers one.wav --audio = file : o
	bash_offers 'file:one.wav,folder' --audio file:one.wav,f
	bash_offers 'one.wav,folder' --audio = file : one.wav,f
	bash_offers 'folder|one.wav|two words.wav' -c ''
	bash_offers 'two words.wav' --log = t
	bash_offers 'home|work' -p ''
	bash_offers work --profile = w
	bash_offers 'hangup|help|history|hold|hook' -e h
	bash_offers 'hangup|help|history|hold|hook' -d -e "'h"
	bash_offers 'account...wait' --exec ''
	bash_offers 'set redial ask|set redial auto' -e "'set redial a"
	bash_offers 'dial echo ; wait established' -e "'dial echo ; wait est"
	bash_offers 'wait established' --exec = '"wait est'
	bash_offers 'mute off|mute on' -e 'dial echo' -e '"mute o'
	bash_offers 'bind ringing' -e 'bind ri'
	bash_offers 'view next' -e 'view n'
	bash_offers 'hook macro|hook media|hook mwi' -e 'hook m'
	bash_offers '' -e 'dial ec'
	bash_offers '' -k ''
	bash_offers '' -e 'quit' ''
	bash_offers --demo -e 'quit' --de
	# behind --remote all words are the command's
	if grep -q -- --remote "$src/completions/bash/offhook"; then
		bash_offers 'hangup|help|history|hold|hook' -r h
		bash_offers 'ask|auto' --remote set redial a
		bash_offers add -p home -r account a
		bash_offers '' -r hangup --de
	fi

	# As a person has it: an interactive bash that asks readline.
	cat >"$tmp/typed.py" <<-'END'
		import os, pty, select, sys, time
		pid, fd = pty.fork()
		if pid == 0:
		    os.environ["PS1"] = "ready> "
		    os.environ["TERM"] = "dumb"
		    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
		got = b""
		def until(what, seconds=20):
		    global got
		    end = time.monotonic() + seconds
		    while what not in got:
		        if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
		            sys.exit("FAIL: bash, typed: waited for %r, got %r" % (what, got))
		        got += os.read(fd, 4096)
		    got = got[got.index(what) + len(what):]
		until(b"ready> ")
		os.write(fd, b"source %s; offhook() { printf '<%%s>' \"$@\"; }\n" % sys.argv[1].encode())
		until(b"ready> ")
		for typed, wanted in (
		    (b"offhook --aud\tnu\t", b"<--audio=null>"),
		    (b"offhook -e 'acc\t", b"<-e><account>"),
		    (b"offhook -e 'dial echo ; wait est\t", b"<-e><dial echo ; wait established>"),
		    (b"offhook -c tw\t", b"<-c><two words.wav>"),
		    (b"offhook --demo -p ho\t", b"<--demo><-p><home>"),
		):
		    os.write(fd, typed + b"\n")
		    until(wanted)
		    until(b"ready> ")
		os.write(fd, b"exit\n")
		os.waitpid(pid, 0)
	END
	python3 "$tmp/typed.py" "$src/completions/bash/offhook" || failed=1
fi

# ---- zsh and fish ----

if zsh --version >/dev/null 2>&1; then
	done=1
	zsh -n "$src/completions/zsh/_offhook" || fail 'zsh: syntax'
fi

# fish WANTED LINE: each word that is offered begins a line.
fish_offers() {
	# shellcheck disable=SC2016
	got=$(fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$src/completions/fish/offhook.fish" "$2" | cut -f1 | tr '\n' '|')
	[ "$got" = "$1" ] || fail "fish: $2: offered '$got' instead of '$1'"
}

if fish --version >/dev/null 2>&1; then
	done=1
	fish --no-execute "$src/completions/fish/offhook.fish" || fail 'fish: syntax'
	fish_offers '' 'offhook '
	fish_offers 'home|' 'offhook -p h'
	fish_offers 'hangup|help|history|hold|hook|' 'offhook -e h'
fi

[ $failed -ne 0 ] || [ $done -ne 0 ] || { echo 'SKIP: no shell with completions is installed' && exit 77; }
exit $failed
