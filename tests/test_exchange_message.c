/* The exchange's own reader: what it takes, what it refuses and how, and its bounds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "exchange/message.h"

#define HEAD \
	"Via: SIP/2.0/UDP 127.0.0.1:5062;rport;branch=z9hG4bKx\r\n" \
	"From: \"A \\\"q\\\" <x>\" <sip:a@127.0.0.1>;tag=f1\r\n" \
	"To: <sip:echo@127.0.0.1>\r\n" \
	"Call-ID: c1\r\n"
#define GOOD "OPTIONS sip:echo@127.0.0.1 SIP/2.0\r\n" HEAD "CSeq: 7 OPTIONS\r\n"

/* Reads a heap copy of exactly LEN bytes, so that a sanitizer sees a step too far. */
static struct xmessage m;
static char *data;

static int read_n(const char *text, size_t len)
{
	int err;

	free(data);
	data = malloc(len ? len : 1);
	assert_non_null(data);
	memcpy(data, text, len);
	err = xmessage_read(&m, data, len);
	return err;
}

static int read_text(const char *text)
{
	return read_n(text, strlen(text));
}

static void assert_piece(struct xtext t, const char *s)
{
	char copy[512];

	text_copyn(copy, sizeof(copy), t.p, t.len);
	assert_string_equal(copy, s);
}

static void reads_a_request(void **state)
{
	struct xtext uri, parameters;

	(void)state;
	assert_int_equal(read_text("\r\n\r\n" GOOD "Content-Length: 3\r\n\r\nabcdef"), 0);
	assert_int_equal(m.fault, 0);
	assert_true(m.request);
	assert_piece(m.method, "OPTIONS");
	assert_piece(m.uri, "sip:echo@127.0.0.1");
	assert_piece(m.branch, "z9hG4bKx");
	assert_piece(m.via_host, "127.0.0.1");
	assert_int_equal(m.via_port, 5062);
	assert_true(m.rport);
	assert_piece(m.from_tag, "f1");
	assert_piece(m.to_tag, "");
	assert_piece(m.call_id, "c1");
	assert_int_equal(m.cseq, 7);
	assert_piece(m.body, "abc");
	assert_true(m.length_long);
	/* the quoted name holds a quote, and what looks like an address */
	assert_true(xtext_address(m.from, &uri, &parameters));
	assert_piece(uri, "sip:a@127.0.0.1");
}

static void reads_short_names_and_folded_lines(void **state)
{
	(void)state;
	assert_int_equal(read_text("INVITE sip:411@h SIP/2.0\r\nv:SIP/2.0/UDP h\r\n ;branch=z9hG4bKy\r\n"
	                           "f: sip:a@h;tag=1\r\nt : sip:b@h ;tag=2\r\ni: x\r\nCSEQ:\r\n\t9\r\n INVITE\r\n"
	                           "m: <sip:a@h>, \"b, c\" <sip:b@h>\r\nl: 0\r\n\r\n"),
	                 0);
	assert_int_equal(m.fault, 0);
	assert_false(m.length_long);
	assert_piece(m.branch, "z9hG4bKy");
	assert_int_equal(m.via_port, 0);
	assert_int_equal(m.cseq, 9);
	assert_piece(m.from_tag, "1");
	assert_piece(m.to_tag, "2");
	assert_non_null(xmessage_header(&m, "Contact", 0));
	assert_null(xmessage_header(&m, "Contact", 1));
}

static void reads_a_response(void **state)
{
	(void)state;
	assert_int_equal(read_text("SIP/2.0 180 \r\n" HEAD "CSeq: 1 INVITE\r\n\r\n"), 0);
	assert_false(m.request);
	assert_int_equal(m.status, 180);
	assert_int_equal(read_text("SIP/2.0 99 x\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n"), EBADMSG);
	assert_int_equal(read_text("SIP/2.0 700 x\r\n" HEAD "CSeq: 1 INVITE\r\n\r\n"), EBADMSG);
	/* a response with a fault cannot be answered, so it is nothing */
	assert_int_equal(read_text("SIP/2.0 200 x\r\n" HEAD "\r\n"), EBADMSG);
}

static void drops_what_cannot_be_answered(void **state)
{
	static const char *const bad[] = {
		"", "\r\n", "x", "OPTIONS\r\n\r\n", "OPTIONS  sip:a@h SIP/2.0\r\n\r\n", "OPT(IONS sip:a@h SIP/2.0\r\n\r\n",
		"OPTIONS sip:a@h HTTP/1.1\r\n" HEAD "CSeq: 1 OPTIONS\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nFrom: sip:a@h;tag=1\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h:0;branch=z9hG4bK1\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h:99999;branch=z9hG4bK1\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP a@h;branch=z9hG4bK1\r\n\r\n",
		"OPTIONS sip:a@h SIP/2.0\r\nVia: ,\r\n\r\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_text(bad[i]), EBADMSG);
}

/* A request that is wrong but has a way back gets a status. */
static void names_the_fault(void **state)
{
	static const struct {
		unsigned status;
		const char *text;
	} bad[] = {
		{505, "OPTIONS sip:a@h SIP/7.0\r\n" HEAD "CSeq: 7 OPTIONS\r\n\r\n"},
		{400, "OPTIONS sip:a@h b SIP/2.0\r\n" HEAD "CSeq: 7 OPTIONS\r\n\r\n"},
		{400, GOOD},
		{400, GOOD "Content-Length: 4\r\n\r\nabc"},
		{400, GOOD "Content-Length: -1\r\n\r\n"},
		{400, GOOD "Content-Length: 4294967296\r\n\r\n"},
		{400, GOOD "Content-Length: 0\r\nl: 0\r\n\r\n"},
		{400, GOOD "no colon here\r\n\r\n"},
		{400, GOOD ": empty name\r\n\r\n"},
		{400, GOOD "Subject: a\x01z\r\n\r\n"},
		{400, GOOD "Subject: a\nVia: b\r\n\r\n"},
		{400, GOOD "Max-Forwards: 256\r\n\r\n"},
		{400, GOOD "To: <sip:b@h>\r\n\r\n"},
		{400, "INVITE sip:a@h SIP/2.0\r\n" HEAD "CSeq: 7 OPTIONS\r\n\r\n"},
		{400, "OPTIONS sip:a@h SIP/2.0\r\n" HEAD "CSeq: 2147483648 OPTIONS\r\n\r\n"},
		{400, "OPTIONS sip:a@h SIP/2.0\r\n" HEAD "CSeq: x OPTIONS\r\n\r\n"},
		{400, "OPTIONS sip:a@h SIP/2.0\r\n" HEAD "\r\n"},
		{400, "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:a@h>\r\nCall-ID: 1\r\n"
		      "CSeq: 7 OPTIONS\r\nFrom: \"unclosed <sip:a@h>;tag=1\r\n\r\n"},
		{400, "OPTIONS sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nTo: <sip:a@h\r\nCall-ID: 1\r\n"
		      "CSeq: 7 OPTIONS\r\nFrom: <sip:a@h>;tag=1\r\n\r\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(bad[i].text), 0);
		if (m.fault != bad[i].status)
			fail_msg("row %zu: %u %s", i, m.fault, m.fault_reason ? m.fault_reason : "");
	}
}

/* Every prefix of a good message, and every message with one byte changed: nothing is read out of bounds
 * (heap copies under a sanitizer), and a NUL in the head is never taken. */
static void survives_cuts_and_changes(void **state)
{
	const char *good = GOOD "Contact: \"x\" <sip:a@127.0.0.1>;expires=5\r\nContent-Length: 2\r\n\r\nab";
	static const char bytes[] = {0, '\r', '\n', ' ', '"', '<', '>', ';', ',', ':', '=', '@', '[', '\\', (char)0xff};
	size_t len = strlen(good), i, k;
	char copy[1024];

	(void)state;
	for (i = 0; i < len; i++) {
		int err = read_n(good, i);

		assert_true(err == EBADMSG || m.fault);
	}
	for (i = 0; i < len - 2; i++) {
		for (k = 0; k < sizeof(bytes); k++) {
			int err;

			memcpy(copy, good, len);
			copy[i] = bytes[k];
			err = read_n(copy, len);
			if (bytes[k] == 0)
				assert_true(err == EBADMSG || m.fault);
		}
	}
}

static void has_bounds(void **state)
{
	struct buf b = {0};
	int i;

	(void)state;
	buf_str(&b, GOOD);
	for (i = 0; i < XMESSAGE_HEADERS; i++)
		buf_str(&b, "X: y\r\n");
	buf_str(&b, "\r\n");
	assert_int_equal(read_n(b.s, b.len), 0);
	assert_int_equal(m.fault, 400);
	assert_int_equal(m.count, XMESSAGE_HEADERS);
	buf_free(&b);

	buf_str(&b, "OPTIONS sip:");
	for (i = 0; i < XMESSAGE_URI; i++)
		buf_str(&b, "a");
	buf_str(&b, " SIP/2.0\r\n" HEAD "CSeq: 7 OPTIONS\r\n\r\n");
	assert_int_equal(read_n(b.s, b.len), 0);
	assert_int_equal(m.fault, 414);
	buf_free(&b);

	buf_str(&b, "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=");
	for (i = 0; i <= XMESSAGE_WORD; i++)
		buf_str(&b, "a");
	buf_str(&b, "\r\n\r\n");
	assert_int_equal(read_n(b.s, b.len), 0);
	assert_int_equal(m.fault, 400);
	buf_free(&b);
}

static void reads_uris(void **state)
{
	static const struct {
		const char *text, *user, *host;
		unsigned port;
	} good[] = {
		{"sip:echo@127.0.0.1:5070;transport=udp?x=y", "echo", "127.0.0.1", 5070},
		{"sip:127.0.0.1", "", "127.0.0.1", 0},
		{"SIPS:a;b@[::1]:5061", "a;b", "[::1]", 5061},
		{"sip:a:secret@h", "a", "h", 0},
	};
	static const char *const bad[] = {"", "sip:", "sip", "sip:@h", "sip:a@", "sip:a@@h", "sip:a@h:", "sip:a@h:0",
	                                  "sip:a@h:65536", "sip:a@h:5060x", "sip:a@[::1", "sip:a@h h", "1 2:a@h"};
	struct sockaddr_in sin;
	struct xuri u;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(xuri_read(&u, xtext_of(good[i].text)));
		assert_piece(u.user, good[i].user);
		assert_piece(u.host, good[i].host);
		assert_int_equal(u.port, good[i].port);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (xuri_read(&u, xtext_of(bad[i])))
			fail_msg("taken: %s", bad[i]);
	assert_true(xuri_read(&u, xtext_of("sip:127.0.0.1")) && xuri_socket(&sin, &u));
	assert_int_equal(ntohs(sin.sin_port), 5060);
	assert_true(xuri_read(&u, xtext_of("sip:localhost")) && !xuri_socket(&sin, &u));
}

static void reads_parameters(void **state)
{
	struct xtext v, rest = xtext_of("a, \"b, \\\" c\" , <d,e> ,"), item;

	(void)state;
	assert_true(xtext_parameter(xtext_of(";x;tag=1 ; q = \"a;b\";e"), "q", &v));
	assert_piece(v, "a;b");
	assert_true(xtext_parameter(xtext_of(";x;tag=1"), "X", &v));
	assert_piece(v, "");
	assert_false(xtext_parameter(xtext_of(";xtag=1;atag"), "tag", &v));
	assert_true(xtext_next(&rest, ',', &item));
	assert_piece(item, "a");
	assert_true(xtext_next(&rest, ',', &item));
	assert_piece(item, "\"b, \\\" c\"");
	assert_true(xtext_next(&rest, ',', &item));
	assert_piece(item, "<d,e>");
	assert_false(xtext_next(&rest, ',', &item));
}

static void writes_an_answer(void **state)
{
	struct sockaddr_in src = {.sin_family = AF_INET, .sin_port = htons(4444)};
	struct buf b = {0};

	(void)state;
	src.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(read_text("OPTIONS sip:a@h SIP/2.0\r\n"
	                           "Via: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1, SIP/2.0/UDP b;branch=2\r\n"
	                           "v: SIP/2.0/UDP c;branch=3\r\n"
	                           "f: <sip:a@h>;tag=1\r\nt: <sip:b@h>\r\ni: x\r\nCSeq: 1 OPTIONS\r\n"
	                           "Record-Route: <sip:p;lr>\r\nRecord-Route: <sip:q;lr>\r\n\r\n"),
	                 0);
	assert_int_equal(m.fault, 0);
	xmessage_answer(&b, &m, &src, 486, "Busy Here", "t1");
	xmessage_end(&b, "text/plain", "hello");
	assert_string_equal(b.s, "SIP/2.0 486 Busy Here\r\n"
	                         "Via: SIP/2.0/UDP 10.0.0.1;rport=4444;branch=z9hG4bK1;received=127.0.0.1\r\n"
	                         "Via: SIP/2.0/UDP b;branch=2\r\n"
	                         "Via: SIP/2.0/UDP c;branch=3\r\n"
	                         "To: <sip:b@h>;tag=t1\r\nFrom: <sip:a@h>;tag=1\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n"
	                         "Record-Route: <sip:p;lr>\r\nRecord-Route: <sip:q;lr>\r\n"
	                         "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
	buf_free(&b);
}

static int free_data(void **state)
{
	(void)state;
	free(data);
	data = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_request),
		cmocka_unit_test(reads_short_names_and_folded_lines),
		cmocka_unit_test(reads_a_response),
		cmocka_unit_test(drops_what_cannot_be_answered),
		cmocka_unit_test(names_the_fault),
		cmocka_unit_test(survives_cuts_and_changes),
		cmocka_unit_test(has_bounds),
		cmocka_unit_test(reads_uris),
		cmocka_unit_test(reads_parameters),
		cmocka_unit_test(writes_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, free_data);
}
