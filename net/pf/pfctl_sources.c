/* pfctl_sources.c - pfctl -s Sources, -F Sources, -K: what is tracked of sources. */
#include "net/pf/pf_src.h"
#include "net/pf/pfctl_engine.h"

typedef unsigned long long ull;

struct show { struct out *s_out; unsigned s_verbose; };

static void
print_time(struct out *o, const char *what, uint32_t s)
{
	out_printf(o, "%s%02u:%02u:%02u", what, s / 3600, s / 60 % 60, s % 60);
}

static void
print_source(struct out *o, const struct pf_src_copy *sp, unsigned verbose)
{
	const char *kind = sp->sp_kind == PF_SRC_LIMIT ? "filter" : sp->sp_kind == PF_SRC_ROUTE ? "route" : sp->sp_dir == PF_OUT ? "nat" : "rdr";
	char addr[IN6_STRLEN], kept[IN6_STRLEN];

	out_printf(o, "%s -> %s ( states %u, connections %u, rate %u.%u/%us )\n", af_print(addr, pf_af(sp->sp_af), &sp->sp_addr),
	    af_print(kept, pf_af(sp->sp_af), &sp->sp_kept), sp->sp_states, sp->sp_conns, sp->sp_rate / 1000, sp->sp_rate % 1000 / 100, sp->sp_rate_seconds);
	if (verbose == 0)
		return;
	print_time(o, "   age ", sp->sp_age);
	if (sp->sp_states == 0)
		print_time(o, ", expires in ", sp->sp_expires);
	out_printf(o, ", %llu pkts, %llu bytes", (ull)sp->sp_packets, (ull)sp->sp_bytes);
	if (sp->sp_rule >= 0)
		out_printf(o, ", %s rule %d", kind, sp->sp_rule);
	out_printf(o, "\n");
}

static bool
show_source(const struct pf_src_copy *sp, void *arg)
{
	const struct show *show = arg;

	print_source(show->s_out, sp, show->s_verbose);
	return !show->s_out->o_stop;
}

void
pfctl_show_sources(struct out *o, unsigned verbose)
{
	struct show show = { o, verbose };

	pf_srcs_foreach(show_source, &show);
}

void
pfctl_flush_sources(const struct pfctl *pt, bool quiet)
{
	pf_srcs_kill(NULL, NULL);
	if (!quiet)
		out_printf(pt->pt_err, "source tracking entries cleared\n");
}

/* ---- -K ---- */

struct kill { struct pf_tentry k_host[2]; unsigned k_n; };

/* From the first host, to the second: what the source keeps of a pool. */
static bool
is_of(const struct pf_src *ss, const void *arg)
{
	const struct kill *kill = arg;

	for (unsigned i = 0; i < kill->k_n; i++) {
		const struct pf_tentry *h = &kill->k_host[i];

		if (h->te_af != ss->ss_af || !in6_covers(&h->te_addr, h->te_plen, i == 0 ? &ss->ss_addr : &ss->ss_kept))
			return false;
	}
	return true;
}

int
pfctl_kill_sources(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct kill kill = { .k_n = a->a_killsrc[1] != NULL ? 2 : 1 };
	unsigned n;

	for (unsigned i = 0; i < kill.k_n; i++)
		if (!pfctl_prefix(a->a_killsrc[i], &kill.k_host[i])) {
			out_printf(pt->pt_err, "pfctl: no IP address found for %s\n", a->a_killsrc[i]);
			return 1;
		}
	n = pf_srcs_kill(is_of, &kill);
	if (!a->a_quiet)
		out_printf(pt->pt_err, "killed %u src nodes from %u sources and %u destinations\n", n, 1, kill.k_n - 1);
	return 0;
}
