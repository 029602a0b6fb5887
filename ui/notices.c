/* The calm list above the status bar: newest first, whole text and keys only for the selected one. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

#define WRAP_MAX 3 /* lines that a sentence or the server's words may take */

static const struct { enum glyph glyph; enum role role; } severities[] = {
	[SEVERITY_INFO]    = { GLYPH_INFO, ROLE_ACCENT },
	[SEVERITY_WARNING] = { GLYPH_WARNING, ROLE_WARNING },
	[SEVERITY_ERROR]   = { GLYPH_CROSS, ROLE_ERROR },
};

/* Where one notice goes: from Y on, at most ROWS lines; with DRAW false it is only measured. */
struct place {
	const struct picture *p;
	unsigned y, rows, used;
	bool draw;
};

/* One paragraph, wrapped to at most MAX lines. */
static void paragraph(struct place *pl, enum role role, const char *text, unsigned max)
{
	unsigned indent = pl->p->narrow ? 2 : 3, cols = screen_cols() > indent + 1 ? screen_cols() - indent - 1 : 1;

	for (; *text && max && pl->used < pl->rows; max--, pl->used++) {
		size_t skip, n = wrap_line(text, cols, &skip);
		/* The last line that it gets takes the rest, and is cut where that is too long. */
		bool last = max == 1 || pl->used + 1 == pl->rows;
		char line[SNAPSHOT_TEXT * 2 + 64];

		if (last)
			text_copy(line, sizeof(line), text);
		else
			text_copyn(line, sizeof(line), text, n);
		if (pl->draw)
			screen_put(pl->y + pl->used, indent, cols, role, line);
		if (last) {
			pl->used++;
			return;
		}
		text += n + skip;
	}
}

/* Without whom, where the line of the call above says it and the room is short. */
static void short_title(const struct place *pl, const struct snapshot_notice *n, char *out, size_t size)
{
	const char *who = strstr(n->title, " · ");

	if (who && n->selected && pl->p->narrow && picture_call(pl->p->s, n->call) &&
	    2 + screen_width(n->title) > screen_cols())
		text_copyn(out, size, n->title, (size_t)(who - n->title));
	else
		text_copy(out, size, n->title);
}

static void title(struct place *pl, const struct snapshot_notice *n)
{
	unsigned x = pl->p->narrow ? 0 : 1;
	enum role role = severities[n->severity].role;
	char text[SNAPSHOT_TEXT];

	if (pl->used >= pl->rows)
		return;
	if (pl->draw)
		screen_put(pl->y + pl->used, x, 1, role, screen_glyph(severities[n->severity].glyph));
	if (n->selected && !n->sentence[0]) {
		/* news without a sentence of its own: all of it is here */
		paragraph(pl, role, n->title, WRAP_MAX);
		return;
	}
	short_title(pl, n, text, sizeof(text));
	if (pl->draw)
		screen_put(pl->y + pl->used, x + 2, screen_cols() - x - 2, n->selected ? role : ROLE_PLAIN, text);
	pl->used++;
}

/* A numbered line for each address that the server offers, in its words. */
static void contacts(struct place *pl, const struct snapshot_notice *n)
{
	unsigned x = pl->p->narrow ? 2 : 3, i;
	const char *contact;

	for (i = 0; (contact = offer_contact(n, i)) != NULL && pl->used < pl->rows; i++) {
		if (pl->draw)
			screen_putf(pl->y + pl->used, x, screen_cols() - x, ROLE_SERVER_TEXT, "%u  %s", i + 1, contact);
		pl->used++;
	}
}

/* What the server said, marked as its words. */
static void server_words(struct place *pl, const struct snapshot_notice *n)
{
	char retry[SNAPSHOT_TEXT * 2], said[SNAPSHOT_TEXT * 5], text[SNAPSHOT_TEXT * 6];

	countdown_server(pl->p, n, retry, sizeof(retry));
	if (!n->server[0] && !retry[0])
		return;
	snprintf(said, sizeof(said), "%s%s%s", n->server, n->server[0] && retry[0] ? "  " : "", retry);
	/* TRANSLATORS: %s are the words of the telephone server, not ours */
	snprintf(text, sizeof(text), _("server: %s"), said);
	paragraph(pl, ROLE_SERVER_TEXT, text, pl->p->narrow ? 1 : WRAP_MAX);
}

/* "[r] redial now  [x] dismiss" from column X on, in as many lines as it takes when WRAP, else as many as fit. LABELS: with
 * words. */
static void keys(struct place *pl, unsigned x, const struct offer *o, unsigned n, bool labels, bool wrap)
{
	unsigned left = pl->p->narrow ? 2 : 3, cols = screen_cols(), i;

	for (i = 0; i < n; i++) {
		unsigned width = screen_width(o[i].key) + 2 + (labels ? 1 + screen_width(o[i].label) : 0);

		/* half a key is none */
		if (!wrap && i && x + width > cols)
			break;
		if (x > left && x + width > cols && wrap) {
			if (pl->used + 1 >= pl->rows)
				break;
			pl->used++;
			x = left;
		}
		if (!pl->draw) {
			x += width + (labels ? 2 : 1);
			continue;
		}
		x += screen_putf(pl->y + pl->used, x, cols, ROLE_ACCENT, "[%s]", o[i].key);
		if (labels)
			x += 1 + screen_put(pl->y + pl->used, x + 1, cols, ROLE_PLAIN, o[i].label);
		x += labels ? 2 : 1;
	}
}

static unsigned width_of(const struct offer *o, unsigned n)
{
	unsigned width = 0, i;

	for (i = 0; i < n; i++)
		width += (i ? 2 : 0) + screen_width(o[i].key) + 3 + screen_width(o[i].label);
	return width;
}

/* Those that have a key, and the way to the next notice. */
static unsigned offers_with_keys(const struct picture *p, const struct snapshot_notice *n, struct offer *o)
{
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned context_count = hint_contexts(p->s, KEYS_CALLS, contexts), count, i, kept = 0;
	const char *key;

	count = offers_of(p, n, contexts, context_count, o, SNAPSHOT_ACTIONS);
	for (i = 0; i < count; i++) {
		if (o[i].key[0])
			o[kept++] = o[i];
	}
	/* where not all may fit, the way out is worth more than the details */
	if (p->narrow && kept > 1 && strcmp(o[kept - 2].command, "notice open") == 0) {
		struct offer details = o[kept - 2];

		o[kept - 2] = o[kept - 1];
		o[kept - 1] = details;
	}
	key = hint_key(p->keymap, contexts, context_count, "notice next");
	if (key[0] && n != &p->s->notice[p->s->notices - 1]) {
		/* TRANSLATORS: select the notice after this one */
		o[kept] = (struct offer){ .label = _("next notice") };
		hint_name(key, o[kept].key, sizeof(o[kept].key));
		kept++;
	}
	return kept;
}

/* When it can be done again, and what can be done now. */
static void tail(struct place *pl, const struct snapshot_notice *n)
{
	struct offer o[SNAPSHOT_ACTIONS + 1];
	unsigned count = offers_with_keys(pl->p, n, o), x = pl->p->narrow ? 2 : 3, cols = screen_cols();
	char time[SNAPSHOT_TEXT];
	bool labels;

	if (pl->used >= pl->rows)
		return;
	if (pl->p->narrow)
		countdown_words(pl->p, n->redial, n->retry_known ? n->retry_boot_ms : 0, n->retry_wall_ms, time, sizeof(time));
	else
		countdown_notice(pl->p, n, time, sizeof(time));
	if (n->retry_known && time[0]) {
		if (pl->draw)
			screen_put(pl->y + pl->used, x, cols, ROLE_WARNING, time);
		if (pl->p->narrow)
			x += screen_width(time) + 2;
		else
			pl->used++;
	}
	if (!count || pl->used >= pl->rows) {
		pl->used += x > 3 && pl->used < pl->rows;
		return;
	}
	/* Beside the time, or in a narrow line that is too short, the keys have to do; the way to the next notice is the
	 * first to be left out. */
	labels = !pl->p->narrow || (x == 2 && x + width_of(o, count - !o[count - 1].command) <= cols);
	keys(pl, x, o, count, labels, !pl->p->narrow);
	pl->used++;
}

static void one(struct place *pl, const struct snapshot_notice *n)
{
	struct place end = *pl;
	unsigned rows = pl->rows;

	title(pl, n);
	if (!n->selected) {
		if (!pl->p->narrow)
			paragraph(pl, ROLE_PLAIN, n->sentence, 1);
		return;
	}
	/* The keys come before the last words when there is no room for all. */
	end.draw = false;
	end.used = 0;
	tail(&end, n);
	pl->rows -= end.used < rows ? end.used : rows;
	paragraph(pl, ROLE_PLAIN, n->sentence, pl->p->narrow ? 2 : WRAP_MAX);
	contacts(pl, n);
	server_words(pl, n);
	pl->rows = rows;
	tail(pl, n);
}

static unsigned measure(const struct picture *p, const struct snapshot_notice *n)
{
	struct place pl = { p, 0, 1000, 0, false };

	one(&pl, n);
	return pl.used;
}

static unsigned selected(const struct snapshot *s)
{
	unsigned i;

	for (i = 0; i < s->notices; i++) {
		if (s->notice[i].selected)
			return i;
	}
	return 0;
}

const struct snapshot_notice *picture_notice(const struct snapshot *s)
{
	return s->notices ? &s->notice[selected(s)] : NULL;
}

unsigned notices_rows(const struct picture *p)
{
	unsigned rows = 0, i;

	for (i = 0; i < p->s->notices && rows < screen_rows(); i++)
		rows += measure(p, &p->s->notice[i]) + (i && !p->narrow ? 1 : 0);
	return rows;
}

unsigned notices_least(const struct picture *p)
{
	return p->s->notices ? measure(p, &p->s->notice[selected(p->s)]) : 0;
}

/* The newest from which on the selected one still fits whole. */
static unsigned first_shown(const struct picture *p)
{
	unsigned first = selected(p->s), rows = measure(p, &p->s->notice[first]);

	while (first > 0) {
		rows += measure(p, &p->s->notice[first - 1]) + (p->narrow ? 0 : 1);
		if (rows > p->rows)
			break;
		first--;
	}
	return first;
}

void notices_draw(struct picture *p)
{
	unsigned y = p->y, end = p->y + p->rows, i;

	if (!p->s->notices || !p->rows)
		return;
	for (i = first_shown(p); i < p->s->notices && y < end; i++) {
		struct place pl = { p, y, end - y, 0, true };

		if (p->s->notice[i].selected) {
			p->cursor_y = y;
			p->cursor_x = p->narrow ? 0 : 1;
		}
		one(&pl, &p->s->notice[i]);
		y += pl.used + (p->narrow ? 0 : 1);
	}
}
