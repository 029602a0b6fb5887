/* doc/outcomes.md, written from the table of outcomes. Run as a test it compares; with GENERATE=1
 * (make update-outcomes) it writes the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "phone/outcome.h"

static const char *const repair[REPAIRS] = {
	[REPAIR_NONE] = "",
	[REPAIR_DIGEST] = "proves that it knows the account's password, where it may",
	[REPAIR_REDIRECT] = "with `set redirect follow`: goes to the address offered",
	[REPAIR_PROXY] = "with `set redirect follow`: goes by way of the proxy, unless the account has its own",
	[REPAIR_LENGTH] = "states the length again, with the long name of the field",
	[REPAIR_SMALLER] = "offers fewer sound formats, if there is no Retry-After",
	[REPAIR_PLAIN] = "offers fewer sound formats, if the server takes SDP",
	[REPAIR_WITHOUT] = "leaves out the extension that the server does not know",
	[REPAIR_WITH] = "adds the extension, if the phone has it",
	[REPAIR_INTERVAL] = "checks less often whether the call is alive, as the server asks",
	[REPAIR_OFFER] = "offers fewer sound formats, if the Warning says that the offer was not understood",
	[REPAIR_GLARE] = "waits 2.1 to 4 seconds and asks again",
};

static void add_repair(struct buf *b, const struct outcome *o)
{
	if (o->repair == REPAIR_NONE)
		buf_str(b, "–");
	else if (o->bound == 1)
		buf_printf(b, "%s (once)", repair[o->repair]);
	else
		buf_printf(b, "%s (up to %u times)", repair[o->repair], o->bound);
}

static void add_actions(struct buf *b, const struct outcome *o)
{
	unsigned i;

	for (i = 0; i < OUTCOME_ACTIONS && o->action[i]; i++)
		buf_printf(b, "%s%s", i ? ", " : "", outcome_action_name(o->action[i]));
	if (!i)
		buf_str(b, "–");
}

static void add_row(struct buf *b, const struct outcome *o)
{
	if (o->code)
		buf_printf(b, "| %u | %s ", o->code, o->phrase);
	else
		buf_printf(b, "| `%s` | %s ", local_error_name(o->error), o->phrase);
	buf_printf(b, "| %s | %s | %s%s | ", o->sentence, outcome_kind_name(o->kind), tone_name(o->tone),
		   o->flags & OUTCOME_MAY_SIT ? " or sit" : "");
	if (o->code) {
		add_repair(b, o);
		buf_str(b, " | ");
	}
	add_actions(b, o);
	buf_str(b, " |\n");
}

static void add_retry(struct buf *b, const struct outcome *t, unsigned count)
{
	const char *comma = "";
	unsigned i;

	buf_str(b, "\n## Retry-After\n\n"
		   "A server may say when to call again. The time is always shown, with the server's comment. A redial at that\n"
		   "time is offered for ");
	for (i = 0; i < count; i++) {
		if (t[i].flags & OUTCOME_MAY_RETRY) {
			buf_printf(b, "%s%u", comma, t[i].code);
			comma = ", ";
		}
	}
	buf_str(b, ": when it has come the phone asks, and only a redial that was armed (the key `A`,\n"
		   "`redial auto`, or `set redial auto`) goes out by itself, five in a row at most and 30 seconds apart.\n"
		   "Times above 30 days are shown only.\n");
}

/* What the words for the actions are on the screen. */
static void add_action_words(struct buf *b)
{
	enum action a;

	buf_str(b, "\n## Actions\n\n"
		   "A notice shows them by these words, each behind the key that does it; `?` in the program lists the keys.\n\n"
		   "| action | on the screen |\n"
		   "| --- | --- |\n");
	for (a = ACTION_NONE + 1; a < ACTIONS; a++)
		buf_printf(b, "| %s | %s |\n", outcome_action_name(a), outcome_action_label(a));
}

static void add_all(struct buf *b)
{
	unsigned count, i;
	const struct outcome *t = outcome_table(&count);

	buf_str(b, "# Every way a call can fail\n\n"
		   "No call ends silently: whatever a server answers, a notice says what it means and what can be done. This page\n"
		   "is made from the table that the program goes by.\n\n"
		   "*Kind*, *tone* and *actions* are the words of the `outcome` event. Each notice has the actions `details` and\n"
		   "`dismiss` besides, and an action is only offered where it can be done. The option `tone-not-found` chooses\n"
		   "between `reorder` and `sit`. What the phone does *by itself* comes before all that: the call is only said to have\n"
		   "failed when it did not help. At most eight requests are sent for one call. A 503, or no answer at all, leads to\n"
		   "the server's next address first, where it has one.\n\n"
		   "| code | name | what it means | kind | tone | by itself the phone | actions |\n"
		   "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (i = 0; i < count && t[i].code; i++)
		add_row(b, &t[i]);
	buf_str(b, "\nA code that is not here is taken for the first of its class (499 for 400), and shown as unknown. An unknown 6xx\n"
		   "is of the kind `declined`, with the tone `reorder`.\n");
	add_retry(b, t, count);
	buf_str(b, "\n## Failures on this side\n\n"
		   "Nothing came back, or nothing could be sent. The `outcome` event has the code 0, and the error:\n\n"
		   "| error | title | what it means | kind | tone | actions |\n"
		   "| --- | --- | --- | --- | --- | --- |\n");
	for (; i < count; i++)
		add_row(b, &t[i]);
	add_action_words(b);
}

static int compare(const char *file, const struct buf *b)
{
	static char now[200000];
	FILE *f = fopen(file, "r");
	size_t n;

	if (!f) {
		fprintf(stderr, "FAIL: %s: %s\n", file, strerror(errno));
		return 1;
	}
	n = fread(now, 1, sizeof(now), f);
	fclose(f);
	if (n == b->len && !memcmp(now, b->s, n))
		return 0;
	fprintf(stderr, "FAIL: %s is not what the table says; make update-outcomes writes it anew\n", file);
	return 1;
}

static int generate(const char *file, const struct buf *b)
{
	FILE *f = fopen(file, "w");
	size_t n = f ? fwrite(b->s, 1, b->len, f) : 0;

	if (!f || fclose(f) || n != b->len) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return 1;
	}
	return 0;
}

int main(void)
{
	const char *top = getenv("abs_top_srcdir");
	struct buf b = {0};
	char file[4096];
	int status;

	snprintf(file, sizeof(file), "%s/doc/outcomes.md", top ? top : ".");
	add_all(&b);
	if (b.failed)
		return 99;
	status = getenv("GENERATE") ? generate(file, &b) : compare(file, &b);
	buf_free(&b);
	return status;
}
