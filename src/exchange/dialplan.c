#include <string.h>

#include "exchange/dialplan.h"
#include "exchange/digest.h"
#include "exchange/room.h"

static const struct xline lines[] = {
	{"echo", 180, 0, 0, NULL, XVOICE_ECHO, false},
	{"milliwatt", 180, 0, 0, NULL, XVOICE_MILLIWATT, false},
	/* nobody is at home; ten minutes are more than any telephone has patience for */
	{"ring", 180, 600 * 1000, 480, "Nobody Answers", XVOICE_SILENCE, false},
	{"slow", 180, 5000, 0, NULL, XVOICE_ECHO, false},
	{"early", 183, 3000, 480, "End of Announcement", XVOICE_ANNOUNCEMENT, false},
	{"callback", 0, 0, 480, "Calling you back", XVOICE_ECHO, true},
};

const struct xline *xdialplan_line(struct xtext user)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (xtext_is(user, lines[i].name))
			return &lines[i];
	return NULL;
}

unsigned xdialplan_code(struct xtext user)
{
	uint32_t n;

	return user.len == 3 && xtext_number(user, &n) && n >= 300 && n <= 699 ? n : 0;
}

/* --- what mends a refusal ------------------------------------------------------------------- */

/* The calls that were refused, where the same again can be the repair: a few, the newest instead of the oldest. */
static struct {
	uint64_t call;
	unsigned status;
} refused[32];
static unsigned refused_count;

/* Call-ID and From tag in one number (FNV-1a). */
static uint64_t name_of(const struct xmessage *m)
{
	const struct xtext part[] = {m->call_id, m->from_tag};
	uint64_t h = 14695981039346656037u;
	size_t i, k;

	for (i = 0; i < 2; i++)
		for (k = 0; k < part[i].len; k++)
			h = (h ^ (unsigned char)part[i].p[k]) * 1099511628211u;
	return h;
}

static void remember(const struct xmessage *m, unsigned status)
{
	unsigned place = refused_count++ % (sizeof(refused) / sizeof(refused[0]));

	refused[place].call = name_of(m);
	refused[place].status = status;
}

static bool was_refused(const struct xmessage *m, unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].status == status && refused[i].call == name_of(m))
			return true;
	return false;
}

/* Takes the next tag of M's Require that this exchange does not know off *N and *REST, which begin as 0 and empty.
 * "timer" it knows, and never asks for it (RFC 4028 section 9). */
static bool next_unknown(const struct xmessage *m, size_t *n, struct xtext *rest, struct xtext *tag)
{
	const struct xheader *h;

	for (;;) {
		while (xtext_next(rest, ',', tag))
			if (!xtext_is(*tag, "timer"))
				return true;
		h = xmessage_header(m, "Require", *n);
		if (!h)
			return false;
		++*n;
		*rest = h->value;
	}
}

bool xdialplan_knows(const struct xmessage *m)
{
	struct xtext rest = {"", 0}, tag;
	size_t n = 0;

	return !next_unknown(m, &n, &rest, &tag);
}

static bool user_known(const struct xmessage *m)
{
	return xdigest_check(m, "Authorization") == XDIGEST_RIGHT;
}

static bool proxy_user_known(const struct xmessage *m)
{
	return xdigest_check(m, "Proxy-Authorization") == XDIGEST_RIGHT;
}

static bool length_is_long(const struct xmessage *m)
{
	return m->length_long;
}

/* Of no body no type can be wrong. */
static bool has_no_body(const struct xmessage *m)
{
	return !m->body.len;
}

/* It is the proxy that the 305 named: where else should the same call come from again? */
static bool came_by_proxy(const struct xmessage *m)
{
	return was_refused(m, 305);
}

static bool left_out(const struct xmessage *m)
{
	return was_refused(m, 420);
}

/* --- fields that depend on the request --------------------------------------------------------- */

static void challenge(struct buf *b, const struct xmessage *m)
{
	xdigest_challenge(b, "WWW-Authenticate", xdigest_check(m, "Authorization") == XDIGEST_STALE);
}

static void proxy_challenge(struct buf *b, const struct xmessage *m)
{
	xdigest_challenge(b, "Proxy-Authenticate", xdigest_check(m, "Proxy-Authorization") == XDIGEST_STALE);
}

static void note_proxy(struct buf *b, const struct xmessage *m)
{
	(void)b;
	remember(m, 305);
}

/* The extensions that M requires; "100rel" when it requires none, so that the field is there. */
static void add_unsupported(struct buf *b, const struct xmessage *m)
{
	struct xtext rest = {"", 0}, tag;
	const char *before = "Unsupported: ";
	size_t n = 0;

	while (next_unknown(m, &n, &rest, &tag)) {
		buf_printf(b, "%s%.*s", before, (int)tag.len, tag.p);
		before = ", ";
	}
	if (*before == ',')
		remember(m, 420);
	else
		buf_str(b, "Unsupported: 100rel");
	buf_str(b, "\r\n");
}

/* --- the table ------------------------------------------------------------------------------- */

/* Every registered final code that refuses, and two that RFC 2543 had; with the fields that belong to it (in these, @ is
 * our host and port), those that depend on the request, and what an INVITE must have to be let in nevertheless. */
static const struct refusal {
	unsigned status;
	const char *phrase, *fields;
	void (*more)(struct buf *b, const struct xmessage *m);
	bool (*repaired)(const struct xmessage *m);
} refusals[] = {
	{300, "Multiple Choices", "Contact: \"Echo\" <sip:echo@@>;q=0.9, \"Tone\" <sip:milliwatt@@>;q=0.5\r\n", NULL, NULL},
	{301, "Moved Permanently", "Contact: \"Echo\" <sip:echo@@>\r\n", NULL, NULL},
	{302, "Moved Temporarily", "Contact: \"Echo\" <sip:echo@@>;expires=60\r\n", NULL, NULL},
	{305, "Use Proxy", "Contact: <sip:@;lr>\r\n", note_proxy, came_by_proxy},
	{380, "Alternative Service", "Contact: \"Echo\" <sip:echo@@>\r\n", NULL, NULL},
	{400, "Bad Request", "Warning: 399 @ \"The exchange was asked for a 400\"\r\n", NULL, NULL},
	{401, "Unauthorized", NULL, challenge, user_known},
	{402, "Payment Required", "Error-Info: <sip:early@@>\r\n", NULL, NULL},
	{403, "Forbidden", "Warning: 399 @ \"The exchange was asked for a 403\"\r\n", NULL, NULL},
	{404, "Not Found", "Retry-After: 60 (new numbers come at noon)\r\n", NULL, NULL},
	{405, "Method Not Allowed", "Allow: " XDIALPLAN_ALLOW "\r\n", NULL, NULL},
	{406, "Not Acceptable", "Accept: application/sdp\r\n", NULL, NULL},
	{407, "Proxy Authentication Required", NULL, proxy_challenge, proxy_user_known},
	{408, "Request Timeout", "Reason: Q.850;cause=102;text=\"recovery on timer expiry\"\r\n", NULL, NULL},
	{409, "Conflict", NULL, NULL, NULL},
	{410, "Gone", "Error-Info: <sip:early@@>\r\n", NULL, NULL},
	{411, "Length Required", NULL, NULL, length_is_long},
	{412, "Conditional Request Failed", NULL, NULL, NULL},
	{413, "Request Entity Too Large", "Retry-After: 10\r\n", NULL, NULL},
	{414, "Request-URI Too Long", NULL, NULL, NULL},
	{415, "Unsupported Media Type",
	 "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n", NULL, has_no_body},
	{416, "Unsupported URI Scheme", NULL, NULL, NULL},
	{417, "Unknown Resource-Priority", "Accept-Resource-Priority: dsn.routine\r\n", NULL, NULL},
	{420, "Bad Extension", NULL, add_unsupported, left_out},
	{421, "Extension Required", "Require: timer\r\n", NULL, NULL},
	{422, "Session Interval Too Small", "Min-SE: 3600\r\n", NULL, NULL},
	{423, "Interval Too Brief", "Min-Expires: 60\r\n", NULL, NULL},
	{424, "Bad Location Information", "Geolocation-Error: 100;code=\"Cannot Process Location\"\r\n", NULL, NULL},
	{425, "Bad Alert Message", "AlertMsg-Error: 100;code=\"Cannot Process the Alert Payload\"\r\n", NULL, NULL},
	{428, "Use Identity Header", NULL, NULL, NULL},
	{429, "Provide Referrer Identity", NULL, NULL, NULL},
	{430, "Flow Failed", NULL, NULL, NULL},
	{433, "Anonymity Disallowed", NULL, NULL, NULL},
	{436, "Bad Identity Info", NULL, NULL, NULL},
	{437, "Unsupported Credential", NULL, NULL, NULL},
	{438, "Invalid Identity Header", NULL, NULL, NULL},
	{439, "First Hop Lacks Outbound Support", NULL, NULL, NULL},
	{440, "Max-Breadth Exceeded", NULL, NULL, NULL},
	{469, "Bad Info Package", "Recv-Info:\r\n", NULL, NULL},
	{470, "Consent Needed", "Permission-Missing: <sip:echo@@>\r\n", NULL, NULL},
	{480, "Temporarily Unavailable", "Retry-After: 30 (out for coffee);duration=600\r\n", NULL, NULL},
	{481, "Call/Transaction Does Not Exist", NULL, NULL, NULL},
	{482, "Loop Detected", NULL, NULL, NULL},
	{483, "Too Many Hops", NULL, NULL, NULL},
	{484, "Address Incomplete", "Reason: Q.850;cause=28;text=\"invalid number format\"\r\n", NULL, NULL},
	{485, "Ambiguous", "Contact: \"Echo\" <sip:echo@@>, \"Slow echo\" <sip:slow@@>\r\n", NULL, NULL},
	{486, "Busy Here", "Retry-After: 15 (on another line)\r\n", NULL, NULL},
	{487, "Request Terminated", "Reason: SIP;cause=487;text=\"Ended before the answer\"\r\n", NULL, NULL},
	{488, "Not Acceptable Here", "Warning: 305 @ \"Incompatible media format\"\r\n", NULL, NULL},
	{489, "Bad Event", "Allow-Events: dialog\r\n", NULL, NULL},
	{491, "Request Pending", NULL, NULL, NULL},
	{493, "Undecipherable", NULL, NULL, NULL},
	{494, "Security Agreement Required", "Security-Server: tls;q=0.1\r\n", NULL, NULL},
	{500, "Server Internal Error", "Retry-After: 5\r\n", NULL, NULL},
	{501, "Not Implemented", "Allow: " XDIALPLAN_ALLOW "\r\n", NULL, NULL},
	{502, "Bad Gateway", "Reason: Q.850;cause=38;text=\"network out of order\"\r\n", NULL, NULL},
	{503, "Service Unavailable", "Retry-After: 20\r\n", NULL, NULL},
	{504, "Server Time-out", "Reason: Q.850;cause=41;text=\"temporary failure\"\r\n", NULL, NULL},
	{505, "Version Not Supported", NULL, NULL, NULL},
	{513, "Message Too Large", NULL, NULL, NULL},
	{555, "Push Notification Service Not Supported", NULL, NULL, NULL},
	{580, "Precondition Failure", "Warning: 399 @ \"No quality of service here\"\r\n", NULL, NULL},
	{600, "Busy Everywhere", "Retry-After: 40 (busy everywhere);duration=120\r\n", NULL, NULL},
	{603, "Decline", "Retry-After: 45 (in a meeting)\r\n", NULL, NULL},
	{604, "Does Not Exist Anywhere", NULL, NULL, NULL},
	{606, "Not Acceptable", "Warning: 304 @ \"Media type not available\"\r\n", NULL, NULL},
	{607, "Unwanted", "Reason: SIP;cause=607;text=\"Marked as unwanted\"\r\n", NULL, NULL},
	{608, "Rejected",
	 "Call-Info: <https://@/card>;purpose=jwscard\r\nReason: SIP;cause=608;text=\"Rejected by a service\"\r\n", NULL, NULL},
};

static const struct refusal *find(unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].status == status)
			return &refusals[i];
	return NULL;
}

const char *xdialplan_phrase(unsigned status)
{
	static const char *const class[] = {"Redirection", "Request Failure", "Server Failure", "Global Failure"};
	const struct refusal *r = find(status);

	return r ? r->phrase : class[status / 100 - 3];
}

bool xdialplan_repaired(const struct xmessage *m, unsigned status)
{
	const struct refusal *r = find(status);

	return r && r->repaired && r->repaired(m);
}

void xdialplan_refusal(struct buf *b, const struct xmessage *m, unsigned status)
{
	const struct refusal *r = find(status);
	const char *p;

	if (r && r->more)
		r->more(b, m);
	for (p = r && r->fields ? r->fields : ""; *p; p++) {
		if (*p != '@') {
			buf_add(b, p, 1);
			continue;
		}
		/* "user@@" is an address: the first @ is its own */
		if (p[1] == '@') {
			buf_str(b, "@");
			p++;
		}
		buf_printf(b, "127.0.0.1:%u", exchange_port());
	}
}
