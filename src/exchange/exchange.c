/* The socket, and where a message goes from there. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "exchange/call.h"
#include "exchange/dialplan.h"
#include "exchange/exchange.h"
#include "exchange/registrar.h"
#include "exchange/room.h"
#include "exchange/transaction.h"

/* Datagrams read at one turn of the loop, so that the rest of the program has its turn too. */
enum { BATCH = 32 };

static int sock = -1;
static uint16_t sock_port;

/* --- what the room shares ------------------------------------------------ */

void exchange_send(const struct sockaddr_in *dst, const struct buf *b)
{
	ssize_t n;

	if (sock < 0 || b->failed || !b->len)
		return;
	n = sendto(sock, b->s, b->len, 0, (const struct sockaddr *)dst, sizeof(*dst));
	if (n < 0)
		log_debug("exchange: cannot send to port %u: %s", ntohs(dst->sin_port), strerror(errno));
}

uint16_t exchange_port(void)
{
	return sock_port;
}

uint32_t exchange_random(void)
{
	uint32_t n = 0;

	/* cannot fail or be cut short for so few bytes once the system is up (getrandom(2)) */
	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		n = (uint32_t)loop_now_ms();
	return n;
}

void exchange_random_word(char word[XTAG_SIZE])
{
	snprintf(word, XTAG_SIZE, "%08x%08x", exchange_random(), exchange_random());
}

/* --- requests ------------------------------------------------------------ */

/* Methods that exist (and get 405 where they are not allowed); all others get 501 (§8.2.1). */
static bool is_method(struct xtext method)
{
	static const char *const known[] = {
		"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "INFO", "MESSAGE", "NOTIFY", "PRACK",
		"PUBLISH", "REFER", "SUBSCRIBE", "UPDATE",
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (xtext_same(method, xtext_of(known[i])))
			return true;
	return false;
}

static void answer(struct xtransaction *t, unsigned status, const char *reason)
{
	char tag[XTAG_SIZE];

	exchange_random_word(tag);
	xtransaction_answer_plain(t, status, reason, tag);
}

/* With the fields of the dial plan's table. */
static void refuse(struct xtransaction *t, unsigned status)
{
	struct buf b = {0}, fields = {0};
	const struct xmessage *m = xtransaction_request(t);
	char tag[XTAG_SIZE];

	exchange_random_word(tag);
	xdialplan_refusal(&fields, m, status);
	xmessage_answer(&b, m, xtransaction_source(t), status, xdialplan_phrase(status), tag);
	if (fields.s)
		buf_str(&b, fields.s);
	buf_free(&fields);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, status);
}

static void answer_options(struct xtransaction *t)
{
	struct buf b = {0};
	char tag[XTAG_SIZE];

	exchange_random_word(tag);
	xmessage_answer(&b, xtransaction_request(t), xtransaction_source(t), 200, "OK", tag);
	buf_printf(&b, "Contact: <sip:127.0.0.1:%u>\r\nAllow: %s\r\nAccept: application/sdp\r\nAccept-Language: en\r\n",
	           sock_port, XDIALPLAN_ALLOW);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, 200);
}

static void cancel(struct xtransaction *t)
{
	struct xtransaction *invite = xtransaction_cancelled(xtransaction_request(t));

	if (!invite) {
		answer(t, 481, xdialplan_phrase(481));
		return;
	}
	answer(t, 200, "OK");
	if (!xtransaction_answered(invite))
		xcall_cancelled(invite);
}

/* In the order of RFC 3261 §8.2. */
static void serve(struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);

	if (m->fault)
		answer(t, m->fault, m->fault_reason);
	else if (!is_method(m->method))
		refuse(t, 501);
	else if (xtext_same(m->method, xtext_of("CANCEL")))
		cancel(t);
	else if (!(m->uri.len > 4 && xtext_is((struct xtext){m->uri.p, 4}, "sip:")))
		refuse(t, 416);
	else if (!xdialplan_knows(m))
		refuse(t, 420);
	else if (m->to_tag.len)
		xcall_request(t);
	else if (xtext_same(m->method, xtext_of("INVITE")))
		xcall_invited(t);
	else if (xtext_same(m->method, xtext_of("REGISTER")))
		xregistrar_register(t);
	else if (xtext_same(m->method, xtext_of("OPTIONS")))
		answer_options(t);
	else if (xtext_same(m->method, xtext_of("BYE")) || xtext_same(m->method, xtext_of("INFO")))
		refuse(t, 481);
	else
		refuse(t, 405);
}

/* No place for a transaction: answered and forgotten. */
static void answer_stateless(const struct xmessage *m, const struct sockaddr_in *src)
{
	struct sockaddr_in dst = *src;
	struct buf b = {0};
	char tag[XTAG_SIZE];

	if (!m->rport)
		dst.sin_port = htons(m->via_port ? m->via_port : 5060);
	exchange_random_word(tag);
	xmessage_answer(&b, m, src, 503, xdialplan_phrase(503), tag);
	buf_str(&b, "Retry-After: 5\r\n");
	xmessage_end(&b, NULL, NULL);
	exchange_send(&dst, &b);
	buf_free(&b);
}

static void request(const struct xmessage *m, const struct sockaddr_in *src)
{
	struct xtransaction *t = xtransaction_find(m);
	bool merged;

	if (xtext_same(m->method, xtext_of("ACK"))) {
		/* that of a refusal belongs to the INVITE's transaction; that of a 2xx to the call */
		if (t && !xtransaction_accepted(t))
			xtransaction_acknowledged(t);
		else if (!m->fault)
			xcall_acknowledged(m);
		return;
	}
	if (t) {
		xtransaction_again(t);
		return;
	}
	merged = xtransaction_merged(m);
	if (xtransaction_open(&t, m, src)) {
		answer_stateless(m, src);
		return;
	}
	if (merged)
		answer(t, 482, xdialplan_phrase(482));
	else
		serve(t);
}

/* --- the socket ---------------------------------------------------------- */

static void read_h(unsigned flags, void *arg)
{
	static char data[XMESSAGE_SIZE + 1];
	static struct xmessage m;
	int i;

	(void)flags;
	(void)arg;
	for (i = 0; i < BATCH && sock >= 0; i++) {
		struct sockaddr_in src;
		socklen_t size = sizeof(src);
		ssize_t n = recvfrom(sock, data, sizeof(data), 0, (struct sockaddr *)&src, &size);

		if (n < 0)
			return;
		if (n == 0 || size != sizeof(src) || xmessage_read(&m, data, (size_t)n))
			continue;
		if (m.request)
			request(&m, &src);
		else
			xtransaction_response(&m);
	}
}

int exchange_start(uint16_t *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t size = sizeof(sin);
	int err = 0;

	if (sock >= 0)
		return EALREADY;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return errno;
	if (bind(sock, (struct sockaddr *)&sin, sizeof(sin)) < 0 ||
	    getsockname(sock, (struct sockaddr *)&sin, &size) < 0)
		err = errno;
	else
		err = loop_watch(sock, LOOP_READ, read_h, NULL);
	if (err) {
		close(sock);
		sock = -1;
		return err;
	}
	sock_port = ntohs(sin.sin_port);
	*port = sock_port;
	log_info("exchange: listening on 127.0.0.1:%u", sock_port);
	return 0;
}

void exchange_stop(void)
{
	if (sock < 0)
		return;
	xcall_close_all();
	xtransaction_close_all();
	xregistrar_clear();
	loop_unwatch(sock);
	close(sock);
	sock = -1;
	sock_port = 0;
}
