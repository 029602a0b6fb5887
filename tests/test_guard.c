/* What the guard tells of the text of messages: each kind of fault that RFC 4475 names, the same faults cut at every
 * byte, and long ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <re.h>

#include "sip/guard_text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define VIA  "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define FROM "From: \"A B\" <sip:a@h>;tag=1\r\n"
#define TO   "To: sip:b@h\r\n"
#define ID   "Call-ID: 1@h\r\n"
#define OPT  "OPTIONS sip:b@h SIP/2.0\r\n"
#define SEQ  "CSeq: 1 OPTIONS\r\n"
#define LEN  "Content-Length: 0\r\n"
#define REST FROM TO ID
#define ALL  VIA REST

static const struct {
	const char *text;
	enum guard_verdict verdict;
	unsigned code;
	const char *reason;
} messages[] = {
	/* what may be said in odd ways */
	{OPT ALL SEQ LEN "\r\n", GUARD_READ, 0, NULL},
	{OPT "v: SIP / 2.0 / UDP h;branch=z9hG4bK1\r\nf : \"A \\\" <\" <sip:a@h> ; tag=1\r\nt:\r\n sip:b@h\r\ni:1\r\n"
	 "CsEQ: 0001\r\n OPTIONS\r\nL: 000\r\n\r\n", GUARD_READ, 0, NULL},
	{"!in%teresting-Method0123456789_*+`.%indeed'~ sip:b@h SIP/2.0\r\n" ALL
	 "CSeq: 5 !in%teresting-Method0123456789_*+`.%indeed'~\r\n\r\n", GUARD_READ, 0, NULL},
	{"\r\n\r\n" OPT ALL SEQ "\r\n", GUARD_READ, 0, NULL},
	{"OPTIONS sip:b?x;y=1%00@h;lr sip/2.0\n" ALL SEQ "\n", GUARD_READ, 0, NULL},
	{OPT "Via: SIP/2.0/UDP h;branch=z9hG4bK, SIP/2.0/SCTP i;hidden\r\n" REST SEQ "Contact: *\r\n\r\n", GUARD_READ, 0,
	 NULL},
	{OPT ALL SEQ "Contact: A <sip:a@h;x?y=z>;expires=1, <sips:b>\r\nMax-Forwards: 0\r\n\r\n", GUARD_READ, 0, NULL},
	{"OPTIONS soap.beep://h/x SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 0, NULL},
	{"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" ALL SEQ LEN "\r\n", GUARD_READ, 0, NULL},
	{"SIP/2.0 100 \r\n" ALL SEQ LEN "\r\n", GUARD_READ, 0, NULL},
	{"SIP/2.0 486\r\n" ALL SEQ LEN "\r\n", GUARD_READ, 0, NULL},
	{"SIP/2.0 300 Odd\r\n" ALL SEQ "Contact: <\r\nMax-Forwards: no\r\n\r\n", GUARD_READ, 0, NULL},
	/* the start line */
	{"OPTIONS sip:b@h SIP/7.0\r\n" ALL SEQ LEN "\r\n", GUARD_READ, 505, "Version Not Supported"},
	{"OPTIONS sip:b@h SIP/2.01\r\n" ALL SEQ LEN "\r\n", GUARD_READ, 505, "Version Not Supported"},
	{"OPTIONS <sip:b@h> SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Bad Request-URI"},
	{"OPTIONS sip:b@h; lr SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Bad Request-URI"},
	{"OPTIONS http://h/x y SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Bad Request-URI"},
	{"OPTIONS  sip:b@h SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Blanks in the Start Line"},
	{"OPTIONS sip:b@h  SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Blanks in the Start Line"},
	{"OPTIONS sip:b@h SIP/2.0  \r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Blanks in the Start Line"},
	{"OPTIONS SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Blanks in the Start Line"},
	{"OPTIONS sip:b@h?Route=x SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Headers in the Request-URI"},
	{"a a a a a\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"OPT{IONS sip:b@h SIP/2.0\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"GET / HTTP/1.1\r\n\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 4294967301 x\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 99 x\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 099 x\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 700 x\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 200OK\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/7.0 200 OK\r\n" ALL SEQ "\r\n", GUARD_REFUSE, 0, NULL},
	/* fields that are missing, double, or say nothing */
	{OPT REST SEQ "\r\n", GUARD_READ, 400, "Missing Via"},
	{OPT VIA TO ID SEQ "\r\n", GUARD_READ, 400, "Missing From"},
	{OPT VIA FROM ID SEQ "\r\n", GUARD_READ, 400, "Missing To"},
	{OPT VIA FROM TO SEQ "\r\n", GUARD_READ, 400, "Missing Call-ID"},
	{OPT ALL "\r\n", GUARD_READ, 400, "Missing CSeq"},
	{OPT "\r\n", GUARD_READ, 400, "Missing Via"},
	{OPT ALL SEQ FROM "\r\n", GUARD_READ, 400, "More Than One From"},
	{OPT ALL SEQ "t: sip:c@h\r\n\r\n", GUARD_READ, 400, "More Than One To"},
	{OPT ALL SEQ "i: 2\r\n\r\n", GUARD_READ, 400, "More Than One Call-ID"},
	{OPT ALL SEQ SEQ "\r\n", GUARD_READ, 400, "More Than One CSeq"},
	{OPT ALL SEQ "Max-Forwards: 1\r\nmax-forwards: 1\r\n\r\n", GUARD_READ, 400, "More Than One Max-Forwards"},
	{OPT ALL SEQ LEN "l: 5\r\n\r\n", GUARD_READ, 400, "More Than One Content-Length"},
	{OPT ALL SEQ "Content-Length: -999\r\n\r\n", GUARD_READ, 400, "Bad Content-Length"},
	{OPT ALL SEQ "Content-Length: 4294967297\r\n\r\n", GUARD_READ, 400, "Bad Content-Length"},
	{OPT ALL SEQ "Content-Length: 1x\r\n\r\n", GUARD_READ, 400, "Bad Content-Length"},
	{OPT ALL SEQ "Content-Length:\r\n\r\n", GUARD_READ, 400, "Bad Content-Length"},
	{OPT ALL SEQ "Max-Forwards: 300\r\n\r\n", GUARD_READ, 400, "Bad Max-Forwards"},
	{OPT ALL "CSeq: 36893488147419103232 OPTIONS\r\n\r\n", GUARD_READ, 400, "Bad CSeq"},
	{OPT ALL "CSeq: 2147483648 OPTIONS\r\n\r\n", GUARD_READ, 400, "Bad CSeq"},
	{OPT ALL "CSeq: 2147483647 OPTIONS\r\n\r\n", GUARD_READ, 0, NULL},
	{OPT ALL "CSeq: OPTIONS\r\n\r\n", GUARD_READ, 400, "Bad CSeq"},
	{OPT ALL "CSeq: 1\r\n\r\n", GUARD_READ, 400, "Bad CSeq"},
	{OPT ALL "CSeq: 1 INVITE\r\n\r\n", GUARD_READ, 400, "CSeq Method Does Not Match"},
	{OPT ALL "CSeq: 1 options\r\n\r\n", GUARD_READ, 400, "CSeq Method Does Not Match"},
	{OPT VIA FROM TO "Call-ID: a\r\n b\r\n" SEQ "\r\n", GUARD_READ, 400, "Bad Call-ID"},
	{OPT VIA FROM TO "Call-ID:\r\n" SEQ "\r\n", GUARD_READ, 400, "Bad Call-ID"},
	{OPT "Via: SIP/2.0/UDP h;;,;,,\r\n" REST SEQ "\r\n", GUARD_READ, 400, "Bad Via"},
	{OPT VIA FROM "To: \"b <sip:b@h>\r\n" ID SEQ "\r\n", GUARD_READ, 400, "Bad To"},
	{OPT VIA FROM "To: <sip:b@h>;;\r\n" ID SEQ "\r\n", GUARD_READ, 400, "Bad To"},
	{OPT VIA FROM "To: b < sip:b@h >\r\n" ID SEQ "\r\n", GUARD_READ, 400, "Bad To"},
	{OPT VIA FROM "To: b <sip:b@h\r\n" ID SEQ "\r\n", GUARD_READ, 400, "Bad To"},
	{OPT ALL SEQ "Contact: \"J\" <sip:j@h>;;;;\r\n\r\n", GUARD_READ, 400, "Bad Contact"},
	/* a comma is a list's, and these are none */
	{OPT VIA "From: Bell, A <sip:a@h>;tag=1\r\n" TO ID SEQ "\r\n", GUARD_READ, 400, "Bad From"},
	{OPT ALL SEQ "Content-Length: 16384\r\n\r\n", GUARD_READ, 0, NULL},
	{OPT ALL SEQ "Content-Length: 16385\r\n\r\n", GUARD_READ, 413, "Request Entity Too Large"},
	/* a method that nobody knows is told to be unknown rather than wrong */
	{"NEWMETHOD sip:b@h SIP/2.0\r\n" ALL "CSeq: 8 INVITE\r\n\r\n", GUARD_READ, 0, NULL},
	{OPT ALL SEQ "no colon here\r\n\r\n", GUARD_READ, 400, "Bad Header Field"},
	{OPT ALL SEQ "two words: x\r\n\r\n", GUARD_READ, 400, "Bad Header Field"},
	{OPT ALL SEQ "\rX\r\n\r\n", GUARD_READ, 400, "Bad Header Field"},
	{OPT " folded\r\n" ALL SEQ "\r\n", GUARD_READ, 400, "Bad Header Field"},
	/* responses with which nothing can be done */
	{"SIP/2.0 200 OK\r\n" ALL "CSeq: 9292394834772304023312 OPTIONS\r\n\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 200 OK\r\n" ALL SEQ "Content-Length: x\r\n\r\n", GUARD_REFUSE, 0, NULL},
	{"SIP/2.0 200 OK\r\n" VIA SEQ "\r\n", GUARD_REFUSE, 0, NULL},
};

static void test_messages(void **state)
{
	struct guard_look look;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(messages); i++) {
		enum guard_verdict verdict = guard_look(&look, messages[i].text, strlen(messages[i].text), false);

		if (verdict == messages[i].verdict && (verdict == GUARD_REFUSE || look.code == messages[i].code) &&
		    (!messages[i].reason || !strcmp(look.reason, messages[i].reason)))
			continue;
		fail_msg("%s: verdict %d, %u %s", messages[i].text, (int)verdict, look.code, look.reason ? look.reason : "-");
	}
}

/* The first N bytes of a message, at the very end of what may be read. */
static enum guard_verdict look_at_copy(struct guard_look *look, const char *text, size_t n)
{
	char *copy = malloc(n ? n : 1);
	enum guard_verdict verdict;

	assert_non_null(copy);
	memcpy(copy, text, n);
	verdict = guard_look(look, copy, n, false);
	free(copy);
	return verdict;
}

/* However much of it has come: the verdict is that of the whole, or to wait. */
static void test_cut_anywhere(void **state)
{
	struct guard_look look;
	unsigned i;
	size_t n, len;

	(void)state;
	for (i = 0; i < COUNT(messages); i++) {
		len = strlen(messages[i].text);
		for (n = 0; n < len; n++) {
			enum guard_verdict verdict = look_at_copy(&look, messages[i].text, n);

			if (verdict != GUARD_MORE && verdict != messages[i].verdict)
				fail_msg("%s cut at %zu: verdict %d", messages[i].text, n, (int)verdict);
			if (verdict == GUARD_READ && messages[i].verdict == GUARD_READ)
				assert_int_equal(look.body, n);
		}
	}
}

static void test_parts(void **state)
{
	static const char text[] = "\r\n" OPT VIA FROM TO ID SEQ "\r\nbody";
	struct guard_look look;

	(void)state;
	assert_int_equal(guard_look(&look, text, strlen(text), false), GUARD_READ);
	assert_true(look.request && !look.length && !look.unreadable);
	assert_int_equal(look.start, 2);
	assert_string_equal(text + look.body, "body");
	assert_memory_equal(text + look.method.at, "OPTIONS ", look.method.len + 1);
	assert_memory_equal(text + look.version.at, "SIP/2.0\r", look.version.len + 1);
	assert_memory_equal(text + look.via.at, "SIP/2.0/UDP h;branch=z9hG4bK1\r", look.via.len + 1);
	assert_memory_equal(text + look.call_id.at, "1@h\r", look.call_id.len + 1);
	assert_memory_equal(text + look.cseq.at, "1 OPTIONS\r", look.cseq.len + 1);
	assert_int_equal(guard_look(&look, "SIP/2.0 486\r\n" ALL SEQ "\r\n", strlen("SIP/2.0 486\r\n" ALL SEQ "\r\n"), false),
			 GUARD_READ);
	assert_true(look.short_status && !look.request);
}

static char *filled(const char *before, char c, size_t n, const char *after)
{
	char *s = malloc(strlen(before) + n + strlen(after) + 1);

	assert_non_null(s);
	strcpy(s, before);
	memset(s + strlen(before), c, n);
	strcpy(s + strlen(before) + n, after);
	return s;
}

static void test_long_ones(void **state)
{
	static const struct {
		size_t n;
		const char *before, *after;
		unsigned code;
	} v[] = {
		{2048, "OPTIONS sip:", " SIP/2.0\r\n" ALL SEQ "\r\n", 414},
		{2000, "OPTIONS sip:", " SIP/2.0\r\n" ALL SEQ "\r\n", 0},
		{4000, OPT ALL SEQ "Content-Length: ", "\r\n\r\n", 400},
		{4000, OPT "Via: SIP/2.0/UDP h;branch=", "\r\n" REST SEQ "\r\n", 400},
		{3000, OPT "Via: SIP/2.0/UDP h;branch=", "\r\n" REST SEQ "\r\n", 0},
		{4000, OPT VIA "From: sip:", "\r\n" TO ID SEQ "\r\n", 400},
		{3000, OPT VIA "From: sip:", "\r\n" TO ID SEQ "\r\n", 0},
		{4000, OPT VIA FROM TO "Call-ID: ", "\r\n" SEQ "\r\n", 400},
		{600, OPT ALL SEQ "Content-Type: ", "\r\n\r\n", 400},
		{500, OPT ALL SEQ "Content-Type: ", "\r\n\r\n", 0},
		{600, OPT ALL SEQ "Expires: ", "\r\n\r\n", 400},
		{9000, OPT ALL SEQ "X: ", "\r\n\r\n", 0},
		{17000, OPT ALL SEQ "X: ", "\r\n\r\n", 513},
		{17000, OPT VIA "X: ", "\r\n\r\n", 513},
	};
	struct guard_look look;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(v); i++) {
		char *s = filled(v[i].before, 'x', v[i].n, v[i].after);

		assert_int_equal(guard_look(&look, s, strlen(s), false), GUARD_READ);
		if (look.code != v[i].code || look.unreadable != (v[i].code != 0))
			fail_msg("%s%zu: %u", v[i].before, v[i].n, look.code);
		free(s);
	}
}

/* Values for which libre's patterns take a time that grows with the square of their length. It matters little how long
 * they are, then: a short one passes, a long one is kept from libre. The same shape without the trap passes. */
static void test_slow_ones(void **state)
{
	static const struct {
		const char *before, *fill, *after;
		bool slow;
	} v[] = {
		{OPT VIA "From: ", "a", " b <sip:a@h>\r\n" TO ID SEQ "\r\n", true},
		{OPT VIA "From: ", "a", " <sip:a@h>\r\n" TO ID SEQ "\r\n", false},
		{OPT VIA "From: \"", "a", "\" <sip:a@h>\r\n" TO ID SEQ "\r\n", false},
		{OPT VIA "From: \"", "\\\"", "\" <sip:a@h>\r\n" TO ID SEQ "\r\n", false},
		{OPT VIA FROM "To: <", "a:", "@;>\r\n" ID SEQ "\r\n", true},
		{OPT VIA FROM "To: <sip:", "a:", "@;>\r\n" ID SEQ "\r\n", true},
		{OPT VIA FROM "To: <sip:", "a:", "@h>\r\n" ID SEQ "\r\n", false},
		{OPT VIA FROM "To: ", "a", ":/>\r\n" ID SEQ "\r\n", true},
		{OPT ALL SEQ "Contact: <sip:a@h>, ", "b", " c <sip:d@h>\r\n\r\n", true},
		{OPT ALL SEQ "Contact: <sip:a@h>", ", <sip:b@h>", "\r\n\r\n", false},
		{OPT ALL SEQ "Record-Route: ", "a", "<>\r\n\r\n", true},
		{OPT ALL SEQ "Record-Route: <sip:a@h;lr>", ",<sip:b@h;lr>", "\r\n\r\n", false},
		{OPT ALL SEQ "Service-Route: ", "a ", "<a>\r\n\r\n", true},
		{"OPTIONS sip:", "a:", "@; SIP/2.0\r\n" ALL SEQ "\r\n", true},
		{"OPTIONS sip:", "a:", "@h SIP/2.0\r\n" ALL SEQ "\r\n", false},
		{OPT ALL "CSeq: ", "0", "x OPTIONS\r\n\r\n", true},
	};
	struct guard_look look;
	unsigned i, n;

	(void)state;
	for (i = 0; i < COUNT(v); i++) {
		char s[4096];
		size_t len;

		strcpy(s, v[i].before);
		for (n = 0; n < 600; n += (unsigned)strlen(v[i].fill))
			strcat(s, v[i].fill);
		len = strlen(strcat(s, v[i].after));
		assert_int_equal(guard_look(&look, s, len, false), GUARD_READ);
		if (look.unreadable != v[i].slow || (look.code != 0) != v[i].slow)
			fail_msg("%s%s%s: %u %s", v[i].before, v[i].fill, v[i].after, look.code, look.reason ? look.reason : "-");
	}
}

/* A datagram has an end, even if its header has none. */
static void test_whole(void **state)
{
	static const struct {
		const char *text;
		enum guard_verdict verdict;
	} v[] = {
		{OPT ALL SEQ, GUARD_READ},
		{OPT VIA "From: <si", GUARD_READ},
		{OPT, GUARD_READ},
		{"OPTIONS sip:b@h SIP/2.0", GUARD_REFUSE},
		{"SIP/2.0 200 OK\r\n" ALL SEQ, GUARD_REFUSE},
		{"", GUARD_REFUSE},
	};
	struct guard_look look;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT(v); i++) {
		size_t len = strlen(v[i].text);

		assert_int_equal(guard_look(&look, v[i].text, len, false), GUARD_MORE);
		assert_int_equal(guard_look(&look, v[i].text, len, true), v[i].verdict);
		if (v[i].verdict != GUARD_READ)
			continue;
		assert_int_equal(look.code, 400);
		assert_string_equal(look.reason, "Header Without an End");
		assert_true(look.unreadable && look.bad_length);
		assert_int_equal(look.body, len);
	}
}

/* Names that libre takes for those of other fields; drawn until there was one for each. */
static void test_aliases(void **state)
{
	static const struct {
		unsigned hash;
		const char *compact;
	} fields[] = {
		{SIP_HDR_VIA, "v"}, {SIP_HDR_FROM, "f"}, {SIP_HDR_TO, "t"}, {SIP_HDR_CALL_ID, "i"}, {SIP_HDR_CSEQ, NULL},
		{SIP_HDR_MAX_FORWARDS, NULL}, {SIP_HDR_CONTENT_LENGTH, "l"}, {SIP_HDR_CONTENT_TYPE, "c"}, {SIP_HDR_CONTACT, "m"},
		{SIP_HDR_EXPIRES, NULL}, {SIP_HDR_RECORD_ROUTE, NULL}, {SIP_HDR_SERVICE_ROUTE, NULL},
	};
	struct guard_look look;
	char text[1024], name[16];
	unsigned i, k;

	(void)state;
	for (i = 0; i < COUNT(fields); i++) {
		for (k = 0; ; k++) {
			snprintf(name, sizeof(name), "%s%u", k % 2 ? "Name" : "nAME", k);
			if ((hash_joaat_ci(name, strlen(name)) & 0xfff) == fields[i].hash)
				break;
		}
		snprintf(text, sizeof(text), OPT ALL SEQ "%s : <<<\r\nOther: x\r\n\r\n", name);
		assert_int_equal(guard_look(&look, text, strlen(text), false), GUARD_READ);
		assert_int_equal(look.code, 0);
		assert_int_equal(look.aliases, 1);
		assert_memory_equal(text + look.alias[0].at, name, strlen(name));
		assert_int_equal(look.alias[0].len, strlen(name));
	}
	/* as many as there is room for, and one more */
	for (k = 0; k < 2; k++) {
		strcpy(text, OPT ALL SEQ);
		for (i = 0; i < GUARD_ALIASES + k; i++)
			sprintf(text + strlen(text), "%s: %u\r\n", name, i);
		strcat(text, "\r\n");
		assert_int_equal(guard_look(&look, text, strlen(text), false), GUARD_READ);
		assert_int_equal(look.aliases, GUARD_ALIASES);
		assert_int_equal(look.unreadable, k);
	}
}

static void test_too_many(void **state)
{
	char *text = malloc(8192);
	struct guard_look look;
	unsigned i, n;

	(void)state;
	assert_non_null(text);
	for (n = GUARD_COUNT_MAX; n <= GUARD_COUNT_MAX + 1; n++) {
		strcpy(text, OPT ALL SEQ);
		for (i = 5; i < n; i++)
			strcat(text, "X: y\r\n");
		strcat(text, "\r\n");
		assert_int_equal(guard_look(&look, text, strlen(text), false), GUARD_READ);
		assert_int_equal(look.code, n > GUARD_COUNT_MAX ? 400 : 0);
		assert_int_equal(look.unreadable, n > GUARD_COUNT_MAX);
	}
	for (n = GUARD_COMMAS_MAX; n <= GUARD_COMMAS_MAX + 1; n++) {
		strcpy(text, OPT ALL SEQ "Allow: A");
		memset(text + strlen(text) + 1, '\0', n + 1);
		memset(text + strlen(text), ',', n);
		strcat(text, "\r\n\r\n");
		assert_int_equal(guard_look(&look, text, strlen(text), false), GUARD_READ);
		assert_int_equal(look.code, n > GUARD_COMMAS_MAX ? 400 : 0);
		assert_int_equal(look.unreadable, n > GUARD_COMMAS_MAX);
	}
	free(text);
}

/* As many bytes as a stream may hold, of what is worst for each loop: linear, so far below a second. */
static void test_time(void **state)
{
	static const char *const before[] = {"", OPT, OPT "To: ", OPT "To: <", OPT "CSeq: ", OPT "X:"};
	static const char c[] = "a \n\r,;<\":0";
	struct guard_look look;
	clock_t begin = clock();
	unsigned i, k;

	(void)state;
	for (i = 0; i < COUNT(before); i++) {
		for (k = 0; k < sizeof(c) - 1; k++) {
			char *s = filled(before[i], c[k], 65536, "\r\n\r\n");

			guard_look(&look, s, strlen(s), false);
			free(s);
		}
	}
	assert_true(clock() - begin < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_long_ones),
		cmocka_unit_test(test_slow_ones),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
