#!/bin/sh
# doors.sh [SRCDIR] - who may include what: the rooms' doors (CONTRIBUTING.md).
# Looks at every .c and .h below SRCDIR/src and SRCDIR/ui. Prints FILE:LINE: what is wrong, exit 1, when a
# door stands open; exit 0 when all are shut; 2 when there is nothing to look at.
LC_ALL=C
export LC_ALL
src=${1:-${srcdir:-.}}
cd "$src" || exit 2

files=$(find src ui -name '*.[ch]' 2>/dev/null | sort)
if [ -z "$files" ]; then
	echo "doors.sh: no sources below '$src'" >&2
	exit 2
fi

# File names of this project hold no blanks.
# shellcheck disable=SC2086
awk '
BEGIN {
	# A room, and the rooms that it may include. main is src/main.c.
	may["base"]     = "base"
	may["phone"]    = "phone base"
	may["sip"]      = "sip phone base"
	may["media"]    = "media phone base"
	may["store"]    = "store phone base"
	may["command"]  = "command phone base"
	may["control"]  = "control command phone base"
	may["exchange"] = "exchange base"
	may["ui"]       = "ui command phone base"
	may["main"]     = "base phone sip media store command control exchange ui"

	# A library: which headers are its own, who may include it, and (only) how many files of the room.
	nlib = 0
	library("libre", "^(re|rem)(_[a-z0-9_]+)?[.]h$|^(re|rem)/", "^src/(sip|media|exchange|control)/|^src/base/loop[.]c$", 0)
	library("curses", "^n?cursesw?[.]h$|^ncursesw?/|^(term|termcap|panel|menu|form|eti|unctrl)[.]h$", "^ui/", 1)
	library("PortAudio", "^portaudio[.]h$|^pa_[a-z_]+[.]h$", "^src/media/", 1)
	library("SQLite", "^sqlite3(ext)?[.]h$", "^src/store/", 1)

	# phone/ is pure: the headers of C that do no I/O and know no clock.
	pure = " assert.h ctype.h errno.h float.h inttypes.h limits.h math.h stdalign.h stdarg.h stdbool.h stddef.h" \
		" stdint.h stdio.h stdlib.h stdnoreturn.h string.h strings.h wchar.h wctype.h" \
		" arpa/inet.h " # addresses as text
	# stdio.h and stdlib.h are there for snprintf and malloc; these are not.
	io = "(f|v|vf|d|vd|w|fw|vw)?printf|v?f?w?scanf|f?puts|f?putc|putchar|f?gets|f?getc|getchar|getline|fopen|fdopen|" \
		"freopen|fclose|fread|fwrite|fflush|fseek|perror|popen|tmpfile|remove|rename|system|getenv|setenv|" \
		"exit|abort|s?rand|random|arc4random"
}

function library(name, header, allowed, one) {
	nlib++
	lib_name[nlib] = name; lib_header[nlib] = header; lib_allowed[nlib] = allowed; lib_one[nlib] = one
}

function wrong(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}

# The line without comments and, when WITHOUT is set, without string literals.
function code(line, without,    out, c, two, quote) {
	if (!in_comment && line !~ /["\047\/]/)
		return line
	if (in_comment && !index(line, "*/"))
		return ""
	out = ""; quote = ""
	while (line != "") {
		c = substr(line, 1, 1); two = substr(line, 1, 2)
		if (in_comment) {
			if (two == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
			continue
		}
		if (quote != "") {
			if (c == "\\") { if (!without) out = out two; line = substr(line, 3); continue }
			if (c == quote) quote = ""
			if (!without || quote == "") out = out c
			line = substr(line, 2)
			continue
		}
		if (two == "//") break
		if (two == "/*") { in_comment = 1; out = out " "; line = substr(line, 3); continue }
		if (c == "\"" || c == "\047") quote = c
		out = out c
		line = substr(line, 2)
	}
	return out
}

function include(name, angle,    i, to, inside) {
	to = name
	if (name ~ /(^|\/)[.][.]?\//) {
		wrong("\"" name "\": name the room, as in \"base/text.h\"")
		return
	}
	sub(/^src\//, "", to)
	inside = index(to, "/") ? substr(to, 1, index(to, "/") - 1) : ""
	if (inside in may) {
		if (index(" " may[room] " ", " " inside " ") == 0)
			wrong(room " may not include " inside " (" name ")")
		if (room == "phone" && to ~ /^base\/(loop|paths|log)[.]h$/)
			wrong("phone is pure: no clock, no files (" name ")")
		return
	}
	for (i = 1; i <= nlib; i++) {
		if (name !~ lib_header[i])
			continue
		if (FILENAME !~ lib_allowed[i])
			wrong(lib_name[i] " is not for this file (" name ")")
		else if (lib_one[i] && lib_user[i] != "" && lib_user[i] != FILENAME)
			wrong(lib_name[i] " belongs in one file, and " lib_user[i] " has it (" name ")")
		else
			lib_user[i] = FILENAME
		if (room == "phone")
			return
	}
	if (room == "phone" && angle && index(pure, " " name " ") == 0)
		wrong("phone is pure: no I/O, no clock but the one it is given (" name ")")
}

FNR == 1 {
	in_comment = 0
	n = split(FILENAME, part, "/")
	room = part[1] == "ui" ? "ui" : n == 2 ? "main" : part[2]
	if (!(room in may))
		wrong("no such room: " room " (name it and its doors in tests/doors.sh)")
}

{
	kept = in_comment
	line = code($0, 0)
	if (line ~ /^[ \t]*#[ \t]*include/) {
		sub(/^[ \t]*#[ \t]*include(_next)?[ \t]*/, "", line)
		if (match(line, /^"[^"]*"/))
			include(substr(line, 2, RLENGTH - 2), 0)
		else if (match(line, /^<[^>]*>/))
			include(substr(line, 2, RLENGTH - 2), 1)
		else
			wrong("an include that cannot be read here")
		next
	}
	if (room != "phone")
		next
	in_comment = kept
	line = code($0, 1)
	if (match(line, "(^|[^A-Za-z0-9_])(" io ")[ \t]*[(]"))
		wrong("phone is pure: no I/O (" substr(line, RSTART, RLENGTH) "...)")
}

END { exit bad }
' $files
