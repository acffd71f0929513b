/* selftest.h - what the command selftest can do; each part registers itself. */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include "kernel/out.h"
#include "kernel/set.h"

struct selftest {
	const char	*st_name;
	/* n: the number on the command line. Returns the command's status. Task. */
	int		(*st_func)(struct out *, uint64_t n);
};
SET_DECLARE(const struct selftest, selftests);
#define SELFTEST(name, fn)							\
	static const struct selftest selftest_entry_##name = { #name, fn };		\
	SET_ADD(selftests, selftest_entry_##name)

#endif
