#!/bin/sh
# lint.sh [SRCDIR] - what reading tools say about the sources. A tool that is not installed is said and left out.
# CPPFLAGS: how the sources are compiled (make lint gives it).
src=${1:-.}
here=$(pwd)
cd "$src" || exit 2
failed=0
sources=$(find src ui -name '*.c' | sort)
scripts="quickstart .ci/run tests/run $(find tests -name '*.sh' | sort)"

# step TOOL COMMAND...: runs COMMAND when TOOL is there.
step() {
	tool=$1
	shift
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "lint: $tool is not installed: left out"
		return
	fi
	if "$@"; then
		echo "lint: $tool: ok"
	else
		echo "lint: $tool: see above"
		failed=1
	fi
}

# make's flags are relative to the folder that it runs in, and have a quoted name that was unquoted on the way here.
flags=$(printf '%s\n' "${CPPFLAGS:--D_GNU_SOURCE -Isrc -I.}" | sed "s| -I\\([^/ ]\\)| -I$here/\\1|g; s|-DLOCALEDIR=[^ ]*||")

# The words below are lists.
# shellcheck disable=SC2086
{
	step sh sh tests/doors.sh .
	step cppcheck cppcheck -q --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --std=c11 -D_GNU_SOURCE -Isrc -I. src ui
	step codespell codespell -q 3 src ui tests doc debian README.md NEWS CONTRIBUTING.md quickstart configure.ac Makefile.am
	step shellcheck shellcheck -s sh $scripts
	step clang-tidy clang-tidy --quiet --warnings-as-errors='*' $sources -- -std=gnu11 -DLOCALEDIR='""' -DOFFHOOK_VERSION='""' $flags
}
exit $failed
