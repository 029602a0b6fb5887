#!/bin/sh
# The parts of the manual that are written by hand: they tell of the account keys and events that there are, and of no
# command or option that there is not. (The parts that are made from the tables are looked at by tests/tables.)
src=$(cd "${srcdir:-.}" && pwd) || exit 99
tmp=${TEST_TMP:?}
failed=0
LC_ALL=C
export LC_ALL

fail() {
	echo "FAIL: $*"
	failed=1
}

# section PAGE NAME...: the headings (.TP, .TQ) of these sections and subsections as plain words.
section() {
	page=$1
	shift
	for name; do
		awk -v name="$name" '
			/^[.]S[HS] / { title = $0; sub(/^[.]S[HS] /, "", title); gsub(/"/, "", title); on = title == name; next }
			/^[.]T[PQ]/ { head = on; next }
			head { print; head = 0 }' "$src/doc/$page"
	done | sed 's/\\f[A-Z]//g; s/^\.[BI][RI]* *//; s/\\//g'
}

# rows FILE FIRST LAST: the first string of each row of the table between two patterns.
rows() {
	[ -f "$src/$1" ] || { echo "FAIL: there is no $1" && return; }
	sed -n "/$2/,/$3/s/^	{\"\\([^\"]*\\)\".*/\\1/p" "$src/$1"
}

# same WHAT: the lists page and program must be equal. known WHAT: what is in page must be in program.
same() {
	known "$1"
	comm -13 "$tmp/page" "$tmp/program" >"$tmp/diff"
	[ ! -s "$tmp/diff" ] || fail "the manual does not tell of the $1: $(tr '\n' ' ' <"$tmp/diff")"
}
known() {
	sort -u "$tmp/page.1" >"$tmp/page"
	sort -u "$tmp/program.1" >"$tmp/program"
	[ -s "$tmp/page" ] || fail "no $1 found in the manual"
	[ -s "$tmp/program" ] || fail "no $1 found in the sources"
	comm -23 "$tmp/page" "$tmp/program" >"$tmp/diff"
	[ ! -s "$tmp/diff" ] || fail "the manual tells of $1 that the program has not: $(tr '\n' ' ' <"$tmp/diff")"
}

section offhookrc.5 ACCOUNTS | sed 's/=.*//' >"$tmp/page.1"
rows src/phone/account.c '^} table' '^};' >"$tmp/program.1"
same 'account keys'

rows src/command/table.c '^static const struct command table' '^};' >"$tmp/program.1"
cp "$tmp/program.1" "$tmp/commands"
section offhookrc.5 'More about commands' | sed 's/" *, *"/\n/g' | awk '{ print $1 }' | tr -d ', ' >"$tmp/page.1"
known commands
# the lines of examples
awk '/^[.]SH / { on = /SYNTAX|KEYS|EXAMPLE/ } on' "$src/doc/offhookrc.5" | sed -n '/^\.nf/,/^\.fi/p' | grep -v '^[.#]' | sed 's/ ; /\n/g' | awk '{ print $1 }' >"$tmp/page.1"
known 'commands in examples'

rows src/command/options.c '^static const struct option_row table' '^};' >"$tmp/program.1"
section offhookrc.5 'More about options' | sed 's/" *, *"/\n/g' | tr -d ', ' >"$tmp/page.1"
known options

rows src/cli.c '^static const struct cli_option rows' '^};' | sed 's/.*--/--/; s/[= ].*//' >"$tmp/program.1"
section offhook.1 'More about the options' | sed 's/" *, *"/\n/g' | grep -o -- '--[a-z-]*' >"$tmp/page.1"
known 'options of the command line'

# Events and their fields.
{
	grep -rho 'event_begin(&e, "[a-z_]*"' "$src/src" | sed 's/.*"\(.*\)"/\1/'
	grep -rho 'jsonl_begin(&b, "[a-z_]*"' "$src/src" | sed 's/.*"\(.*\)"/\1/'
} >"$tmp/program.1"
section offhook.1 'WITHOUT A SCREEN' | awk '{ print $1 }' >"$tmp/page.1"
same events
# Those that a subscription and a hook may name.
sed -n '/ names\[\] = {/,/};/p' "$src/src/phone/event.c" | grep -o '"[a-z_]*"' | tr -d '"' >"$tmp/page.1"
grep -rho 'event_begin(&e, "[a-z_]*"' "$src/src" | sed 's/.*"\(.*\)"/\1/' >"$tmp/program.1"
same 'event_names()'
awk '/^[.]S[HS] / { on = /WITHOUT A SCREEN/ } on' "$src/doc/offhook.1" | grep -o '[a-z_]*' | sort -u >"$tmp/told"
grep -rhoE 'event_(string|integer|real|boolean|list)\(&?e, "[a-z_]*"' "$src/src" | sed 's/.*"\(.*\)"/\1/' | sort -u >"$tmp/fields"
[ -s "$tmp/fields" ] || fail 'no fields of events found in the sources'
comm -13 "$tmp/told" "$tmp/fields" >"$tmp/diff"
[ ! -s "$tmp/diff" ] || fail "the manual does not tell of the fields: $(tr '\n' ' ' <"$tmp/diff")"

# Every page as those read it who show it.
for page in "$src"/doc/*.[157]; do
	name=$(basename "$page")
	if man --version >/dev/null 2>&1; then
		man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$tmp/warnings" || fail "man does not take $name"
		[ ! -s "$tmp/warnings" ] || fail "$name: $(cat "$tmp/warnings")"
	fi
	if groff --version >/dev/null 2>&1; then
		groff -man -ww -rCHECKSTYLE=0 -Tascii -z "$page" 2>"$tmp/warnings"
		[ ! -s "$tmp/warnings" ] || fail "$name: $(cat "$tmp/warnings")"
	fi
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W error "$page" || fail "$name: mandoc"
	fi
	if command -v lexgrog >/dev/null; then
		lexgrog "$page" >/dev/null 2>&1 || fail "$name: apropos would not find it"
	fi
done

exit $failed
