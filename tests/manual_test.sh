#!/bin/sh
# offhookrc(5) lists the commands, options, account keys and keys that the program's tables have, and no others.
src=$(cd "${srcdir:-.}" && pwd) || exit 99
tmp=${TEST_TMP:?}
page=$src/doc/offhookrc.5
failed=0
LC_ALL=C
export LC_ALL

# section NAME...: the headings (.TP, .TQ) of these sections as plain words.
section() {
	for name; do
		awk -v name="$name" '
			/^[.]SH / { on = $0 == ".SH " name; next }
			/^[.]T[PQ]$/ { head = on; next }
			head { print; head = 0 }' "$page"
	done | sed 's/\\f[A-Z]//g; s/^\.B[RI]* *//; s/\\//g'
}

# rows FILE FIRST LAST: the first string of each row of the table between two patterns.
rows() {
	[ -f "$src/$1" ] || { echo "FAIL: there is no $1" && return; }
	sed -n "/$2/,/$3/s/^	{\"\\([^\"]*\\)\".*/\\1/p" "$src/$1"
}

# same WHAT: the lists page and program must be equal.
same() {
	sort -u "$tmp/page.1" >"$tmp/page"
	sort -u "$tmp/program.1" >"$tmp/program"
	if [ ! -s "$tmp/program" ]; then
		echo "FAIL: no $1 found in the sources"
		failed=1
	elif ! diff "$tmp/page" "$tmp/program" >"$tmp/diff"; then
		echo "FAIL: the $1 of offhookrc(5) (<) and of the program (>) differ:"
		grep '^[<>]' "$tmp/diff"
		failed=1
	fi
}

section COMMANDS | awk '{ print $1 }' >"$tmp/page.1"
rows src/command/table.c '^static const struct command table' '^};' >"$tmp/program.1"
same commands

section COMMANDS | sed -n 's/^account //p' | tr '|' '\n' | awk '{ print $1 }' >"$tmp/page.1"
rows src/command/commands_account.c 'NAME SIP-URI' '^};' >"$tmp/program.1"
same 'account commands'

section OPTIONS | sed 's/"[^"]*[(].*//; s/"[^"]*"/ /g' | tr ' ' '\n' | grep . >"$tmp/page.1"
rows src/command/options.c '^static const struct option_row table' '^};' >"$tmp/program.1"
same options

section ACCOUNTS | sed 's/=.*//' >"$tmp/page.1"
rows src/phone/account.c '^} table' '^};' >"$tmp/program.1"
same 'account keys'

exit $failed
