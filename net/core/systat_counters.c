/* systat_counters.c - systat's view of the counters of netstat -s that move: where packets go, and what drops them. */
#include "kernel/systat.h"
#include "kernel/task.h"
#include "net/core/netstat.h"

static const struct systat_col counter_cols[] = {
	{ "group", "GROUP", -8 }, { "counter", "COUNTER", -47 }, { "count", "COUNT", 11 }, { "rate", "RATE", 10 },
};

static void
view_counters(struct systat *sy)
{
	char text[200];
	uint64_t v, count;

	SYSTAT_TABLE(sy, "counters", counter_cols);
	for (const struct counter_group *g = netstat_group(NULL); g != NULL; g = netstat_group(g))
		for (const struct counter *c = netstat_counter(g->cg_name, NULL); c != NULL && systat_goes_on(sy);
		    c = netstat_counter(g->cg_name, c)) {
			net_enter();
			v = counter_sum(c);
			net_leave();
			if ((count = systat_delta(sy, SYSTAT_COUNTER, (uintptr_t)c, v)) == 0)
				continue;
			systat_str(sy, g->cg_name);
			systat_str(sy, netstat_sentence(c, text, sizeof(text)));
			systat_u64(sy, count);
			systat_u64(sy, systat_per_second(sy, count));
		}
	systat_table_end(sy);
}
SYSTAT_VIEW(counters, 80, false, view_counters, "counters that move");
