#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exchange/message.h"

/* RFC 3261 §7.3.3, §20; RFC 3515, RFC 6665, RFC 4028 */
static const struct {
	char letter;
	const char *name;
} compact[] = {
	{'a', "Accept-Contact"}, {'b', "Referred-By"},      {'c', "Content-Type"},
	{'e', "Content-Encoding"}, {'f', "From"},           {'i', "Call-ID"},
	{'k', "Supported"},      {'l', "Content-Length"},   {'m', "Contact"},
	{'o', "Event"},          {'r', "Refer-To"},         {'s', "Subject"},
	{'t', "To"},             {'u', "Allow-Events"},     {'v', "Via"},
	{'x', "Session-Expires"},
};

/* Fields that may stand once only. */
static const char *const single[] = {
	"From", "To", "Call-ID", "CSeq", "Content-Length", "Content-Type", "Max-Forwards", "Expires",
};

/* --- the reader ---------------------------------------------------------- */

/* Remembers the first fault. */
static void fault(struct xmessage *m, unsigned status, const char *reason)
{
	if (m->fault)
		return;
	m->fault = status;
	m->fault_reason = reason;
}

/* Takes a line without its CRLF off *REST; false when there is no CRLF. A lone CR or LF is not an
 * end of line (§7). */
static bool take_line(struct xtext *rest, struct xtext *line)
{
	size_t i;

	for (i = 0; i + 1 < rest->len; i++) {
		if (rest->p[i] != '\r' || rest->p[i + 1] != '\n')
			continue;
		*line = xtext_first(*rest, i);
		*rest = xtext_after(*rest, i + 2);
		return true;
	}
	return false;
}

/* A header line that begins with white space goes on from the one before (§7.3.1): its line end
 * becomes white space. */
static void unfold(char *data, size_t len)
{
	size_t i;

	for (i = 0; i + 2 < len; i++) {
		if (data[i] != '\r' || data[i + 1] != '\n')
			continue;
		if (i + 3 < len && data[i + 2] == '\r' && data[i + 3] == '\n')
			return;
		if (xtext_blank(data[i + 2]))
			data[i] = data[i + 1] = ' ';
	}
}

static bool plain(struct xtext t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (((unsigned char)t.p[i] < 0x20 && t.p[i] != '\t') || t.p[i] == 0x7f)
			return false;
	return true;
}

static int start_line(struct xmessage *m, struct xtext line)
{
	struct xtext word[2], rest = line;
	const char *space;
	uint32_t status;
	int i;

	if (!plain(line))
		return EBADMSG;
	for (i = 0; i < 2; i++) {
		space = rest.len ? memchr(rest.p, ' ', rest.len) : NULL;
		if (!space || space == rest.p)
			return EBADMSG;
		word[i] = xtext_first(rest, (size_t)(space - rest.p));
		rest = xtext_after(rest, word[i].len + 1);
	}
	if (xtext_is(word[0], "SIP/2.0")) {
		if (word[1].len != 3 || !xtext_number(word[1], &status) || status < 100 || status > 699)
			return EBADMSG;
		m->status = status;
		m->reason = rest;
		return 0;
	}
	m->request = true;
	m->method = word[0];
	m->uri = word[1];
	/* more blanks than two: the URI holds one, for which there is a status */
	space = rest.len ? memrchr(rest.p, ' ', rest.len) : NULL;
	if (space) {
		fault(m, 400, "Blank in Request-URI");
		rest = xtext_after(rest, (size_t)(space - rest.p) + 1);
	}
	if (!xtext_token(m->method) || m->method.len > 32 || rest.len < 5 || strncasecmp(rest.p, "SIP/", 4) != 0)
		return EBADMSG;
	if (!xtext_is(rest, "SIP/2.0"))
		fault(m, 505, "Version Not Supported");
	if (m->uri.len > XMESSAGE_URI)
		fault(m, 414, "Request-URI Too Long");
	return 0;
}

static void header_line(struct xmessage *m, struct xtext line)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct xheader *h = &m->header[m->count];
	size_t i;

	if (!colon) {
		fault(m, 400, "Header Line Without Colon");
		return;
	}
	h->name = xtext_trim(xtext_first(line, (size_t)(colon - line.p)));
	h->value = xtext_trim(xtext_after(line, (size_t)(colon - line.p) + 1));
	if (!xtext_token(h->name) || xtext_blank(line.p[0])) {
		fault(m, 400, "Bad Header Name");
		return;
	}
	if (!plain(h->value)) {
		fault(m, 400, "Control Character in Header");
		return;
	}
	if (xtext_is(h->name, "Content-Length"))
		m->length_long = true;
	for (i = 0; h->name.len == 1 && i < sizeof(compact) / sizeof(compact[0]); i++) {
		if (tolower((unsigned char)h->name.p[0]) == compact[i].letter) {
			h->name = xtext_of(compact[i].name);
			break;
		}
	}
	for (i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (xtext_is(h->name, single[i]) && xmessage_header(m, single[i], 0))
			fault(m, 400, "Header Field Given Twice");
	m->count++;
}

/* SIP/2.0/UDP host[:port];parameters. The answer's way hangs on it, so what is wrong here ends all. */
static int read_via(struct xmessage *m)
{
	const struct xheader *h = xmessage_header(m, "Via", 0);
	struct xtext rest, protocol, sent, parameters, none;
	struct xuri u;
	char text[XMESSAGE_WORD];
	size_t n;

	if (!h)
		return EBADMSG;
	rest = h->value;
	if (!xtext_next(&rest, ',', &m->via))
		return EBADMSG;
	for (n = 0; n < m->via.len && !xtext_blank(m->via.p[n]); n++)
		;
	protocol = xtext_first(m->via, n);
	if (!xtext_is(protocol, "SIP/2.0/UDP"))
		return EBADMSG;
	rest = xtext_after(m->via, n);
	n = xtext_until(rest, ';');
	sent = xtext_trim(xtext_first(rest, n));
	parameters = xtext_after(rest, n);
	/* host and port have the form that they have in a URI */
	if (sent.len + 5 > sizeof(text))
		return EBADMSG;
	memcpy(text, "sip:", 4);
	memcpy(text + 4, sent.p, sent.len);
	if (!xuri_read(&u, (struct xtext){text, sent.len + 4}) || u.user.len || u.parameters.len)
		return EBADMSG;
	m->via_host = xtext_first(sent, u.host.len);
	m->via_port = u.port;
	if (xtext_parameter(parameters, "branch", &m->branch) &&
	    (m->branch.len > XMESSAGE_WORD || !xtext_token(m->branch)))
		fault(m, 400, "Bad Via Branch");
	m->rport = xtext_parameter(parameters, "rport", &none);
	return 0;
}

static struct xtext value_of(const struct xmessage *m, const char *name)
{
	const struct xheader *h = xmessage_header(m, name, 0);

	return h ? h->value : (struct xtext){"", 0};
}

static void read_party(struct xmessage *m, const char *name, struct xtext *value, struct xtext *tag)
{
	struct xtext uri, parameters;
	struct xuri u;

	*value = value_of(m, name);
	if (!xtext_address(*value, &uri, &parameters) || !xuri_read(&u, uri)) {
		fault(m, 400, *name == 'F' ? "Missing or Bad From" : "Missing or Bad To");
		return;
	}
	if (xtext_parameter(parameters, "tag", tag) && (!xtext_token(*tag) || tag->len > XMESSAGE_WORD))
		fault(m, 400, "Bad Tag");
}

static void read_cseq(struct xmessage *m)
{
	struct xtext value = value_of(m, "CSeq");
	size_t n;

	for (n = 0; n < value.len && !xtext_blank(value.p[n]); n++)
		;
	m->cseq_method = xtext_trim(xtext_after(value, n));
	/* §8.1.1.5 */
	if (!xtext_number(xtext_first(value, n), &m->cseq) || m->cseq >= 0x80000000U || !xtext_token(m->cseq_method))
		fault(m, 400, "Missing or Bad CSeq");
	else if (m->request && !xtext_same(m->cseq_method, m->method))
		fault(m, 400, "CSeq Is of Another Method");
}

static void read_body(struct xmessage *m, struct xtext rest)
{
	struct xtext value = value_of(m, "Content-Length");
	uint32_t length;

	m->body = rest;
	if (!xmessage_header(m, "Content-Length", 0))
		return;
	/* §18.3: a shorter datagram is an error, a longer one is cut */
	if (!xtext_number(value, &length))
		fault(m, 400, "Bad Content-Length");
	else if (length > rest.len)
		fault(m, 400, "Body Shorter Than Content-Length");
	else
		m->body = xtext_first(rest, length);
}

int xmessage_read(struct xmessage *m, char *data, size_t len)
{
	struct xtext rest, line;
	uint32_t hops;
	int err;

	memset(m, 0, sizeof(*m));
	if (len > XMESSAGE_SIZE)
		return EBADMSG;
	/* §7.5: line ends before the start line are passed over */
	while (len >= 2 && data[0] == '\r' && data[1] == '\n') {
		data += 2;
		len -= 2;
	}
	m->data = data;
	m->len = len;
	unfold(data, len);
	rest = (struct xtext){data, len};
	if (!take_line(&rest, &line))
		return EBADMSG;
	err = start_line(m, line);
	if (err)
		return err;
	for (;;) {
		if (!take_line(&rest, &line)) {
			fault(m, 400, "No Blank Line After the Header");
			rest.len = 0;
			break;
		}
		if (!line.len)
			break;
		if (m->count == XMESSAGE_HEADERS)
			fault(m, 400, "Too Many Header Fields");
		else
			header_line(m, line);
	}
	err = read_via(m);
	if (err)
		return err;
	read_party(m, "From", &m->from, &m->from_tag);
	read_party(m, "To", &m->to, &m->to_tag);
	m->call_id = value_of(m, "Call-ID");
	if (!m->call_id.len || m->call_id.len > XMESSAGE_WORD || memchr(m->call_id.p, ' ', m->call_id.len) ||
	    memchr(m->call_id.p, '\t', m->call_id.len))
		fault(m, 400, "Missing or Bad Call-ID");
	read_cseq(m);
	if (xmessage_header(m, "Max-Forwards", 0) &&
	    (!xtext_number(value_of(m, "Max-Forwards"), &hops) || hops > 255))
		fault(m, 400, "Bad Max-Forwards");
	read_body(m, rest);
	return m->fault && !m->request ? EBADMSG : 0;
}

int xmessage_copy(struct xmessage **mp, const struct xmessage *m)
{
	struct xmessage *copy = malloc(sizeof(*copy) + m->len);
	char *data;
	int err;

	if (!copy)
		return ENOMEM;
	data = (char *)(copy + 1);
	memcpy(data, m->data, m->len);
	err = xmessage_read(copy, data, m->len);
	if (err) {
		free(copy);
		return err;
	}
	*mp = copy;
	return 0;
}

void xmessage_free(struct xmessage *m)
{
	free(m);
}

const struct xheader *xmessage_header(const struct xmessage *m, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (xtext_is(m->header[i].name, name) && !n--)
			return &m->header[i];
	return NULL;
}

/* --- the writer ---------------------------------------------------------- */

static void add(struct buf *b, struct xtext t)
{
	if (t.len)
		buf_add(b, t.p, t.len);
}

/* The top Via with what the answer needs to find its way (§18.2.1, RFC 3581 §4). */
static void add_via(struct buf *b, const struct xmessage *m, const struct sockaddr_in *src)
{
	struct xtext parameters = xtext_after(m->via, xtext_until(m->via, ';')), rport;
	char ip[INET_ADDRSTRLEN];
	size_t at;

	inet_ntop(AF_INET, &src->sin_addr, ip, sizeof(ip));
	buf_str(b, "Via: ");
	if (xtext_parameter(parameters, "rport", &rport) && !rport.len) {
		at = (size_t)(rport.p - m->via.p);
		add(b, xtext_first(m->via, at));
		if (b->len && b->s[b->len - 1] != '=')
			buf_str(b, "=");
		buf_printf(b, "%u", ntohs(src->sin_port));
		add(b, xtext_after(m->via, at));
		buf_printf(b, ";received=%s", ip);
	}
	else {
		add(b, m->via);
		if (!xtext_is(m->via_host, ip))
			buf_printf(b, ";received=%s", ip);
	}
	buf_str(b, "\r\n");
}

void xmessage_answer(struct buf *b, const struct xmessage *m, const struct sockaddr_in *src,
                     unsigned status, const char *reason, const char *tag)
{
	static const char *const copied[] = {"From", "Call-ID", "CSeq", "Timestamp", "Record-Route"};
	const struct xheader *h;
	struct xtext rest, item;
	size_t i, n;

	buf_printf(b, "SIP/2.0 %u %s\r\n", status, reason);
	add_via(b, m, src);
	for (n = 0; (h = xmessage_header(m, "Via", n)) != NULL; n++) {
		rest = h->value;
		if (n == 0 && !xtext_next(&rest, ',', &item))
			continue;
		if (!xtext_trim(rest).len)
			continue;
		buf_str(b, "Via: ");
		add(b, xtext_trim(rest));
		buf_str(b, "\r\n");
	}
	if (m->to.len) {
		buf_str(b, "To: ");
		add(b, m->to);
		if (tag && !m->to_tag.len && status > 100)
			buf_printf(b, ";tag=%s", tag);
		buf_str(b, "\r\n");
	}
	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		for (n = 0; (h = xmessage_header(m, copied[i], n)) != NULL; n++) {
			buf_printf(b, "%s: ", copied[i]);
			add(b, h->value);
			buf_str(b, "\r\n");
			if (i < 4)
				break;
		}
	}
}

void xmessage_end(struct buf *b, const char *type, const char *body)
{
	if (type)
		buf_printf(b, "Content-Type: %s\r\n", type);
	buf_printf(b, "Content-Length: %zu\r\n\r\n", body ? strlen(body) : 0);
	if (body)
		buf_str(b, body);
}
