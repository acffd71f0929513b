/* systat_mem.c - systat's views of interrupts, pools and pages. */
#include <stdlib.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/systat.h"
#include "kernel/task.h"
#include "kernel/vmstat.h"

/* ---- interrupts ---- */

static const struct systat_col intr_cols[] = {
	{ "interrupt", "INTERRUPT", -24 }, { "core", "CORE", 4 }, { "total", "TOTAL", 16 }, { "rate", "RATE", 10 },
};

static void
view_intr(struct systat *sy)
{
	unsigned n;
	struct intr_stat *t = intr_table(&n);
	char name[INTR_NAMELEN];

	SYSTAT_TABLE(sy, "interrupts", intr_cols);
	for (unsigned i = 0; t != NULL && i < n && systat_goes_on(sy); i++) {
		uint64_t rate = systat_rate(sy, SYSTAT_INTR, i, t[i].in_count);

		if (t[i].in_count == 0)
			continue;
		systat_str(sy, intr_name(&t[i], name));
		systat_u64(sy, t[i].in_core);
		systat_u64(sy, t[i].in_count);
		systat_u64(sy, rate);
	}
	systat_table_end(sy);
	free(t);
}
SYSTAT_VIEW(intr, 50, true, view_intr, "interrupts");

/* ---- pages and pools ---- */

static const struct systat_col memory_cols[] = {
	{ "total", "MEMORY KB", 10 }, { "used", "USED", 10 }, { "free", "FREE", 10 },
};

static void
view_memory(struct systat *sy)
{
	size_t total, avail;

	net_enter();
	total = page_total();
	avail = page_avail();
	net_leave();
	SYSTAT_TABLE(sy, "KB of memory", memory_cols);
	systat_u64(sy, (uint64_t)total * PAGE_SIZE / 1024);
	systat_u64(sy, (uint64_t)(total - avail) * PAGE_SIZE / 1024);
	systat_u64(sy, (uint64_t)avail * PAGE_SIZE / 1024);
	systat_table_end(sy);
}
SYSTAT_VIEW(memory, 60, true, view_memory, "pages, in KB");

static const struct systat_col pool_cols[] = {
	{ "pool", "NAME", -16 }, { "size", "SIZE", 6 }, { "inuse", "INUSE", 9 }, { "hiwat", "HIWAT", 9 }, { "limit", "LIMIT", 9 },
	{ "requests", "REQUESTS", 9 }, { "fails", "FAILS", 7 }, { "pages", "PAGES", 7 },
};

/* Pools are made at boot and stay. */
static void
view_pool(struct systat *sy)
{
	uint64_t id = 0;

	SYSTAT_TABLE(sy, "pools", pool_cols);
	for (const struct pool *pr = pool_list; pr != NULL && systat_goes_on(sy); pr = pr->pr_next, id += 2) {
		systat_str(sy, pr->pr_name);
		systat_u64(sy, pr->pr_size);
		systat_u64(sy, pr->pr_nout);
		systat_u64(sy, pr->pr_hiwat);
		systat_u64(sy, pr->pr_limit);
		systat_u64(sy, systat_rate(sy, SYSTAT_POOL, id, pr->pr_nget));
		systat_u64(sy, systat_rate(sy, SYSTAT_POOL, id + 1, pr->pr_nfail));
		systat_u64(sy, pr->pr_npages);
	}
	systat_table_end(sy);
}
SYSTAT_VIEW(pool, 70, false, view_pool, "pools of objects");
