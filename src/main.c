/* offhook: options, wiring, signals. Every room is opened here, in order, and closed in the other. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/paths.h"
#include "cli.h"
#include "command/command.h"
#include "command/hook.h"
#include "command/macro.h"
#include "command/player.h"
#include "command/recorder.h"
#include "control/headless.h"
#include "control/remote.h"
#include "control/socket.h"
#include "exchange/exchange.h"
#include "media/media.h"
#include "phone/phone.h"
#include "sip/stack.h"
#include "store/contacts.h"
#include "store/store.h"
#include "ui/ui.h"

#define READY_LIMIT_MS    3000 /* then the phone is ready, registered or not */
#define SHUTDOWN_LIMIT_MS 1500 /* for BYE, CANCEL and unregistering; a stalled terminal may take more */
#define SHUTDOWN_STEP_MS  20

static struct {
	struct cli cli;
	struct settings settings;
	struct phone *phone;
	struct command_env env;
	struct script *exec;          /* that of -e */
	unsigned target_call;         /* TARGET's */
	struct headless *headless;
	struct socket_server *socket;
	bool ready, leaving, on_screen;
	int status;
	int out, err;                 /* the real standard output and error */
	int signals;
	uint64_t leave_by;
	struct loop_timer *wake, *ready_limit, *leave;
} self;

/* --- ports of the phone ---------------------------------------------------------------- */

uint64_t port_now_ms(void)
{
	return loop_now_ms();
}

uint64_t port_boot_ms(void)
{
	return loop_boot_ms();
}

int64_t port_wall_ms(void)
{
	return loop_wall_ms();
}

static void wake_h(void *arg)
{
	(void)arg;
	phone_tick(self.phone);
}

void port_wake_at(uint64_t ms)
{
	uint64_t now = loop_now_ms();

	if (!self.wake)
		return;
	if (ms == UINT64_MAX)
		loop_timer_stop(self.wake);
	else
		loop_timer_start(self.wake, ms > now ? ms - now : 0);
}

/* --- leaving ------------------------------------------------------------------------------ */

/* For the person who started the program, once the screen is gone (or was never there). */
static void say(const char *text)
{
	dprintf(self.err, "offhook: %s\n", text);
}

static void leave_h(void *arg)
{
	(void)arg;
	if ((phone_idle(self.phone) && !stack_busy()) || loop_now_ms() >= self.leave_by)
		loop_quit();
	else
		loop_timer_start(self.leave, SHUTDOWN_STEP_MS);
}

static void leave(int status)
{
	struct result r = {.ok = true};

	if (self.leaving)
		return;
	/* what was played would find the calls gone; what was recorded until here is worth keeping */
	player_close();
	if (recorder_register())
		recorder_stop(&self.env, &r);
	result_free(&r);
	self.leaving = true;
	self.status = status;
	self.leave_by = loop_now_ms() + SHUTDOWN_LIMIT_MS;
	phone_shutdown(self.phone);
	loop_timer_start(self.leave, 0);
}

static void quit_h(int status, void *arg)
{
	(void)arg;
	leave(status);
}

/* The exit status that a call's end means for a script. */
static int call_status(unsigned call)
{
	struct call_info info;

	if (phone_call_info(self.phone, call, &info) || !info.failed)
		return 0;
	return outcome_exit_status(info.code, info.error);
}

/* Headless runs end by themselves (interface of the command line, "Life of a headless run"). */
static void consider_leaving(void *arg)
{
	(void)arg;
	if (!self.cli.headless || !self.ready || self.leaving)
		return;
	if (self.target_call) {
		if (!phone_call_pending(self.phone, self.target_call))
			leave(call_status(phone_call_latest(self.phone, self.target_call)));
	}
	else if (self.exec && !script_busy(self.exec) && headless_input_ended(self.headless) &&
		 !phone_active_calls(self.phone))
		leave(script_status(self.exec));
}

static void event_h(const struct event *e, void *arg)
{
	(void)arg;
	if (!strcmp(e->name, "call") || !strcmp(e->name, "redial"))
		loop_defer(consider_leaving, NULL);
}

/* --- what commands act on --------------------------------------------------------------------- */

static int exchange_switch(bool on, void *arg)
{
	struct account a;
	const char *why;
	char outbound[64];
	uint16_t port;
	int err;

	(void)arg;
	if (!on) {
		const struct account *own = phone_account(self.phone, "demo");

		/* one of the user's may be called so too */
		if (own && own->volatile_only)
			phone_account_remove(self.phone, "demo");
		exchange_stop();
		return 0;
	}
	err = exchange_start(&port);
	if (err)
		return err == EALREADY ? 0 : err;
	snprintf(outbound, sizeof(outbound), "sip:127.0.0.1:%u", port);
	err = account_init(&a, "demo", "sip:" EXCHANGE_USER "@localhost", &why);
	if (!err)
		err = account_set(&a, "password", EXCHANGE_PASSWORD, &why);
	if (!err)
		err = account_set(&a, "outbound", outbound, &why);
	a.volatile_only = true;
	if (!err)
		err = phone_account_add(self.phone, &a);
	if (err)
		exchange_stop();
	return err;
}

static void option_h(const char *name, void *arg)
{
	(void)arg;
	if (!strcmp(name, "volume"))
		phone_settings_changed(self.phone);
	else if (!strncmp(name, "audio-", 6))
		media_devices_changed();
	else if (!strcmp(name, "tone-country"))
		media_tones_changed();
	else if (!strcmp(name, "meters"))
		media_meters(self.on_screen && self.settings.meters);
	else if (!strcmp(name, "sip-listen") && self.ready)
		phone_notice(self.phone, SEVERITY_INFO, "sip-listen",
			     _("sip-listen takes effect when offhook starts again; put it into your rc file."));
}

static void exec_result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	(void)line;
	(void)arg;
	(void)s;
	if (r->ok && r->text.s && !self.on_screen)
		log_info("exec: %s", r->text.s);
	if (r->ok)
		return;
	if (self.on_screen)
		phone_notice(self.phone, SEVERITY_ERROR, NULL, r->error.s ? r->error.s : "");
	else {
		char text[1024];

		text_show_str(text, sizeof(text), r->error.s);
		say(text);
	}
}

static void exec_idle_h(struct script *s, void *arg)
{
	(void)s;
	(void)arg;
	loop_defer(consider_leaving, NULL);
}

/* --- ready ------------------------------------------------------------------------------------- */

static void emit_ready(void)
{
	const char *names[ACCOUNTS_MAX], *addresses[64];
	struct event e;
	unsigned i, n;

	for (i = 0; i < phone_accounts(self.phone) && i < ACCOUNTS_MAX; i++)
		names[i] = phone_account_at(self.phone, i)->name;
	n = stack_addresses(addresses, 64);
	event_begin(&e, "ready");
	event_string(&e, "version", PACKAGE_VERSION);
	event_list(&e, "accounts", names, i);
	event_list(&e, "sip", addresses, n);
	event_string(&e, "audio", media_driver());
	if (self.socket)
		event_string(&e, "control", socket_path(self.socket));
	phone_emit(self.phone, &e);
}

static void call_target(void)
{
	struct dial dial = {.target = self.cli.target};
	const char *why = "";
	int err;

	err = phone_dial(self.phone, &dial, &self.target_call, &why);
	if (!err)
		return;
	if (self.cli.headless) {
		say(why);
		leave(2);
	}
	else
		phone_notice(self.phone, SEVERITY_ERROR, NULL, why);
}

static void ready_h(void *arg)
{
	unsigned i;

	(void)arg;
	if (self.ready || self.leaving)
		return;
	self.ready = true;
	loop_timer_stop(self.ready_limit);
	emit_ready();
	if (self.cli.target)
		call_target();
	if (self.cli.execs && !script_new(&self.exec, &self.env, SCRIPT_EXEC, true, exec_result_h, exec_idle_h, NULL)) {
		for (i = 0; i < self.cli.execs && !script_status(self.exec); i++)
			script_add(self.exec, self.cli.exec[i], NULL);
	}
	if (self.cli.keys && self.on_screen && ui_type(self.cli.keys))
		phone_notice(self.phone, SEVERITY_ERROR, NULL, _("The keys of --keys are not in the notation of bindings."));
	consider_leaving(NULL);
}

static void registration_h(const struct event *e, void *arg)
{
	(void)arg;
	if (!strcmp(e->name, "registration") && !self.ready && phone_accounts_settled(self.phone))
		loop_defer(ready_h, NULL);
}

/* --- signals ------------------------------------------------------------------------------------ */

static void signal_h(unsigned flags, void *arg)
{
	struct signalfd_siginfo info;

	(void)flags;
	(void)arg;
	while (read(self.signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGWINCH:
			if (self.on_screen)
				ui_resized();
			break;
		case SIGCONT:
			if (self.on_screen)
				ui_continue();
			break;
		case SIGTSTP:
			if (self.on_screen)
				ui_suspend();
			else if (!phone_active_calls(self.phone))
				raise(SIGSTOP); /* its own is blocked */
			break;
		default:
			/* asked twice: at once; but of a terminal that goes the kernel, the shell and the screen tell */
			if (self.leaving && info.ssi_signo != SIGHUP)
				loop_quit();
			leave(128 + (int)info.ssi_signo);
			break;
		}
	}
}

/* Before any thread exists: they all inherit the mask, and only the loop sees signals. */
static int signals_block(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigaddset(&set, SIGTSTP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	self.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return self.signals < 0 ? errno : 0;
}

/* --- start ----------------------------------------------------------------------------------------- */

/* One of the three standard descriptors that is closed would be the next file's, and that file then be taken
 * for input or output. */
static int fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* What libraries print by themselves may reach neither the screen nor the events: descriptors 1 and 2
 * lead nowhere, ours are kept elsewhere. */
static int keep_output(void)
{
	int nowhere, err_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);

	self.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	if (err_copy >= 0)
		self.err = err_copy;
	if (!self.on_screen && self.out < 0)
		return EBADF;
	nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nowhere < 0)
		return errno;
	dup2(nowhere, STDOUT_FILENO);
	if (!getenv("OFFHOOK_KEEP_STDERR")) /* sanitizers report there */
		dup2(nowhere, STDERR_FILENO);
	close(nowhere);
	return 0;
}

static void leave_screen(void)
{
	if (self.on_screen)
		ui_stop();
	self.on_screen = false;
}

static int read_configuration(void)
{
	const char *file = self.cli.config;
	char path[PATHS_MAX];
	int err;

	if (file && !strcmp(file, "none"))
		return 0;
	if (!self.cli.demo) {
		err = accounts_read(&self.env);
		if (err)
			phone_notice_printf(self.phone, SEVERITY_WARNING, NULL,
					    _("The saved accounts could not be read: %s"), strerror(err));
	}
	err = macros_read(&self.env);
	if (err)
		phone_notice_printf(self.phone, SEVERITY_WARNING, NULL, _("The saved macros could not be read: %s"), strerror(err));
	if (file) {
		err = rc_read(&self.env, file);
		if (err) {
			leave_screen();
			dprintf(self.err, _("offhook: cannot read %s: %s\n"), file, strerror(err));
			return err;
		}
		return 0;
	}
	if (!paths_get(path, sizeof(path), PATH_CONFIG, "offhookrc")) {
		err = rc_read(&self.env, path);
		if (err && err != ENOENT && err != ENOTDIR)
			phone_notice_printf(self.phone, SEVERITY_WARNING, NULL, _("Cannot read %s: %s"), path,
					    strerror(err));
	}
	return 0;
}

/* 0 or an errno. On the screen it is a notice: the user can mend the option and start again. */
static int start_signalling(void)
{
	const char *why = "";
	int err;

	err = stack_start(self.phone, &self.settings, self.settings.sip_listen, self.settings.sip_listen_named, &why);
	if (err) {
		phone_notice(self.phone, SEVERITY_ERROR, "sip-listen", why);
		if (self.cli.headless)
			say(why);
	}
	return err;
}

/* What shows the phone to somebody: the screen, or events and commands. It comes before anything that could
 * have news. Returns 0 or the exit status. */
static int start_face(void)
{
	const char *why = "";
	int err;

	if (!self.cli.headless && !self.cli.plain) {
		err = ui_start(&self.env, &why);
		if (err) {
			say(*why ? why : strerror(err));
			return 2;
		}
		self.on_screen = true;
	}
	/* the screen has its own way to the terminal by now */
	err = keep_output();
	if (!err && !self.on_screen)
		err = headless_start(&self.headless, &self.env, self.cli.plain ? FACE_PLAIN : FACE_JSON, STDIN_FILENO,
				     self.out, consider_leaving, NULL);
	if (err) {
		leave_screen();
		say(strerror(err));
		return 1;
	}
	return 0;
}

static void start_exchange(void)
{
	int err = exchange_switch(true, NULL);

	if (err)
		phone_notice_printf(self.phone, SEVERITY_ERROR, "exchange", _("The test exchange could not start: %s"),
				    err == EEXIST ? _("the exchange brings an account demo along, and you have one of that name") : strerror(err));
}

/* The demo keeps no redials: the next run's exchange is another. */
static void remember_calls(void)
{
	char file[PATHS_MAX];
	int err = paths_get(file, sizeof(file), PATH_STATE, "offhook.db");

	if (!err)
		err = store_open(self.phone, file, !self.cli.demo);
	if (err == EPROTO)
		phone_notice(self.phone, SEVERITY_WARNING, "history",
			     _("The history was written by a newer offhook; no calls are added to it."));
	else if (err)
		/* TRANSLATORS: %s is the cause in words */
		phone_notice_printf(self.phone, SEVERITY_WARNING, "history", _("No history can be kept: %s"), strerror(err));
}

/* A file of the user's like the rc file: not with -c none. */
static void read_contacts(void)
{
	char file[PATHS_MAX];
	int err;

	if (self.cli.config && !strcmp(self.cli.config, "none"))
		return;
	err = paths_get(file, sizeof(file), PATH_CONFIG, "contacts");
	if (!err)
		err = contacts_start(self.phone, file);
	if (err)
		/* TRANSLATORS: %s is the cause in words */
		phone_notice_printf(self.phone, SEVERITY_WARNING, "contacts", _("The contacts cannot be read: %s"), strerror(err));
}

/* Without it the phone is a phone still. */
static void start_control(void)
{
	struct buf why = {0};

	if (socket_start(&self.socket, &self.env, &why))
		phone_notice(self.phone, SEVERITY_WARNING, "control", why.s ? why.s : strerror(ENOMEM));
	else
		hooks_set_control(self.env.hooks, socket_path(self.socket));
	buf_free(&why);
}

static void restore_redial(const struct redial_record *record, void *arg)
{
	(void)arg;
	phone_redial_restore(self.phone, record);
}

static int run(void)
{
	const char *why = "";
	int err;

	/* first of all listeners: what it writes is on disk before anyone else hears of it */
	remember_calls();
	macros_start();
	err = hooks_new(&self.env.hooks, self.phone);
	if (err) {
		say(strerror(err));
		return 1;
	}
	err = start_face();
	if (err)
		return err;
	if (read_configuration())
		return 2;
	read_contacts();
	err = media_start(self.phone, &self.settings, self.cli.audio, &why);
	if (err) {
		leave_screen();
		say(why);
		return err == EINVAL ? 2 : 1;
	}
	media_meters(self.on_screen && self.settings.meters);
	phone_settings_changed(self.phone);

	err = start_signalling();
	if (err && self.cli.headless)
		return 1;
	if (self.cli.demo)
		start_exchange();
	phone_listen(self.phone, event_h, NULL);
	phone_listen(self.phone, registration_h, NULL);
	redials_load(restore_redial, NULL);
	start_control();
	if (!err)
		phone_start(self.phone);
	if (phone_accounts_settled(self.phone))
		loop_defer(ready_h, NULL);
	else
		loop_timer_start(self.ready_limit, READY_LIMIT_MS);

	err = loop_run();
	return err ? 1 : self.status;
}

static void who_am_i(char *dst, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());

	text_copy(dst, size, pw && pw->pw_name ? pw->pw_name : "offhook");
}

int main(int argc, char **argv)
{
	const char *profile, *translations = getenv("OFFHOOK_LOCALEDIR");
	int status, err;
	long pid;

	if (argc > 1 && !strcmp(argv[1], "--sound-helper"))
		return sound_helper_main(argc, argv);

	if (fill_descriptors())
		return 1;
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	bindtextdomain(PACKAGE, translations ? translations : LOCALEDIR);
	textdomain(PACKAGE);
	status = cli_read(&self.cli, argc, argv);
	if (status >= 0)
		return status;
	profile = self.cli.profile ? self.cli.profile : self.cli.demo ? "demo" : NULL;
	if (paths_set_profile(profile)) {
		fprintf(stderr, _("offhook: '%s' is no profile name; use letters, digits, '-', '_' and '.'\n"), profile);
		return 2;
	}
	if (self.cli.remote)
		return remote_run(self.cli.remote, self.cli.remotes, profile != NULL);
	if (!self.cli.headless && !self.cli.plain && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
		fprintf(stderr, "%s\n", _("offhook: this is no terminal; use --plain or --headless to run without a screen"));
		return 2;
	}
	err = paths_lock(&pid);
	if (err == EBUSY) {
		fprintf(stderr, _("offhook: it is running already, as process %ld; use --profile=NAME for a second one\n"), pid);
		return 1;
	}
	if (err) {
		fprintf(stderr, _("offhook: the state folder cannot be used: %s\n"), strerror(err));
		return 1;
	}
	if (self.cli.log && (err = log_open(self.cli.log, self.cli.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO))) {
		fprintf(stderr, _("offhook: cannot write the log %s: %s\n"), self.cli.log, strerror(err));
		return 1;
	}

	self.err = STDERR_FILENO;
	options_defaults(&self.settings);
	who_am_i(self.settings.local_user, sizeof(self.settings.local_user));
	if (self.cli.demo) /* nothing of the demo leaves this machine */
		text_copy(self.settings.sip_listen, sizeof(self.settings.sip_listen), "127.0.0.1:0");

	status = 1;
	err = signals_block();
	if (!err)
		err = loop_init();
	if (err) {
		say(strerror(err));
		return 1;
	}
	err = loop_timer_new(&self.wake, wake_h, NULL);
	if (!err)
		err = loop_timer_new(&self.ready_limit, ready_h, NULL);
	if (!err)
		err = loop_timer_new(&self.leave, leave_h, NULL);
	if (!err)
		err = loop_watch(self.signals, LOOP_READ, signal_h, NULL);
	if (!err)
		err = phone_new(&self.phone, &self.settings);
	if (!err)
		err = keymap_new(&self.env.keymap);
	if (err) {
		say(strerror(err));
		goto out;
	}
	self.env.phone = self.phone;
	self.env.settings = &self.settings;
	self.env.exchange_h = exchange_switch;
	self.env.quit_h = quit_h;
	self.env.option_h = option_h;

	status = run();

out:
	if (self.exec)
		script_free(self.exec);
	leave_screen();
	socket_stop(self.socket);
	headless_stop(self.headless);
	player_close();
	recorder_close();
	macros_stop();
	hooks_free(self.env.hooks);
	stack_stop();
	exchange_stop();
	media_stop();
	contacts_stop();
	store_close();
	phone_free(self.phone);
	keymap_free(self.env.keymap);
	loop_unwatch(self.signals);
	loop_timer_free(self.wake);
	self.wake = NULL;
	loop_timer_free(self.ready_limit);
	loop_timer_free(self.leave);
	loop_close();
	log_close();
	return status;
}
