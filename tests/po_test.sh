#!/bin/sh
# Every file with strings for people is listed in po/POTFILES.in, each comment for translators is where xgettext
# finds it, and each language of po/LINGUAS is complete.
# GENERATE=1 writes POTFILES.in.
src=$(cd "${srcdir:-.}" && pwd) || exit 99
tmp=${TEST_TMP:-$(mktemp -d)} || exit 99
cd "$src" || exit 99
failed=0
LC_ALL=C
export LC_ALL

fail() {
	echo "FAIL: $*"
	failed=1
}

# The files that call _(), N_() or P_() beside the header that defines them, and what menus show.
{ echo data/offhook.desktop.in && find src ui -name '*.[ch]' -exec grep -lE '(^|[^A-Za-z0-9_])(_|N_|P_)[[:blank:]]*\(' {} + | grep -v '^src/base/i18n\.h$'; } | sort >"$tmp/with"
sort -u "$tmp/with" >"$tmp/wanted"
[ -n "$GENERATE" ] && cp "$tmp/wanted" po/POTFILES.in
sort po/POTFILES.in >"$tmp/listed"
diff "$tmp/listed" "$tmp/wanted" >"$tmp/diff" || {
	fail 'po/POTFILES.in is not what the sources need (GENERATE=1 tests/po_test.sh writes it):'
	cat "$tmp/diff"
}

if ! xgettext --version >/dev/null 2>&1; then
	[ $failed -eq 0 ] && echo 'SKIP: xgettext is not installed' && exit 77
	exit $failed
fi
options=$(sed -n 's/^XGETTEXT_OPTIONS *= *//p' po/Makevars)
# shellcheck disable=SC2086
xgettext $options --no-location -f "$tmp/wanted" -o "$tmp/all.pot" || fail 'xgettext'

# A comment for translators reaches them only from the line above its string.
while read -r file; do
	sed -n 's|.*/[*] \(TRANSLATORS: .*\)|\1|; s| *[*]/$||; /^TRANSLATORS: /p' "$file"
done <"$tmp/wanted" | sort -u >"$tmp/comments"
while read -r comment; do
	grep -qxF "#. $comment" "$tmp/all.pot" || fail "not directly above a string: $comment"
done <"$tmp/comments"
[ -s "$tmp/comments" ] || fail 'no comments for translators found'

languages=$(sed 's/#.*//' po/LINGUAS)
for language in $languages; do
	msgfmt --check -o /dev/null "po/$language.po" || fail "po/$language.po is not right"
	msgmerge -q --no-fuzzy-matching -o "$tmp/$language.po" "po/$language.po" "$tmp/all.pot" || fail "po/$language.po: msgmerge"
	for kind in untranslated only-fuzzy; do
		msgattrib --$kind --no-obsolete --no-wrap "$tmp/$language.po" >"$tmp/rest.po" || fail 'msgattrib'
		# The heading is a message with an empty id.
		n=$(grep '^msgid ' "$tmp/rest.po" | grep -cv '^msgid ""$')
		if [ "$n" -gt 0 ]; then
			fail "po/$language.po: $n messages are $kind:"
			grep '^msgid ' "$tmp/rest.po" | grep -v '^msgid ""$' | head -n 20
		fi
	done
done
[ -n "$languages" ] || fail 'po/LINGUAS is empty'
exit $failed
