/* driver.c - runs a fuzz target where there is no libFuzzer: first every seed, then mutations of them.
 *
 *     fuzz_NAME          seeds of $abs_top_srcdir/tests/fuzz/seeds/NAME, then mutations for FUZZ_SECONDS (0.3)
 *     fuzz_NAME FILE...  these inputs alone, as they are
 *
 * The sequence of inputs follows from FUZZ_SEED (1) alone; time only says how far it goes. The input that stops the
 * program, or holds it up for HANG_S, is left in the file crash-NAME of the working directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define SEEDS_MAX 512
#define HANG_S    30

static struct {
	uint8_t *data;
	size_t len;
} seeds[SEEDS_MAX];
static unsigned count;

static uint8_t input[FUZZ_BYTES];
static size_t input_len;
static char crash[300];
static uint64_t state;

void __sanitizer_set_death_callback(void (*h)(void)) __attribute__((weak));

/* --- what stopped it ---------------------------------------------------------------------------- */

static void keep(void)
{
	static int kept;
	size_t n = 0;
	ssize_t w;
	int fd;

	if (kept++)
		return;
	fd = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	while (fd >= 0 && n < input_len && (w = write(fd, input + n, input_len - n)) > 0)
		n += (size_t)w;
	n = strlen(crash);
	if (fd >= 0 && n == (size_t)write(STDERR_FILENO, crash, n) && write(STDERR_FILENO, " has the input\n", 15) == 15)
		close(fd);
}

static void signal_h(int number)
{
	keep();
	signal(number, SIG_DFL);
	raise(number);
}

static void one(const uint8_t *data, size_t len)
{
	/* a copy with no byte to spare, so that a read past its end is seen */
	uint8_t *copy = malloc(len ? len : 1);

	FUZZ_CHECK(copy);
	if (len)
		memcpy(copy, data, len);
	if (data != input && len)
		memcpy(input, data, len);
	input_len = len;
	alarm(HANG_S);
	LLVMFuzzerTestOneInput(copy, len);
	alarm(0);
	free(copy);
}

/* --- seeds ---------------------------------------------------------------------------------------- */

static void load(const char *file)
{
	FILE *f = fopen(file, "rb");

	if (!f) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		exit(1);
	}
	if (count == SEEDS_MAX) {
		fprintf(stderr, "%s: more than %d seeds\n", file, SEEDS_MAX);
		exit(1);
	}
	seeds[count].data = malloc(FUZZ_BYTES);
	FUZZ_CHECK(seeds[count].data);
	seeds[count].len = fread(seeds[count].data, 1, FUZZ_BYTES, f);
	count++;
	fclose(f);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* In the order of their names, so that the sequence is the same on every machine. */
static void load_folder(const char *folder)
{
	struct dirent **list;
	char file[1200];
	int i, n = scandir(folder, &list, visible, alphasort);

	if (n <= 0) {
		fprintf(stderr, "no seeds in %s\n", folder);
		exit(1);
	}
	for (i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", folder, list[i]->d_name);
		load(file);
		free(list[i]);
	}
	free(list);
}

/* --- mutations ---------------------------------------------------------------------------------- */

/* Below N; xorshift64*. */
static size_t below(size_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return n ? (size_t)((state * UINT64_C(2685821657736338717)) >> 16) % n : 0;
}

/* Puts LEN bytes in at AT, as many as there is room for. */
static void insert(size_t at, const uint8_t *data, size_t len)
{
	uint8_t bytes[FUZZ_BYTES];

	if (len > FUZZ_BYTES - input_len)
		len = FUZZ_BYTES - input_len;
	memcpy(bytes, data, len);
	memmove(input + at + len, input + at, input_len - at);
	memcpy(input + at, bytes, len);
	input_len += len;
}

static void set_bit(size_t at)
{
	if (at < input_len)
		input[at] ^= (uint8_t)(1u << below(8));
}

static void set_byte(size_t at)
{
	if (at < input_len)
		input[at] = (uint8_t)below(256);
}

/* What parsers look for. */
static void add_mark(size_t at)
{
	static const char marks[] = "\0\xff\x7f\x80\r\n\t \"\\<>,;:=%@/?&#'()[]{}*-+.09aZ~";

	insert(at, (const uint8_t *)marks + below(sizeof(marks) - 1), 1);
}

static void add_word(size_t at)
{
	static const char *const words[] = {
		"4294967295", "4294967296", "18446744073709551616", "-1", "00000000", "2147483648", "65536", "\r\n\r\n", "%00",
		"%", "\\", "\"\"", "<>", "sip:", "[::1]", "\xc2\x9b", "\xe2\x80\xae", "\xf4\x90\x80\x80", "\x1b[", "\xed\xa0\x80",
	};
	const char *w = words[below(sizeof(words) / sizeof(words[0]))];

	insert(at, (const uint8_t *)w, strlen(w));
}

static void cut(size_t at)
{
	size_t n = 1 + below(below(4) ? 8 : input_len);

	if (n > input_len - at)
		n = input_len - at;
	memmove(input + at, input + at + n, input_len - at - n);
	input_len -= n;
}

static void cut_end(size_t at)
{
	input_len = at;
}

static void repeat(size_t at)
{
	size_t n = 1 + below(64), times = 1 + below(below(8) ? 3 : 200);

	if (n > input_len - at)
		n = input_len - at;
	while (n && times--)
		insert(at, input + at, n);
}

static void graft(size_t at)
{
	unsigned other = (unsigned)below(count);
	size_t from = below(seeds[other].len), n = 1 + below(128);

	if (n > seeds[other].len - from)
		n = seeds[other].len - from;
	insert(at, seeds[other].data + from, n);
}

static void mutate(void)
{
	static void (*const how[])(size_t at) = {set_bit, set_byte, add_mark, add_mark, add_word, cut, cut_end, repeat, graft};
	size_t i, n = 1 + below(6), seed = below(count);

	input_len = seeds[seed].len;
	memcpy(input, seeds[seed].data, input_len);
	while (n--) {
		i = below(sizeof(how) / sizeof(how[0]));
		/* a cut end leaves little to look at: seldom */
		if (how[i] == cut_end && below(4))
			continue;
		how[i](below(input_len + 1));
	}
}

/* --- the program -------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	static const int numbers[] = {SIGABRT, SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	const char *name = strrchr(argv[0], '/'), *srcdir = getenv("abs_top_srcdir"), *text = getenv("FUZZ_SECONDS");
	double seconds = text && *text ? strtod(text, NULL) : 0.3, end;
	unsigned long runs = 0;
	char folder[900];
	unsigned i;

	name = name ? name + 1 : argv[0];
	if (!strncmp(name, "lt-", 3))
		name += 3;
	if (!strncmp(name, "fuzz_", 5))
		name += 5;
	snprintf(crash, sizeof(crash), "crash-%s", name);
	text = getenv("FUZZ_SEED");
	state = text && *text ? strtoull(text, NULL, 0) | 1 : 1;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* a sanitizer has its own for these, and tells us after it has told its story */
		if (!__sanitizer_set_death_callback || numbers[i] == SIGALRM || numbers[i] == SIGABRT)
			signal(numbers[i], signal_h);
	}
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep);
	for (i = 1; i < (unsigned)argc; i++)
		load(argv[i]);
	if (argc < 2) {
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", srcdir ? srcdir : ".", name);
		load_folder(folder);
	}
	for (i = 0; i < count; i++)
		one(seeds[i].data, seeds[i].len);
	for (end = now() + seconds; argc < 2 && now() < end; runs++) {
		mutate();
		one(input, input_len);
	}
	printf("%s: %u seeds, %lu mutations\n", name, count, runs);
	for (i = 0; i < count; i++)
		free(seeds[i].data);
	return 0;
}
