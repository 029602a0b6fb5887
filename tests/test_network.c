/* Sleeps and changes of the network: clocks that jump, and the kernel's news in a namespace of the test's own. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <re.h>

#include "base/loop.h"
#include "base/slept.h"
#include "sip/network.h"

#define DEADLINE_MS 10000

static struct loop_timer *deadline, *more;
static bool late;
static unsigned told, changes;
static uint64_t told_slept, asleep_ms;

static uint64_t boot_ms(void)
{
	return loop_now_ms() + 1000 + asleep_ms;
}

static void deadline_h(void *arg)
{
	(void)arg;
	late = true;
	loop_quit();
}

static void run(uint64_t ms)
{
	late = false;
	loop_timer_start(deadline, ms);
	assert_int_equal(loop_run(), 0);
	loop_timer_stop(deadline);
}

static void changed_h(uint64_t slept_ms, void *arg)
{
	assert_ptr_equal(arg, &told);
	told++;
	told_slept = slept_ms;
	loop_quit();
}

static int setup(void **state)
{
	(void)state;
	told = changes = 0;
	asleep_ms = 0;
	if (loop_init() || loop_timer_new(&deadline, deadline_h, NULL) || loop_timer_new(&more, deadline_h, NULL))
		return -1;
	network_clocks(boot_ms, loop_now_ms);
	return network_watch(changed_h, &told);
}

static int teardown(void **state)
{
	(void)state;
	network_unwatch();
	network_clocks(NULL, NULL);
	loop_timer_free(deadline);
	loop_timer_free(more);
	loop_close();
	return 0;
}

static void test_slept(void **state)
{
	struct slept s = {0};

	(void)state;
	/* a first reading says nothing: the machine may have slept before the program began */
	assert_int_equal(slept_since(&s, 900000, 100000), 0);
	assert_int_equal(slept_since(&s, 905000, 105000), 0);
	/* the clocks are not read in one instant */
	assert_int_equal(slept_since(&s, 910001, 110000), 0);
	assert_int_equal(slept_since(&s, 920000, 120001), 0);
	assert_int_equal(slept_since(&s, 7320000, 120000), 6400000);
	assert_int_equal(slept_since(&s, 7330000, 130000), 0);
	/* short ones add up, and are told once */
	assert_int_equal(slept_since(&s, 7333000, 130000), 0);
	assert_int_equal(slept_since(&s, 7336000, 130000), 6000);
	assert_int_equal(slept_since(&s, 7336000, 130000), 0);
}

static void test_woken(void **state)
{
	(void)state;
	/* the wall clock was set: no sleep, no news */
	network_woken();
	run(600);
	assert_true(late);
	assert_int_equal(told, 0);
	asleep_ms = 3600000;
	network_woken();
	network_woken();
	run(DEADLINE_MS);
	assert_false(late);
	assert_int_equal(told, 1);
	assert_in_range(told_slept, 3599990, 3600010);
	run(600);
	assert_int_equal(told, 1);
}

/* A burst of news is told once; news that never end, all the same. */
static void again_h(void *arg)
{
	(void)arg;
	if (++changes > 40)
		return;
	assert_int_equal(system(changes % 2 ? "ip link set lo up" : "ip link set lo down"), 0);
	loop_timer_start(more, 100);
}

static void test_burst(void **state)
{
	uint64_t began = loop_now_ms();

	(void)state;
	if (unshare(CLONE_NEWNET) || system("ip link show lo >/dev/null 2>&1"))
		skip();
	network_unwatch();
	assert_int_equal(network_watch(changed_h, &told), 0);
	run(600);
	assert_int_equal(told, 0);
	assert_int_equal(system("ip link set lo up; ip link set lo down; ip link set lo up"), 0);
	run(DEADLINE_MS);
	assert_int_equal(told, 1);
	assert_int_equal(told_slept, 0);
	run(600);
	assert_int_equal(told, 1);

	loop_timer_free(more);
	assert_int_equal(loop_timer_new(&more, again_h, NULL), 0);
	began = loop_now_ms();
	again_h(NULL);
	run(DEADLINE_MS);
	assert_int_equal(told, 2);
	assert_in_range(loop_now_ms() - began, 1500, 3500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slept),
		cmocka_unit_test_setup_teardown(test_woken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_burst, setup, teardown),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
