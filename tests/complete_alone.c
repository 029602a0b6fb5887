/* complete_alone FOLDER CONTACTS CALLS - how long completion takes, for the benchmark: FOLDER gets a contacts file of so
 * many lines and a history of so many calls. Prints milliseconds of the processor (what else runs does not count), a line
 * each: "load" for reading the file, "step" for the longest time that the loop was held up by that, "dial" for finding a
 * name that is dialled after the file has changed (all of it at once), and a "key" for each key that somebody types,
 * completion and hint together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/loop.h"
#include "command/completion.h"
#include "command_fakes.h"
#include "store/contacts.h"
#include "store/database.h"
#include "store/room.h"

static const char *const given[] = {"Anna", "Bob", "Carl", "Dora", "Emil", "Frieda", "Gustav", "Heidi", "Özlem", "Zoë"};
static const char *const family[] = {"Meier", "Müller", "Nguyễn", "Schmidt-Lüdenscheid", "O'Brien", "García", "Öztürk"};
static const char *const typed[] = {"dial ", "dial mei", "dial anna m", "dial schm", "dial zzz", "dial 4930", "dial sip:person4",
	"dial 'Bob Mül", "dial person"};

static unsigned contacts_wanted;
static struct loop_timer *timer;
static double longest, began, turned;

bool port_contact_find(const char *text, bool wait, struct contact_entry *entry)
{
	return contacts_find(text, wait, entry);
}

void port_contacts(const char *text, contact_entry_h *h, void *arg)
{
	contacts_matching(text, h, arg);
}

void port_store_numbers(const char *text, store_number_h *h, void *arg)
{
	numbers_each(text, h, arg);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void say(const char *what, double ms)
{
	printf("%s %.3f\n", what, ms);
}

/* In no order, as people keep them. */
static void write_contacts(const char *file, unsigned n)
{
	unsigned i, x = 12345;
	FILE *f = fopen(file, "w");

	if (!f)
		exit(1);
	for (i = 0; i < n; i++) {
		x = x * 1103515245u + 12345u;
		fprintf(f, "%s %s %u <sip:person%u@example.com> ;nick=p%u\n", given[(x >> 16) % 10], family[(x >> 8) % 7], i,
			x >> 4, i);
	}
	if (fclose(f))
		exit(1);
}

static void write_history(unsigned n)
{
	struct statement *s;
	char uri[64];
	unsigned i;

	if (statement_new(&s, "BEGIN") || statement_run(s))
		exit(1);
	statement_free(s);
	if (statement_new(&s, "INSERT INTO call (began_ms, ended_ms, direction, peer, name, duration)"
			  " VALUES (1, 2, 'out', ?1, 'Somebody', 1.0)"))
		exit(1);
	for (i = 0; i < n; i++) {
		snprintf(uri, sizeof(uri), "sip:4930%u@gw.example.com:5060", i % 5000);
		statement_set_text(s, 1, uri);
		statement_run(s);
	}
	statement_free(s);
	if (statement_new(&s, "COMMIT") || statement_run(s))
		exit(1);
	statement_free(s);
}

static void count(const struct contact_entry *e, void *arg)
{
	(void)e;
	++*(unsigned *)arg;
}

/* Runs in turn with the reading. */
static void turn_h(void *arg)
{
	double now = now_ms();
	unsigned n = 0;

	(void)arg;
	if (now - turned > longest)
		longest = now - turned;
	contacts_matching("person", count, &n);
	if (n || now - began > 60000)
		loop_quit();
	else
		loop_timer_start(timer, 0);
	turned = now_ms();
}

static void load(const char *file)
{
	began = turned = now_ms();
	if (contacts_start(NULL, file) || loop_timer_new(&timer, turn_h, NULL))
		exit(1);
	loop_timer_start(timer, 0);
	loop_run();
	loop_timer_free(timer);
	say("load", now_ms() - began);
	say("step", longest);
}

static void dial_after_a_change(const char *file)
{
	struct contact_entry e;
	char name[32];

	write_contacts(file, contacts_wanted + 1);
	began = now_ms();
	snprintf(name, sizeof(name), "P%u", contacts_wanted);
	if (!contacts_find(name, true, &e))
		exit(1);
	say("dial", now_ms() - began);
}

/* Each key of LINE, with the prompt of a name and of a command. */
static void type(struct command_env *env, const char *line)
{
	size_t i, len = strlen(line);
	struct completions c;
	char text[256];

	for (i = 1; i <= len; i++) {
		struct buf hint = {0};

		snprintf(text, sizeof(text), "%.*s", (int)i, line);
		began = now_ms();
		if (completion_find(env, COMPLETE_COMMAND, text, i, &c))
			exit(1);
		completion_hint(env, COMPLETE_COMMAND, text, i, &hint);
		say("key", now_ms() - began);
		completions_free(&c);
		buf_free(&hint);
		if (i < 5)
			continue;
		began = now_ms();
		if (completion_find(env, COMPLETE_TARGET, text + 5, i - 5, &c))
			exit(1);
		completion_hint(env, COMPLETE_TARGET, text + 5, i - 5, &hint);
		say("key", now_ms() - began);
		completions_free(&c);
		buf_free(&hint);
	}
}

int main(int argc, char **argv)
{
	static struct settings settings;
	static struct command_env env = {.settings = &settings};
	char file[4096];
	bool broken;
	unsigned i;

	if (argc != 4 || loop_init())
		return 2;
	contacts_wanted = (unsigned)atoi(argv[2]);
	options_defaults(&settings);
	snprintf(file, sizeof(file), "%s/history.db", argv[1]);
	if (database_open(file, &broken))
		return 1;
	write_history((unsigned)atoi(argv[3]));
	snprintf(file, sizeof(file), "%s/contacts", argv[1]);
	write_contacts(file, contacts_wanted);
	load(file);
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		type(&env, typed[i]);
	dial_after_a_change(file);
	contacts_stop();
	database_close();
	loop_close();
	return 0;
}
