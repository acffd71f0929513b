/* pf_print_queue.c - queue definitions as pfctl prints them. */
#include "net/pf/pf_conf.h"

/* In the largest unit that divides it. */
static void
print_rate(struct out *o, uint64_t rate)
{
	static const struct { uint64_t unit; const char *suffix; } t[] = { { 1000000000, "G" }, { 1000000, "M" }, { 1000, "K" }, { 1, "" } };
	unsigned i = 0;

	while (rate % t[i].unit != 0)
		i++;
	out_printf(o, "%llu%s", (unsigned long long)(rate / t[i].unit), t[i].suffix);
}

static void
print_bandwidth(struct out *o, const char *what, const struct pf_bandwidth *bw)
{
	if (!bw->bw_set)
		return;
	out_printf(o, " %s ", what);
	print_rate(o, bw->bw_rate);
	if (bw->bw_burst != 0) {
		out_printf(o, " burst ");
		print_rate(o, bw->bw_burst);
		out_printf(o, " for %ums", bw->bw_burst_ms);
	}
}

void
pf_print_queue(struct out *o, const struct pf_queue *q)
{
	out_printf(o, "queue ");
	pf_print_word(o, q->q_name);
	if (q->q_ifname[0] != '\0') {
		out_printf(o, " on ");
		pf_print_word(o, q->q_ifname);
	}
	if (q->q_parent[0] != '\0') {
		out_printf(o, " parent ");
		pf_print_word(o, q->q_parent);
	}
	if (q->q_flows != 0)
		out_printf(o, " flows %u", q->q_flows);
	if (q->q_quantum != 0)
		out_printf(o, " quantum %u", q->q_quantum);
	print_bandwidth(o, "bandwidth", &q->q_link);
	print_bandwidth(o, "min", &q->q_min);
	print_bandwidth(o, "max", &q->q_max);
	if (q->q_default)
		out_printf(o, " default");
	if (q->q_qlimit != 0)
		out_printf(o, " qlimit %u", q->q_qlimit);
}
