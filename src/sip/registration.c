#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/field.h"
#include "sip/flow.h"
#include "sip/form.h"
#include "sip/keepalive.h"
#include "sip/registration.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"

#define EXPIRES_MAX      86400u     /* a longer one that a registrar insists on is not ours to keep */
#define REFRESH_MIN      2u         /* seconds; sooner is not kept */
#define RETRY_BASE       30u        /* RFC 5626 section 4.5, seconds */
#define RETRY_MAX        1800u
#define RETRY_AFTER_MAX  86400u
#define FAILURES_MAX     3u         /* in a row, of one that has not been registered yet */
#define STEADY_MS        120000u    /* a connection that has held so long may be made anew at once */
#define SILENT_MAX       2u         /* connections in a row whose first ping had no answer: that server has none */
#define ROUTES_MAX       8u         /* of a Service-Route */
#define CONTACT_MAX      (SESSION_USER_MAX + 96)
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
	char bound[CONTACT_MAX];         /* the Contact that the registrar has */
	char contact[CONTACT_MAX];       /* that of the request under way */
	char *route[ROUTES_MAX];         /* Service-Route */
	unsigned routes;
	struct keepalive *keepalive;
	uint64_t connected_ms;           /* when the keep-alive's flow was first used */
	uint64_t lost_ms;                /* when a lost flow last made us register at once; 0 = never */
	unsigned silent;
	uint32_t cseq;
	unsigned expires;                /* that we ask for; 0: we are leaving */
	unsigned failures;               /* in a row */
	bool refused;
	bool interval_tried;             /* a 423 was followed once */
	bool repeated_way;               /* the request goes the way of the last one, and there may be another */
	bool was_registered;             /* since the user asked for it */
	bool registered;
	bool forgotten;                  /* the account is gone: no more reports */
	struct tmr again;
	struct tmr left;
};

static struct list registrations = LIST_INIT;

static int send_register(struct registration *r, const struct path *path);

static void forget_routes(struct registration *r)
{
	while (r->routes)
		mem_deref(r->route[--r->routes]);
}

static void registration_free(void *arg)
{
	struct registration *r = arg;

	list_unlink(&r->le);
	forget_routes(r);
	mem_deref(r->keepalive);
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

/* Could another look at the names lead elsewhere? */
static bool has_name(const struct registration *r)
{
	struct uri uri;
	struct pl pl;
	struct sa sa;

	pl_set_str(&pl, dialog_next_hop(r->dialog));
	return !uri_decode(&uri, &pl) && sa_set(&sa, &uri.host, 0);
}

/* Begins an attempt: a REGISTER with all that it takes to have it accepted. */
static int attempt(struct registration *r)
{
	tmr_cancel(&r->again);
	memset(&r->attempt, 0, sizeof(r->attempt));
	r->interval_tried = false;
	r->repeated_way = r->registered && has_name(r);
	return send_register(r, r->registered ? &r->path : NULL);
}

static void failed(struct registration *r, const struct response *response);

static void again_h(void *arg)
{
	struct registration *r = arg;
	struct response response;
	int err = attempt(r);

	if (err) {
		report_local(&response, LOCAL_TRANSPORT, strerror(err));
		failed(r, &response);
	}
}

/* --- failures: see the header ------------------------------------------------------------------ */

static bool is_one_of(unsigned code, const unsigned *codes, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && codes[i] != code; i++)
		;
	return i < n;
}

static unsigned retry_after(const struct response *response)
{
	bool known;
	const struct outcome *row = outcome_find(response->code, &known);
	struct pl value;

	if (!known || !(row->flags & OUTCOME_MAY_RETRY))
		return 0;
	pl_set_str(&value, response->retry_after);
	return field_number(&value, RETRY_AFTER_MAX, 0);
}

/* May the same request do better later, or by another way? */
static bool may_pass(const struct response *response)
{
	static const unsigned passing[] = {408, 413, 430, 480, 486, 491}, lasting[] = {501, 505, 513, 555, 580};

	if (!response->code)
		return response->error != LOCAL_TLS;
	if (response->code >= 500 && response->code < 600)
		return !is_one_of(response->code, lasting, ARRAY_SIZE(lasting));
	return is_one_of(response->code, passing, ARRAY_SIZE(passing)) || retry_after(response);
}

/* Milliseconds until the next attempt, 0: none by itself. */
static uint64_t back_off(const struct registration *r, const struct response *response)
{
	uint64_t ms, asked = retry_after(response) * UINT64_C(1000);
	unsigned limit = RETRY_BASE, i;

	if (r->refused || (!r->was_registered && r->failures >= FAILURES_MAX))
		return 0;
	for (i = 0; i < r->failures && limit < RETRY_MAX; i++)
		limit *= 2;
	ms = (uint64_t)(limit < RETRY_MAX ? limit : RETRY_MAX) * (500 + rand_u16() % 501);
	return ms > asked ? ms : asked;
}

static void failed(struct registration *r, const struct response *response)
{
	uint64_t ms;

	r->registered = false;
	r->keepalive = mem_deref(r->keepalive);
	/* the next attempt waits to be asked */
	digest_reset(&r->digest);
	r->failures++;
	r->refused = response->credentials_refused || !may_pass(response);
	ms = back_off(r, response);
	if (ms)
		tmr_start(&r->again, ms, again_h, r);
	tell(r, REGISTRATION_FAILED, response, 0, (unsigned)((ms + 999) / 1000));
}

/* The connection on which calls would come is gone. */
static void lost_h(int err, void *arg)
{
	struct registration *r = arg;
	uint64_t now = tmr_jiffies();
	struct response response;

	/* a server that does not know pings is none that is gone: RFC 5626 section 3.5 */
	r->silent = err == ETIMEDOUT && now - r->connected_ms < STEADY_MS + 15000 ? r->silent + 1 : 0;
	if (!r->expires || !r->registered)
		return;
	/* a refresh that is under way waits for its answer in vain: often it is what the server has reset */
	r->flow = mem_deref(r->flow);
	if (r->lost_ms && now - r->lost_ms < STEADY_MS) {
		report_local(&response, LOCAL_TRANSPORT, err ? strerror(err) : "");
		failed(r, &response);
		return;
	}
	r->lost_ms = now;
	r->registered = false;
	tmr_start(&r->again, 0, again_h, r);
	tell(r, REGISTRATION_REGISTERING, NULL, 0, 0);
}

/* --- success --------------------------------------------------------------------------------------- */

struct granted {
	const struct registration *r;
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
	if (field_param(&value, &a.params, "expires"))
		g->seconds = field_number(&value, UINT32_MAX, g->seconds);
	return true;
}

/* One value of Service-Route, on one line; one that is no SIP URI is left out. */
static bool service_route_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct registration *r = arg;
	struct sip_addr a;
	char *p;

	(void)msg;
	if (sip_addr_decode(&a, &hdr->val) || a.auri.l >= DIALOG_URI_MAX || pl_strcasecmp(&a.uri.scheme, "sip") ||
	    pl_strdup(&r->route[r->routes], &hdr->val))
		return false;
	for (p = r->route[r->routes]; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
	return ++r->routes == ROUTES_MAX;
}

static void watch_flow(struct registration *r, const struct sip_msg *msg)
{
	bool had_one = r->keepalive != NULL;

	mem_deref(r->keepalive);
	if (!had_one)
		r->connected_ms = tmr_jiffies();
	if (keepalive_start(&r->keepalive, &r->path, msg, r->silent < SILENT_MAX, lost_h, r))
		log_warning("account %s: its connection is not watched", r->account.name);
}

static void succeeded(struct registration *r, const struct sip_msg *msg)
{
	struct granted g = {r, field_number(&msg->expires, UINT32_MAX, r->expires)};
	uint64_t refresh;

	sip_msg_hdr_apply(msg, true, SIP_HDR_CONTACT, contact_h, &g);
	if (!g.seconds)
		g.seconds = r->expires;
	if (g.seconds > EXPIRES_MAX)
		g.seconds = EXPIRES_MAX;
	/* early enough for one lost REGISTER, and before an idle TCP connection is closed (900 s) */
	refresh = g.seconds > 128 ? g.seconds - 64 : g.seconds / 2;
	if (r->path.tp == SIP_TRANSP_TCP && refresh > 800)
		refresh = 800;
	if (refresh < REFRESH_MIN)
		refresh = REFRESH_MIN;
	tmr_start(&r->again, refresh * 1000, again_h, r);
	text_copy(r->bound, sizeof(r->bound), r->contact);
	forget_routes(r);
	sip_msg_hdr_apply(msg, true, SIP_HDR_SERVICE_ROUTE, service_route_h, r);
	watch_flow(r, msg);
	r->failures = 0;
	r->registered = r->was_registered = true;
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
	/* nobody there any more: where do the names lead to now? */
	if (!msg && r->repeated_way && r->expires) {
		r->repeated_way = false;
		if (!send_register(r, NULL))
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
	response.credentials_refused = decision.credentials_refused;
	failed(r, &response);
}

/* Our address, and the one before it: nobody answers there any more. */
static int write_contacts(struct registration *r, struct mbuf *mb, const struct path *path)
{
	size_t begin = mb->pos, prefix = strlen("Contact: ");
	struct pl contact;
	int err = flow_write_contact(mb, path, r->user);

	if (err)
		return err;
	contact.p = (char *)mb->buf + begin + prefix;
	contact.l = mb->pos - begin - prefix - 2;
	text_copyn(r->contact, sizeof(r->contact), contact.p, contact.l);
	if (r->bound[0] && strcmp(r->bound, r->contact))
		err = mbuf_printf(mb, "Contact: %s;expires=0\r\n", r->bound);
	return err;
}

static int write_h(struct mbuf *mb, const struct path *path, void *arg)
{
	struct registration *r = arg;
	int err;

	r->path = *path;
	r->has_path = true;
	err = dialog_write(r->dialog, mb, "REGISTER", r->cseq);
	err |= write_contacts(r, mb, path);
	if (r->digest.takings)
		err |= digest_write(&r->digest, mb, r->account.auth_user[0] ? r->account.auth_user : r->account.user,
				    r->account.password, "REGISTER", dialog_request_uri(r->dialog), NULL, 0);
	/* RFC 3327: that those on the way may stay on the way of calls to us is fine with us */
	err |= mbuf_printf(mb, "Expires: %u\r\nSupported: path\r\nUser-Agent: %s\r\n", r->expires, stack_software());
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

/* Puts the account's outbound hop before the requests of D. */
static int add_outbound(struct dialog *d, const struct account *a, struct uri *uri)
{
	char route[ACCOUNT_TEXT_MAX + 8];
	struct pl pl, value;

	pl_set_str(&pl, a->outbound);
	if (uri_decode(uri, &pl))
		return EINVAL;
	re_snprintf(route, sizeof(route), "<%s%s>", a->outbound, field_param(&value, &uri->params, "lr") ? "" : ";lr");
	return dialog_add_route(d, route);
}

/* Address of record, registrar and outbound hop as one half dialog. */
static int make_dialog(struct registration *r)
{
	const struct account *a = &r->account;
	char aor[ACCOUNT_TEXT_MAX + 2], uri[ACCOUNT_TEXT_MAX + 16];
	bool number6 = strchr(a->host, ':') != NULL;
	struct uri outbound;
	int err;

	re_snprintf(aor, sizeof(aor), "<%s>", a->uri);
	if (a->registrar[0])
		text_copy(uri, sizeof(uri), a->registrar);
	else if (a->port)
		re_snprintf(uri, sizeof(uri), number6 ? "sip:[%s]:%u" : "sip:%s:%u", a->host, a->port);
	else
		re_snprintf(uri, sizeof(uri), number6 ? "sip:[%s]" : "sip:%s", a->host);
	err = dialog_new(&r->dialog, uri, aor, aor);
	if (!err && a->outbound[0])
		err = add_outbound(r->dialog, a, &outbound);
	return err;
}

int registration_add_routes(struct dialog *d, const struct account *account)
{
	const struct registration *r = find(account->name);
	struct uri outbound;
	struct sip_addr first;
	unsigned i = 0;
	struct pl pl;
	int err = 0;

	memset(&outbound, 0, sizeof(outbound));
	if (account->outbound[0])
		err = add_outbound(d, account, &outbound);
	if (err || !r || !r->routes)
		return err;
	/* a server that names itself is not visited twice */
	pl_set_str(&pl, r->route[0]);
	if (!sip_addr_decode(&first, &pl) && !pl_casecmp(&first.uri.host, &outbound.host) && first.uri.port == outbound.port)
		i = 1;
	for (; i < r->routes && !err; i++)
		err = dialog_add_route(d, r->route[i]);
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
	bool known;

	if (!r)
		return;
	/* what was refused, or never answered, left nothing there */
	known = r->has_path && (r->bound[0] || r->flow);
	tmr_cancel(&r->again);
	r->flow = mem_deref(r->flow);
	r->keepalive = mem_deref(r->keepalive);
	r->expires = 0;
	memset(&r->attempt, 0, sizeof(r->attempt));
	/* told from the loop, the phone is in the middle of asking; at once when there is nothing to take back */
	tmr_start(&r->left, known ? LEAVE_MS : 0, left_h, r);
	if (!known || send_register(r, r->registered ? &r->path : NULL))
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

bool registration_is_proxy(const char *account, const struct sip_msg *msg)
{
	const struct registration *r = find(account);

	return r && r->registered && r->has_path && sa_cmp(&r->path.peer, &msg->src, SA_ADDR);
}

bool registration_is_at(const struct sa *server)
{
	struct le *le;

	LIST_FOREACH(&registrations, le) {
		const struct registration *r = le->data;

		if (r->was_registered && r->has_path && sa_cmp(&r->path.peer, server, SA_ALL))
			return true;
	}
	return false;
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

		if (r->forgotten || !r->expires || r->refused)
			continue;
		r->flow = mem_deref(r->flow);
		r->keepalive = mem_deref(r->keepalive);
		r->failures = r->silent = 0;
		r->lost_ms = 0;
		r->registered = false;
		tmr_start(&r->again, 0, again_h, r);
		tell(r, REGISTRATION_REGISTERING, NULL, 0, 0);
	}
}

void registration_close(void)
{
	list_flush(&registrations);
}
