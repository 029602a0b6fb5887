#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/i18n.h"
#include "base/loop.h"
#include "base/paths.h"
#include "base/text.h"
#include "phone/target.h"
#include "store/contact_line.h"
#include "store/contacts.h"

#define STEP_BYTES   (32u << 10) /* read at a time: a millisecond's work or two */
#define STEP_ENTRIES 2000        /* merged at a time */
#define RUN          4096        /* sorted at a time */
#define RUNS         (CONTACTS_KEPT / RUN + 1)
#define FILE_BYTES   (64u << 20)
#define BLOCK_BYTES  (64u << 10)
#define TOLD_LINES   10          /* wrong lines of a file that get a notice of their own */
#define TOLD_KEPT    64

struct entry {
	struct contact_entry c;
	const char *words;       /* of name and nick: fold_words() */
	uint64_t name, nick;     /* hashes of what fold_name() makes of them; 0 = none */
};

/* For sorting: the first bytes of the words, since seldom is more to be looked at. */
struct place {
	uint64_t key[2];
	const char *words;
	uint32_t number;         /* of the entry, from 0 */
};

struct block {
	struct block *next;
	size_t used;
	char bytes[BLOCK_BYTES];
};

/* Contacts in the order of their words, and their strings too: who looks through all of them goes through memory once.
 * While they are read they are in the order of the file. */
struct contact_list {
	struct entry *entry;
	unsigned n, room;
	struct block *blocks;    /* their strings */
	uint32_t *slot;          /* by hash of name or nick: number of the entry + 1, 0 = free */
	unsigned slots;          /* a power of two */
};

/* A file that is being read. */
struct reading {
	int fd;                  /* -1: nothing is */
	char line[CONTACT_LINE_MAX];
	size_t len;              /* of the line so far; CONTACT_LINE_MAX: it is too long */
	size_t bytes;
	unsigned number, wrong;
	struct contact_list list;
	struct place *place;     /* of .list: each RUN of them sorted by itself, when it is full */
	unsigned places;
	bool all;                /* is read; now the runs are merged */
	unsigned head[RUNS];     /* how many of each run are merged */
	struct contact_list done; /* what is merged */
};

static struct {
	struct phone *phone;
	char file[PATHS_MAX];
	struct stat seen;        /* of the file that is or was read; all 0: there is none */
	struct contact_list list;
	struct reading reading;
	struct loop_timer *step;
	uint64_t told[TOLD_KEPT]; /* hashes of wrong lines that were told */
	unsigned told_next;
} self = {.reading.fd = -1};

/* FNV-1a; never 0. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return h ? h : 1;
}

/* ---- a list ---- */

static void list_clear(struct contact_list *l)
{
	struct block *b, *next;

	for (b = l->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(l->entry);
	free(l->slot);
	memset(l, 0, sizeof(*l));
}

/* A copy of S that lives as long as the list, or NULL. */
static const char *keep(struct contact_list *l, const char *s)
{
	size_t size = strlen(s) + 1;
	struct block *b = l->blocks;
	char *copy;

	if (size == 1)
		return "";
	if (!b || size > BLOCK_BYTES - b->used) {
		b = malloc(sizeof(*b));
		if (!b)
			return NULL;
		b->next = l->blocks;
		b->used = 0;
		l->blocks = b;
	}
	copy = memcpy(b->bytes + b->used, s, size);
	b->used += size;
	return copy;
}

/* The place for FOLDED in the table: an entry's of that name or nick, or a free one. */
static uint32_t *look_up(const struct contact_list *l, const char *folded, uint64_t h)
{
	char mine[CONTACT_LINE_MAX * 2];
	unsigned i;

	for (i = (unsigned)h & (l->slots - 1); l->slot[i]; i = (i + 1) & (l->slots - 1)) {
		const struct entry *e = &l->entry[l->slot[i] - 1];

		if (e->name == h && (fold_name(mine, sizeof(mine), e->c.name), !strcmp(mine, folded)))
			break;
		if (e->nick == h && (fold_name(mine, sizeof(mine), e->c.nick), !strcmp(mine, folded)))
			break;
	}
	return &l->slot[i];
}

static void put(struct contact_list *l, uint64_t h, uint32_t number)
{
	unsigned i = (unsigned)h & (l->slots - 1);

	while (l->slot[i])
		i = (i + 1) & (l->slots - 1);
	l->slot[i] = number;
}

/* Room for COUNT entries with two names each. */
static bool make_room(struct contact_list *l, unsigned count)
{
	unsigned room = l->room ? l->room : 64, slots = l->slots ? l->slots : 256, i;
	struct entry *more;
	uint32_t *slot;

	while (room < count)
		room *= 2;
	if (room != l->room) {
		more = realloc(l->entry, room * sizeof(*more));
		if (!more)
			return false;
		l->entry = more;
		l->room = room;
	}
	while (slots < count * 4)
		slots *= 2;
	if (slots != l->slots) {
		slot = calloc(slots, sizeof(*slot));
		if (!slot)
			return false;
		free(l->slot);
		l->slot = slot;
		l->slots = slots;
		for (i = 0; i < l->n; i++) {
			put(l, l->entry[i].name, i + 1);
			if (l->entry[i].nick)
				put(l, l->entry[i].nick, i + 1);
		}
	}
	return true;
}

/* Adds a copy. There is room. */
static bool append(struct contact_list *l, const struct entry *from)
{
	struct entry *e = &l->entry[l->n];

	*e = *from;
	e->words = keep(l, from->words);
	e->c.uri = keep(l, from->c.uri);
	e->c.name = keep(l, from->c.name);
	e->c.nick = keep(l, from->c.nick);
	e->c.account = keep(l, from->c.account);
	if (!e->words || !e->c.uri || !e->c.name || !e->c.nick || !e->c.account)
		return false;
	e->c.dialled = !target_is_address(e->c.name) ? e->c.name :
		       *e->c.nick && !target_is_address(e->c.nick) ? e->c.nick : e->c.uri;
	l->n++;
	put(l, e->name, l->n);
	if (e->nick)
		put(l, e->nick, l->n);
	return true;
}

/* Adds what was read; NULL, or what is wrong with it. */
static const char *list_add(struct contact_list *l, const struct contact_entry *c)
{
	char name[CONTACT_LINE_MAX * 2], nick[CONTACT_LINE_MAX * 2], words[CONTACT_LINE_MAX * 4];
	struct entry e = {.c = *c, .words = words};
	size_t len;

	if (l->n == CONTACTS_KEPT)
		return _("There are too many contacts; this one is left out.");
	if (!make_room(l, l->n + 1))
		return strerror(ENOMEM);
	fold_name(name, sizeof(name), c->name);
	fold_name(nick, sizeof(nick), c->nick);
	e.name = hash(name);
	e.nick = *nick && strcmp(name, nick) != 0 ? hash(nick) : 0;
	if (*look_up(l, name, e.name) || (e.nick && *look_up(l, nick, e.nick)))
		return _("Another contact has that name or nick already.");
	len = fold_words(words, sizeof(words), c->name);
	fold_words(words + len, sizeof(words) - len, c->nick);
	return append(l, &e) ? NULL : strerror(ENOMEM);
}

static int by_words(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	}
	return strcmp(x->words, y->words);
}

/* ---- reading ---- */

/* The last run of places, full or not. */
static void sort_run(struct reading *r)
{
	unsigned from = r->places ? (r->places - 1) / RUN * RUN : 0;

	if (r->places)
		qsort(r->place + from, r->places - from, sizeof(*r->place), by_words);
}

/* Of the entry that was added last. */
static bool add_place(struct reading *r)
{
	unsigned k;
	const char *w = r->list.entry[r->list.n - 1].words;
	struct place *p;

	if (r->places % RUN == 0) {
		p = realloc(r->place, ((size_t)r->places + RUN) * sizeof(*p));
		if (!p) {
			r->list.n--; /* what its names are found by finds nothing then */
			return false;
		}
		r->place = p;
	}
	p = &r->place[r->places];
	p->words = w;
	p->number = r->places++;
	p->key[0] = p->key[1] = 0;
	for (k = 0; k < 16; k++)
		p->key[k / 8] = p->key[k / 8] << 8 | (unsigned char)(*w ? *w++ : 0);
	if (r->places % RUN == 0)
		sort_run(r);
	return true;
}

static bool told_before(const char *line)
{
	uint64_t h = hash(line);
	unsigned i;

	for (i = 0; i < TOLD_KEPT; i++) {
		if (self.told[i] == h)
			return true;
	}
	self.told[self.told_next++ % TOLD_KEPT] = h;
	return false;
}

/* LINE is the line as it stands in the file: what was told once is not told again. */
static void tell(const char *line, const char *why)
{
	struct reading *r = &self.reading;

	if (++r->wrong > TOLD_LINES || told_before(line))
		return;
	phone_notice_printf(self.phone, SEVERITY_WARNING, NULL, "%s:%u: %s", self.file, r->number, why);
}

static void read_line(struct reading *r)
{
	char copy[CONTACT_LINE_MAX], *line = copy;
	struct contact_entry c;
	const char *why;
	int err;

	r->number++;
	if (r->len == CONTACT_LINE_MAX) {
		r->line[CONTACT_LINE_MAX - 1] = '\0';
		tell(r->line, _("The line is too long."));
		return;
	}
	r->line[r->len] = '\0';
	if (strlen(r->line) != r->len) {
		tell(r->line, _("There are characters in it that cannot be shown."));
		return;
	}
	memcpy(copy, r->line, r->len + 1);
	if (r->number == 1 && !strncmp(line, "\xef\xbb\xbf", 3)) /* some editors begin a file so */
		line += 3;
	err = contact_line_read(&c, line, &why);
	if (!err)
		why = list_add(&r->list, &c);
	if (!err && !why && !add_place(r))
		why = strerror(ENOMEM);
	if (err != ENOENT && why)
		tell(r->line, why);
}

static void read_bytes(struct reading *r, const char *p, size_t len)
{
	while (len) {
		const char *end = memchr(p, '\n', len);
		size_t n = end ? (size_t)(end - p) : len, fits = CONTACT_LINE_MAX - r->len;

		memcpy(r->line + r->len, p, n < fits ? n : fits);
		r->len += n < fits ? n : fits;
		if (end) {
			read_line(r);
			r->len = 0;
			n++;
		}
		p += n;
		len -= n;
	}
}

static void tell_file(const char *why)
{
	/* TRANSLATORS: a file, and the system's word for what went wrong */
	phone_notice_printf(self.phone, SEVERITY_WARNING, "contacts", _("%1$s cannot be read: %2$s"), self.file, why);
}

static void stop_reading(void)
{
	if (self.reading.fd >= 0)
		close(self.reading.fd);
	if (self.step)
		loop_timer_stop(self.step);
	list_clear(&self.reading.list);
	list_clear(&self.reading.done);
	free(self.reading.place);
	memset(&self.reading, 0, sizeof(self.reading));
	self.reading.fd = -1;
}

/* The last line is read: what was read is sorted. */
static int finish_reading(struct reading *r)
{
	if (r->len)
		read_line(r);
	r->len = 0;
	if (r->wrong > TOLD_LINES)
		phone_notice_printf(self.phone, SEVERITY_WARNING, "contacts",
				    /* TRANSLATORS: a file, and how many of its lines */
				    P_("%1$s: %2$u more line is wrong.", "%1$s: %2$u more lines are wrong.", r->wrong - TOLD_LINES),
				    self.file, r->wrong - TOLD_LINES);
	sort_run(r);
	r->all = true;
	return make_room(&r->done, r->list.n) ? 0 : ENOMEM;
}

/* The first of those that are not merged yet: the least of the first ones of each run. NULL: all are. */
static const struct entry *next_merged(struct reading *r)
{
	const struct place *least = NULL;
	unsigned i, from = 0;

	for (i = 0; i * RUN < r->places; i++) {
		unsigned end = r->places - i * RUN < RUN ? r->places - i * RUN : RUN;
		const struct place *p = &r->place[i * RUN + r->head[i]];

		if (r->head[i] < end && (!least || by_words(p, least) < 0)) {
			least = p;
			from = i;
		}
	}
	if (!least)
		return NULL;
	r->head[from]++;
	return &r->list.entry[least->number];
}

/* Puts some in their order; with the last of them they take the place of what was there. */
static int merge(struct reading *r)
{
	const struct entry *e = NULL;
	unsigned i;

	for (i = 0; i < STEP_ENTRIES && (e = next_merged(r)) != NULL; i++) {
		if (!append(&r->done, e))
			return ENOMEM;
	}
	if (!e) {
		list_clear(&self.list);
		self.list = r->done;
		memset(&r->done, 0, sizeof(r->done));
		stop_reading();
	}
	return 0;
}

/* Takes the next piece of the file. */
static int read_some(struct reading *r)
{
	static char chunk[STEP_BYTES];
	ssize_t n;

	do
		n = read(r->fd, chunk, sizeof(chunk));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno;
	if (!n)
		return finish_reading(r);
	r->bytes += (size_t)n;
	if (r->bytes > FILE_BYTES)
		return EFBIG;
	read_bytes(r, chunk, (size_t)n);
	return 0;
}

/* One step; false when there is nothing left to do. */
static bool read_on(void)
{
	struct reading *r = &self.reading;
	int err;

	if (r->fd < 0)
		return false;
	err = r->all ? merge(r) : read_some(r);
	if (err) {
		tell_file(strerror(err));
		stop_reading();
	}
	return r->fd >= 0;
}

static void step_h(void *arg)
{
	(void)arg;
	if (read_on())
		loop_timer_start(self.step, 0);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Begins to read the file when it is not the one that was read. */
static void check(void)
{
	struct stat now;
	int fd = -1, err = 0;

	if (!self.step)
		return;
	if (stat(self.file, &now)) {
		err = errno;
		memset(&now, 0, sizeof(now));
	}
	if (same_file(&now, &self.seen))
		return;
	/* without O_NONBLOCK a pipe that nobody writes to would stop the phone */
	if (!err && ((fd = open(self.file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0 || fstat(fd, &now)))
		err = errno;
	if (!err && !S_ISREG(now.st_mode))
		err = S_ISDIR(now.st_mode) ? EISDIR : EINVAL;
	self.seen = now;
	stop_reading();
	if (err) {
		if (fd >= 0)
			close(fd);
		list_clear(&self.list);
		if (err != ENOENT && err != ENOTDIR)
			tell_file(strerror(err));
		return;
	}
	self.reading.fd = fd;
	loop_timer_start(self.step, 0);
}

int contacts_start(struct phone *phone, const char *file)
{
	int err;

	contacts_stop();
	self.phone = phone;
	if (!text_copy(self.file, sizeof(self.file), file))
		return ENAMETOOLONG;
	err = loop_timer_new(&self.step, step_h, NULL);
	if (!err)
		check();
	return err;
}

void contacts_stop(void)
{
	stop_reading();
	list_clear(&self.list);
	loop_timer_free(self.step);
	memset(&self, 0, sizeof(self));
	self.reading.fd = -1;
}

/* ---- asking ---- */

bool contacts_find(const char *text, bool wait, struct contact_entry *e)
{
	char folded[CONTACT_LINE_MAX * 2];
	uint32_t number;

	check();
	while (wait && read_on())
		;
	if (strlen(text) >= CONTACT_LINE_MAX || !fold_name(folded, sizeof(folded), text) || !self.list.n)
		return false;
	number = *look_up(&self.list, folded, hash(folded));
	if (number)
		*e = self.list.entry[number - 1].c;
	return number != 0;
}

static bool begins(const char *s, const char *typed)
{
	for (; *typed; s++, typed++) {
		if (*s != *typed && strncasecmp(s, typed, 1) != 0)
			return false;
	}
	return true;
}

void contacts_matching(const char *typed, contact_entry_h *h, void *arg)
{
	const struct contact_list *l = &self.list;
	char words[CONTACT_LINE_MAX * 4];
	bool address = strpbrk(typed, "@:") != NULL;
	unsigned i;

	check();
	if (strlen(typed) >= CONTACT_LINE_MAX)
		return;
	fold_words(words, sizeof(words), typed);
	for (i = 0; i < l->n; i++) {
		const struct entry *e = &l->entry[i];

		/* "+" has no word, and fits no name */
		if (!*typed || (!address && *words && fold_fits(e->words, words)) || begins(e->c.uri, typed) ||
		    (begins(e->c.uri, "sip:") && begins(e->c.uri + 4, typed)))
			h(&e->c, arg);
	}
}
