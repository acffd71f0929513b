/* flow_forward.c - the fused stage: a batch's frames of known flows leave, in the order that they came; the others take the ordinary way. */
#include <string.h>

#include "kernel/config.h"
#include "net/core/flow_var.h"
#include "net/core/stage.h"
#include "net/inet/ip_var.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_flow.h"
#include "net/pf/pf_ifcount.h"

STAGE(flow_forward);
COUNTER(flows_hits, flow, 10, INFO, "packet%s forwarded as the flow's entry says");

#define TEND_PASSES	16		/* passes between two flow_tend() */

/* The way of frame i, whose entry, if it is that, is as good as the generation. The header is read once: the two halves are stored so that either
 * has one station (nexthop.c). False: none, or its neighbour cannot just be sent to. */
static bool
flow_hop(const struct flow_pass *fs, size_t i, struct flow_hop *fh)
{
	const struct flow *fl = fs->fs_flow[i];
	const uint64_t *hdr;
	struct nexthop *nh;
	uint64_t lo, hi;

	if (fl->fl_key != fs->fs_key[i] || fl->fl_generation != fs->fs_generation)
		return false;
	nh = __atomic_load_n(&fl->fl_rt->rt_nh, __ATOMIC_RELAXED);
	if (nh == NULL || !nh->nh_valid || nh->nh_hdrlen != ETHER_HDR_LEN || nh->nh_ifp == fs->fs_ifp)
		return false;
	hdr = (const uint64_t *)nh->nh_hdr;
	lo = __atomic_load_n(&hdr[0], __ATOMIC_RELAXED);
	hi = __atomic_load_n(&hdr[1], __ATOMIC_RELAXED);
	*fh = (struct flow_hop){ fl->fl_rt, { lo >> 16 | hi << 48, hi }, nh->nh_ifp };
	if (!nh->nh_used)			/* other cores' lines are left alone */
		nh->nh_used = true;
	return true;
}
_Static_assert(NH_HDRSIZE == 16 && ETHER_HDR_LEN == 14, "the header is all but the first two octets");

bool
flow_fill(const struct flow_pass *fs, struct flow *fl, struct rtentry *rt, uint32_t less)
{
	uint32_t mtu = rt_pathmtu(rt);

	if (mtu < less)
		return false;
	fl->fl_rt = rt;
	fl->fl_generation = fs->fs_generation;
	fl->fl_most = (uint16_t)(MIN(mtu, 65535u) - less);
	return true;
}

bool
flow_has_hop(const struct rtentry *rt)
{
	const struct nexthop *nh = rt != NULL ? __atomic_load_n(&rt->rt_nh, __ATOMIC_RELAXED) : NULL;

	return nh != NULL && nh->nh_valid && nh->nh_hdrlen == ETHER_HDR_LEN;
}

struct flow *
flow_entry(struct flow_pass *fs, struct flow *home, const struct flow_id *id, flow_route_fn *route, uint32_t less)
{
	struct flow *fl = flow_find(fs->fs_table, home, id);
	struct rtentry *rt;

	if (fl != NULL && fl->fl_generation == fs->fs_generation)
		return fl;
	rt = route(fs->fs_ifp, id);
	if (fl == NULL) {
		if (flow_has_hop(rt) && rt_pathmtu(rt) >= less && (fl = flow_insert(fs->fs_table, home, id)) != NULL)
			flow_fill(fs, fl, rt, less);
		return NULL;
	}
	if (!flow_has_hop(rt) || !flow_fill(fs, fl, rt, less)) {
		flow_remove(fs->fs_table, fl);
		return NULL;
	}
	fl->fl_peer = fl->fl_id = 0;
	flow_count_renewed();
	return fl;
}

/* What waits goes. */
static void
flow_flush(struct flow_pass *fs, size_t all)
{
	size_t from = fs->fs_from;
	unsigned n = (unsigned)(fs->fs_to - from);
	struct batch part, *b = fs->fs_b;

	if (n == 0)
		return;
	fs->fs_from = fs->fs_to;
	if (n < all) {
		part.b_n = n;
		memcpy(part.b_m, &b->b_m[from], n * sizeof(part.b_m[0]));
		b = &part;
	}
	if (fs->fs_out == NULL) {
		ether_input_rest(fs->fs_ifp, b);
		return;
	}
	STAGE_ENTER(flow_forward, n);
	counter_add(flows_hits, n);
	fs->fs_out->if_enqueue(fs->fs_out, b);
}

/* Frames up to `to` wait to go that way, too. */
static inline void
flow_wait(struct flow_pass *fs, struct ifnet *out, size_t to, size_t all)
{
	if (out != fs->fs_out)
		flow_flush(fs, all);
	fs->fs_out = out;
	fs->fs_to = to;
}

/* States are to see a connection's packets in their order: what waits for the ordinary stages goes before anything else is looked at. */
static inline bool
flow_ordinary_waits(const struct flow_pass *fs)
{
	return fs->fs_states != NULL && fs->fs_out == NULL && fs->fs_to > fs->fs_from;
}

static inline bool
flow_mend(struct flow_pass *fs, size_t i, const struct flow_family *ff)
{
	if (!ff->ff_mend(fs, i))
		return false;
	if (likely(!flow_ordinary_waits(fs)))
		return true;
	pf_flow_not_taken(fs);
	flow_flush(fs, SIZE_MAX);
	return ff->ff_mend(fs, i);
}

/* Frames from i on that have the same route, and its way out. Where they end; i: that frame goes the ordinary way. */
static size_t
flow_follow(struct flow_pass *fs, size_t i, size_t end, const struct flow_family *ff, struct ifnet **out)
{
	struct flow_hop hop;
	size_t to;

	for (bool mended = false; ; mended = true) {
		if (flow_hop(fs, i, &hop)) {
			if (flow_ordinary_waits(fs))
				flow_flush(fs, SIZE_MAX);
			if ((to = ff->ff_run(fs, i, unlikely(fs->fs_judged != NULL) ? i + 1 : end, &hop)) > i)
				break;
		}
		if (mended || !flow_mend(fs, i, ff)) {
			if (fs->fs_fresh != NULL || fs->fs_judged != NULL)
				pf_flow_not_taken(fs);
			return i;
		}
	}
	fs->fs_fresh = NULL;
	if (fs->fs_states != NULL)
		pf_flow_count(fs, hop.fh_out, ff == &flow_ip6_pf, to - i);
	hop.fh_rt->rt_use += to - i;		/* several cores may add at once, and one of them be lost */
	*out = hop.fh_out;
	return to;
}

/* The frame's entry, if it has one, is not at home: with pf it is likely that there is not even a state. */
static inline bool
flow_may_be_strange(const struct flow_pass *fs, size_t i)
{
	return fs->fs_flow[i]->fl_key != fs->fs_key[i] && fs->fs_states != NULL;
}

/* Picked frames, i to end - 1. How many the stage took. */
static size_t
flow_picked(struct flow_pass *fs, size_t i, size_t end, size_t all, const struct flow_family *ff)
{
	struct ifnet *out = NULL;
	size_t n = 0, to;

	MOMENT();
	for (; i < end; i = to) {
		if (flow_may_be_strange(fs, i) && (to = ff->ff_strangers(fs, i, end)) > i) {
			flow_wait(fs, NULL, to, all);
			continue;
		}
		to = flow_follow(fs, i, end, ff, &out);
		n += to - i;
		if (to > i)
			flow_wait(fs, out, to, all);
		else
			flow_wait(fs, NULL, to = i + 1, all);
	}
	return n;
}

static void
flow_batch(struct flow_pass *fs, bool ip4, bool ip6)
{
	const struct flow_family *four = fs->fs_states == NULL ? &flow_ip4 : &flow_ip4_pf, *six = fs->fs_states == NULL ? &flow_ip6 : &flow_ip6_pf;
	size_t all = fs->fs_b->b_n, n4 = 0, n6 = 0, to;

	for (size_t i = 0; i < all; i = to) {
		if (ip4 && (to = four->ff_pick(fs, i, all)) > i)
			n4 += flow_picked(fs, i, to, all, four);
		else if (ip6 && (to = six->ff_pick(fs, i, all)) > i)
			n6 += flow_picked(fs, i, to, all, six);
		else
			flow_wait(fs, NULL, to = i + 1, all);
	}
	if (n4 > 0)
		ip_flow_passed((unsigned)n4);
	if (n6 > 0)
		ip6_flow_passed((unsigned)n6);
	if (fs->fs_states != NULL)
		pf_flow_passed((unsigned)(n4 + n6));
	flow_flush(fs, all);
}

void
flow_input(struct ifnet *ifp, struct batch *b)
{
	struct flow_table *ft = percore_ptr(flow_table);
	struct flow_pass fs;

	if (ft->ft_base == NULL || !config_loaded) {
		ether_input_rest(ifp, b);
		return;
	}
	if (++ft->ft_passes % TEND_PASSES == 0)
		flow_tend(ft);
	fs.fs_ifp = ifp;
	fs.fs_b = b;
	fs.fs_table = ft;
	fs.fs_our = (load32(ifp->if_lladdr) | (uint64_t)load16(ifp->if_lladdr + 4) << 32) << FLOW_STATION_SHIFT;
	fs.fs_generation = flow_generation();
	fs.fs_states = NULL;
	fs.fs_bytes = 0;
	fs.fs_judged = NULL;
	fs.fs_fresh = NULL;
	if (pf_enabled)			/* behind the generation: pf_enable() */
		pf_flow_begin(&fs);
	fs.fs_now = flow_clock();
	fs.fs_inverse = FLOW_INVERSE;
	fs.fs_quotients = FLOW_QUOTIENTS;
	fs.fs_out = NULL;
	fs.fs_from = fs.fs_to = 0;
	MOMENT();
	flow_batch(&fs, ip_forwarding, ip6_forwarding);
}
