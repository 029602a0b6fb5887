/* Whom the history knows: addresses to be called again. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "phone/target.h"
#include "store/database.h"
#include "store/room.h"

#define CALLS_BACK  1000 /* that are looked at: a millisecond or two */
#define NUMBERS_MAX 256  /* that are told */

static const char newest[] = "SELECT peer, name FROM call ORDER BY id DESC LIMIT ?1";

/* Could it be called? Who hides is in the history too (RFC 3323 section 4.1.1.3). */
static bool is_number(const char *uri)
{
	char user[TARGET_MAX], host[TARGET_MAX];
	unsigned port;

	return !target_uri_parts(uri, user, sizeof(user), host, sizeof(host), &port) && *user &&
	       strcasecmp(host, "anonymous.invalid") != 0;
}

void numbers_each(const char *typed, store_number_h *h, void *arg)
{
	static char seen[NUMBERS_MAX][TARGET_MAX];
	size_t len = strlen(typed);
	struct statement *s;
	unsigned n = 0, i;

	if (statement_new(&s, newest))
		return;
	statement_set_integer(s, 1, CALLS_BACK);
	while (n < NUMBERS_MAX && !statement_next(s)) {
		const char *uri = statement_text(s, 0), *name = statement_text(s, 1);

		if (!uri || strlen(uri) >= TARGET_MAX || !is_number(uri) ||
		    (strncasecmp(uri, typed, len) != 0 && strncasecmp(strchr(uri, ':') + 1, typed, len) != 0))
			continue;
		for (i = 0; i < n && strcmp(seen[i], uri) != 0; i++)
			;
		if (i < n)
			continue;
		text_copy(seen[n++], TARGET_MAX, uri);
		h(uri, name ? name : "", arg);
	}
	statement_free(s);
}
