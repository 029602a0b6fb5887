/* The user agent with a phone made of paper: commands on standard input, one line for each report on standard
 * output, and a clock that can be put forward. Driven by sip_agent.py; started without arguments it runs that. */
#include <errno.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <re.h>

#include "base/text.h"
#include "phone/phone.h"
#include "sip/network.h"
#include "sip/registration.h"
#include "sip/resolve.h"
#include "sip/source.h"
#include "sip/stack.h"

#define CALLS_MAX 100

static struct settings settings;
static struct account account[ACCOUNTS_MAX];
static unsigned accounts;
static struct attempt attempt[CALLS_MAX];
static const struct account *account_of[CALLS_MAX];
static unsigned last_call = 500, refusal;
static struct attempt_decision decision[ATTEMPT_BUDGET]; /* to be taken in place of attempt_next()'s, in order */
static unsigned decisions, decided;
static unsigned left = ATTEMPT_BUDGET;
static bool keep;                        /* do not release calls that are over */
static uint64_t ahead_ms;
static const struct codec *codec[CODEC_COUNT];
static unsigned codecs;

uint64_t tmr_jiffies(void);
uint64_t tmr_jiffies(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000 + ahead_ms;
}

/* The name servers that the resolver asks. */
static struct sa nameserver[2];
static uint32_t nameservers;

int dns_srv_get(char *domain, size_t dsize, struct sa *srvv, uint32_t *n)
{
	(void)domain;
	(void)dsize;
	if (!nameservers)
		return ENOENT;
	memcpy(srvv, nameserver, nameservers * sizeof(*srvv));
	*n = nameservers;
	return 0;
}

/* The kernel's news come by a command. */
static network_h *network_changed_h;

int network_watch(network_h *h, void *arg)
{
	(void)arg;
	network_changed_h = h;
	return 0;
}

void network_unwatch(void)
{
	network_changed_h = NULL;
}

static const char *shown(const char *s)
{
	static char buf[8][1024];
	static unsigned n;

	n = (n + 1) % 8;
	text_show_str(buf[n], sizeof(buf[n]), s && s[0] ? s : "-");
	return buf[n];
}

static const char *media_text(const struct media_params *m)
{
	static char buf[512];
	char formats[128] = "";
	unsigned i;

	if (!m)
		return "none";
	for (i = 0; i < m->formats; i++)
		snprintf(formats + strlen(formats), sizeof(formats) - strlen(formats), "%s%d=%s", i ? "," : "",
			 m->format[i].payload_type, m->format[i].codec->name);
	snprintf(buf, sizeof(buf), "%s:%u rtcp=%s:%u %s/%d dir=%d formats=%s event=%d/%u/%d ptime=%u fec=%d",
		 m->remote_address, m->remote_port, m->remote_rtcp_address, m->remote_rtcp_port, m->codec->name,
		 m->payload_type, (int)m->direction, formats, m->event_payload_type, m->event_clock_rate,
		 m->event_receive_type, m->ptime, m->opus_fec);
	return buf;
}

/* --- the phone ------------------------------------------------------------------------------------ */

const char *phone_forward(const struct phone *p)
{
	(void)p;
	return "sip:eve@127.0.0.1:9";
}

unsigned phone_sip_incoming(struct phone *p, const struct incoming *in, unsigned *call)
{
	(void)p;
	if (refusal)
		return refusal;
	*call = ++last_call;
	printf("incoming %u user=%s from=%s name=%s account=%s offer=%d expires=%u%s", *call, shown(in->request_user),
	       shown(in->from_uri), shown(in->from_name), shown(in->account), in->offer, in->expires,
	       in->withheld ? " withheld" : "");
	if (in->alert[0])
		printf(" alert=%s", shown(in->alert));
	if (in->replaces)
		printf(" replaces=%u", in->replaces);
	printf("\n");
	/* as the phone does: the new one is answered, then the old one ends */
	if (in->replaces && !port_sip_answer(*call, codec, codecs))
		port_sip_release(in->replaces);
	return 0;
}

int phone_sip_media_address(struct phone *p, unsigned call, const char *address, uint16_t *port)
{
	(void)p;
	(void)address;
	*port = (uint16_t)(20000 + 2 * (call % 1000));
	return 0;
}

void phone_sip_sent(struct phone *p, unsigned call)
{
	(void)p;
	if (call < CALLS_MAX)
		attempt[call].requests++;
	printf("sent %u\n", call);
}

void phone_sip_progress(struct phone *p, unsigned call, unsigned code, const char *reason,
			const struct media_params *media)
{
	(void)p;
	printf("progress %u %u %s media %s\n", call, code, shown(reason), media_text(media));
}

void phone_sip_established(struct phone *p, unsigned call, const struct media_params *media)
{
	(void)p;
	printf("established %u media %s\n", call, media_text(media));
}

void phone_sip_media(struct phone *p, unsigned call, const struct media_params *media)
{
	(void)p;
	printf("media %u %s\n", call, media_text(media));
}

void phone_sip_reoffer_failed(struct phone *p, unsigned call, unsigned code, const char *reason)
{
	(void)p;
	printf("reoffer_failed %u %u %s\n", call, code, shown(reason));
}

void phone_sip_messages(struct phone *p, const char *name, unsigned fresh, unsigned old)
{
	(void)p;
	printf("messages %s %u %u\n", name, fresh, old);
}

static void print_response(const char *what, const char *who, const struct response *r)
{
	printf("%s %s code=%u error=%s reason=%s warning=%s retry=%s ruri=%s hop=%s challenges=%u detail=%s\n", what, who,
	       r->code, r->error ? local_error_name(r->error) : "-", shown(r->reason), shown(r->warning), shown(r->retry_after),
	       shown(r->ruri_host), shown(r->hop_host), r->challenges, shown(r->detail));
}

void phone_sip_response(struct phone *p, unsigned call, const struct response *r)
{
	struct attempt_decision d;
	char who[16];

	(void)p;
	if (decided < decisions) {
		printf("resent %u %d\n", call, port_sip_resend(call, &decision[decided++]));
		return;
	}
	d = attempt_next(&attempt[call], r, account_of[call]);
	d.requests_left = left;
	if (d.step == ATTEMPT_DIGEST && !port_sip_resend(call, &d))
		return;
	snprintf(who, sizeof(who), "%u", call);
	print_response(d.credentials_refused ? "refused" : "response", who, r);
	if (!keep)
		port_sip_release(call);
}

void phone_sip_closed(struct phone *p, unsigned call, enum ended_by by, unsigned code, const char *reason)
{
	static const char *const name[] = {"us", "them", "network"};

	(void)p;
	printf("closed %u %s %u %s\n", call, name[by], code, shown(reason));
	if (!keep)
		port_sip_release(call);
}

void phone_sip_network(struct phone *p, bool there)
{
	(void)p;
	printf("network %d\n", there);
}

void phone_sip_registration(struct phone *p, const char *name, enum registration_state state,
			    const struct response *response, unsigned expires, unsigned retry_in)
{
	static const char *const names[] = {"none", "registering", "registered", "failed", "unregistered"};

	(void)p;
	printf("registration %s %s code=%u error=%s expires=%u retry=%u\n", name, names[state],
	       response ? response->code : 0, response && response->error ? local_error_name(response->error) : "-",
	       expires, retry_in);
}

static long heap(void)
{
	long bytes = 0;

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	bytes = (long)mallinfo2().uordblks;
#endif
	/* under a sanitizer or valgrind it is not theirs to tell */
	return bytes > 10000 ? bytes : -1;
}

/* --- commands ------------------------------------------------------------------------------------------ */

static const struct account *find_account(const char *name)
{
	unsigned i;

	for (i = 0; i < accounts; i++) {
		if (!strcmp(account[i].name, name))
			return &account[i];
	}
	return NULL;
}

/* account NAME URI KEY=VALUE... */
static int command_account(char **word, unsigned words)
{
	struct account *a = &account[accounts];
	const char *why = "";
	unsigned i;
	int err = words < 3 || accounts == ACCOUNTS_MAX ? EINVAL : account_init(a, word[1], word[2], &why);

	for (i = 3; i < words && !err; i++) {
		char *equal = strchr(word[i], '=');

		if (!equal)
			return EINVAL;
		*equal = '\0';
		err = account_set(a, word[i], equal + 1, &why);
	}
	if (!err)
		accounts++;
	return err;
}

/* invite CALL URI ACCOUNT|- [HEADER...]: '_' in a header is a blank */
static int command_invite(char **word, unsigned words)
{
	struct invite invite;
	unsigned i, k;
	char *p;

	if (words < 4)
		return EINVAL;
	memset(&invite, 0, sizeof(invite));
	invite.call = (unsigned)atoi(word[1]);
	if (invite.call >= CALLS_MAX)
		return EINVAL;
	invite.uri = word[2];
	invite.account = find_account(word[3]);
	memcpy(invite.codec, codec, sizeof(codec));
	invite.codecs = codecs;
	invite.expires = 60;
	invite.requests_left = left;
	for (i = 4; i < words; i++) {
		for (p = word[i]; *p; p++) {
			if (*p == '_')
				*p = ' ';
			if (*p == '\\')
				*p = '\r';
		}
	}
	invite.header = (const char *const *)&word[4];
	invite.headers = words - 4;
	account_of[invite.call] = invite.account;
	k = invite.call;
	memset(&attempt[k], 0, sizeof(attempt[k]));
	return port_sip_invite(&invite);
}

static void blanks(char *dst, size_t size, const char *text)
{
	text_copy(dst, size, text);
	for (; *dst; dst++) {
		if (*dst == '_')
			*dst = ' ';
	}
}

/* decide digest|resend|redirect KEY=VALUE...: what to do after the next failure; '_' is a blank */
static int command_decide(char **word, unsigned words)
{
	static const char *const body[] = {"full", "small", "none"};
	struct attempt_decision *d = &decision[decisions];
	unsigned i, k;

	if (words < 2 || decisions == ATTEMPT_BUDGET)
		return EINVAL;
	memset(d, 0, sizeof(*d));
	d->requests_left = 1;
	d->step = !strcmp(word[1], "digest") ? ATTEMPT_DIGEST :
		  !strcmp(word[1], "redirect") ? ATTEMPT_REDIRECT : ATTEMPT_RESEND;
	for (i = 0; i < CHALLENGES_MAX; i++)
		d->answer[i] = true;
	for (i = 2; i < words; i++) {
		char *value = strchr(word[i], '=');

		if (!value)
			return EINVAL;
		*value++ = '\0';
		if (!strcmp(word[i], "long"))
			d->form.long_names = true;
		else if (!strcmp(word[i], "se"))
			d->form.session_interval = (unsigned)atoi(value);
		else if (!strcmp(word[i], "without"))
			blanks(d->form.without, sizeof(d->form.without), value);
		else if (!strcmp(word[i], "with"))
			blanks(d->form.with, sizeof(d->form.with), value);
		else if (!strcmp(word[i], "target"))
			text_copy(d->target, sizeof(d->target), value);
		else if (!strcmp(word[i], "proxy"))
			d->by_proxy = true;
		else if (!strcmp(word[i], "delay"))
			d->delay_ms = (unsigned)atoi(value);
		else if (!strcmp(word[i], "left"))
			d->requests_left = (unsigned)atoi(value);
		else if (!strcmp(word[i], "body")) {
			for (k = 0; k < 3; k++) {
				if (!strcmp(value, body[k]))
					d->form.body = (enum attempt_body)k;
			}
		}
		else
			return EINVAL;
	}
	decisions++;
	return 0;
}

static void command_trace(unsigned call)
{
	struct trace_line t;
	unsigned i;

	for (i = 0; port_trace_line(call, i, &t); i++) {
		char *text = port_trace_message(call, i);

		printf("trace %u %s %s code=%u size=%u kept=%zu %s | %s\n", call, t.sent ? "sent" : "came", t.peer, t.code,
		       t.size, strlen(text), shown(t.summary), shown(t.note));
		free(text);
	}
	printf("traced %u %u\n", call, port_trace_lines(call));
}

static int run(char *line)
{
	char *word[16], *save = NULL, *w;
	unsigned words = 0, n;

	for (w = strtok_r(line, " ", &save); w && words < 16; w = strtok_r(NULL, " ", &save))
		word[words++] = w;
	if (!words)
		return 0;
	n = words > 1 ? (unsigned)atoi(word[1]) : 0;
	if (!strcmp(word[0], "account"))
		return command_account(word, words);
	if (!strcmp(word[0], "invite"))
		return command_invite(word, words);
	if (!strcmp(word[0], "decide"))
		return command_decide(word, words);
	if (!strcmp(word[0], "save"))
		return port_trace_save(n, word[2]);
	if (!strcmp(word[0], "codecs")) {
		const char *bad;

		codecs = codec_parse_list(codec, CODEC_COUNT, word[1], &bad);
		return codecs ? 0 : EINVAL;
	}
	if (!strcmp(word[0], "register"))
		return port_sip_register(find_account(word[1]));
	if (!strcmp(word[0], "ring"))
		return port_sip_ring(n);
	if (!strcmp(word[0], "answer"))
		return port_sip_answer(n, codec, codecs);
	if (!strcmp(word[0], "reject"))
		return port_sip_reject(n, (unsigned)atoi(word[2]));
	if (!strcmp(word[0], "reoffer"))
		return port_sip_reoffer(n, !strcmp(word[2], "hold") ? MEDIA_SEND : MEDIA_BOTH);
	if (!strcmp(word[0], "unregister"))
		port_sip_unregister(find_account(word[1]));
	else if (!strcmp(word[0], "forget-sources"))
		source_forget();
	else if (!strcmp(word[0], "removed"))
		port_sip_account_removed(word[1]);
	else if (!strcmp(word[0], "renew"))
		registration_renew();
	else if (!strcmp(word[0], "hangup"))
		port_sip_hangup(n);
	else if (!strcmp(word[0], "release"))
		port_sip_release(n);
	else if (!strcmp(word[0], "refuse"))
		refusal = n;
	else if (!strcmp(word[0], "strict"))
		settings.strict_content_length = n;
	else if (!strcmp(word[0], "compact"))
		settings.compact_headers = n;
	else if (!strcmp(word[0], "left"))
		left = n;
	else if (!strcmp(word[0], "trace"))
		command_trace(n);
	else if (!strcmp(word[0], "keep"))
		keep = n;
	else if (!strcmp(word[0], "advance"))
		ahead_ms += n;
	else if (!strcmp(word[0], "nameserver")) {
		for (nameservers = 0; nameservers < 2 && nameservers + 1 < words; nameservers++)
			sa_set_str(&nameserver[nameservers], "127.0.0.1", (uint16_t)atoi(word[1 + nameservers]));
	}
	else if (!strcmp(word[0], "flush"))
		resolve_flush();
	else if (!strcmp(word[0], "network")) /* and how long the machine has slept, ms */
		network_changed_h(n, NULL);
	else if (!strcmp(word[0], "busy"))
		printf("busy %d\n", stack_busy());
	else if (!strcmp(word[0], "heap")) /* bytes that are allocated, -1: not known */
		printf("heap %ld\n", heap());
	else if (!strcmp(word[0], "quit"))
		re_cancel();
	else
		return ENOSYS;
	return 0;
}

static void input_h(int flags, void *arg)
{
	static char buf[8192];
	static size_t len;
	char *end;
	ssize_t n = read(0, buf + len, sizeof(buf) - 1 - len);

	(void)flags;
	(void)arg;
	if (n <= 0) {
		re_cancel();
		return;
	}
	len += (size_t)n;
	buf[len] = '\0';
	while ((end = strchr(buf, '\n')) != NULL) {
		char word[64];

		*end = '\0';
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(buf, " "), buf);
		printf("done %s %d\n", word, run(buf));
		len -= (size_t)(end + 1 - buf);
		memmove(buf, end + 1, len + 1);
	}
}

int main(int argc, char **argv)
{
	const char *address[32], *why = "", *source = getenv("abs_top_srcdir");
	char script[4096];
	unsigned i, n;
	int err;

	if (argc < 2) {
		snprintf(script, sizeof(script), "%s/tests/sip_agent.py", source ? source : ".");
		execlp("python3", "python3", script, argv[0], (char *)NULL);
		return 77;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	err = libre_init();
	if (err)
		return 1;
	codecs = codec_parse_list(codec, CODEC_COUNT, "opus,PCMU,PCMA", &why);
	text_copy(settings.codecs, sizeof(settings.codecs), "opus,PCMU,PCMA");
	text_copy(settings.local_user, sizeof(settings.local_user), "me");
	err = stack_start(NULL, &settings, argv[1], argc > 2, &why);
	if (err) {
		printf("failed %d %s\n", err, why);
		libre_close();
		return 1;
	}
	n = stack_addresses(address, 32);
	for (i = 0; i < n; i++)
		printf("listening %s\n", address[i]);
	printf("ready %s\n", stack_version());
	err = fd_listen(0, FD_READ, input_h, NULL);
	if (!err)
		err = re_main(NULL);
	fd_close(0);
	stack_stop();
	libre_close();
	tmr_debug();
	mem_debug();
	return err;
}
