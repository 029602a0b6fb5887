#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "sip/guard.h"
#include "sip/guard_link.h"
#include "sip/guard_mend.h"
#include "sip/guard_text.h"

#define HELPER_LAYER -10
#define DATAGRAM_MAX 65535 /* bytes; libre would cut them off after 8192 */

typedef int decode_h(struct sip_msg **msgp, struct mbuf *mb);

/* The message that was read last. Its listeners are called before the next one is read. */
static struct {
	struct mbuf *mb;
	struct guard_look look;
	size_t end;                      /* of all that there was in MB */
	bool in_place;                   /* libre's own call has brought it here */
	bool branchless;                 /* its top Via was */
	struct mbuf *original;           /* what it came as, when that was changed */
} last;

/* A datagram that was read at its socket, before libre asks for that. */
static struct {
	struct sip_msg *msg;
	struct mbuf *mb;
	size_t start, after;
} ahead;

static struct {
	char secret[33];
	bool left_out;                   /* a message has come that was not read here */
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

static void forget(void)
{
	mem_deref(last.mb);
	mem_deref(last.original);
	memset(&last, 0, sizeof(last));
}

static void forget_ahead(void)
{
	mem_deref(ahead.msg);
	memset(&ahead, 0, sizeof(ahead));
}

/* --- reading ----------------------------------------------------------------------------------- */

/* The message as it came, without what follows it in a stream. */
static int keep_original(const struct mbuf *mb)
{
	size_t len = last.look.body + (last.look.bad_length ? 0 : last.look.content_length);

	if (!last.look.length || len > mbuf_get_left(mb))
		len = mbuf_get_left(mb);
	mem_deref(last.original);
	last.original = mbuf_alloc(len);
	return last.original ? mbuf_write_mem(last.original, mbuf_buf(mb), len) : ENOMEM;
}

static int substitute(struct mbuf *mb)
{
	struct guard_look now;
	int err = last.original ? 0 : keep_original(mb);

	if (err)
		return err;
	/* it may have been mended, which moves things */
	guard_look(&now, (const char *)mbuf_buf(mb), mbuf_get_left(mb), true);
	err = guard_substitute(mb, &now);
	if (!last.look.code) {
		/* libre knows no other URIs than those of hosts */
		last.look.code = last.look.foreign ? 416 : 400;
		last.look.reason = last.look.foreign ? "Unsupported URI Scheme" : "Bad Request";
	}
	return err;
}

/* Calls libre's parser with what it can read of the message. */
static int parse(struct sip_msg **msgp, struct mbuf *mb)
{
	bool readable = !last.look.unreadable;
	size_t start = mb->pos;
	int err = 0;

	last.branchless = guard_lacks_branch(mb, &last.look);
	if (readable && guard_needs_mending(mb, &last.look)) {
		err = keep_original(mb);
		if (!err)
			err = guard_mend(mb, &last.look);
	}
	if (readable && !err) {
		mb->pos = start + last.look.start;
		err = libre_decode()(msgp, mb);
	}
	if ((err || !readable) && last.look.request) {
		mb->pos = start;
		err = substitute(mb);
		mb->pos = start + last.look.start;
		if (!err)
			err = libre_decode()(msgp, mb);
	}
	if (err)
		mb->pos = start;
	/* there was all of the header */
	return err == ENODATA ? EBADMSG : err;
}

/* WHOLE: MB holds a datagram; else what has come of a stream. */
static int read_message(struct sip_msg **msgp, struct mbuf *mb, bool whole)
{
	enum guard_verdict verdict;
	int err;

	forget();
	verdict = guard_look(&last.look, (const char *)mbuf_buf(mb), mbuf_get_left(mb), whole);
	if (verdict != GUARD_READ)
		return verdict == GUARD_MORE ? ENODATA : EBADMSG;
	/* libre would parse the header anew with each piece of the body */
	if (!whole && !last.look.bad_length && last.look.body + last.look.content_length > mbuf_get_left(mb))
		return ENODATA;
	err = parse(msgp, mb);
	if (err)
		return err;
	/* a stream would be waited on for the rest of it, or ended without an answer; a datagram's body runs to its end */
	if (!whole && last.look.request && (last.look.bad_length || !last.look.length))
		pl_set_str(&(*msgp)->clen, "0");
	last.mb = mem_ref(mb);
	last.end = mb->end;
	return 0;
}

/* A response that cannot be read, whose end is known, is taken out of the stream: else libre would end the connection,
 * which a server has for all calls. EBADMSG: it is none of those; ENODATA: wait for the rest of it. */
static int drop_response(struct mbuf *mb)
{
	const struct guard_look *look = &last.look;
	size_t len = look->body + look->content_length, left = mbuf_get_left(mb);

	if (look->request || !look->body || !look->length || look->bad_length || last.original)
		return EBADMSG;
	if (len > left)
		return ENODATA;
	memmove(mbuf_buf(mb), mbuf_buf(mb) + len, left - len);
	mb->end -= len;
	return mbuf_get_left(mb) ? 0 : ENODATA;
}

int sip_msg_decode(struct sip_msg **msgp, struct mbuf *mb) __attribute__((visibility("default")));

int sip_msg_decode(struct sip_msg **msgp, struct mbuf *mb)
{
	int err;

	if (!msgp || !mb || !libre_decode())
		return EINVAL;
	if (ahead.msg && ahead.mb == mb && ahead.start == mb->pos) {
		*msgp = ahead.msg;
		mb->pos = ahead.after;
		ahead.msg = NULL;
		last.in_place = true;
		return 0;
	}
	forget_ahead();
	do {
		err = read_message(msgp, mb, false);
		if (err != EBADMSG)
			break;
		err = drop_response(mb);
	} while (!err);
	last.in_place = !err;
	return err;
}

/* RFC 7983 tells it by the first byte; what is not STUN after all, libre would take for SIP. */
static bool is_stun(struct mbuf *mb)
{
	struct stun_unknown_attr unknown;
	struct stun_msg *msg = NULL;
	size_t start = mb->pos;
	bool is = mbuf_buf(mb)[0] < 4 && !stun_msg_decode(&msg, mb, &unknown);

	mb->pos = start;
	mem_deref(msg);
	return is;
}

/* libre reads into DATAGRAM_MAX bytes and then cuts them to what came, which a transaction and the trace keep: in a flood
 * the heap was mostly holes between such pieces. A copy is as long as what came, and what was read into goes back at once
 * (see stand_before()). */
static void move(struct mbuf *mb)
{
	uint8_t *buf = mem_alloc(mb->end, NULL);

	if (!buf)
		return;
	memcpy(buf, mb->buf, mb->end);
	mem_deref(mb->buf);
	mb->buf = buf;
	mb->size = mb->end;
}

/* Stands before libre at a socket of UDP: true keeps a datagram from it. What it gets it can read, even where the
 * guard was left out; and what it cannot read it need not print a line about. */
static bool helper_h(struct sa *src, struct mbuf *mb, void *arg)
{
	size_t start = mb->pos;

	(void)src;
	(void)arg;
	/* a keep-alive */
	if (mbuf_get_left(mb) < 5 || is_stun(mb) || !libre_decode())
		return false;
	forget_ahead();
	move(mb);
	if (read_message(&ahead.msg, mb, true)) {
		ahead.msg = NULL;
		return true;
	}
	ahead.mb = mb;
	ahead.after = mb->pos;
	mb->pos = ahead.start = start + last.look.start;
	return false;
}

/* --- what is said of it ------------------------------------------------------------------------- */

unsigned guard_fault(const struct sip_msg *msg, bool strict, const char **reason, bool *close)
{
	struct guard_look own;
	const struct guard_look *look = &last.look;
	bool stream = msg->tp != SIP_TRANSP_UDP;

	if (msg->mb != last.mb) {
		if (guard_look(&own, (const char *)msg->mb->buf, msg->mb->end, true) != GUARD_READ)
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
	if (!stream && look->length && look->content_length > mbuf_get_left(msg->mb)) {
		*reason = "Content-Length Beyond the Datagram";
		return 400;
	}
	if (mbuf_get_left(msg->mb) > GUARD_BODY_MAX) {
		*reason = "Request Entity Too Large";
		return 413;
	}
	return 0;
}

void guard_datagram(void)
{
	if (last.mb && last.look.length && !last.look.bad_length &&
	    last.look.content_length < mbuf_get_left(last.mb))
		last.mb->end = last.mb->pos + last.look.content_length;
}

bool guard_original(const uint8_t **packet, size_t *len)
{
	if (!last.original)
		return false;
	*packet = last.original->buf;
	*len = last.original->end;
	return true;
}

bool guard_is_old(const struct sip_msg *msg)
{
	static const char cookie[] = "z9hG4bK";

	return (msg->mb == last.mb && last.branchless) || msg->via.branch.l < strlen(cookie) ||
	       memcmp(msg->via.branch.p, cookie, strlen(cookie));
}

void guard_hang_up(const struct sip_msg *msg)
{
	struct tcp_conn *conn = sip_msg_tcpconn(msg);

	if (!conn)
		return;
	/* to libre it is all one message */
	if (msg->mb == last.mb)
		msg->mb->end = last.end;
	/* libre then reads that the other side has ended it, and forgets it */
	shutdown(tcp_conn_fd(conn), SHUT_RD);
}

/* --- is it there? ------------------------------------------------------------------------------ */

bool guard_is_left_out(void)
{
	static int linked = -1;
	int (*own)(struct sip_msg **, struct mbuf *) = sip_msg_decode;
	void *address;

	memcpy(&address, &own, sizeof(address));
	if (linked < 0)
		linked = guard_is_linked("sip_msg_decode", address);
	return knock.left_out || !linked;
}

/* In the place of libre's listening sockets come such that nobody can reach. libre does not show them; but this
 * program has no other ones of TCP. */
static void refuse_streams(void)
{
	struct rlimit limit;
	int fd, deaf, last_fd = 1024;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < (rlim_t)last_fd)
		last_fd = (int)limit.rlim_cur;
	for (fd = 0; fd < last_fd; fd++) {
		int listens = 0, protocol = 0;
		socklen_t len = sizeof(int);

		if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) || protocol != IPPROTO_TCP)
			continue;
		len = sizeof(int);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) || !listens)
			continue;
		deaf = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (deaf < 0)
			continue;
		dup3(deaf, fd, O_CLOEXEC);
		close(deaf);
	}
}

void guard_knock(const struct sa *address)
{
	char packet[512];
	int fd, n;

	if (guard_is_left_out()) {
		log_warning("libre's parser cannot be guarded as this program is linked: no connections of TCP are accepted");
		refuse_streams();
	}
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

/* The socket lets go of its helper when it is closed. */
static void stand_before(struct udp_sock *socket)
{
	if (udp_helper_find(socket, HELPER_LAYER))
		return;
#ifdef M_MMAP_THRESHOLD
	/* not from the heap: see move() */
	mallopt(M_MMAP_THRESHOLD, DATAGRAM_MAX / 2);
#endif
	udp_rxsz_set(socket, DATAGRAM_MAX);
	if (udp_register_helper(NULL, socket, HELPER_LAYER, NULL, helper_h, NULL))
		log_warning("datagrams cannot be kept from libre's parser");
}

bool guard_listen(const struct sip_msg *msg)
{
	if (!guard_is_left_out() && !(msg->mb == last.mb && last.in_place)) {
		log_warning("a message has come by the guard; no more connections of TCP are accepted");
		knock.left_out = true;
		refuse_streams();
	}
	if (msg->tp == SIP_TRANSP_UDP)
		stand_before(msg->sock);
	return knock.secret[0] && !pl_strcmp(&msg->callid, knock.secret);
}

void guard_close(void)
{
	forget_ahead();
	forget();
	memset(&knock, 0, sizeof(knock));
}
