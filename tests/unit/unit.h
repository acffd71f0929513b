/* unit.h - unit tests: each runs in a process of its own, on a machine as after power-on.
 *
 *	TEST(pool_limit)
 *	{
 *		CHECK(pool_get(&pool) != NULL);
 *		CHECK_EQ(pool.pr_nout, 1);
 *	}
 *
 * The first check that fails ends the test. When it has returned: no object may be out of a pool, no timeout pending, no memory
 * lost, and what others registered with UNIT_END must hold, unless the test says otherwise with unit_allow(). */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>

#include "kernel/cdefs.h"
#include "kernel/host/host.h"
#include "kernel/set.h"

struct unit_test {
	const char	*ut_name, *ut_file;
	void		(*ut_func)(void);
	unsigned	 ut_cores;
};
SET_DECLARE(const struct unit_test, unit_tests);

#define TEST_CORES(name, cores)							\
	static void test_##name(void);						\
	static const struct unit_test unit_##name = { #name, __FILE__, test_##name, cores };	\
	SET_ADD(unit_tests, unit_##name);					\
	static void test_##name(void)
#define TEST(name) TEST_CORES(name, 1)

/* A check after every test: NULL, or what is wrong. */
struct unit_end { const char *(*ue_func)(void); };
SET_DECLARE(const struct unit_end, unit_ends);
#define UNIT_END(fn)								\
	static const struct unit_end unit_end_##fn = { fn };			\
	SET_ADD(unit_ends, unit_end_##fn)

#define UNIT_POOLS	0x1
#define UNIT_TIMEOUTS	0x2
#define UNIT_LEAKS	0x4
#define UNIT_ENDS	0x8
void	unit_allow(unsigned what);

void	unit_fail(const char *file, int line, const char *fmt, ...) __printflike(3, 4) __noreturn_fn;

#define CHECK(x) do { if (!(x)) unit_fail(__FILE__, __LINE__, "%s", #x); } while (0)
#define CHECK_EQ(a, b) do {							\
	long long ua_ = (long long)(a), ub_ = (long long)(b);			\
	if (ua_ != ub_)								\
		unit_fail(__FILE__, __LINE__, "%s is %lld (0x%llx), not %lld (0x%llx)", #a, ua_, ua_, ub_, ub_); \
	} while (0)
void	unit_check_str(const char *file, int line, const char *what, const char *got, const char *want);
#define CHECK_STR(a, b) unit_check_str(__FILE__, __LINE__, #a, a, b)
/* `part` stands somewhere in `text`. */
void	unit_check_in(const char *file, int line, const char *text, const char *part);
#define CHECK_IN(text, part) unit_check_in(__FILE__, __LINE__, text, part)
void	unit_check_mem(const char *file, int line, const char *what, const void *got, const void *want, size_t n);
#define CHECK_MEM(a, b, n) unit_check_mem(__FILE__, __LINE__, #a, a, b, n)
/* The statement ends in panic, reboot or halt (HOST_*). host.panic_text tells why. From the test's own stack; what ends may
 * be a task. */
#define CHECK_ENDS(how, stmt) do {						\
	jmp_buf uj_;								\
	int ue_ = setjmp(uj_);							\
	if (ue_ == 0) {								\
		host.expect_panic = &uj_;					\
		stmt;								\
		unit_fail(__FILE__, __LINE__, "%s did not end in " #how, #stmt); \
	}									\
	CHECK_EQ(ue_, how);							\
	} while (0)
#define CHECK_PANIC(stmt) CHECK_ENDS(HOST_PANIC, stmt)

/* Repeatable random numbers, of the test's own. */
uint32_t unit_random(void);
uint32_t unit_below(uint32_t n);		/* 0 to n - 1 */

#endif
