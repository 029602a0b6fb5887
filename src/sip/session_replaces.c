/* INVITE with Replaces: a call takes the place of another one (RFC 3891). */
#include "sip/report.h"
#include "sip/session.h"

#define ENDED_MAX 16  /* dialogs that have ended and are still told from those that never were */

/* The newest over the oldest. */
static struct dialog *ended[ENDED_MAX];
static unsigned ended_next;

void session_replaces_ended(struct dialog *d)
{
	mem_deref(ended[ended_next]);
	ended[ended_next] = mem_ref(d);
	ended_next = (ended_next + 1) % ENDED_MAX;
}

void session_replaces_close(void)
{
	unsigned i;

	for (i = 0; i < ENDED_MAX; i++)
		ended[i] = mem_deref(ended[i]);
	ended_next = 0;
}

/* Section 4: a tag of 0 stands for none, too. */
static bool same_tag(const struct pl *tag, const char *own)
{
	return !pl_strcmp(tag, own) || (!own[0] && !pl_strcmp(tag, "0"));
}

static bool names(const struct report_replaces *r, const struct dialog *d)
{
	return d && d->remote_tag && !pl_strcmp(&r->call_id, d->call_id) && same_tag(&r->ours, d->local_tag) &&
	       same_tag(&r->theirs, d->remote_tag);
}

/* Does it name a branch of our INVITE that rings? */
static bool names_branch(const struct report_replaces *r, const struct session *s)
{
	unsigned i;

	if (s->state != SESSION_CALLING || !s->half || pl_strcmp(&r->call_id, s->half->call_id) ||
	    pl_strcmp(&r->ours, s->half->local_tag))
		return false;
	for (i = 0; i < s->branches; i++) {
		if (!pl_strcmp(&r->theirs, s->branch[i]))
			return true;
	}
	return false;
}

static bool was_ended(const struct report_replaces *r)
{
	unsigned i;

	for (i = 0; i < ENDED_MAX; i++) {
		if (names(r, ended[i]))
			return true;
	}
	return false;
}

unsigned session_replaces(const struct sip_msg *msg, unsigned *call, const char **reason)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_REPLACES);
	struct report_replaces r;
	struct le *le;

	*call = 0;
	*reason = NULL;
	if (!h)
		return 0;
	if (pl_strcmp(&msg->met, "INVITE"))
		*reason = "Replaces Outside INVITE";
	else if (sip_msg_hdr_count(msg, SIP_HDR_REPLACES) > 1)
		*reason = "More Than One Replaces";
	else if (!report_replaces(&r, &h->val))
		*reason = "Bad Replaces";
	if (*reason)
		return 400;
	LIST_FOREACH(session_list(), le) {
		const struct session *s = le->data;

		if (!s->call)
			continue;
		if (names(&r, s->dialog) && s->state == SESSION_UP) {
			*call = s->call;
			return r.early_only ? 486 : 0;
		}
		if (names_branch(&r, s)) {
			*call = s->call;
			return 0;
		}
	}
	/* one that rings here, and that somebody else has made, is none of those that may be replaced */
	return was_ended(&r) ? 603 : 481;
}

void session_replaces_note(struct session *s, const struct pl *tag)
{
	unsigned i;

	for (i = 0; i < s->branches; i++) {
		if (!pl_strcmp(tag, s->branch[i]))
			return;
	}
	if (tag->l && s->branches < SESSION_BRANCHES_MAX && !pl_strcpy(tag, s->branch[s->branches], sizeof(s->branch[0])))
		s->branches++;
}
