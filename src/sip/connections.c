#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/log.h"
#include "sip/connections.h"
#include "sip/source.h"

#define LOGS_A_MINUTE 6

typedef int accept_h(struct tcp_conn **tcp, struct tcp_sock *ts, tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch,
		     void *arg);

/* The descriptor may be another file's by now: libre tells nobody when it closes one. The inode says so. */
struct connection {
	bool used;
	int fd;
	ino_t inode;
	struct sa peer;
	uint64_t since_ms;
	bool heard;
	uint64_t last;                   /* its place in the order in which they were heard of */
};

static struct {
	struct connection connection[CONNECTIONS_MAX];
	uint64_t count;                  /* of connections and messages */
	struct tmr first;                /* runs while one of them has said nothing yet */
	struct source_bucket logs;
} own;

static bool is_open(const struct connection *c)
{
	struct stat st;

	return c->used && !fstat(c->fd, &st) && S_ISSOCK(st.st_mode) && st.st_ino == c->inode;
}

static void tell(const char *what)
{
	if (source_take(&own.logs, LOGS_A_MINUTE, 60 * LOGS_A_MINUTE, 60, tmr_jiffies()))
		log_info("a connection was closed: %s", what);
}

static void hang_up(struct connection *c, const char *why)
{
	tell(why);
	/* libre reads the end of it, and closes it; an answer that is on its way still goes */
	shutdown(c->fd, SHUT_RD);
	c->used = false;
}

static void first_h(void *arg)
{
	uint64_t now = tmr_jiffies(), next = 0;
	unsigned i;

	(void)arg;
	for (i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *c = &own.connection[i];

		c->used = is_open(c);
		if (!c->used || c->heard)
			continue;
		if (now - c->since_ms >= CONNECTIONS_FIRST_MS)
			hang_up(c, "no message came");
		else if (!next || CONNECTIONS_FIRST_MS - (now - c->since_ms) < next)
			next = CONNECTIONS_FIRST_MS - (now - c->since_ms);
	}
	if (next)
		tmr_start(&own.first, next, first_h, NULL);
}

/* A place for one more of SOURCE; NULL: it has enough. */
static struct connection *find_place(uint64_t source)
{
	struct connection *place = NULL, *stale = NULL;
	unsigned i, same = 0;

	for (i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *c = &own.connection[i];

		c->used = is_open(c);
		if (!c->used) {
			place = c;
			continue;
		}
		same += source_key(&c->peer) == source;
		if (!stale || c->last < stale->last)
			stale = c;
	}
	if (same >= CONNECTIONS_SOURCE)
		return NULL;
	if (!place) {
		hang_up(stale, "there were too many");
		place = stale;
	}
	return place;
}

static int note(const struct tcp_conn *tc)
{
	struct connection *c;
	struct stat st;
	struct sa peer;
	int fd = tcp_conn_fd(tc);

	sa_init(&peer, AF_UNSPEC);
	peer.len = sizeof(peer.u);
	if (fstat(fd, &st) || getpeername(fd, &peer.u.sa, &peer.len))
		return errno;
	c = find_place(source_key(&peer));
	if (!c) {
		tell("its source had too many");
		return ECONNREFUSED;
	}
	memset(c, 0, sizeof(*c));
	c->used = true;
	c->fd = fd;
	c->inode = st.st_ino;
	c->peer = peer;
	c->since_ms = tmr_jiffies();
	c->last = ++own.count;
	if (!tmr_isrunning(&own.first))
		tmr_start(&own.first, CONNECTIONS_FIRST_MS, first_h, NULL);
	return 0;
}

static accept_h *libre_accept(void)
{
	static accept_h *h;

	if (!h) {
		void *symbol = dlsym(RTLD_NEXT, "tcp_accept");

		/* ISO C knows no such cast */
		memcpy(&h, &symbol, sizeof(h));
	}
	return h;
}

int tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts, tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch, void *arg)
	__attribute__((visibility("default")));

int tcp_accept(struct tcp_conn **tcp, struct tcp_sock *ts, tcp_estab_h *eh, tcp_recv_h *rh, tcp_close_h *ch, void *arg)
{
	accept_h *h = libre_accept();
	int err;

	if (!h)
		return ENOSYS;
	err = h(tcp, ts, eh, rh, ch, arg);
	if (err)
		return err;
	err = note(*tcp);
	if (err)
		*tcp = mem_deref(*tcp);
	return err;
}

void connections_heard(const struct sa *peer)
{
	unsigned i;

	for (i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *c = &own.connection[i];

		if (c->used && sa_cmp(&c->peer, peer, SA_ALL) && is_open(c)) {
			c->heard = true;
			c->last = ++own.count;
		}
	}
}

void connections_close(void)
{
	tmr_cancel(&own.first);
	memset(&own, 0, sizeof(own));
}
