/* The sample ring: what goes in comes out, and nothing that the other side writes leads outside. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/ring.h"

#define SIZE 64u

static _Alignas(64) unsigned char memory[RING_BYTES(SIZE)];
static struct ring in, out;

static int fresh(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	ring_attach(&in, memory, SIZE);
	ring_attach(&out, memory, SIZE);
	return 0;
}

/* Where the indices lie: 64 bytes each, as ring.h's RING_BYTES says. */
static uint32_t *written(void)
{
	return (uint32_t *)(void *)memory;
}

static uint32_t *read_by_now(void)
{
	return (uint32_t *)(void *)(memory + 64);
}

static void test_in_order(void **state)
{
	int16_t a[48], b[48], next_in = 0, next_out = 0;
	unsigned turn, i;

	(void)state;
	for (turn = 0; turn < 1000; turn++) {
		unsigned n = 1 + turn % 48;

		for (i = 0; i < n; i++)
			a[i] = next_in++;
		assert_int_equal(ring_put(&in, a, n), n);
		assert_int_equal(ring_waiting(&out), n);
		assert_int_equal(ring_get(&out, b, 48), n);
		for (i = 0; i < n; i++)
			assert_int_equal(b[i], next_out++);
	}
	assert_int_equal(ring_get(&out, b, 48), 0);
}

static void test_full_and_skip(void **state)
{
	int16_t a[SIZE + 10], b[SIZE];
	unsigned i;

	(void)state;
	for (i = 0; i < SIZE + 10; i++)
		a[i] = (int16_t)i;
	assert_int_equal(ring_put(&in, a, 10), 10);
	assert_int_equal(ring_room(&in), SIZE - 10);
	assert_int_equal(ring_put(&in, a + 10, SIZE), SIZE - 10);
	assert_int_equal(ring_put(&in, a, 1), 0);
	assert_int_equal(ring_skip(&out, 5), 5);
	assert_int_equal(ring_room(&in), 5);
	assert_int_equal(ring_get(&out, b, SIZE), SIZE - 5);
	assert_int_equal(b[0], 5);
	assert_int_equal(b[SIZE - 6], SIZE - 1);
	assert_int_equal(ring_skip(&out, 1), 0);
}

/* The indices run over 2^32 after a day at 48 kHz. */
static void test_wraps(void **state)
{
	int16_t a[3] = {7, 8, 9}, b[3];

	(void)state;
	*written() = *read_by_now() = in.index = out.index = UINT32_MAX - 1;
	assert_int_equal(ring_put(&in, a, 3), 3);
	assert_int_equal(*written(), 1);
	assert_int_equal(ring_get(&out, b, 3), 3);
	assert_memory_equal(a, b, sizeof(a));
}

static void test_hostile(void **state)
{
	static const uint32_t bad[] = {SIZE + 1, SIZE * 2, 0x7fffffff, 0x80000000, UINT32_MAX};
	int16_t a[SIZE] = {0}, b[SIZE];
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fresh(state);
		*written() = bad[i];
		assert_int_equal(ring_waiting(&out), 0);
		assert_int_equal(ring_get(&out, b, SIZE), 0);
		assert_int_equal(ring_skip(&out, SIZE), 0);
		assert_true(out.broken);
		/* once impossible, never believed again */
		*written() = 1;
		assert_int_equal(ring_waiting(&out), 0);

		fresh(state);
		*read_by_now() = bad[i];
		if (bad[i] <= UINT32_MAX - SIZE) {
			assert_int_equal(ring_room(&in), 0);
			assert_int_equal(ring_put(&in, a, SIZE), 0);
			assert_true(in.broken);
		}
		/* our own index is ours: what stands in the memory does not move it */
		fresh(state);
		ring_put(&in, a, 10);
		*written() = bad[i];
		assert_int_equal(ring_put(&in, a, 1), 1);
		assert_int_equal(*written(), 11);
	}
}

#define MANY 500000u

static void *writer(void *arg)
{
	uint32_t i = 0;

	(void)arg;
	while (i < MANY) {
		int16_t v[7];
		uint32_t n = MANY - i < 7 ? MANY - i : 7, k;

		for (k = 0; k < n; k++)
			v[k] = (int16_t)((i + k) * 31);
		n = ring_put(&in, v, n);
		i += n;
		if (!n)
			sched_yield();
	}
	return NULL;
}

/* For ThreadSanitizer: one thread writes, one reads, no sample is lost, doubled or torn. */
static void test_threads(void **state)
{
	uint32_t i = 0, k, n;
	int16_t v[11];
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, writer, NULL), 0);
	while (i < MANY) {
		n = ring_get(&out, v, 11);
		if (!n)
			sched_yield();
		for (k = 0; k < n; k++, i++) {
			if (v[k] != (int16_t)(i * 31))
				fail_msg("sample %u is %d", i, v[k]);
		}
	}
	pthread_join(t, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_in_order, fresh),
		cmocka_unit_test_setup(test_full_and_skip, fresh),
		cmocka_unit_test_setup(test_wraps, fresh),
		cmocka_unit_test_setup(test_hostile, fresh),
		cmocka_unit_test_setup(test_threads, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
