/* The built-in exchange, called over real sockets on the loopback by a peer of this file's own, in virtual time: this
 * file is the loop, and time passes only when nothing is left to do. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <openssl/evp.h>

#include "base/loop.h"
#include "base/text.h"
#include "exchange/exchange.h"

/* --- the loop ------------------------------------------------------------ */

struct loop_timer {
	struct loop_timer *next;
	uint64_t due;
	bool running;
	loop_timer_h *h;
	void *arg;
};

static struct {
	int fd;
	loop_fd_h *h;
	void *arg;
} watches[128];
static unsigned watch_count, timer_count;
static struct loop_timer *timers;
static uint64_t now_ms = 1000000;

uint64_t loop_now_ms(void)
{
	return now_ms;
}

int loop_timer_new(struct loop_timer **tp, loop_timer_h *h, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->h = h;
	t->arg = arg;
	t->next = timers;
	timers = t;
	timer_count++;
	*tp = t;
	return 0;
}

void loop_timer_start(struct loop_timer *t, uint64_t delay_ms)
{
	t->due = now_ms + delay_ms;
	t->running = true;
}

void loop_timer_stop(struct loop_timer *t)
{
	t->running = false;
}

void loop_timer_free(struct loop_timer *t)
{
	struct loop_timer **at = &timers;

	if (!t)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	timer_count--;
	free(t);
}

int loop_watch(int fd, unsigned flags, loop_fd_h *h, void *arg)
{
	assert_int_equal(flags, LOOP_READ);
	assert_true(watch_count < 128);
	watches[watch_count].fd = fd;
	watches[watch_count].h = h;
	watches[watch_count++].arg = arg;
	return 0;
}

void loop_unwatch(int fd)
{
	unsigned i;

	for (i = 0; i < watch_count; i++) {
		if (watches[i].fd == fd) {
			watches[i] = watches[--watch_count];
			return;
		}
	}
	fail_msg("not watched: %d", fd);
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

static bool serve_sockets(void)
{
	unsigned i;

	for (i = 0; i < watch_count; i++) {
		if (readable(watches[i].fd)) {
			watches[i].h(LOOP_READ, watches[i].arg);
			return true;
		}
	}
	return false;
}

/* Runs until FD has something to read (any FD when negative: never), at most MS. */
static bool run(int fd, uint64_t ms)
{
	uint64_t end = now_ms + ms;

	for (;;) {
		struct loop_timer *t, *first = NULL;

		if (fd >= 0 && readable(fd))
			return true;
		if (serve_sockets())
			continue;
		for (t = timers; t; t = t->next)
			if (t->running && (!first || t->due < first->due))
				first = t;
		if (!first || first->due > end)
			break;
		if (first->due > now_ms)
			now_ms = first->due;
		first->running = false;
		first->h(first->arg);
	}
	now_ms = end;
	return false;
}

/* --- the peer ------------------------------------------------------------ */

static int sip = -1, rtp = -1;
static uint16_t sip_port, rtp_port, port;
static char in[65536], out[65536];
static char to_tag[64];
static unsigned branch, call_number;

static int open_socket(uint16_t *got)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	*got = ntohs(a.sin_port);
	return fd;
}

static void send_to(int fd, uint16_t to, const void *data, size_t len)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(to)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&a, sizeof(a)), (ssize_t)len);
}

static void send_again(void)
{
	send_to(sip, port, out, strlen(out));
}

/* A request of the current call; METHOD with TO as user, CSEQ, further FIELDS, BODY or NULL. */
static void request(const char *method, const char *to, unsigned cseq, const char *fields, const char *body)
{
	snprintf(out, sizeof(out),
	         "%s sip:%s@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=z9hG4bK%u\r\n"
	         "From: <sip:demo@127.0.0.1>;tag=me\r\nTo: <sip:%s@127.0.0.1>%s%s\r\nCall-ID: call%u\r\n"
	         "CSeq: %u %s\r\nContact: <sip:demo@127.0.0.1:%u>\r\n%s%s%s %zu\r\n\r\n%s",
	         method, to, port, sip_port, branch, to, *to_tag ? ";tag=" : "", to_tag, call_number, cseq, method,
	         sip_port, fields ? fields : "", body ? "Content-Type: application/sdp\r\n" : "", "Content-Length:",
	         body ? strlen(body) : 0, body ? body : "");
	send_again();
}

static void new_call(void)
{
	call_number++;
	branch++;
	*to_tag = '\0';
}

/* The value of field NAME of the last message; empty when it is not there. */
static const char *field(const char *name)
{
	static char value[2048];
	const char *line;

	*value = '\0';
	for (line = strstr(in, "\r\n"); line && strncmp(line, "\r\n\r\n", 4) != 0; line = strstr(line + 2, "\r\n")) {
		size_t n = strlen(name);

		if (strncasecmp(line + 2, name, n) == 0 && line[2 + n] == ':') {
			const char *p = line + 3 + n, *end = strstr(p, "\r\n");

			while (*p == ' ')
				p++;
			text_copyn(value, sizeof(value), p, (size_t)(end - p));
			break;
		}
	}
	return value;
}

static bool receive(uint64_t ms)
{
	ssize_t n;

	if (!run(sip, ms))
		return false;
	n = recv(sip, in, sizeof(in) - 1, 0);
	assert_true(n > 0);
	in[n] = '\0';
	return true;
}

/* The next message within MS begins with START. */
static void expect_within(uint64_t ms, const char *start)
{
	const char *tag;

	if (!receive(ms))
		fail_msg("nothing came, not %s", start);
	if (strncmp(in, start, strlen(start)) != 0)
		fail_msg("not %s but %s", start, in);
	tag = strstr(field("To"), ";tag=");
	if (tag && strncmp(in, "SIP", 3) == 0 && !*to_tag)
		text_copy(to_tag, sizeof(to_tag), tag + 5);
}

static void expect(const char *start)
{
	expect_within(0, start);
}

static void expect_field(const char *name, const char *part)
{
	if (!strstr(field(name), part))
		fail_msg("%s is '%s', not '%s', in %s", name, field(name), part, in);
}

static void expect_silence(uint64_t ms)
{
	if (receive(ms))
		fail_msg("unexpected: %s", in);
}

/* ACK of a refusal: the branch and the number of the INVITE. */
static void acknowledge_refusal(const char *to, unsigned cseq)
{
	request("ACK", to, cseq, NULL, NULL);
	*to_tag = '\0';
	branch++;
}

static const char *offer(const char *formats, const char *direction)
{
	static char sdp[1024];

	snprintf(sdp, sizeof(sdp),
	         "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %u RTP/AVP %s\r\n"
	         "a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\na=%s\r\n",
	         rtp_port, formats, direction);
	return sdp;
}

/* Calls USER and talks: up to the ACK. Returns the port of its RTP. */
static uint16_t connect_to(const char *user, const char *formats)
{
	const char *m;

	new_call();
	request("INVITE", user, 1, NULL, offer(formats, "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	m = strstr(in, "m=audio ");
	assert_non_null(m);
	branch++;
	request("ACK", user, 1, NULL, NULL);
	run(-1, 0);
	return (uint16_t)atoi(m + 8);
}

static void hang_up(const char *user, unsigned cseq)
{
	branch++;
	request("BYE", user, cseq, NULL, NULL);
	expect("SIP/2.0 200");
}

static void send_rtp(uint16_t to, uint8_t type, uint16_t seq, uint32_t ts, const char *payload)
{
	uint8_t p[128] = {0x80, type, (uint8_t)(seq >> 8), (uint8_t)seq, (uint8_t)(ts >> 24), (uint8_t)(ts >> 16),
	                  (uint8_t)(ts >> 8), (uint8_t)ts, 1, 2, 3, 4};

	memcpy(p + 12, payload, strlen(payload));
	send_to(rtp, to, p, 12 + strlen(payload));
}

static uint8_t packet[2048];

static ssize_t receive_rtp(uint64_t ms)
{
	return run(rtp, ms) ? recv(rtp, packet, sizeof(packet), 0) : -1;
}

static unsigned packet_seq(void)
{
	return (unsigned)packet[2] << 8 | packet[3];
}

static uint32_t packet_ts(void)
{
	return (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 | packet[7];
}

static void md5_hex(char hex[33], const char *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n, i;

	assert_int_equal(EVP_Digest(text, strlen(text), sum, &n, EVP_md5(), NULL), 1);
	for (i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

static char nonce[64];

static void take_nonce(const char *challenge)
{
	const char *p = strstr(field(challenge), "nonce=\"");

	assert_non_null(p);
	text_copyn(nonce, sizeof(nonce), p + 7, strcspn(p + 7, "\""));
}

static const char *credentials(const char *name, const char *method, const char *to, const char *password)
{
	static char line[1024];
	char uri[64], text[512], ha1[33], ha2[33], response[33];

	snprintf(uri, sizeof(uri), "sip:%s@127.0.0.1:%u", to, port);
	snprintf(text, sizeof(text), "demo:%s:%s", EXCHANGE_REALM, password);
	md5_hex(ha1, text);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	md5_hex(ha2, text);
	snprintf(text, sizeof(text), "%s:%s:00000001:c0:auth:%s", ha1, nonce, ha2);
	md5_hex(response, text);
	snprintf(line, sizeof(line),
	         "%s: Digest username=\"demo\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\", "
	         "algorithm=MD5, cnonce=\"c0\", qop=auth, nc=00000001\r\n",
	         name, EXCHANGE_REALM, nonce, uri, response);
	return line;
}

static unsigned register_cseq;

static void send_register(const char *fields)
{
	char all[2048];

	snprintf(all, sizeof(all), "%s%s", credentials("Authorization", "REGISTER", "demo", "demo"), fields);
	branch++;
	*to_tag = '\0';
	request("REGISTER", "demo", ++register_cseq, all, NULL);
}

static void log_in(void)
{
	new_call();
	request("REGISTER", "demo", ++register_cseq, NULL, NULL);
	expect("SIP/2.0 401");
	take_nonce("WWW-Authenticate");
	send_register("Expires: 60\r\n");
	expect("SIP/2.0 200");
}

static int start(void **state)
{
	(void)state;
	assert_int_equal(exchange_start(&port), 0);
	sip = open_socket(&sip_port);
	rtp = open_socket(&rtp_port);
	return 0;
}

/* After each test: nothing is left of the exchange. */
static int stop(void **state)
{
	(void)state;
	exchange_stop();
	assert_int_equal(watch_count, 0);
	assert_int_equal(timer_count, 0);
	close(sip);
	close(rtp);
	return 0;
}

/* --- the tests ----------------------------------------------------------- */

static void registers_with_digest(void **state)
{
	char more[512], old[64];
	int i;

	(void)state;
	assert_int_equal(exchange_start(&port), EALREADY);
	new_call();
	request("REGISTER", "demo", ++register_cseq, NULL, NULL);
	expect("SIP/2.0 401 Unauthorized");
	expect_field("WWW-Authenticate", "realm=\"" EXCHANGE_REALM "\"");
	take_nonce("WWW-Authenticate");
	/* a retransmission has the same answer, with the same nonce */
	send_again();
	expect("SIP/2.0 401");
	expect_field("WWW-Authenticate", nonce);

	branch++;
	*to_tag = '\0';
	request("REGISTER", "demo", ++register_cseq, credentials("Authorization", "REGISTER", "demo", "wrong"), NULL);
	expect("SIP/2.0 401");
	assert_null(strstr(field("WWW-Authenticate"), "stale"));

	send_register("Expires: 60\r\n");
	expect("SIP/2.0 200");
	snprintf(more, sizeof(more), "<sip:demo@127.0.0.1:%u>;expires=60", sip_port);
	expect_field("Contact", more);

	/* five minutes later the nonce is old, and only that */
	run(-1, 301 * 1000);
	send_register("Expires: 60\r\n");
	expect("SIP/2.0 401");
	expect_field("WWW-Authenticate", "stale=true");
	take_nonce("WWW-Authenticate");

	/* a nonce of somebody else's making, of a time to come, is none of ours */
	text_copy(old, sizeof(old), nonce);
	snprintf(nonce, sizeof(nonce), "%016llx%032d", (unsigned long long)now_ms, 0);
	send_register("Expires: 60\r\n");
	expect("SIP/2.0 401");
	text_copy(nonce, sizeof(nonce), old);

	send_register("Expires: 5\r\n");
	expect("SIP/2.0 423");
	expect_field("Min-Expires", "10");
	send_register("Expires: 999999\r\n");
	expect("SIP/2.0 200");
	expect_field("Contact", "expires=3600");
	/* a number that came before, of the same Call-ID */
	register_cseq -= 2;
	send_register("Expires: 60\r\n");
	expect("SIP/2.0 500");
	register_cseq += 2;
	send_register("Expires: 0\r\n");
	expect("SIP/2.0 200");
	assert_string_equal(field("Contact"), "");

	*more = '\0';
	for (i = 0; i < 7; i++)
		snprintf(more + strlen(more), sizeof(more) - strlen(more), "Contact: <sip:h%d>\r\n", i);
	send_register(more);
	expect("SIP/2.0 200");
	expect_field("Contact", "expires=3600");
	snprintf(more, sizeof(more), "Contact: <sip:one>, <sip:too>\r\n");
	send_register(more);
	expect("SIP/2.0 403");

	/* Contact: * wants an Expires of 0, and to stand alone; the peer's own Contact spoils it here */
	send_register("Contact: *\r\nExpires: 0\r\n");
	expect("SIP/2.0 400");
}

static void removes_all_contacts(void **state)
{
	(void)state;
	log_in();
	branch++;
	snprintf(out, sizeof(out),
	         "REGISTER sip:demo@127.0.0.1:%u SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u\r\n"
	         "From: <sip:demo@h>;tag=1\r\nTo: <sip:demo@h>\r\nCall-ID: all\r\nCSeq: 1 REGISTER\r\nContact: *\r\n"
	         "Expires: 0\r\n%s\r\n",
	         port, sip_port, branch, credentials("Authorization", "REGISTER", "demo", "demo"));
	send_again();
	expect("SIP/2.0 200");
	assert_string_equal(field("Contact"), "");
}

static void echoes_after_200_ms(void **state)
{
	uint16_t to = connect_to("echo", "0 96 101");
	uint64_t sent = now_ms;
	unsigned seq;
	uint32_t ts;

	(void)state;
	send_rtp(to, 0, 65535, 4294967200u, "hello");
	send_rtp(to, 0, 0, 64, "world");
	send_rtp(to, 0x80 | 101, 1, 224, "digi");
	send_rtp(to, 8, 2, 300, "another codec");
	assert_int_equal(receive_rtp(1000), 17);
	assert_int_equal(now_ms - sent, 200);
	assert_memory_equal(packet + 12, "hello", 5);
	assert_int_equal(packet[1], 0);
	assert_memory_not_equal(packet + 8, "\1\2\3\4", 4);
	seq = packet_seq();
	ts = packet_ts();
	assert_int_equal(receive_rtp(0), 17);
	assert_memory_equal(packet + 12, "world", 5);
	assert_int_equal((uint16_t)(packet_seq() - seq), 1);
	assert_int_equal(packet_ts() - ts, 160);
	assert_int_equal(receive_rtp(0), 16);
	assert_int_equal(packet[1], 0x80 | 101);
	assert_int_equal(packet_ts() - ts, 320);
	assert_int_equal(receive_rtp(1000), -1);
	hang_up("echo", 2);
	send_rtp(to, 0, 3, 480, "gone");
	assert_int_equal(receive_rtp(1000), -1);
	branch++;
	request("BYE", "echo", 3, NULL, NULL);
	expect("SIP/2.0 481");
}

static void survives_wild_rtp(void **state)
{
	uint16_t to = connect_to("echo", "0");
	uint8_t wild[1500];
	unsigned i, seq;

	(void)state;
	for (i = 0; i < 5000; i++) {
		size_t k, len = i % 40;

		for (k = 0; k < len; k++)
			wild[k] = (uint8_t)((i * 7919 + k * 104729) >> (k % 11));
		send_to(rtp, to, wild, len);
		if (i % 50 == 0)
			run(-1, 0);
	}
	run(-1, 1000);
	while (readable(rtp))
		assert_true(receive_rtp(0) > 12);

	/* padding is not sent back; more padding than packet is no packet */
	memcpy(wild, "\xa0\0\0\1\0\0\0\0\1\2\3\4voice\0\0\3", 20);
	send_to(rtp, to, wild, 20);
	assert_int_equal(receive_rtp(200), 17);
	wild[19] = 9;
	send_to(rtp, to, wild, 20);
	assert_int_equal(receive_rtp(1000), -1);

	/* a jump of the source's numbers does not jump here */
	send_rtp(to, 0, 100, 1000, "a");
	assert_true(receive_rtp(200) > 0);
	seq = packet_seq();
	send_rtp(to, 0, 40000, 3000000000u, "b");
	assert_true(receive_rtp(200) > 0);
	assert_int_equal((uint16_t)(packet_seq() - seq), 1);

	/* no more than 64 wait */
	for (i = 0; i < 100; i++)
		send_rtp(to, 0, (uint16_t)(40001 + i), 0, "c");
	for (i = 0; receive_rtp(200) > 0; i++)
		;
	assert_int_equal(i, 64);
}

static void holds_and_resumes(void **state)
{
	uint16_t to = connect_to("echo", "8");

	(void)state;
	branch++;
	request("INVITE", "echo", 2, NULL, offer("8", "sendonly"));
	expect("SIP/2.0 200");
	assert_non_null(strstr(in, "a=recvonly"));
	branch++;
	request("ACK", "echo", 2, NULL, NULL);
	send_rtp(to, 8, 1, 160, "music");
	assert_int_equal(receive_rtp(1000), -1);
	branch++;
	request("INVITE", "echo", 3, NULL, offer("8", "sendrecv"));
	expect("SIP/2.0 200");
	assert_non_null(strstr(in, "a=sendrecv"));
	branch++;
	request("ACK", "echo", 3, NULL, NULL);
	send_rtp(to, 8, 2, 320, "voice");
	assert_int_equal(receive_rtp(200), 17);

	/* an offer that cannot be taken changes nothing; an older number is refused */
	branch++;
	request("INVITE", "echo", 4, NULL, offer("18", "sendrecv"));
	expect("SIP/2.0 488");
	expect_field("Warning", "305 127.0.0.1");
	request("ACK", "echo", 4, NULL, NULL);
	branch++;
	request("OPTIONS", "echo", 3, NULL, NULL);
	expect("SIP/2.0 500");
	send_rtp(to, 8, 3, 480, "voice");
	assert_int_equal(receive_rtp(200), 17);

	/* the phone moves to another port */
	close(rtp);
	rtp = open_socket(&rtp_port);
	branch++;
	request("INVITE", "echo", 5, NULL, offer("8", "sendrecv"));
	expect("SIP/2.0 200");
	branch++;
	request("ACK", "echo", 5, NULL, NULL);
	send_rtp(to, 8, 4, 640, "moved");
	assert_int_equal(receive_rtp(200), 17);
	/* and to one that it does not say rightly: the echo goes where the voice comes from */
	close(rtp);
	rtp = open_socket(&rtp_port);
	rtp_port = sip_port;
	branch++;
	request("INVITE", "echo", 6, NULL, offer("8", "sendrecv"));
	expect("SIP/2.0 200");
	branch++;
	request("ACK", "echo", 6, NULL, NULL);
	send_rtp(to, 8, 5, 800, "moved");
	assert_int_equal(receive_rtp(200), 17);
	branch++;
	request("OPTIONS", "echo", 7, NULL, NULL);
	expect("SIP/2.0 200");
	hang_up("echo", 8);
}

static void repeats_200_until_ack(void **state)
{
	uint64_t start_ms;
	int i;

	(void)state;
	new_call();
	request("INVITE", "echo", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	start_ms = now_ms;
	send_again();
	expect("SIP/2.0 200");
	expect_silence(499);
	expect_within(1, "SIP/2.0 200");
	expect_within(1000, "SIP/2.0 200");
	assert_int_equal(now_ms - start_ms, 1500);
	expect_within(2000, "SIP/2.0 200");
	for (i = 0; i < 7; i++) {
		expect_within(4000, "SIP/2.0 200");
		assert_int_equal(now_ms - start_ms, 7500 + 4000 * i);
	}
	/* no ACK: the exchange hangs up */
	expect_within(4000, "BYE sip:demo@127.0.0.1");
	expect_field("From", to_tag);
	expect_field("To", "tag=me");
	assert_int_equal(now_ms - start_ms, 32000);
	/* nobody answers that either: it is repeated, then all is forgotten */
	expect_within(500, "BYE");
	for (i = 0; receive(4000); i++)
		;
	assert_int_equal(i, 9);
	run(-1, 64000);
	assert_int_equal(watch_count, 1);
	assert_int_equal(timer_count, 0);
}

static void rings_until_cancel(void **state)
{
	(void)state;
	new_call();
	request("INVITE", "ring", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect_silence(59999);
	expect_within(1, "SIP/2.0 180");
	*to_tag = '\0';
	request("CANCEL", "ring", 1, NULL, NULL);
	expect("SIP/2.0 200");
	expect_field("CSeq", "1 CANCEL");
	*to_tag = '\0';
	expect("SIP/2.0 487");
	expect_within(500, "SIP/2.0 487");
	request("ACK", "ring", 1, NULL, NULL);
	expect_silence(40000);
	new_call();
	request("CANCEL", "ring", 1, NULL, NULL);
	expect("SIP/2.0 481");
	/* Expires of the INVITE */
	new_call();
	request("INVITE", "ring", 1, "Expires: 7\r\n", offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect_silence(6999);
	expect_within(1, "SIP/2.0 487");
	acknowledge_refusal("ring", 1);
	/* a BYE before the answer */
	new_call();
	request("INVITE", "ring", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	branch++;
	request("BYE", "ring", 2, NULL, NULL);
	expect("SIP/2.0 200");
	expect("SIP/2.0 487");
}

static void slow_answers_after_five_seconds(void **state)
{
	(void)state;
	new_call();
	request("INVITE", "slow", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect_silence(4999);
	expect_within(1, "SIP/2.0 200");
	branch++;
	request("ACK", "slow", 1, NULL, NULL);
	hang_up("slow", 2);
}

static void early_announces_then_refuses(void **state)
{
	unsigned packets = 0;

	(void)state;
	new_call();
	request("INVITE", "early", 1, NULL, offer("96", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 183");
	assert_non_null(strstr(in, "a=rtpmap:96 opus/48000/2"));
	while (packets < 200 && !readable(sip))
		packets += receive_rtp(20) > 12;
	expect("SIP/2.0 480");
	assert_in_range(packets, 149, 151);
	acknowledge_refusal("early", 1);
}

static int16_t from_ulaw(uint8_t u)
{
	int v = ~u & 0xff, s = (((v & 15) << 3) + 132) << (v >> 4 & 7);

	return (int16_t)(v & 0x80 ? 132 - s : s - 132);
}

static void milliwatt_is_1004_hz_at_0_dbm0(void **state)
{
	double power = 0;
	unsigned i, k, crossings = 0;
	int16_t last = 0;
	uint64_t begun;

	(void)state;
	/* G.711 is taken even when opus comes first */
	connect_to("milliwatt", "96 0");
	begun = now_ms;
	for (i = 0; i < 50; i++) {
		assert_int_equal(receive_rtp(20), 172);
		for (k = 0; k < 160; k++) {
			int16_t s = from_ulaw(packet[12 + k]);

			power += (double)s * s;
			crossings += (s < 0) != (last < 0);
			last = s;
		}
	}
	assert_in_range(now_ms - begun, 960, 1000);
	assert_in_range(crossings, 2007, 2009);
	/* a sine 3.17 dB below full scale has 6.18 dB less than full scale in power */
	power = 10 * log10(power / 8000 / (32768.0 * 32768.0));
	assert_true(fabs(power + 6.21) < 0.05);
	hang_up("milliwatt", 2);

	connect_to("milliwatt", "96");
	assert_true(receive_rtp(20) > 20);
	assert_int_equal(packet[1] & 0x7f, 96);
	hang_up("milliwatt", 2);
}

static void reply(const char *status, const char *extra, const char *body)
{
	char via[256], from[256], to[256], call_id[256], cseq[64];

	text_copy(via, sizeof(via), field("Via"));
	text_copy(from, sizeof(from), field("From"));
	text_copy(to, sizeof(to), field("To"));
	text_copy(call_id, sizeof(call_id), field("Call-ID"));
	text_copy(cseq, sizeof(cseq), field("CSeq"));
	snprintf(out, sizeof(out),
	         "SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
	         status, via, from, to, strstr(to, "tag=") ? "" : ";tag=us", call_id, cseq, extra,
	         body ? strlen(body) : 0, body ? body : "");
	send_again();
}

static void calls_back(void **state)
{
	char contact[128], from[256], call_id[128];
	uint16_t to;

	(void)state;
	log_in();
	new_call();
	request("INVITE", "callback", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 480 Calling you back");
	acknowledge_refusal("callback", 1);
	expect_silence(2999);
	expect_within(1, "INVITE sip:demo@127.0.0.1");
	expect_within(500, "INVITE sip:demo@127.0.0.1");
	expect_within(1000, "INVITE sip:demo@127.0.0.1");
	to = (uint16_t)atoi(strstr(in, "m=audio ") + 8);
	text_copy(from, sizeof(from), field("From"));
	text_copy(call_id, sizeof(call_id), field("Call-ID"));
	reply("180 Ringing", "", NULL);
	expect_silence(10000);
	snprintf(contact, sizeof(contact), "Contact: <sip:demo@127.0.0.1:%u>\r\nContent-Type: application/sdp\r\n",
	         sip_port);
	reply("200 OK", contact, offer("0", "sendrecv"));
	expect("ACK sip:demo@127.0.0.1");
	send_again();
	expect("ACK");
	send_rtp(to, 0, 1, 160, "hello");
	assert_int_equal(receive_rtp(200), 17);
	/* a hold soon after */
	branch++;
	snprintf(out, sizeof(out),
	         "INVITE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u\r\nFrom: <sip:demo@h>;tag=us\r\n"
	         "To: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\n\r\n%s",
	         sip_port, branch, from, call_id, offer("0", "inactive"));
	send_again();
	expect("SIP/2.0 200");
	assert_non_null(strstr(in, "a=inactive"));
	branch++;
	snprintf(out, sizeof(out),
	         "BYE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u\r\nFrom: <sip:demo@h>;tag=us\r\n"
	         "To: %s\r\nCall-ID: %s\r\nCSeq: 2 BYE\r\n\r\n",
	         sip_port, branch, from, call_id);
	send_again();
	expect("SIP/2.0 200");

	/* refused: an ACK; nobody answers: a CANCEL */
	new_call();
	request("INVITE", "callback", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 480");
	acknowledge_refusal("callback", 1);
	expect_within(3000, "INVITE");
	reply("486 Busy Here", "", NULL);
	expect("ACK");
	expect_silence(70000);
	log_in();
	new_call();
	request("INVITE", "callback", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 480");
	acknowledge_refusal("callback", 1);
	expect_within(3000, "INVITE");
	reply("180 Ringing", "", NULL);
	expect_within(60000, "CANCEL");
	reply("200 OK", "", NULL);
	expect_silence(100000);
}

/* What is wanted of a field, for the codes that have one. */
static const struct {
	unsigned status;
	const char *name, *part;
} wanted[] = {
	{300, "Contact", "milliwatt@127.0.0.1"}, {301, "Contact", "sip:echo@127.0.0.1"},
	{302, "Contact", "sip:echo@127.0.0.1"}, {305, "Contact", "sip:127.0.0.1"}, {380, "Contact", "sip:echo@127.0.0.1"},
	{400, "Warning", "399 127.0.0.1"}, {401, "WWW-Authenticate", "Digest"}, {402, "Error-Info", "<sip:early@127.0.0.1:"},
	{403, "Warning", "399 127.0.0.1"}, {404, "Retry-After", "60 (new"}, {405, "Allow", "INVITE"},
	{406, "Accept", "application/sdp"}, {407, "Proxy-Authenticate", "Digest"}, {408, "Reason", "Q.850;cause=102"},
	{410, "Error-Info", "<sip:early@127.0.0.1:"}, {413, "Retry-After", "10"}, {415, "Accept", "application/sdp"},
	{415, "Accept-Encoding", "identity"}, {415, "Accept-Language", "en"}, {417, "Accept-Resource-Priority", "dsn.routine"},
	{420, "Unsupported", "100rel"}, {421, "Require", "timer"}, {422, "Min-SE", "3600"}, {423, "Min-Expires", "60"},
	{424, "Geolocation-Error", "100"}, {425, "AlertMsg-Error", "100"}, {470, "Permission-Missing", "sip:echo@127.0.0.1"},
	{480, "Retry-After", "30 (out for coffee);duration=600"}, {484, "Reason", "Q.850;cause=28"},
	{485, "Contact", "slow@127.0.0.1"}, {486, "Retry-After", "15 (on another line)"}, {487, "Reason", "SIP;cause=487"},
	{488, "Warning", "305 127.0.0.1"}, {489, "Allow-Events", "dialog"}, {494, "Security-Server", "tls"},
	{500, "Retry-After", "5"}, {501, "Allow", "INVITE"}, {502, "Reason", "Q.850;cause=38"}, {503, "Retry-After", "20"},
	{504, "Reason", "Q.850;cause=41"}, {580, "Warning", "399 127.0.0.1"},
	{600, "Retry-After", "40 (busy everywhere);duration=120"}, {603, "Retry-After", "45 (in a meeting)"},
	{606, "Warning", "304 127.0.0.1"}, {607, "Reason", "SIP;cause=607"}, {608, "Call-Info", "purpose=jwscard"},
	{608, "Reason", "SIP;cause=608"},
};

static void answers_every_code(void **state)
{
	unsigned code;
	size_t i;

	(void)state;
	for (code = 300; code < 700; code++) {
		char user[4], start_text[16];

		if (code == 411)
			continue;
		snprintf(user, sizeof(user), "%u", code);
		snprintf(start_text, sizeof(start_text), "SIP/2.0 %u ", code);
		new_call();
		request("INVITE", user, 1, NULL, offer("0", "sendrecv"));
		expect(start_text);
		assert_true(strlen(in) > 12 && in[12] != '\r');
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (wanted[i].status == code)
				expect_field(wanted[i].name, wanted[i].part);
		acknowledge_refusal(user, 1);
		run(-1, 10);
	}
	for (code = 699; code < 800; code += 101) {
		new_call();
		request("INVITE", code == 699 ? "299" : "nobody", 1, NULL, offer("0", "sendrecv"));
		expect("SIP/2.0 404 Not Found");
		acknowledge_refusal(code == 699 ? "299" : "nobody", 1);
	}
}

static void lets_in_who_has_what_it_takes(void **state)
{
	const char *length;

	(void)state;
	new_call();
	request("INVITE", "407", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 407");
	take_nonce("Proxy-Authenticate");
	acknowledge_refusal("407", 1);
	request("INVITE", "407", 2, credentials("Proxy-Authorization", "INVITE", "407", "no"), offer("0", "sendrecv"));
	expect("SIP/2.0 407");
	acknowledge_refusal("407", 2);
	request("INVITE", "407", 3, credentials("Proxy-Authorization", "INVITE", "407", "demo"), offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	branch++;
	request("ACK", "407", 3, NULL, NULL);
	hang_up("407", 4);

	/* the short form of Content-Length, then the long one */
	new_call();
	request("OPTIONS", "411", 1, NULL, NULL);
	expect("SIP/2.0 200");
	new_call();
	request("INVITE", "411", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	branch++;
	request("ACK", "411", 1, NULL, NULL);
	hang_up("411", 2);
	new_call();
	snprintf(out, sizeof(out),
	         "INVITE sip:411@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%u\r\nf: <sip:a@h>;tag=1\r\n"
	         "t: <sip:411@h>\r\ni: short\r\nCSeq: 1 INVITE\r\nm: <sip:a@h>\r\nl: 0\r\n\r\n",
	         sip_port, branch);
	send_again();
	expect("SIP/2.0 411 Length Required");
	length = field("Content-Length");
	assert_string_equal(length, "0");
}

/* The call that was refused last goes through when it comes again with FIELDS and BODY. */
static void goes_through(const char *line, unsigned cseq, const char *fields, const char *body)
{
	request("INVITE", line, cseq, fields, body);
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	branch++;
	request("ACK", line, cseq, NULL, body ? NULL : offer("0", "sendrecv"));
	hang_up(line, cseq + 1);
}

static void refuses(const char *line, unsigned cseq, const char *fields, const char *body)
{
	char start_text[16];

	snprintf(start_text, sizeof(start_text), "SIP/2.0 %s ", line);
	request("INVITE", line, cseq, fields, body);
	expect(start_text);
	acknowledge_refusal(line, cseq);
}

/* Each repair opens its line, and nothing else does. */
static void lets_in_who_mends_it(void **state)
{
	char sdp[1024];

	(void)state;
	text_copy(sdp, sizeof(sdp), offer("0", "sendrecv"));
	new_call();
	refuses("305", 1, NULL, sdp);
	goes_through("305", 2, NULL, sdp);
	new_call();
	refuses("305", 1, NULL, sdp);

	new_call();
	refuses("415", 1, NULL, sdp);
	refuses("415", 2, NULL, sdp);
	goes_through("415", 3, NULL, NULL);

	new_call();
	refuses("420", 1, NULL, sdp);
	refuses("420", 2, NULL, sdp);
	new_call();
	refuses("420", 1, "Require: a, timer\r\nRequire: b\r\n", sdp);
	expect_field("Unsupported", "a, b");
	goes_through("420", 2, "Require: timer\r\n", sdp);
	/* and any other line, of course */
	new_call();
	request("INVITE", "echo", 1, "Require: a\r\n", sdp);
	expect("SIP/2.0 420");
	acknowledge_refusal("echo", 1);
	goes_through("echo", 2, NULL, sdp);

	/* these stay, whatever one does */
	new_call();
	refuses("421", 1, "Supported: timer\r\nRequire: timer\r\n", sdp);
	new_call();
	refuses("422", 1, "Session-Expires: 3600;refresher=uac\r\n", sdp);
	new_call();
	refuses("413", 1, NULL, sdp);
	refuses("413", 2, NULL, NULL);
	refuses("423", 3, "Session-Expires: 99999\r\n", sdp);
	refuses("488", 4, NULL, NULL);
}

/* Of many refused calls the newest are remembered. */
static void remembers_a_few(void **state)
{
	char sdp[1024];
	unsigned i, first;

	(void)state;
	text_copy(sdp, sizeof(sdp), offer("0", "sendrecv"));
	new_call();
	first = call_number;
	for (i = 0; i < 33; i++, new_call())
		refuses("305", 1, NULL, sdp);
	call_number = first + 32;
	goes_through("305", 2, NULL, sdp);
	call_number = first;
	branch++;
	*to_tag = '\0';
	refuses("305", 2, NULL, sdp);
	call_number = first + 40;
}

static void negotiates(void **state)
{
	char sdp[2048], answer_sdp[1024];
	uint16_t to;

	(void)state;
	new_call();
	request("INVITE", "echo", 1, NULL, offer("18 101", "sendrecv"));
	expect("SIP/2.0 488");
	acknowledge_refusal("echo", 1);
	new_call();
	request("INVITE", "echo", 1, NULL, "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/SAVP 0\r\n");
	expect("SIP/2.0 488");
	acknowledge_refusal("echo", 1);
	/* payload 0 is not PCMU when the offer says so */
	new_call();
	snprintf(sdp, sizeof(sdp), "%sa=rtpmap:0 G726-32/8000\r\n", offer("0", "sendrecv"));
	request("INVITE", "echo", 1, NULL, sdp);
	expect("SIP/2.0 488");
	acknowledge_refusal("echo", 1);
	new_call();
	request("INVITE", "echo", 1, NULL, "no description");
	expect("SIP/2.0 488");
	acknowledge_refusal("echo", 1);

	/* a video stream is refused in its place, the payload numbers are the offer's */
	snprintf(sdp, sizeof(sdp),
	         "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=\"\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 4000 RTP/AVP 31\n"
	         "m=audio %u RTP/AVP 3 111 8\na=rtpmap:111 OPUS/48000/2\n",
	         rtp_port);
	new_call();
	request("INVITE", "echo", 1, NULL, sdp);
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	assert_non_null(strstr(in, "m=video 0 RTP/AVP 31\r\nm=audio "));
	assert_non_null(strstr(in, "a=rtpmap:111 opus/48000/2\r\n"));
	branch++;
	request("ACK", "echo", 1, NULL, NULL);
	hang_up("echo", 2);

	/* without an offer: ours is in the 200, the answer in the ACK */
	new_call();
	request("INVITE", "echo", 1, NULL, NULL);
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	assert_non_null(strstr(in, "RTP/AVP 0 8 96 101\r\n"));
	to = (uint16_t)atoi(strstr(in, "m=audio ") + 8);
	branch++;
	request("ACK", "echo", 1, NULL, offer("8", "sendrecv"));
	run(-1, 0);
	send_rtp(to, 8, 1, 160, "late");
	assert_int_equal(receive_rtp(200), 16);
	hang_up("echo", 2);
	/* no answer there: hung up */
	new_call();
	request("INVITE", "echo", 1, NULL, NULL);
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	expect("SIP/2.0 200");
	branch++;
	text_copy(answer_sdp, sizeof(answer_sdp), "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVP 0\r\n");
	request("ACK", "echo", 1, NULL, answer_sdp);
	expect("BYE");
	reply("200 OK", "", NULL);
}

static void refuses_as_the_rfc_says(void **state)
{
	static const struct {
		const char *method, *fields, *start, *name, *part;
	} row[] = {
		{"OPTIONS", NULL, "SIP/2.0 200", "Allow", "CANCEL"},
		{"OPTIONS", "Require: a, b\r\n", "SIP/2.0 420", "Unsupported", "a, b"},
		{"MESSAGE", NULL, "SIP/2.0 405", "Allow", "INVITE"},
		{"SUBSCRIBE", NULL, "SIP/2.0 405", "Allow", "INVITE"},
		{"DANCE", NULL, "SIP/2.0 501", "Allow", "INVITE"},
		{"BYE", NULL, "SIP/2.0 481", "", ""},
		{"OPTIONS", "Max-Forwards: x\r\n", "SIP/2.0 400 Bad Max-Forwards", "", ""},
		{"INVITE", "Content-Type: text/plain\r\nSubject: x\r\nContent-Encoding: gzip\r\n", "SIP/2.0 400", "", ""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		new_call();
		request(row[i].method, "echo", 1, row[i].fields, i == 7 ? "x" : NULL);
		expect(row[i].start);
		if (*row[i].name)
			expect_field(row[i].name, row[i].part);
	}
	request("ACK", "echo", 1, NULL, NULL);
	new_call();
	request("INVITE", "echo", 1, "Content-Encoding: gzip\r\n", "x");
	expect("SIP/2.0 415");
	expect_field("Accept", "application/sdp");
	acknowledge_refusal("echo", 1);
	/* the same call by two ways */
	new_call();
	request("INVITE", "ring", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	*to_tag = '\0';
	branch++;
	request("INVITE", "ring", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 482");
}

static void is_bounded_and_leaves_nothing(void **state)
{
	unsigned i;

	(void)state;
	/* far more requests than transactions: the oldest make room */
	for (i = 0; i < 200; i++) {
		new_call();
		request("OPTIONS", "echo", 1, NULL, NULL);
		expect("SIP/2.0 200");
	}
	for (i = 0; i < 16; i++)
		connect_to("echo", "0");
	new_call();
	request("INVITE", "echo", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 486");
	acknowledge_refusal("echo", 1);
	run(-1, 64000);
	assert_int_equal(timer_count, 32); /* a voice and a call each */
}

static void says_goodbye(void **state)
{
	unsigned byes = 0, refused = 0;

	(void)state;
	connect_to("echo", "0");
	connect_to("milliwatt", "0");
	new_call();
	request("INVITE", "ring", 1, NULL, offer("0", "sendrecv"));
	expect("SIP/2.0 100");
	expect("SIP/2.0 180");
	exchange_stop();
	while (receive(0)) {
		byes += strncmp(in, "BYE", 3) == 0;
		refused += strncmp(in, "SIP/2.0 480", 11) == 0;
	}
	assert_int_equal(byes, 2);
	assert_int_equal(refused, 1);
	/* and can begin again */
	assert_int_equal(exchange_start(&port), 0);
}

#define CALL(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL(registers_with_digest),
		CALL(removes_all_contacts),
		CALL(echoes_after_200_ms),
		CALL(survives_wild_rtp),
		CALL(holds_and_resumes),
		CALL(repeats_200_until_ack),
		CALL(rings_until_cancel),
		CALL(slow_answers_after_five_seconds),
		CALL(early_announces_then_refuses),
		CALL(milliwatt_is_1004_hz_at_0_dbm0),
		CALL(calls_back),
		CALL(answers_every_code),
		CALL(lets_in_who_has_what_it_takes), CALL(lets_in_who_mends_it), CALL(remembers_a_few),
		CALL(negotiates),
		CALL(refuses_as_the_rfc_says),
		CALL(is_bounded_and_leaves_nothing),
		CALL(says_goodbye),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
