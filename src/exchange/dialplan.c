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

/* Every registered final code that refuses, and two that RFC 2543 had; with the fields that belong to it. In
 * these, @ is our host and port. A field that depends on the request stands in xdialplan_refusal(). */
static const struct refusal {
	unsigned status;
	const char *phrase, *fields;
} refusals[] = {
	{300, "Multiple Choices", "Contact: \"Echo\" <sip:echo@@>;q=0.9, \"Tone\" <sip:milliwatt@@>;q=0.5\r\n"},
	{301, "Moved Permanently", "Contact: \"Echo\" <sip:echo@@>\r\n"},
	{302, "Moved Temporarily", "Contact: \"Echo\" <sip:echo@@>;expires=60\r\n"},
	{305, "Use Proxy", "Contact: <sip:@;lr>\r\n"},
	{380, "Alternative Service", "Contact: \"Echo\" <sip:echo@@>\r\n"},
	{400, "Bad Request", "Warning: 399 @ \"The exchange was asked for a 400\"\r\n"},
	{401, "Unauthorized", NULL},
	{402, "Payment Required", NULL},
	{403, "Forbidden", NULL},
	{404, "Not Found", NULL},
	{405, "Method Not Allowed", "Allow: " XDIALPLAN_ALLOW "\r\n"},
	{406, "Not Acceptable", "Accept: application/sdp\r\n"},
	{407, "Proxy Authentication Required", NULL},
	{408, "Request Timeout", NULL},
	{409, "Conflict", NULL},
	{410, "Gone", NULL},
	{411, "Length Required", NULL},
	{412, "Conditional Request Failed", NULL},
	{413, "Request Entity Too Large", "Retry-After: 10\r\n"},
	{414, "Request-URI Too Long", NULL},
	{415, "Unsupported Media Type", "Accept: application/sdp\r\nAccept-Encoding: identity\r\nAccept-Language: en\r\n"},
	{416, "Unsupported URI Scheme", NULL},
	{417, "Unknown Resource-Priority", "Accept-Resource-Priority: dsn.routine\r\n"},
	{420, "Bad Extension", NULL},
	{421, "Extension Required", "Require: timer\r\n"},
	{422, "Session Interval Too Small", "Min-SE: 1800\r\n"},
	{423, "Interval Too Brief", "Min-Expires: 60\r\n"},
	{424, "Bad Location Information", "Geolocation-Error: 100;code=\"Cannot Process Location\"\r\n"},
	{425, "Bad Alert Message", "AlertMsg-Error: 100;code=\"Cannot Process the Alert Payload\"\r\n"},
	{428, "Use Identity Header", NULL},
	{429, "Provide Referrer Identity", NULL},
	{430, "Flow Failed", NULL},
	{433, "Anonymity Disallowed", NULL},
	{436, "Bad Identity Info", NULL},
	{437, "Unsupported Credential", NULL},
	{438, "Invalid Identity Header", NULL},
	{439, "First Hop Lacks Outbound Support", NULL},
	{440, "Max-Breadth Exceeded", NULL},
	{469, "Bad Info Package", "Recv-Info:\r\n"},
	{470, "Consent Needed", "Permission-Missing: <sip:echo@@>\r\n"},
	{480, "Temporarily Unavailable", "Retry-After: 30 (out for coffee);duration=600\r\n"},
	{481, "Call/Transaction Does Not Exist", NULL},
	{482, "Loop Detected", NULL},
	{483, "Too Many Hops", NULL},
	{484, "Address Incomplete", NULL},
	{485, "Ambiguous", "Contact: \"Echo\" <sip:echo@@>, \"Slow echo\" <sip:slow@@>\r\n"},
	{486, "Busy Here", NULL},
	{487, "Request Terminated", NULL},
	{488, "Not Acceptable Here", "Warning: 305 @ \"Incompatible media format\"\r\n"},
	{489, "Bad Event", "Allow-Events: dialog\r\n"},
	{491, "Request Pending", NULL},
	{493, "Undecipherable", NULL},
	{494, "Security Agreement Required", "Security-Server: tls;q=0.1\r\n"},
	{500, "Server Internal Error", NULL},
	{501, "Not Implemented", "Allow: " XDIALPLAN_ALLOW "\r\n"},
	{502, "Bad Gateway", NULL},
	{503, "Service Unavailable", "Retry-After: 20\r\n"},
	{504, "Server Time-out", NULL},
	{505, "Version Not Supported", NULL},
	{513, "Message Too Large", NULL},
	{555, "Push Notification Service Not Supported", NULL},
	{580, "Precondition Failure", "Warning: 399 @ \"No quality of service here\"\r\n"},
	{600, "Busy Everywhere", NULL},
	{603, "Decline", NULL},
	{604, "Does Not Exist Anywhere", NULL},
	{606, "Not Acceptable", "Warning: 304 @ \"Media type not available\"\r\n"},
	{607, "Unwanted", NULL},
	{608, "Rejected", NULL},
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

/* True when the right password is there; else B gets the challenge. */
static bool admitted(struct buf *b, const struct xmessage *m, const char *credentials, const char *challenge)
{
	enum xdigest found = xdigest_check(m, credentials);

	if (found == XDIGEST_RIGHT)
		return true;
	xdigest_challenge(b, challenge, found == XDIGEST_STALE);
	return false;
}

/* The extensions that M requires; "100rel" when it requires none, so that the field is there. */
static void add_unsupported(struct buf *b, const struct xmessage *m)
{
	const struct xheader *h;
	size_t n;

	for (n = 0; (h = xmessage_header(m, "Require", n)) != NULL; n++)
		buf_printf(b, "Unsupported: %.*s\r\n", (int)h->value.len, h->value.p);
	if (!n)
		buf_str(b, "Unsupported: 100rel\r\n");
}

bool xdialplan_refusal(struct buf *b, const struct xmessage *m, unsigned status)
{
	const struct refusal *r = find(status);
	const char *p;

	if (status == 401 && admitted(b, m, "Authorization", "WWW-Authenticate"))
		return false;
	if (status == 407 && admitted(b, m, "Proxy-Authorization", "Proxy-Authenticate"))
		return false;
	if (status == 411 && m->length_long)
		return false;
	if (status == 420)
		add_unsupported(b, m);
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
	return true;
}
