/* flow_stat.c - the tables of flows, as kstats (flow:CORE:table:0) and as a line of vmstat -m. */
#include "kernel/pool.h"
#include "net/core/flow.h"
#include "net/core/net_init.h"

static struct kstat flow_kstats[MAXCORES];

static void
flow_kstat_read(struct kstat *ks, struct out *o)
{
	const struct flow_table *ft = &percore_of(flow_table, ks->ks_instance);

	kstat_u64(o, "entries", ft->ft_n, NULL);
	kstat_u64(o, "places", ft->ft_base != NULL ? ft->ft_mask / sizeof(struct flow) + 1 : 0, NULL);
	kstat_u64(o, "most", ft->ft_base != NULL ? ft->ft_size / sizeof(struct flow) : 0, NULL);
}

static void
flow_kstat_init(void)
{
	for (unsigned i = 0; i < machine_cores(); i++) {
		struct kstat *ks = &flow_kstats[i];

		ks->ks_provider = "flow";
		ks->ks_instance = i;
		ks->ks_name = "table";
		ks->ks_read = flow_kstat_read;
		kstat_add(ks);
	}
}
NET_INIT(flow_kstat, 20, flow_kstat_init);

/* What is initialised counts as the pages that it has. */
static void
flow_pool_read(struct pool *pr)
{
	pr->pr_name = "flow";
	pr->pr_size = sizeof(struct flow);
	for (unsigned i = 0; i < ncores; i++) {
		const struct flow_table *ft = &percore_of(flow_table, i);

		if (ft->ft_base == NULL)
			continue;
		pr->pr_nout += ft->ft_n;
		pr->pr_limit += (uint32_t)(ft->ft_size / sizeof(struct flow));
		pr->pr_npages += ft->ft_ready / PAGE_SIZE;
	}
	flow_made(&pr->pr_nget, &pr->pr_nfail);
}
POOL_SOURCE(flow, flow_pool_read);
