/* pf_flow.c - pairs of states for the flow path: found, looked at, disturbed. */
#include <string.h>

#include "kernel/machine.h"
#include "net/inet/icmp.h"
#include "net/inet6/icmp6.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_flow.h"
#include "net/pf/pf_route.h"

/* A peer in a state that there is not: its number is that of an entry without states, its stamp nobody's. */
static const struct pf_state nobody;

void
pf_flow_begin(struct flow_pass *fs)
{
	struct pf_states *ps = percore_ptr(pf_states);

	ps->ps_now = (uint32_t)(uptime_ns() / 1000000000);
	fs->fs_stamp = ps->ps_now | 1u << 31;		/* never 0 */
	fs->fs_states = ps->ps_base != NULL ? ps->ps_base : (const char *)&nobody;
}

/* ---- pairs ---- */

/* Of the pair that s is of: the one that was made on the way in. */
static struct pf_state *
first_of(struct pf_state *s)
{
	return s->s_dir == PF_IN ? s : pf_state_pair(s);
}

static void
copy_track(struct pf_peer *to, const struct pf_peer *p)
{
	to->pe_end = p->pe_end;
	to->pe_maxend = p->pe_maxend;
	to->pe_ack = p->pe_ack;
	to->pe_maxwin = p->pe_maxwin;
}

static bool
same_track(const struct pf_peer *p, const struct pf_peer *q)
{
	return p->pe_end == q->pe_end && p->pe_maxend == q->pe_maxend && p->pe_ack == q->pe_ack && p->pe_maxwin == q->pe_maxwin &&
	    p->pe_scale == q->pe_scale && ((p->pe_flags ^ q->pe_flags) & (PF_PEER_SEEN | PF_PEER_SCALE)) == 0;
}

void
pf_state_disturb(struct pf_state *s)
{
	struct pf_state *first = first_of(s), *other = pf_state_pair(first);

	for (unsigned i = 0; i < 2; i++) {
		struct pf_sent sent = pf_state_sent(other, i);

		first->s_peer[i].pe_stamp = 0;
		other->s_side[i].sd_packets = sent.se_packets;
		other->s_side[i].sd_bytes = sent.se_bytes;
		if (other->s_follows && other->s_sk[0].sk_key.k_proto == IPPROTO_TCP_)
			copy_track(&other->s_peer[i], &first->s_peer[i]);
	}
	other->s_follows = false;
}

void
pf_state_unpair(struct pf_state *s)
{
	pf_state_disturb(s);
	for (unsigned i = 0; i < 2; i++) {
		s->s_side[i].sd_pair->sd_pair = NULL;
		s->s_side[i].sd_pair = NULL;
	}
}

static void
pair(struct pf_state *s, struct pf_state *t)
{
	if (pf_state_pair(s) == t)
		return;
	if (pf_state_pair(s) != NULL)
		pf_state_unpair(s);
	if (pf_state_pair(t) != NULL)
		pf_state_unpair(t);
	for (unsigned i = 0; i < 2; i++) {
		s->s_side[i].sd_pair = &t->s_side[i];
		t->s_side[i].sd_pair = &s->s_side[i];
	}
}

/* For TCP: the same in both, and what pf_flow_tcp() wants to know. */
static bool
follow_tcp(struct pf_state *first, const struct pf_state *other)
{
	bool scaled = first->s_peer[0].pe_flags & first->s_peer[1].pe_flags & PF_PEER_SCALE;

	if (!other->s_follows && !(same_track(&first->s_peer[0], &other->s_peer[0]) && same_track(&first->s_peer[1], &other->s_peer[1])))
		return false;
	for (unsigned i = 0; i < 2; i++) {
		first->s_peer[i].pe_shift = scaled ? first->s_peer[i].pe_scale : 0;
		first->s_peer[i].pe_old = pf_old_window(&first->s_peer[i]);
	}
	return true;
}

/* Windows are followed, and packets counted, in one of the two from now on. */
static bool
follow(struct pf_state *first, struct pf_state *other)
{
	if (first->s_sk[0].sk_key.k_proto == IPPROTO_TCP_ && !follow_tcp(first, other))
		return false;
	for (unsigned i = 0; i < 2 && !other->s_follows; i++) {
		other->s_side[i].sd_packets -= first->s_side[i].sd_packets;
		other->s_side[i].sd_bytes -= first->s_side[i].sd_bytes;
	}
	other->s_follows = true;
	return true;
}

static uint32_t
stamp_of(const struct flow_pass *fs, const struct pf_peer *p)
{
	return (uint32_t)fs->fs_stamp ^ (p->pe_flags & PF_PEER_ELSEWHERE ? PF_STAMP_ELSEWHERE : 0);
}

/* False: the interface has gone. */
static bool
set_judged(struct flow_pass *fs, const struct pf_peer *p)
{
	const struct pf_state *s = pf_peer_state(p);

	if (likely(!(p->pe_flags & PF_PEER_ELSEWHERE)))
		return true;
	if ((fs->fs_judged = if_get((uint16_t)pf_state_pair(s)->s_peer[p != s->s_peer].pe_judged)) == NULL)
		return false;
	fs->fs_stamp ^= PF_STAMP_ELSEWHERE;
	return true;
}

/* The pair can be passed by for this second by what peer p of its first state sends. */
static bool
refresh(struct flow_pass *fs, struct pf_peer *p)
{
	struct pf_state *s = pf_peer_state(p), *t = pf_state_pair(s);
	uint32_t now = percore(pf_states).ps_now;
	unsigned from = p != s->s_peer;

	if (t == NULL || pf_state_is_over(s, now) || pf_state_is_over(t, now) || !pf_track_is_steady(s, from) || !pf_track_is_steady(t, from))
		return false;
	if (!follow(s, t))
		return false;
	fs->fs_fresh = p;
	fs->fs_was[0] = s->s_last;
	fs->fs_was[1] = t->s_last;
	s->s_last = t->s_last = now;
	p->pe_stamp = stamp_of(fs, p);
	return true;
}

void
pf_flow_not_taken(struct flow_pass *fs)
{
	struct pf_peer *p = fs->fs_fresh;
	struct pf_state *s;

	if (fs->fs_judged != NULL)
		pf_flow_judged(fs);
	if (p == NULL)
		return;
	fs->fs_fresh = NULL;
	p->pe_stamp = 0;
	s = pf_peer_state(p);
	s->s_last = fs->fs_was[0];
	pf_state_pair(s)->s_last = fs->fs_was[1];
}

/* ---- the way of a flow ---- */

struct way {
	struct rtentry	*w_rt;
	struct pf_peer	*w_peer;
	struct pf_key	 w_last;	/* source and destination as they leave */
};

static bool
is_echo(const struct flow_id *id)
{
	return id->id_key >> 56 == IPPROTO_ICMP_ || id->id_key >> 56 == IPPROTO_ICMPV6_;
}

/* Of echoes: which of a key's ports is the identifier, the source's or the destination's. */
static unsigned
asker(const struct flow_id *id)
{
	return (uint8_t)id->id_key == (flow_key_is6(id->id_key) ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY);
}

/* Sources and destinations, in this order. */
static void
key_of_id(struct pf_key *k, const struct flow_id *id)
{
	bool six = flow_key_is6(id->id_key);

	memset(k, 0, sizeof(*k));
	for (unsigned i = 0; i < 2; i++) {
		if (six)
			memcpy(&k->k_addr[i], &id->id_addr[2 * i], sizeof(k->k_addr[i]));
		else
			k->k_addr[i] = in6_of_ip4((be32_t)(id->id_addr[0] >> 32 * i));
		k->k_port[i] = be16_host((be16_t)(id->id_key >> 16 * i));
	}
	if (is_echo(id)) {			/* as describe_query() */
		k->k_port[asker(id)] = be16_host((be16_t)(id->id_key >> 16));
		k->k_port[!asker(id)] = six ? ICMP6_ECHO : ICMP_ECHO;
	}
	k->k_af = six ? PF_INET6 : PF_INET;
	k->k_proto = (uint8_t)(id->id_key >> 56);
}

static void
id_of_key(struct flow_id *id, const struct pf_key *k)
{
	if (k->k_af == PF_INET6)
		memcpy(id->id_addr, k->k_addr, sizeof(id->id_addr));
	else
		id->id_addr[0] = k->k_addr[0].s6_addr32[0] | (uint64_t)k->k_addr[1].s6_addr32[0] << 32;
}

/* A key has the wire's side first: inwards the source, outwards the destination. */
static void
turn(struct pf_key *k)
{
	struct in6_addr a = k->k_addr[0];
	uint16_t port = k->k_port[0];

	k->k_addr[0] = k->k_addr[1];
	k->k_port[0] = k->k_port[1];
	k->k_addr[1] = a;
	k->k_port[1] = port;
}

/* The state of a packet whose key that is; *k becomes what the state makes of it. NULL: none here. */
static struct pf_state *
pass_state(struct pf_key *k, unsigned dir, const struct ifnet *ifp)
{
	const struct pf_ruleset *rs = percore(pf_rules_here);
	struct pf_state *s;

	if (rs->rs_conf.pc_options.po_skip != NULL && pf_is_skipped(rs, ifp))
		return NULL;
	k->k_rdomain = ifp->if_rdomain;
	if ((s = pf_state_seek(k, dir, ifp)) == NULL || s->s_away != 0 || (s->s_ext != 0 && !pf_ext_is_plain(pf_ext(s))))
		return NULL;
	if (s->s_translated)
		*k = s->s_sk[dir == s->s_dir].sk_key;
	return s;
}

/* Both states and the route between them. */
static bool
find_way(const struct flow_pass *fs, const struct flow_id *id, flow_route_fn *route, struct way *w)
{
	struct pf_state *in, *out, *first;
	struct flow_id between = *id;
	const struct ifnet *out_ifp;
	struct pf_key came, k;
	struct rtentry *rt;

	key_of_id(&came, id);
	k = came;
	if (k.k_proto == IPPROTO_UDP_ && k.k_port[1] == 0)	/* as pf_describe() */
		return false;
	if ((in = pass_state(&k, PF_IN, fs->fs_ifp)) == NULL)
		return false;
	id_of_key(&between, &k);
	if ((w->w_rt = route(fs->fs_ifp, &between)) == NULL || (w->w_rt = pf_route_flow(in, PF_IN, fs->fs_ifp, w->w_rt)) == NULL)
		return false;
	turn(&k);
	if ((out = pass_state(&k, PF_OUT, rt_ifp(w->w_rt))) == NULL || in->s_dir == out->s_dir)
		return false;
	if (!flow_has_hop(rt = pf_route_flow(out, PF_OUT, rt_ifp(w->w_rt), w->w_rt)) || rt_pathmtu(rt) > rt_pathmtu(w->w_rt))
		return false;			/* the longest is what the first route takes, and then rt */
	out_ifp = rt_ifp(w->w_rt);
	w->w_rt = rt;
	turn(&k);
	w->w_last = k;
	pair(in, out);
	first = first_of(in);
	w->w_peer = &first->s_peer[first != in];
	w->w_peer->pe_flags &= (uint8_t)~(PF_PEER_XOUT | PF_PEER_XLATE6 | PF_PEER_ELSEWHERE);
	if (out->s_translated)
		w->w_peer->pe_flags |= PF_PEER_XOUT;
	if (out_ifp != rt_ifp(rt)) {
		w->w_peer->pe_flags |= PF_PEER_ELSEWHERE;
		pf_state_pair(first)->s_peer[first != in].pe_judged = out_ifp->if_index;
	}
	if (k.k_af == PF_INET6 && (memcmp(came.k_addr, k.k_addr, sizeof(k.k_addr)) != 0 || memcmp(came.k_port, k.k_port, sizeof(k.k_port)) != 0))
		w->w_peer->pe_flags |= PF_PEER_XLATE6;
	return true;
}

/* ---- translation ---- */

/* What the sum grows by when the 16-bit words of old become those of new: RFC 1624, equation 3, for all of them. 0: not at all. */
static uint32_t
difference(uint64_t old, uint64_t new)
{
	uint32_t d = 0;

	for (; old != new; old >>= 16, new >>= 16)
		if ((uint16_t)old != (uint16_t)new)
			d += (uint16_t)~old + (uint32_t)(uint16_t)new;
	d = (d & 0xffff) + (d >> 16);
	return (d & 0xffff) + (d >> 16);
}

/* IPv4. */
static void
set_translation(struct flow *fl, const struct flow_id *id, const struct pf_key *last)
{
	uint64_t addrs = last->k_addr[0].s6_addr32[0] | (uint64_t)last->k_addr[1].s6_addr32[0] << 32;
	uint32_t old_ports = (uint32_t)id->id_key, ports = host_be16(last->k_port[0]) | (uint32_t)host_be16(last->k_port[1]) << 16, ip, l4;

	if (is_echo(id))
		ports = (old_ports & 0xffff) | (uint32_t)host_be16(last->k_port[asker(id)]) << 16;
	fl->fl_nat.fn_addrs = 0;
	if (addrs == id->id_addr[0] && ports == old_ports)
		return;
	ip = difference(id->id_addr[0], addrs);
	l4 = (is_echo(id) ? 0 : ip) + difference(old_ports, ports);
	l4 = (l4 & 0xffff) + (l4 >> 16);
	fl->fl_nat = (struct flow_nat){ addrs, ports, (uint16_t)(ip != 0 ? ~ip : 0), (uint16_t)(l4 != 0 ? ~l4 : 0) };
}

/* ---- the entry ---- */

static bool
set_states(const struct flow_pass *fs, struct flow *fl, const struct pf_peer *p)
{
	intptr_t index = ((const char *)p - fs->fs_states) / (intptr_t)sizeof(*p);

	fl->fl_peer = (uint32_t)index;
	fl->fl_id = p->pe_id;
	return index == (int32_t)index;
}

struct flow *
pf_flow_entry(struct flow_pass *fs, struct flow *home, const struct flow_id *id, flow_route_fn *route, uint32_t less)
{
	struct flow *fl = flow_find(fs->fs_table, home, id);
	struct way w;

	if (fl != NULL && fl->fl_generation == fs->fs_generation && pf_flow_peer(fs, fl)->pe_id == fl->fl_id &&
	    (pf_flow_peer(fs, fl)->pe_stamp == stamp_of(fs, pf_flow_peer(fs, fl)) || refresh(fs, pf_flow_peer(fs, fl))) &&
	    set_judged(fs, pf_flow_peer(fs, fl)))
		return fl;
	if (!find_way(fs, id, route, &w) || rt_pathmtu(w.w_rt) < less || !refresh(fs, w.w_peer))
		return NULL;
	if (fl != NULL)
		flow_count_renewed();
	else if ((fl = flow_insert(fs->fs_table, home, id)) == NULL)
		return NULL;
	flow_fill(fs, fl, w.w_rt, less);
	if (!flow_key_is6(id->id_key))
		set_translation(fl, id, &w.w_last);
	if (set_states(fs, fl, w.w_peer) && set_judged(fs, w.w_peer))
		return fl;
	flow_remove(fs->fs_table, fl);
	return NULL;
}
