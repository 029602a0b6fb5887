#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/field.h"
#include "sip/flow.h"
#include "sip/form.h"
#include "sip/registration.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"

#define EXPIRES_MAX      86400u     /* a longer one that a registrar insists on is not ours to keep */
#define RETRY_FIRST      30u        /* seconds after a failure, doubling */
#define RETRY_LAST       1800u
#define LEAVE_MS         1000       /* how long the phone waits for the answer to a last REGISTER */

struct registration {
	struct le le;
	struct account account;
	char user[SESSION_USER_MAX];     /* of the Contact, escaped */
	struct dialog *dialog;           /* fixed Call-ID and From tag */
	struct digest digest;
	struct attempt attempt;          /* of the REGISTER under way */
	struct flow *flow;
	struct path path;
	bool has_path;
	uint32_t cseq;
	unsigned expires;                /* that we ask for; 0: we are leaving */
	unsigned retry;                  /* seconds, of the next retry */
	bool interval_tried;             /* a 423 was followed once */
	bool registered;
	bool forgotten;                  /* the account is gone: no more reports */
	struct tmr again;
	struct tmr left;
};

static struct list registrations = LIST_INIT;

static int send_register(struct registration *r, const struct path *path);

static void registration_free(void *arg)
{
	struct registration *r = arg;

	list_unlink(&r->le);
	tmr_cancel(&r->again);
	tmr_cancel(&r->left);
	mem_deref(r->flow);
	mem_deref(r->dialog);
	digest_reset(&r->digest);
	explicit_bzero(&r->account, sizeof(r->account));
}

static struct registration *find(const char *name)
{
	struct le *le;

	LIST_FOREACH(&registrations, le) {
		struct registration *r = le->data;

		if (!r->forgotten && !strcmp(r->account.name, name))
			return r;
	}
	return NULL;
}

static void tell(struct registration *r, enum registration_state state, const struct response *response,
		 unsigned expires, unsigned retry_in)
{
	if (!r->forgotten)
		phone_sip_registration(stack_phone(), r->account.name, state, response, expires, retry_in);
}

/* A last REGISTER is over, well or badly. */
static void leave(struct registration *r)
{
	tell(r, REGISTRATION_UNREGISTERED, NULL, 0, 0);
	mem_deref(r);
}

static void left_h(void *arg)
{
	struct registration *r = arg;

	/* the answer is not worth waiting for, but the request may still arrive */
	tell(r, REGISTRATION_UNREGISTERED, NULL, 0, 0);
	r->forgotten = true;
	if (!r->flow)
		mem_deref(r);
}

static void again_h(void *arg)
{
	struct registration *r = arg;

	memset(&r->attempt, 0, sizeof(r->attempt));
	r->interval_tried = false;
	if (send_register(r, NULL))
		tmr_start(&r->again, (uint64_t)RETRY_LAST * 1000, again_h, r);
}

static void failed(struct registration *r, const struct response *response, bool for_good)
{
	unsigned in = for_good ? 0 : r->retry;

	r->registered = false;
	if (in) {
		tmr_start(&r->again, (uint64_t)in * 1000, again_h, r);
		r->retry = in * 2 < RETRY_LAST ? in * 2 : RETRY_LAST;
	}
	tell(r, REGISTRATION_FAILED, response, 0, in);
}

struct granted {
	const struct registration *r;
	bool found;
	uint32_t seconds;
};

/* The registrar lists all Contacts of the address: ours is that with our user and address. */
static bool contact_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct granted *g = arg;
	struct sip_addr a;
	struct sa address;
	struct pl value;

	(void)msg;
	if (sip_addr_decode(&a, &hdr->val) || pl_strcmp(&a.uri.user, g->r->user) ||
	    sa_set(&address, &a.uri.host, a.uri.port ? a.uri.port : SIP_PORT) ||
	    !sa_cmp(&address, &g->r->path.endpoint->address, SA_ALL))
		return false;
	g->found = true;
	if (field_param(&value, &a.params, "expires"))
		g->seconds = field_number(&value, UINT32_MAX, g->seconds);
	return true;
}

static void succeeded(struct registration *r, const struct sip_msg *msg)
{
	struct granted g = {r, false, r->expires};
	uint64_t refresh;

	g.seconds = field_number(&msg->expires, UINT32_MAX, r->expires);
	sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_h, &g);
	if (!g.seconds)
		g.seconds = r->expires;
	if (g.seconds > EXPIRES_MAX)
		g.seconds = EXPIRES_MAX;
	/* early enough for one lost REGISTER, and before an idle TCP connection is closed (900 s) */
	refresh = g.seconds > 128 ? g.seconds - 64 : g.seconds / 2;
	if (r->path.tp == SIP_TRANSP_TCP && refresh > 800)
		refresh = 800;
	tmr_start(&r->again, refresh ? refresh * 1000 : 500, again_h, r);
	r->retry = RETRY_FIRST;
	r->registered = true;
	tell(r, REGISTRATION_REGISTERED, NULL, g.seconds, 0);
}

/* RFC 3261 section 10.2.8. True: it is being sent again. */
static bool longer_interval(struct registration *r, const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_MIN_EXPIRES);
	uint32_t seconds = h ? field_number(&h->val, UINT32_MAX, 0) : 0;

	if (msg->scode != 423 || r->interval_tried || seconds <= r->expires || seconds > EXPIRES_MAX)
		return false;
	r->interval_tried = true;
	r->expires = seconds;
	return send_register(r, &r->path) == 0;
}

static void response_h(const struct flow_failure *failure, const struct sip_msg *msg, void *arg)
{
	struct registration *r = arg;
	struct attempt_decision decision;
	struct response response;

	if (msg && msg->scode < 200)
		return;
	if (msg && msg->scode < 300) {
		if (!r->expires)
			leave(r);
		else
			succeeded(r, msg);
		return;
	}
	report_response(&response, msg, failure, dialog_request_uri(r->dialog), dialog_next_hop(r->dialog));
	memset(&decision, 0, sizeof(decision));
	if (msg && (msg->scode == 401 || msg->scode == 403 || msg->scode == 407)) {
		digest_note(&r->digest, msg, &response);
		decision = attempt_next(&r->attempt, &response, &r->account);
		if (decision.step == ATTEMPT_DIGEST && !digest_take(&r->digest, decision.answer) && !send_register(r, &r->path))
			return;
	}
	if (!r->expires) {
		leave(r);
		return;
	}
	if (msg && longer_interval(r, msg))
		return;
	/* a password that was refused is not tried again: accounts get locked by that */
	digest_reset(&r->digest);
	failed(r, &response, decision.credentials_refused);
}

static int write_h(struct mbuf *mb, const struct path *path, void *arg)
{
	struct registration *r = arg;
	int err;

	r->path = *path;
	r->has_path = true;
	err = dialog_write(r->dialog, mb, "REGISTER", r->cseq);
	err |= flow_write_contact(mb, path, r->user);
	if (r->digest.takings)
		err |= digest_write(&r->digest, mb, r->account.auth_user[0] ? r->account.auth_user : r->account.user,
				    r->account.password, "REGISTER", dialog_request_uri(r->dialog), NULL, 0);
	err |= mbuf_printf(mb, "Expires: %u\r\nUser-Agent: %s\r\n", r->expires, stack_software());
	err |= session_write_body(mb, NULL);
	if (stack_compact())
		form_shorten(mb);
	return err;
}

static void sent_h(void *arg)
{
	struct registration *r = arg;

	r->attempt.requests++;
}

static int send_register(struct registration *r, const struct path *path)
{
	struct flow_request request = {
		.method = "REGISTER",
		.uri = dialog_request_uri(r->dialog),
		.next_hop = dialog_next_hop(r->dialog),
		.transport = r->account.transport,
		.path = path,
		.write_h = write_h,
		.sent_h = sent_h,
		.response_h = response_h,
		.arg = r,
	};

	r->cseq = ++r->dialog->local_cseq;
	return flow_start(&r->flow, &request);
}

/* Address of record, registrar and outbound hop as one half dialog. */
static int make_dialog(struct registration *r)
{
	const struct account *a = &r->account;
	char aor[ACCOUNT_TEXT_MAX + 2], uri[ACCOUNT_TEXT_MAX + 16], route[ACCOUNT_TEXT_MAX + 8];
	bool number6 = strchr(a->host, ':') != NULL;
	int err;

	re_snprintf(aor, sizeof(aor), "<%s>", a->uri);
	if (a->registrar[0])
		text_copy(uri, sizeof(uri), a->registrar);
	else if (a->port)
		re_snprintf(uri, sizeof(uri), number6 ? "sip:[%s]:%u" : "sip:%s:%u", a->host, a->port);
	else
		re_snprintf(uri, sizeof(uri), number6 ? "sip:[%s]" : "sip:%s", a->host);
	err = dialog_new(&r->dialog, uri, aor, aor);
	if (!err && a->outbound[0]) {
		re_snprintf(route, sizeof(route), "<%s%s>", a->outbound, strstr(a->outbound, ";lr") ? "" : ";lr");
		err = dialog_add_route(r->dialog, route);
	}
	return err;
}

int port_sip_register(const struct account *account)
{
	struct registration *r = find(account->name);
	int err;

	if (r)
		mem_deref(r);
	r = mem_zalloc(sizeof(*r), registration_free);
	if (!r)
		return ENOMEM;
	tmr_init(&r->again);
	tmr_init(&r->left);
	r->account = *account;
	r->expires = account->expires ? account->expires : 3600;
	r->retry = RETRY_FIRST;
	err = field_escape_user(r->user, sizeof(r->user), account->user);
	if (!err)
		err = make_dialog(r);
	if (!err)
		err = send_register(r, NULL);
	if (err) {
		mem_deref(r);
		return err;
	}
	list_append(&registrations, &r->le, r);
	return 0;
}

void port_sip_unregister(const struct account *account)
{
	struct registration *r = find(account->name);

	if (!r)
		return;
	tmr_cancel(&r->again);
	r->flow = mem_deref(r->flow);
	r->expires = 0;
	memset(&r->attempt, 0, sizeof(r->attempt));
	/* told from the loop, the phone is in the middle of asking; at once when there is nothing to take back */
	tmr_start(&r->left, r->has_path ? LEAVE_MS : 0, left_h, r);
	if (!r->has_path || send_register(r, NULL))
		tmr_start(&r->left, 0, left_h, r);
}

void port_sip_account_removed(const char *name)
{
	struct registration *r = find(name);

	if (!r)
		return;
	r->forgotten = true;
	tmr_cancel(&r->again);
	tmr_cancel(&r->left);
	/* a last REGISTER still goes its way */
	if (r->expires || !r->flow)
		mem_deref(r);
}

const struct account *registration_account(const struct sip_msg *msg)
{
	const struct account *found = NULL;
	char user[ACCOUNT_TEXT_MAX], own[ACCOUNT_TEXT_MAX];
	struct le *le;

	field_unescape(user, sizeof(user), &msg->uri.user);
	LIST_FOREACH(&registrations, le) {
		const struct registration *r = le->data;
		struct pl pl;

		pl_set_str(&pl, r->account.user);
		field_unescape(own, sizeof(own), &pl);
		if (r->forgotten || strcmp(user, own))
			continue;
		if (!pl_strcasecmp(&msg->to.uri.host, r->account.host))
			return &r->account;
		if (!found)
			found = &r->account;
	}
	return found;
}

bool registration_busy(void)
{
	struct le *le;

	LIST_FOREACH(&registrations, le) {
		const struct registration *r = le->data;

		if (!r->expires && r->flow)
			return true;
	}
	return false;
}

void registration_renew(void)
{
	struct le *le;

	LIST_FOREACH(&registrations, le) {
		struct registration *r = le->data;

		/* neither under way nor to be tried again: refused for good */
		if (r->forgotten || !r->expires || (!r->flow && !tmr_isrunning(&r->again)))
			continue;
		r->flow = mem_deref(r->flow);
		tmr_start(&r->again, 0, again_h, r);
	}
}

void registration_close(void)
{
	list_flush(&registrations);
}
