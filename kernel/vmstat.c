/* vmstat.c - memory pools, interrupts, pages. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/pool.h"
#include "kernel/task.h"
#include "kernel/vmstat.h"

static void
pool_line(struct out *o, const struct pool *pr)
{
	char limit[24];

	if (pr->pr_limit == 0)
		snprintf(limit, sizeof(limit), "inf");
	else
		snprintf(limit, sizeof(limit), "%" PRIu64, ((uint64_t)pr->pr_limit * pr->pr_size + PAGE_SIZE - 1) / PAGE_SIZE);
	/* Pages stay with their pool, so pages now are pages asked for, and most ever; what pools that share pages pass on is not counted. */
	out_printf(o, "%-12s %4" PRIu32 " %8" PRIu64 " %4" PRIu64 " %8" PRIu32 " %5zu %5d %5zu %5zu %5d %5s %4d\n",
	    pr->pr_name, pr->pr_size, pr->pr_nget, pr->pr_nfail, pr->pr_nout, pr->pr_npages, 0, pr->pr_npages,
	    pr->pr_npages, 0, limit, 0);
}

static void
pool_json(struct out *o, const struct pool *pr)
{
	json_open(o, NULL, '{');
	json_str(o, "name", pr->pr_name);
	json_u64(o, "size", pr->pr_size);
	json_u64(o, "requests", pr->pr_nget);
	json_u64(o, "fail", pr->pr_nfail);
	json_u64(o, "inuse", pr->pr_nout);
	json_u64(o, "hiwat", pr->pr_hiwat);
	json_u64(o, "limit", pr->pr_limit);
	json_u64(o, "npage", pr->pr_npages);
	json_close(o, '}');
}

struct pool_sum { uint64_t used, all; };

static void
show_pool(struct out *o, const struct pool *pr, struct pool_sum *sum)
{
	if (o->o_json)
		pool_json(o, pr);
	else
		pool_line(o, pr);
	sum->used += (uint64_t)pr->pr_nout * pr->pr_size;
	sum->all += (uint64_t)pr->pr_npages * PAGE_SIZE;
}

/* Pools are for ever; each is read on its own, and shown outside: all of them together would hold the loop for long. */
static void
show_pools(struct out *o)
{
	struct pool_sum sum = { 0, 0 };
	struct pool pr;

	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "Memory resource pool statistics\n"
		    "Name         Size Requests Fail    InUse Pgreq Pgrel Npage Hiwat Minpg Maxpg Idle\n");
	for (const struct pool *next = pool_list; next != NULL; next = pr.pr_next) {
		net_enter();
		pr = *next;
		net_leave();
		show_pool(o, &pr, &sum);
	}
	SET_FOREACH(const struct pool_source, ps, pool_sources) {
		pr = (struct pool){ .pr_name = "" };
		net_enter();
		ps->ps_read(&pr);
		net_leave();
		show_pool(o, &pr, &sum);
	}
	if (o->o_json)
		json_close(o, ']');
	else
		out_printf(o, "\nIn use %" PRIu64 "K, total allocated %" PRIu64 "K; utilization %" PRIu64 "%%\n", sum.used / 1024,
		    sum.all / 1024, sum.all > 0 ? sum.used * 100 / sum.all : 0);
}

static void
interrupt_line(struct out *o, const char *name, const struct intr_stat *in, uint64_t n)
{
	uint64_t s = MAX(uptime_ns() / 1000000000, (uint64_t)1);

	if (!o->o_json) {
		out_printf(o, "%-16s %20" PRIu64 " %8" PRIu64 "\n", name, n, n / s);
		return;
	}
	json_open(o, NULL, '{');
	json_str(o, "interrupt", name);
	if (in != NULL)
		json_u64(o, "core", in->in_core);
	json_u64(o, "total", n);
	json_u64(o, "rate", n / s);
	json_close(o, '}');
}

/* One core's, and the sum of these. */
static uint64_t
show_core_interrupts(struct out *o, unsigned core, const struct intr_stat *t, unsigned n, bool zero)
{
	char name[INTR_NAMELEN];
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		if (t[i].in_core == core) {
			sum += t[i].in_count;
			if (zero || t[i].in_count > 0)
				interrupt_line(o, intr_name(&t[i], name), &t[i], t[i].in_count);
		}
	snprintf(name, sizeof(name), "cpu%u", core);
	interrupt_line(o, name, NULL, sum);
	return sum;
}

static int
show_interrupts(struct out *o, bool zero)
{
	uint64_t total = 0;
	unsigned n;
	struct intr_stat *t = intr_table(&n);

	if (t == NULL) {
		out_printf(o, "vmstat: out of memory\n");
		return 1;
	}
	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "%-16s %20s %8s\n", "interrupt", "total", "rate");
	for (unsigned i = 0; i < ncores; i++)
		total += show_core_interrupts(o, i, t, n, zero);
	interrupt_line(o, "Total", NULL, total);
	if (o->o_json)
		json_close(o, ']');
	free(t);
	return 0;
}

static void
show_pages(struct out *o)
{
	if (o->o_json) {
		json_open(o, NULL, '{');
		json_u64(o, "bytes per page", PAGE_SIZE);
		json_u64(o, "pages managed", page_total());
		json_u64(o, "pages free", page_avail());
		json_close(o, '}');
		return;
	}
	out_printf(o, "%11u bytes per page\n%11zu pages managed\n%11zu pages free\n", PAGE_SIZE, page_total(), page_avail());
}

static int
cmd_vmstat(struct out *o, int argc, char **argv)
{
	bool interrupts = false, zero = false, pools = false;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return command_usage(o, argv[0]);
		for (const char *p = argv[i] + 1; *p != '\0'; p++) {
			if (strchr("imsz", *p) == NULL)
				return command_usage(o, argv[0]);
			interrupts |= *p == 'i';
			zero |= *p == 'z';
			pools |= *p == 'm';
		}
	}
	if (interrupts)
		return show_interrupts(o, zero);
	if (pools) {
		show_pools(o);
		return 0;
	}
	net_enter();
	show_pages(o);
	net_leave();
	return 0;
}
COMMAND(vmstat, cmd_vmstat, "vmstat [-j] [-iz | -m | -s]", "show memory and interrupts",
    "-i   how often each interrupt came since boot, core by core: devices, timer, pokes by other\n"
    "     cores, and what no device owned; then the sum for the core. rate: times a second. -z: also\n"
    "     those that never came\n"
    "-m   the pools of objects\n"
    "-s   (or nothing) the pages of memory\n");
