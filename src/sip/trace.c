#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "phone/ports.h"
#include "sip/field.h"
#include "sip/trace.h"
#include "sip/trace_pcap.h"

#define CALL_ID_MAX 256  /* of a Call-ID, so many bytes tell it from others */
#define FORMATS_MAX 32   /* of one message, so many sound formats are looked up */

struct log {
	struct le le;
	unsigned call;
	char call_id[CALL_ID_MAX];
	struct trace_message *message[TRACE_MESSAGES];
	unsigned messages;
	unsigned dropped;                /* after the first ones, or before all in call 0's */
};

static struct list logs = LIST_INIT; /* oldest first */
static struct log nobodys;           /* call 0 */
static size_t total;

/* --- what is in a message ---------------------------------------------------------------------- */

/* The next header line from *AT on, folded ones included: its name and value as they stand. False at the empty line, or
 * the end. */
static bool next_header(const char *text, size_t len, size_t *at, struct pl *name, struct pl *value)
{
	const char *p = text + *at, *end = text + len, *stop, *colon;

	if (p >= end || *p == '\r' || *p == '\n')
		return false;
	stop = p;
	do {
		stop = memchr(stop, '\n', (size_t)(end - stop));
		stop = stop ? stop + 1 : end;
	} while (stop < end && (*stop == ' ' || *stop == '\t'));
	*at = (size_t)(stop - text);
	colon = memchr(p, ':', (size_t)(stop - p));
	name->p = p;
	name->l = (size_t)((colon ? colon : stop) - p);
	while (name->l && (p[name->l - 1] == ' ' || p[name->l - 1] == '\t'))
		name->l--;
	value->p = colon ? colon + 1 : stop;
	value->l = (size_t)(stop - value->p);
	while (value->l && strchr(" \t\r\n", value->p[0]) && value->p[0]) {
		value->p++;
		value->l--;
	}
	while (value->l && strchr(" \t\r\n", value->p[value->l - 1]) && value->p[value->l - 1])
		value->l--;
	return true;
}

/* Where the header lines begin. */
static size_t after_start_line(const char *text, size_t len)
{
	const char *feed = memchr(text, '\n', len);

	return feed ? (size_t)(feed - text) + 1 : len;
}

static bool find_header(struct pl *value, const char *text, size_t len, const char *name, const char *shorter)
{
	size_t at = after_start_line(text, len);
	struct pl n;

	while (next_header(text, len, &at, &n, value)) {
		if (!pl_strcasecmp(&n, name) || (shorter && !pl_strcasecmp(&n, shorter)))
			return true;
	}
	return false;
}

/* The next "name=value" of credentials, the quotes taken off. False at the end. */
static bool next_param(struct pl *rest, struct pl *name, struct pl *value)
{
	const char *p = rest->p, *end = p + rest->l;
	bool quoted;

	while (p < end && (*p == ',' || *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	name->p = p;
	while (p < end && *p != '=' && *p != ',')
		p++;
	name->l = (size_t)(p - name->p);
	while (name->l && (name->p[name->l - 1] == ' ' || name->p[name->l - 1] == '\t'))
		name->l--;
	while (p < end && (*p == '=' || *p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	quoted = p < end && *p == '"';
	if (quoted)
		p++;
	value->p = p;
	while (p < end && *p != (quoted ? '"' : ','))
		p += quoted && *p == '\\' && p + 1 < end ? 2 : 1;
	value->l = (size_t)(p - value->p);
	if (quoted && p < end)
		p++;
	rest->p = p;
	rest->l = (size_t)(end - p);
	return name->l > 0;
}

/* What follows the scheme of credentials. *DIGEST: it is Digest. */
static struct pl after_scheme(const struct pl *credentials, bool *digest)
{
	struct pl rest = *credentials;

	while (rest.l && *rest.p != ' ' && *rest.p != '\t' && *rest.p != '\r' && *rest.p != '\n')
		pl_advance(&rest, 1);
	*digest = credentials->l - rest.l == 6 && !strncasecmp(credentials->p, "Digest", 6);
	return rest;
}

/* Makes a digest's response, or all of other credentials, unreadable without changing the length. */
static void mask_credentials(char *text, const struct pl *credentials)
{
	struct pl rest, name, value;
	bool digest;

	rest = after_scheme(credentials, &digest);
	if (!digest) {
		memset(text + (rest.p - text), 'x', rest.l);
		return;
	}
	while (next_param(&rest, &name, &value)) {
		if (!pl_strcasecmp(&name, "response"))
			memset(text + (value.p - text), 'x', value.l);
	}
}

static void mask(char *text, size_t len)
{
	size_t at = after_start_line(text, len);
	struct pl name, value;

	while (next_header(text, len, &at, &name, &value)) {
		if (!pl_strcasecmp(&name, "Authorization") || !pl_strcasecmp(&name, "Proxy-Authorization"))
			mask_credentials(text, &value);
	}
}

/* --- keeping ------------------------------------------------------------------------------------- */

static void message_free(void *arg)
{
	const struct trace_message *m = arg;

	total -= sizeof(*m) + m->kept + 1;
}

static void log_free(void *arg)
{
	struct log *l = arg;

	list_unlink(&l->le);
	while (l->messages)
		mem_deref(l->message[--l->messages]);
}

static void take_out(struct log *l, unsigned index)
{
	mem_deref(l->message[index]);
	l->messages--;
	memmove(&l->message[index], &l->message[index + 1], (l->messages - index) * sizeof(l->message[0]));
}

static void drop(struct log *l, unsigned index)
{
	take_out(l, index);
	l->dropped++;
}

static void append(struct log *l, struct trace_message *m)
{
	/* how a call began is worth more than its middle */
	if (l->messages == TRACE_MESSAGES)
		drop(l, l->call ? TRACE_FIRST : 0);
	l->message[l->messages++] = mem_ref(m);
}

/* Of whom there is the oldest message. */
static struct log *oldest(void)
{
	struct le *le;

	if (nobodys.messages)
		return &nobodys;
	LIST_FOREACH(&logs, le) {
		struct log *l = le->data;

		if (l->messages)
			return l;
	}
	return NULL;
}

static struct log *log_find(unsigned call)
{
	struct le *le;

	if (!call)
		return &nobodys;
	LIST_FOREACH(&logs, le) {
		struct log *l = le->data;

		if (l->call == call)
			return l;
	}
	return NULL;
}

/* The Call-ID, as far as it counts. False when there is none. */
static bool read_call_id(char own[CALL_ID_MAX], const char *text, size_t len)
{
	struct pl value;

	if (!find_header(&value, text, len, "Call-ID", "i"))
		return false;
	text_copyn(own, CALL_ID_MAX, value.p, value.l);
	return true;
}

void trace_begin(unsigned call, const char *call_id)
{
	struct log *l = log_find(call);
	char own[CALL_ID_MAX];
	unsigned i;

	if (!call || l)
		return;
	l = mem_zalloc(sizeof(*l), log_free);
	if (!l)
		return;
	l->call = call;
	text_copy(l->call_id, sizeof(l->call_id), call_id);
	if (list_count(&logs) == TRACE_CALLS)
		mem_deref(list_ledata(list_head(&logs)));
	list_append(&logs, &l->le, l);
	for (i = 0; i < nobodys.messages; ) {
		const struct trace_message *m = nobodys.message[i];

		if (read_call_id(own, m->text, m->kept) && !strcmp(own, l->call_id)) {
			append(l, nobodys.message[i]);
			take_out(&nobodys, i);
		}
		else
			i++;
	}
}

void trace_packet(bool sent, enum sip_transp tp, const struct sa *src, const struct sa *dst, const uint8_t *packet,
		  size_t len)
{
	struct trace_message *m;
	struct timespec now;
	char call_id[CALL_ID_MAX];
	bool known = false;
	struct le *le;
	struct log *l;
	size_t kept;

	/* keep-alives before it on a stream */
	while (len && (*packet == '\r' || *packet == '\n')) {
		packet++;
		len--;
	}
	kept = len < TRACE_BYTES ? len : TRACE_BYTES;
	if (!read_call_id(call_id, (const char *)packet, kept))
		return;
	m = mem_alloc(sizeof(*m) + kept + 1, message_free);
	if (!m)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	m->wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	m->sent = sent;
	m->tcp = tp != SIP_TRANSP_UDP;
	m->src = *src;
	m->dst = *dst;
	m->size = len;
	m->kept = kept;
	memcpy(m->text, packet, kept);
	m->text[kept] = '\0';
	mask(m->text, kept);
	total += sizeof(*m) + kept + 1;
	LIST_FOREACH(&logs, le) {
		l = le->data;
		if (!strcmp(call_id, l->call_id)) {
			append(l, m);
			known = true;
		}
	}
	if (!known)
		append(&nobodys, m);
	mem_deref(m);
	while (total > TRACE_TOTAL && (l = oldest()) != NULL)
		drop(l, 0);
}

void trace_close(void)
{
	list_flush(&logs);
	while (nobodys.messages)
		mem_deref(nobodys.message[--nobodys.messages]);
	nobodys.dropped = 0;
}

/* --- showing -------------------------------------------------------------------------------------- */

/* " opus,PCMU": the formats of the first sound stream, for the summary. */
static void format_names(char *dst, size_t size, const char *text)
{
	/* those that need no rtpmap: RFC 3551 section 6 */
	static const struct {
		unsigned payload_type;
		const char *name;
	} fixed[] = {{0, "PCMU"}, {3, "GSM"}, {8, "PCMA"}, {9, "G722"}, {18, "G729"}};
	const char *body = strstr(text, "\r\n\r\n"), *p = body ? strstr(body, "\nm=audio ") : NULL, *map;
	char wanted[32];
	unsigned i, formats = 0;

	dst[0] = '\0';
	/* the port and the protocol come first */
	for (i = 0; p && i < 3; i++) {
		p = strpbrk(p + 1, " \r\n");
		if (p && *p != ' ')
			p = NULL;
	}
	while (p && *p == ' ' && formats++ < FORMATS_MAX) {
		const char *name = NULL;
		size_t n = strspn(p + 1, "0123456789"), l = 0;

		snprintf(wanted, sizeof(wanted), "\na=rtpmap:%.*s ", (int)(n < 4 ? n : 4), p + 1);
		map = n ? strstr(body, wanted) : NULL;
		for (i = 0; !map && n && i < ARRAY_SIZE(fixed); i++) {
			if (fixed[i].payload_type == strtoul(p + 1, NULL, 10))
				name = fixed[i].name;
		}
		if (map)
			name = map + strlen(wanted);
		if (name)
			l = strcspn(name, "/ \r\n");
		if (l && l < 32 && strncasecmp(name, "telephone-event", 15))
			snprintf(dst + strlen(dst), size - strlen(dst), "%s%.*s", dst[0] ? "," : " ", (int)l, name);
		p += n + 1;
	}
}

/* "INVITE (digest SHA-256)", "200 OK (sdp PCMU)". */
static void summarize(char *dst, size_t size, const struct trace_message *m)
{
	const char *text = m->text;
	size_t line = strcspn(text, "\r\n");
	char formats[64];
	struct pl value, params, name, algorithm;
	bool digest;

	if (!strncmp(text, "SIP/2.0 ", 8))
		snprintf(dst, size, "%.*s", (int)line - 8, text + 8);
	else
		snprintf(dst, size, "%.*s", (int)strcspn(text, " \r\n"), text);
	if (find_header(&value, text, m->kept, "Authorization", NULL) ||
	    find_header(&value, text, m->kept, "Proxy-Authorization", NULL)) {
		params = after_scheme(&value, &digest);
		pl_set_str(&algorithm, "MD5");
		while (next_param(&params, &name, &value)) {
			if (!pl_strcasecmp(&name, "algorithm"))
				algorithm = value;
		}
		snprintf(dst + strlen(dst), size - strlen(dst), " (digest %.*s)",
			 (int)(algorithm.l < 32 ? algorithm.l : 32), algorithm.p);
	}
	else if (find_header(&value, text, m->kept, "Content-Type", "c") && value.l >= 15 &&
		 !strncasecmp(value.p, "application/sdp", 15)) {
		format_names(formats, sizeof(formats), text);
		snprintf(dst + strlen(dst), size - strlen(dst), " (sdp%s)", formats);
	}
}

/* Headers worth seeing at once: the first that is there. */
static void note(char *dst, size_t size, const struct trace_message *m, unsigned code)
{
	static const struct {
		const char *name, *shorter;
		unsigned first, last;    /* codes; 0: requests */
	} notes[] = {
		{"Retry-After", NULL, 300, 699}, {"Contact", "m", 300, 399}, {"Contact", "m", 485, 485},
		{"Unsupported", NULL, 420, 420}, {"Require", NULL, 421, 421}, {"Min-SE", NULL, 422, 422},
		{"Warning", NULL, 300, 699}, {"Error-Info", NULL, 300, 699}, {"Reason", NULL, 0, 699},
		{"Accept", NULL, 415, 415}, {"Allow", NULL, 405, 405},
	};
	struct pl value;
	unsigned i;

	dst[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(notes); i++) {
		if (code >= notes[i].first && code <= notes[i].last &&
		    find_header(&value, m->text, m->kept, notes[i].name, notes[i].shorter)) {
			snprintf(dst, size, "%s: %.*s", notes[i].name, (int)(value.l < size ? value.l : size), value.p);
			return;
		}
	}
}

static const struct trace_message *message_at(unsigned call, unsigned index)
{
	const struct log *l = log_find(call);

	return l && index < l->messages ? l->message[index] : NULL;
}

static void line_of(struct trace_line *line, const struct trace_message *m)
{
	struct pl code;

	memset(line, 0, sizeof(*line));
	line->wall_ms = m->wall_ms;
	line->sent = m->sent;
	line->size = (unsigned)m->size;
	re_snprintf(line->peer, sizeof(line->peer), "%s:%J", m->tcp ? "tcp" : "udp", m->sent ? &m->dst : &m->src);
	if (!strncmp(m->text, "SIP/2.0 ", 8)) {
		pl_set_str(&code, m->text + 8);
		line->code = field_number(&code, 999, 0);
	}
	summarize(line->summary, sizeof(line->summary), m);
	note(line->note, sizeof(line->note), m, line->code);
}

/* One line of text, harmless for the terminal that it may be shown on later. */
static int write_line(FILE *f, const char *text, size_t len)
{
	char *shown = malloc(4 * len + 8);

	if (!shown)
		return ENOMEM;
	text_show(shown, 4 * len + 8, text, len);
	fputs(shown, f);
	fputc('\n', f);
	free(shown);
	return 0;
}

static int write_message(FILE *f, const struct trace_message *m)
{
	const char *p = m->text, *end = p + m->kept;
	int err = 0;

	while (p < end && !err) {
		const char *feed = memchr(p, '\n', (size_t)(end - p));
		size_t l = (size_t)((feed ? feed : end) - p);

		fputs("    ", f);
		err = write_line(f, p, l && p[l - 1] == '\r' ? l - 1 : l);
		p += feed ? l + 1 : l;
	}
	if (m->kept < m->size)
		fprintf(f, "    [%zu of %zu bytes]\n", m->kept, m->size);
	return err;
}

static int write_ladder(FILE *f, const struct log *l)
{
	char when[64], line[512];
	struct trace_line t;
	unsigned i;
	int err = 0;

	for (i = 0; i < l->messages && !err; i++) {
		time_t seconds = (time_t)(l->message[i]->wall_ms / 1000);
		struct tm tm;

		if (l->dropped && i == (l->call ? TRACE_FIRST : 0))
			fprintf(f, "[... %u ...]\n\n", l->dropped);
		line_of(&t, l->message[i]);
		localtime_r(&seconds, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		snprintf(line, sizeof(line), "%s.%03d %s %s  %s", when, (int)(t.wall_ms % 1000), t.sent ? "->" : "<-", t.peer,
			 t.summary);
		err = write_line(f, line, strlen(line));
		if (!err)
			err = write_message(f, l->message[i]);
		fputc('\n', f);
	}
	return err;
}

/* --- the phone's ports ------------------------------------------------------------------------------ */

unsigned port_trace_lines(unsigned call)
{
	const struct log *l = log_find(call);

	return l ? l->messages : 0;
}

bool port_trace_line(unsigned call, unsigned index, struct trace_line *line)
{
	const struct trace_message *m = message_at(call, index);

	if (m)
		line_of(line, m);
	return m != NULL;
}

char *port_trace_message(unsigned call, unsigned index)
{
	const struct trace_message *m = message_at(call, index);
	char *text = m ? malloc(m->kept + 1) : NULL;

	if (text)
		memcpy(text, m->text, m->kept + 1);
	return text;
}

/* Opens FILE anew for us alone. Nothing but a plain file is written over, and no link followed. */
static int open_file(FILE **fp, const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600), err = 0;
	struct stat st;

	if (fd < 0)
		return errno;
	if (fstat(fd, &st) < 0)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EEXIST;
	else if (fchmod(fd, 0600) < 0 || ftruncate(fd, 0) < 0)
		err = errno;
	else {
		*fp = fdopen(fd, "w");
		err = *fp ? 0 : ENOMEM;
	}
	if (err)
		close(fd);
	return err;
}

int port_trace_save(unsigned call, const char *file)
{
	const struct log *l = log_find(call);
	size_t n = strlen(file);
	FILE *f = NULL;
	int err;

	if (!l || !l->messages)
		return ENOENT;
	err = open_file(&f, file);
	if (err)
		return err;
	errno = 0;
	if (n > 5 && !strcasecmp(file + n - 5, ".pcap"))
		err = trace_write_pcap(f, (const struct trace_message *const *)l->message, l->messages);
	else
		err = write_ladder(f, l);
	if (!err && ferror(f))
		err = errno ? errno : EIO;
	if (fclose(f) && !err)
		err = errno;
	return err;
}
