/* Sessions that expire unless they are refreshed (RFC 4028): so that a call whose other end is gone ends by itself. */
#include "base/log.h"
#include "sip/field.h"
#include "sip/form.h"
#include "sip/report.h"
#include "sip/session.h"

#define INTERVAL_USUAL 1800  /* seconds; section 4 */
#define BUSY_AGAIN     5000  /* ms until a refresh that could not be sent is tried again */

/* The interval that MSG asks for or grants, *REFRESHER being its parameter; 0 = none. */
static unsigned read_interval(const struct sip_msg *msg, struct pl *refresher)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_SESSION_EXPIRES);
	struct pl params;

	*refresher = pl_null;
	if (!h)
		return 0;
	params.p = pl_strchr(&h->val, ';');
	params.l = params.p ? (size_t)(h->val.p + h->val.l - params.p) : 0;
	if (params.p)
		field_param(refresher, &params, "refresher");
	return field_number(&h->val, SESSION_INTERVAL_MAX, 0);
}

int session_timer_write(const struct session *s, struct mbuf *mb)
{
	unsigned interval = s->timer.interval;
	int err;

	if (form_has_tag(s->form.without, "timer"))
		return 0;
	if (!s->reinvite)
		interval = s->form.session_interval ? s->form.session_interval : INTERVAL_USUAL;
	if (!interval)
		return 0;
	err = mbuf_printf(mb, "Session-Expires: %u%s\r\n", interval,
			  !s->reinvite ? "" : s->timer.ours ? ";refresher=uac" : ";refresher=uas");
	/* who was told that his was too small says that he knows */
	if (s->form.session_interval || s->timer.raises)
		err |= mbuf_printf(mb, "Min-SE: %u\r\n", interval);
	return err;
}

void session_timer_stop(struct session *s)
{
	tmr_cancel(&s->timer.tmr);
	s->timer.interval = 0;
}

static void expired(struct session *s)
{
	session_bye(s, s->dialog, "Reason: SIP;cause=408;text=\"Session Expired\"");
	s->invite = mem_deref(s->invite);
	session_in_stop_answer(s);
	session_closed(s, ENDED_BY_NETWORK, 408, "Session Expired");
}

static void timer_h(void *arg);

static void start(struct session *s, unsigned interval, bool ours)
{
	/* section 10: who does not refresh ends the session a little before its time */
	unsigned margin = interval / 3 < 32 ? interval / 3 : 32;

	s->timer.interval = interval;
	s->timer.ours = ours;
	tmr_start(&s->timer.tmr, 1000 * (uint64_t)(ours ? interval / 2 : interval - margin), timer_h, s);
}

static void refresh(struct session *s)
{
	if (s->invite || s->st || s->answer || s->moving || tmr_isrunning(&s->glare)) {
		tmr_start(&s->timer.tmr, BUSY_AGAIN, timer_h, s);
		return;
	}
	/* unless its answer says otherwise */
	start(s, s->timer.interval, true);
	s->timer.refreshing = true;
	s->timer.raises = 0;
	s->tries = s->glares = 0;
	s->direction_before = s->direction;
	if (session_out_reinvite(s))
		log_warning("session not refreshed");
}

static void timer_h(void *arg)
{
	struct session *s = mem_ref(arg);

	if (s->state == SESSION_UP && s->timer.ours)
		refresh(s);
	else if (s->state == SESSION_UP)
		expired(s);
	session_settle(s);
	mem_deref(s);
}

static unsigned at_least(unsigned interval)
{
	return interval < SESSION_INTERVAL_MIN ? SESSION_INTERVAL_MIN : interval;
}

void session_timer_answered(struct session *s, const struct sip_msg *msg)
{
	struct pl refresher;
	unsigned interval = read_interval(msg, &refresher);

	session_timer_stop(s);
	if (interval && !form_has_tag(s->form.without, "timer"))
		start(s, at_least(interval), pl_strcasecmp(&refresher, "uas") != 0);
}

bool session_timer_raise(struct session *s, const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_MIN_SE);
	unsigned least = h ? field_number(&h->val, SESSION_INTERVAL_MAX, 0) : 0;

	if (least <= s->timer.interval || s->timer.raises++)
		return false;
	s->timer.interval = least;
	return true;
}

bool session_timer_too_small(const struct sip_msg *msg)
{
	struct pl refresher;
	unsigned interval = read_interval(msg, &refresher);

	return interval && interval < SESSION_INTERVAL_MIN;
}

int session_timer_accept(struct session *s, struct mbuf *mb)
{
	bool known = sip_msg_hdr_has_value(s->msg, SIP_HDR_SUPPORTED, "timer") ||
		     sip_msg_hdr_has_value(s->msg, SIP_HDR_REQUIRE, "timer");
	struct pl refresher;
	unsigned interval = read_interval(s->msg, &refresher);
	bool ours;

	session_timer_stop(s);
	if (!interval)
		return 0;
	/* section 9, table 2: who does not know of it cannot be asked for it */
	ours = !known || !pl_strcasecmp(&refresher, "uas");
	start(s, at_least(interval), ours);
	return mbuf_printf(mb, "%sSession-Expires: %u;refresher=%s\r\n", ours ? "" : "Require: timer\r\n",
			   s->timer.interval, ours ? "uas" : "uac");
}
