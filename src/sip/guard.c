#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "sip/guard.h"
#include "sip/guard_text.h"

#define HELPERS      16 /* as many as there are endpoints */
#define HELPER_LAYER -10
#define NOBODY "<sip:nobody@invalid>"

typedef int decode_h(struct sip_msg **msgp, struct mbuf *mb);

/* The message that was read last. Its listeners are called before the next one is read. */
static struct {
	struct sip_msg *msg;             /* may be gone when they have been called */
	struct guard_look look;
	bool substituted;
	struct mbuf *original;           /* when other bytes were read in its place */
} last;

static struct {
	char secret[33];
	bool degraded;                   /* messages have come that the guard has not seen */
	struct udp_helper *helpers[HELPERS];
} knock;

static decode_h *libre_decode(void)
{
	static decode_h *h;

	if (!h) {
		void *symbol = dlsym(RTLD_NEXT, "sip_msg_decode");

		/* ISO C knows no such cast */
		memcpy(&h, &symbol, sizeof(h));
	}
	return h;
}

static struct pl part(const char *text, const struct guard_part *p)
{
	struct pl pl = {text + p->at, p->len};

	return pl;
}

static int keep_original(struct mbuf *mb)
{
	mem_deref(last.original);
	last.original = mbuf_alloc(mbuf_get_left(mb));
	if (!last.original)
		return ENOMEM;
	return mbuf_write_mem(last.original, mbuf_buf(mb), mbuf_get_left(mb));
}

/* --- a substitute for what cannot be read ------------------------------------------------------ */

/* The same for all requests of a transaction, as RFC 2543 tells them (RFC 3261 section 17.2.3). */
static uint32_t hash_of(const char *text, const struct guard_look *look)
{
	struct pl via = part(text, &look->via), id = part(text, &look->call_id), cseq = part(text, &look->cseq);
	size_t digits;

	for (digits = 0; digits < cseq.l && cseq.p[digits] >= '0' && cseq.p[digits] <= '9'; digits++)
		;
	return hash_joaat((const uint8_t *)via.p, via.l) ^ hash_joaat((const uint8_t *)id.p, id.l) ^
	       hash_joaat((const uint8_t *)cseq.p, digits);
}

/* Where the first value of a list ends. */
static size_t first_of(const struct pl *list)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < list->l && (quoted || list->p[i] != ','); i++) {
		if (list->p[i] == '"')
			quoted = !quoted;
	}
	return i;
}

/* The top Via: as it came when libre can read it or its version was all that was wrong, else with its host and a
 * branch. An answer goes to where the request came from, and that is known by either. */
static int print_via(struct mbuf *mb, const char *text, const struct guard_look *look)
{
	struct pl value = part(text, &look->via), protocol, host, params;
	char *own = NULL;
	struct sip_via via;
	struct pl pl;
	int err;

	value.l = first_of(&value);
	if (!sip_via_decode(&via, &value))
		return mbuf_printf(mb, "Via: %r\r\n", &value);
	if (re_regex(value.p, value.l, "/[A-Z]+[ \t\r\n]+[^; \t\r\n]+[^]*", &protocol, NULL, &host, &params))
		return EBADMSG;
	err = re_sdprintf(&own, "SIP/2.0/%r %r%r", &protocol, &host, &params);
	if (err)
		return err;
	pl_set_str(&pl, own);
	if (sip_via_decode(&via, &pl))
		err = mbuf_printf(mb, "Via: SIP/2.0/%r %r;branch=z9hG4bK-%08x;rport\r\n", &protocol, &host,
				  hash_of(text, look));
	else
		err = mbuf_printf(mb, "Via: %r\r\n", &pl);
	mem_deref(own);
	return err;
}

static int print_address(struct mbuf *mb, const char *name, const char *text, const struct guard_part *p)
{
	struct pl value = part(text, p);
	struct sip_addr addr;

	if (p->len && p->len <= GUARD_VALUE_MAX && !sip_addr_decode(&addr, &value))
		return mbuf_printf(mb, "%s: %r\r\n", name, &value);
	return mbuf_printf(mb, "%s: " NOBODY "\r\n", name);
}

/* A request that can be answered as the one at TEXT would have to be. */
static int print_substitute(struct mbuf *mb, const char *text, const struct guard_look *look)
{
	struct pl method = part(text, &look->method), id = part(text, &look->call_id), cseq = part(text, &look->cseq);
	struct sip_cseq decoded;
	int err;

	err = mbuf_printf(mb, "%r sip:nobody@invalid SIP/2.0\r\n", &method);
	if (!err)
		err = print_via(mb, text, look);
	if (!err)
		err = print_address(mb, "From", text, &look->from);
	if (!err)
		err = print_address(mb, "To", text, &look->to);
	if (!err && pl_isset(&id))
		err = mbuf_printf(mb, "Call-ID: %r\r\n", &id);
	else if (!err)
		err = mbuf_printf(mb, "Call-ID: none\r\n");
	if (!err && pl_isset(&cseq) && !sip_cseq_decode(&decoded, &cseq))
		err = mbuf_printf(mb, "CSeq: %r\r\n", &cseq);
	else if (!err)
		err = mbuf_printf(mb, "CSeq: 0 %r\r\n", &method);
	if (!err)
		err = mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	mb->pos = 0;
	return err;
}

static int decode_substitute(struct sip_msg **msgp, struct mbuf *mb, decode_h *decode)
{
	const char *text = (const char *)mbuf_buf(mb);
	struct mbuf *other;
	int err;

	/* an answer to an ACK there is none */
	if (last.look.method.len == 3 && !memcmp(text + last.look.method.at, "ACK", 3))
		return EBADMSG;
	if (!last.original) {
		err = keep_original(mb);
		if (err)
			return err;
	}
	other = mbuf_alloc(512);
	if (!other)
		return ENOMEM;
	err = print_substitute(other, text, &last.look);
	if (!err)
		err = decode(msgp, other);
	if (!err) {
		last.substituted = true;
		last.look.bad_length = true;
		if (!last.look.code) {
			last.look.code = 400;
			last.look.reason = "Bad Request";
		}
	}
	mem_deref(other);
	return err == ENODATA ? EBADMSG : err;
}

/* RFC 2543 knew no branches, and libre reads no Via without one: it gets one. */
static int decode_old_via(struct sip_msg **msgp, struct mbuf *mb, decode_h *decode)
{
	const char *text = (const char *)mbuf_buf(mb);
	struct pl via = part(text, &last.look.via);
	size_t at, left = mbuf_get_left(mb);
	struct mbuf *other;
	struct pl branch;
	int err;

	via.l = first_of(&via);
	if (last.look.code || !msg_param_decode(&via, "branch", &branch))
		return EBADMSG;
	at = last.look.via.at + via.l;
	other = mbuf_alloc(left + 64);
	if (!other)
		return ENOMEM;
	err = mbuf_write_mem(other, (const uint8_t *)text + last.look.start, at - last.look.start);
	if (!err)
		err = mbuf_printf(other, ";branch=z9hG4bK-%08x", hash_of(text, &last.look));
	if (!err)
		err = mbuf_write_mem(other, (const uint8_t *)text + at, left - at);
	other->pos = 0;
	if (!err && !last.original)
		err = keep_original(mb);
	if (!err)
		err = decode(msgp, other);
	if (!err)
		/* whether all of the body has come is told by what is left */
		mb->pos += last.look.body;
	mem_deref(other);
	return err;
}

/* --- in the place of libre's ------------------------------------------------------------------- */

/* What can be put right where it stands. */
static int patch(struct mbuf *mb, const struct guard_look *look)
{
	char *text = (char *)mbuf_buf(mb);
	int err = 0;

	if (look->request && look->version.len >= 7 && memcmp(text + look->version.at, "SIP/2.0", 7)) {
		err = keep_original(mb);
		if (err)
			return err;
		memcpy(text + look->version.at, "SIP/2.0", 7);
	}
	if (look->request && look->version.len > 7) {
		if (!last.original)
			err = keep_original(mb);
		if (err)
			return err;
		/* libre takes several for the end of the line */
		memset(text + look->version.at + 7, '\r', look->version.len - 7);
	}
	if (look->short_status && text[look->start + 11] == '\r') {
		err = keep_original(mb);
		if (err)
			return err;
		text[look->start + 11] = ' ';
	}
	return err;
}

int sip_msg_decode(struct sip_msg **msgp, struct mbuf *mb) __attribute__((visibility("default")));

int sip_msg_decode(struct sip_msg **msgp, struct mbuf *mb)
{
	decode_h *decode = libre_decode();
	struct guard_look look;
	enum guard_verdict verdict;
	int err;

	if (!msgp || !mb || !decode)
		return EINVAL;
	mem_deref(last.original);
	memset(&last, 0, sizeof(last));
	verdict = guard_look(&look, (const char *)mbuf_buf(mb), mbuf_get_left(mb));
	if (verdict != GUARD_READ)
		return verdict == GUARD_MORE ? ENODATA : EBADMSG;
	last.look = look;
	if (look.unreadable || (look.request && look.version.len < 7)) {
		err = decode_substitute(msgp, mb, decode);
	}
	else {
		size_t start = mb->pos;

		err = patch(mb, &look);
		if (err)
			return err;
		mb->pos += look.start;
		err = decode(msgp, mb);
		if (err) {
			mb->pos = start;
			if (look.request)
				err = decode_old_via(msgp, mb, decode);
			if (err && look.request)
				err = decode_substitute(msgp, mb, decode);
		}
	}
	if (err)
		return err;
	last.msg = *msgp;
	/* a stream would be waited on for the rest of it, or ended without an answer */
	if (look.request && (look.bad_length || !look.length) && !last.substituted)
		pl_set_str(&(*msgp)->clen, "0");
	return 0;
}

unsigned guard_fault(const struct sip_msg *msg, bool strict, const char **reason, bool *close)
{
	struct guard_look own;
	const struct guard_look *look = &last.look;
	bool stream = msg->tp != SIP_TRANSP_UDP;

	if (msg != last.msg) {
		if (guard_look(&own, (const char *)msg->mb->buf, msg->mb->end) != GUARD_READ)
			memset(&own, 0, sizeof(own));
		look = &own;
	}
	*close = stream && (look->bad_length || !look->length);
	*reason = look->reason;
	if (look->code)
		return look->code;
	if (!look->length && (stream || (strict && mbuf_get_left(msg->mb)))) {
		*reason = "Length Required";
		return 411;
	}
	if (!stream && look->length && pl_u32(&msg->clen) > mbuf_get_left(msg->mb)) {
		*reason = "Content-Length Beyond the Datagram";
		return 400;
	}
	return 0;
}

void guard_datagram(void)
{
	struct sip_msg *msg = last.msg;
	size_t length;

	if (!msg || !last.look.length || last.look.bad_length)
		return;
	length = pl_u32(&msg->clen);
	if (length < mbuf_get_left(msg->mb))
		msg->mb->end = msg->mb->pos + length;
}

bool guard_original(const uint8_t **packet, size_t *len)
{
	if (!last.original)
		return false;
	*packet = last.original->buf;
	*len = last.original->end;
	return true;
}

void guard_hang_up(const struct sip_msg *msg)
{
	struct tcp_conn *conn = sip_msg_tcpconn(msg);

	/* libre then reads that the other side has ended it, and forgets it */
	if (conn)
		shutdown(tcp_conn_fd(conn), SHUT_RD);
}

/* --- is it there? ------------------------------------------------------------------------------ */

void guard_knock(const struct sa *address)
{
	char packet[512];
	int fd, n;

	if (!knock.secret[0])
		rand_str(knock.secret, sizeof(knock.secret));
	n = re_snprintf(packet, sizeof(packet),
			"OPTIONS sip:%J SIP/2.0\r\nVia: SIP/2.0/UDP %J;branch=z9hG4bK%s\r\nMax-Forwards: 0\r\n"
			"From: <sip:%J>;tag=knock\r\nTo: <sip:%J>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\n"
			"Content-Length: 0\r\n\r\n",
			address, address, knock.secret, address, address, knock.secret);
	fd = socket(sa_af(address), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* without an answer nothing is known, which is as without a knock */
	if (n > 0 && sendto(fd, packet, (size_t)n, 0, &address->u.sa, address->len) < 0)
		log_debug("no knock: %s", strerror(errno));
	close(fd);
}

bool guard_is_knock(const uint8_t *packet, size_t len)
{
	/* before a secret is drawn none is known */
	return knock.secret[0] && len < 512 && memmem(packet, len, knock.secret, strlen(knock.secret));
}

/* Stands before libre at a socket of UDP: true keeps a packet from it. */
static bool helper_h(struct sa *src, struct mbuf *mb, void *arg)
{
	const char *text = (const char *)mbuf_buf(mb);
	struct guard_look look;

	(void)src;
	(void)arg;
	/* STUN (RFC 7983), and a keep-alive */
	if (mbuf_get_left(mb) < 5 || (unsigned char)text[0] < 4)
		return false;
	return guard_look(&look, text, mbuf_get_left(mb)) != GUARD_READ || look.unreadable;
}

static void help(const struct sip_msg *msg)
{
	unsigned i;

	if (!knock.degraded)
		log_warning("libre's parser cannot be guarded as this program is linked: slow messages over TCP are not kept from it");
	knock.degraded = true;
	if (msg->tp != SIP_TRANSP_UDP || udp_helper_find(msg->sock, HELPER_LAYER))
		return;
	for (i = 0; i < HELPERS && knock.helpers[i]; i++)
		;
	if (i < HELPERS && udp_register_helper(&knock.helpers[i], msg->sock, HELPER_LAYER, NULL, helper_h, NULL))
		log_warning("nor can those over UDP");
}

bool guard_listen(const struct sip_msg *msg)
{
	if (msg != last.msg)
		help(msg);
	return knock.secret[0] && !pl_strcmp(&msg->callid, knock.secret);
}

void guard_close(void)
{
	unsigned i;

	for (i = 0; i < HELPERS; i++)
		mem_deref(knock.helpers[i]);
	memset(&knock, 0, sizeof(knock));
	mem_deref(last.original);
	memset(&last, 0, sizeof(last));
}
