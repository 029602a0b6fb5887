/* The notation of keys, and what a terminal sends. The first byte says which. */
#include "command/command.h"
#include "fuzz.h"
#include "ui/input.h"

static void key_h(const char *key, bool pasted, void *arg)
{
	(void)pasted;
	(void)arg;
	FUZZ_CHECK(*key && strlen(key) < KEY_BYTES);
}

static void terminal(const uint8_t *data, size_t size)
{
	struct input in = {0};
	size_t half = size / 2;

	input_feed(&in, (const char *)data, half, key_h, NULL);
	input_feed(&in, (const char *)data + half, size - half, key_h, NULL);
	FUZZ_CHECK(in.len <= sizeof(in.held));
	if (input_wait_ms(&in))
		input_timeout(&in, key_h, NULL);
	FUZZ_CHECK(!input_wait_ms(&in));
}

static void notation(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size), key[8][16];
	struct buf error = {0};
	struct keymap *k;
	bool longer;
	unsigned i, n;

	n = keymap_split(key, 8, s, &error);
	FUZZ_CHECK(n <= 8 && (n || error.len));
	buf_free(&error);
	for (i = 0; i < n; i++) {
		/* what it gives is in normal notation: one key, the same again */
		char again[8][16];

		FUZZ_CHECK(memchr(key[i], 0, sizeof(key[i])));
		FUZZ_CHECK(keymap_split(again, 8, key[i], &error) == 1 && !strcmp(again[0], key[i]));
	}
	FUZZ_CHECK(!keymap_new(&k));
	if (!keymap_bind(k, "global", s, "echo x", &error)) {
		enum key_context c = KEYS_GLOBAL;

		static struct key_row row[KEY_ROWS_MAX];

		keymap_find(k, &c, 1, s, &longer);
		keymap_shadows(k, "global", s, true, &error);
		FUZZ_CHECK(keymap_rows(k, KEYS_GLOBAL, NULL, 0, row, KEY_ROWS_MAX) > 0);
		FUZZ_CHECK(!keymap_unbind(k, "global", s, &error));
	}
	keymap_free(k);
	buf_free(&error);
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	(data[0] == 't' ? terminal : notation)(data + 1, size - 1);
	return 0;
}
