#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "sip/connections.h"
#include "sip/endpoint.h"
#include "sip/guard.h"
#include "sip/network.h"
#include "sip/news.h"
#include "sip/registration.h"
#include "sip/reply.h"
#include "sip/resolve.h"
#include "sip/session.h"
#include "sip/source.h"
#include "sip/stack.h"
#include "sip/trace.h"

#define ADDRESSES_MAX (2 * ENDPOINTS_MAX)

#define HUNG_UP_MS    100
#define FLOOD_LOGS    6  /* lines a minute */

static struct tmr renewal;
static struct phone *phone;
static const struct settings *settings;
static char addresses[ADDRESSES_MAX][80];

struct phone *stack_phone(void)
{
	return phone;
}

const char *stack_local_user(void)
{
	return settings && settings->local_user[0] ? settings->local_user : "offhook";
}

unsigned stack_codecs(const struct codec **out)
{
	const char *bad;
	unsigned n = settings ? codec_parse_list(out, CODEC_COUNT, settings->codecs, &bad) : 0;

	if (!n)
		out[n++] = codec_get(CODEC_PCMU);
	return n;
}

const char *stack_software(void)
{
	return "offhook/" OFFHOOK_VERSION;
}

bool stack_compact(void)
{
	return settings && settings->compact_headers;
}

const char *stack_version(void)
{
	return sys_libre_version_get();
}

const char *stack_degraded(void)
{
	if (!guard_is_left_out())
		return NULL;
	return _("As this program and libre are linked, messages cannot be checked before libre parses them. UDP is "
		 "guarded at its sockets; connections of TCP from others are not accepted.");
}

bool stack_knows(const struct sa *src)
{
	return registration_is_at(src) || session_is_with(src);
}

void stack_tell_flood(const char *what)
{
	static struct source_bucket logs;

	if (source_take(&logs, FLOOD_LOGS, 60 * FLOOD_LOGS, 60, tmr_jiffies()))
		log_info("%s", what);
}

static void cancel_in(struct endpoint *ep, const struct sip_msg *msg)
{
	/* one that belongs to an INVITE never comes here */
	reply_plain(NULL, ep, msg, 481, "Call/Transaction Does Not Exist");
}

static void invite_in(struct endpoint *ep, const struct sip_msg *msg)
{
	if (session_is_merged(msg))
		reply_plain(NULL, ep, msg, 482, "Loop Detected");
	else
		session_in_invite(ep, msg);
}

/* Methods that make sense outside a dialog; the rest of those that we know belong to one. */
static const struct {
	const char *method;
	void (*h)(struct endpoint *ep, const struct sip_msg *msg);
} methods[] = {
	{"INVITE", invite_in},
	{"OPTIONS", reply_options},
	{"CANCEL", cancel_in},
	{"BYE", cancel_in},
	{"NOTIFY", news_in},
	{"SUBSCRIBE", news_in},
};

/* Is it more than the phone wants to be asked? LIGHT: it is answered and forgotten. See source.h. */
static bool is_too_much(struct endpoint *ep, const struct sip_msg *msg, bool light)
{
	enum source_verdict verdict;
	bool known;

	/* of those that belong to a dialog that has counted itself; one that belongs nowhere is not answered */
	if (!pl_strcmp(&msg->met, "ACK") || (!light && session_of_request(msg)))
		return false;
	known = stack_knows(&msg->src);
	verdict = light ? source_light(&msg->src, known, tmr_jiffies()) :
			  source_request(&msg->src, known, msg->mb->size, tmr_jiffies());
	if (verdict == SOURCE_ADMITTED)
		return false;
	stack_tell_flood(verdict == SOURCE_BUSY ? "too many requests: some get no answer" :
						  "a source that is silenced goes on");
	if (msg->tp == SIP_TRANSP_UDP)
		return true;
	if (verdict == SOURCE_BUSY)
		reply_overload(ep, msg, !known);
	if (!known)
		guard_hang_up(msg);
	return true;
}

/* An OPTIONS outside dialogs that gets the answer without a transaction, and no refusal, which keeps one. */
static bool is_plain_options(const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->met, "OPTIONS") && !pl_isset(&msg->to.tag) && !sip_msg_hdr(msg, SIP_HDR_REQUIRE) &&
	       !sip_msg_hdr(msg, SIP_HDR_REPLACES) &&
	       (!pl_strcasecmp(&msg->uri.scheme, "sip") || !pl_strcasecmp(&msg->uri.scheme, "sips"));
}

static bool request_h(const struct sip_msg *msg, void *arg)
{
	struct endpoint *ep = arg;
	bool ack = !pl_strcmp(&msg->met, "ACK"), close;
	const char *fault;
	unsigned i, code, replaced;

	if (guard_listen(msg))
		return true;
	/* without a Via there is nowhere to answer to */
	if (!pl_isset(&msg->via.sentby))
		return true;
	code = guard_fault(msg, settings->strict_content_length, &fault, &close);
	if (is_too_much(ep, msg, code || is_plain_options(msg)))
		return true;
	if (code) {
		if (!ack)
			reply_broken(ep, msg, code, fault);
		if (close)
			guard_hang_up(msg);
		return true;
	}
	if (pl_isset(&msg->to.tag) || ack) {
		if (!session_request_in_dialog(ep, msg) && !ack)
			reply_plain(NULL, ep, msg, 481, "Call/Transaction Does Not Exist");
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(methods) && pl_strcmp(&msg->met, methods[i].method); i++)
		;
	if (i == ARRAY_SIZE(methods))
		reply_not_allowed(ep, msg);
	else if (pl_strcmp(&msg->met, "INVITE") && session_replaces(msg, &replaced, &fault) == 400)
		reply_plain(NULL, ep, msg, 400, fault);
	else if (pl_strcasecmp(&msg->uri.scheme, "sip") && pl_strcasecmp(&msg->uri.scheme, "sips"))
		reply_plain(NULL, ep, msg, 416, "Unsupported URI Scheme");
	else if (!pl_strcmp(&msg->met, "CANCEL") || !reply_bad_extension(ep, msg))
		methods[i].h(ep, msg);
	return true;
}

static bool response_h(const struct sip_msg *msg, void *arg)
{
	(void)arg;
	if (msg->scode >= 200 && msg->scode < 300 && !pl_strcmp(&msg->cseq.met, "INVITE"))
		session_ack_again(msg);
	return true;
}

/* ALL: what was known to be there before is to be asked again, too. */
static void renew(bool all)
{
	resolve_flush();
	session_network_changed(all);
	registration_renew();
}

static void renew_h(void *arg)
{
	(void)arg;
	/* without a network that waits until it is back, and the calls have a limit for that */
	if (endpoints_outside())
		renew(true);
	else
		session_network_changed(false);
}

static void network_changed_h(uint64_t slept_ms, void *arg)
{
	enum endpoints_change change = endpoints_refresh();

	(void)arg;
	if (change == ENDPOINTS_LOST || change == ENDPOINTS_BACK)
		phone_sip_network(phone, change == ENDPOINTS_BACK);
	if (slept_ms) {
		log_info("the machine has slept for %llu s", (unsigned long long)slept_ms / 1000);
		/* libre must have seen their ends before anything is sent, else it takes them for alive */
		endpoints_hang_up();
		tmr_start(&renewal, HUNG_UP_MS, renew_h, NULL);
	}
	else if (change == ENDPOINTS_LOST)
		session_network_changed(false);
	else if (change != ENDPOINTS_SAME)
		renew(change == ENDPOINTS_BACK);
}

int stack_start(struct phone *p, const struct settings *set, const char *listen, bool named, const char **why)
{
	int err;

	phone = p;
	settings = set;
	err = endpoints_open(listen, named, stack_software(), request_h, response_h, why);
	if (err) {
		phone = NULL;
		settings = NULL;
	}
	else
		network_watch(network_changed_h, NULL);
	return err;
}

void stack_stop(void)
{
	network_unwatch();
	tmr_cancel(&renewal);
	session_close_all();
	trace_close();
	registration_close();
	resolve_close();
	endpoints_close();
	guard_close();
	connections_close();
	source_forget();
	phone = NULL;
	settings = NULL;
}

unsigned stack_addresses(const char **out, unsigned max)
{
	const struct endpoint *e;
	unsigned i, n = 0;

	for (i = 0; (e = endpoint_at(i)) != NULL; i++) {
		re_snprintf(addresses[2 * i], sizeof(addresses[0]), "udp:%J", &e->address);
		re_snprintf(addresses[2 * i + 1], sizeof(addresses[0]), "tcp:%J", &e->address);
		if (n < max)
			out[n++] = addresses[2 * i];
		if (n < max && !guard_is_left_out())
			out[n++] = addresses[2 * i + 1];
	}
	return n;
}

bool stack_busy(void)
{
	return session_busy() || registration_busy();
}
