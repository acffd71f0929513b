/* pf_src_table.c - the table of sources, core 0's: nodes are made, and go when their time is over or somebody takes them away. */
#include <stdlib.h>
#include <string.h>

#include "kernel/epoch.h"
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/task.h"
#include "kernel/timeout.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_overload.h"
#include "net/pf/pf_src_var.h"

#define SWEEP_MS	100u		/* a tenth of the table is looked at so often */
#define SWEEP_PART	(PF_SRC_BUCKETS / 10 + 1)
#define GRACE		2u		/* seconds for the packet for which a node was made to come to it */

/* How many nodes count for the limits of a rule: core 0's. */
struct group { uint64_t g_rule; uint32_t g_n; struct group *g_next; };

struct pf_src *volatile *pf_src_bucket;
uint64_t pf_src_key[2];
PERCORE uint64_t pf_src_searches;
volatile uint32_t pf_src_nodes;

static struct pool src_pool, group_pool;
static struct timeout sweeper;
static uint32_t hand;			/* the bucket that is looked at next */
static uint64_t inserts, removals;

static void
pf_src_init(void)
{
	pool_init_epoch(&src_pool, "pfsrc", sizeof(struct pf_src) + machine_cores() * sizeof(struct pf_src_core), CACHELINE, 0);
	pool_init(&group_pool, "pfsrcrule", sizeof(struct group), 8, 0);
	random_bytes(pf_src_key, sizeof(pf_src_key));
}
NET_INIT(pf_src, 10, pf_src_init);

static uint32_t
now_s(void)
{
	return (uint32_t)(uptime_ns() / 1000000000);
}

/* ---- birth ---- */

#define GROUPS		256u
static struct group *groups[GROUPS];

static struct group **
group_place(uint64_t rule)
{
	struct group **gp = &groups[rule % GROUPS];

	while (*gp != NULL && (*gp)->g_rule != rule)
		gp = &(*gp)->g_next;
	return gp;
}

/* One more, of at most max (0: any number). False: it is one too many, or there is no memory. */
static bool
group_enter(uint64_t rule, uint32_t max)
{
	struct group **gp = group_place(rule);

	if (*gp == NULL) {
		if ((*gp = pool_get(&group_pool)) == NULL)
			return false;
		(*gp)->g_rule = rule;
	}
	if (max != 0 && (*gp)->g_n >= max)
		return false;
	(*gp)->g_n++;
	return true;
}

static void
group_leave(uint64_t rule)
{
	struct group **gp = group_place(rule), *g = *gp;

	if (--g->g_n > 0)
		return;
	*gp = g->g_next;
	pool_put(&group_pool, g);
}

static void sweep(void *);

static bool
make(const struct pf_src_want *w, enum pf_src_kind kind)
{
	const struct pf_src_wish *wi = &w->sw_wish[kind];
	struct pf_src *ss;

	if (pf_src_nodes >= w->sw_limit || (kind == PF_SRC_LIMIT && !group_enter(wi->wi_rule, wi->wi_max)))
		return false;
	if ((ss = pool_get(&src_pool)) == NULL) {
		if (kind == PF_SRC_LIMIT)
			group_leave(wi->wi_rule);
		return false;
	}
	ss->ss_addr = w->sw_addr;
	ss->ss_kept = wi->wi_kept;
	ss->ss_af = w->sw_af;
	ss->ss_kind = (uint8_t)kind;
	ss->ss_dir = w->sw_dir;
	ss->ss_rule = wi->wi_rule;
	ss->ss_nr = wi->wi_nr;
	ss->ss_rate_seconds = wi->wi_rate_seconds;
	ss->ss_created = now_s();
	ss->ss_timeout = wi->wi_timeout;
	inserts++;
	pf_src_nodes++;
	ss->ss_next = *pf_src_place(&w->sw_addr);
	__atomic_store_n(pf_src_place(&w->sw_addr), ss, __ATOMIC_RELEASE);
	if (!timeout_pending(&sweeper)) {
		timeout_set(&sweeper, sweep, NULL);
		timeout_add_msec(&sweeper, SWEEP_MS);
	}
	return true;
}

/* It is there, or comes back: it was only looked at whether it is over. */
static bool
revive(const struct pf_src_want *w, enum pf_src_kind kind)
{
	for (struct pf_src *ss = *pf_src_place(&w->sw_addr); ss != NULL; ss = ss->ss_next)
		if (in6_equal(&ss->ss_addr, &w->sw_addr) && ss->ss_af == w->sw_af && ss->ss_kind == kind && ss->ss_rule == w->sw_wish[kind].wi_rule &&
		    !ss->ss_killed) {
			ss->ss_core[0].sc_last = now_s() + GRACE;
			ss->ss_dead = false;
			return true;
		}
	return false;
}

bool
pf_src_make(const struct pf_src_want *w)
{
	bool all = true;

	OWNER(0);
	for (unsigned kind = 0; kind < PF_SRC_KINDS; kind++)
		if (w->sw_wish[kind].wi_is && !revive(w, kind))
			all &= make(w, kind);
	return all;
}

/* ---- death ---- */

/* When it may go, if no state comes: seconds of uptime. */
static uint64_t
expires(const struct pf_src *ss)
{
	uint64_t last = ss->ss_created + GRACE;		/* revive() puts it off, too */

	for (unsigned i = 0; i < ncores; i++)
		last = MAX(last, (uint64_t)ss->ss_core[i].sc_last);
	return last + ss->ss_timeout;
}

/* Nobody can count for it any more. Before that is asked it is not to be found for an epoch. */
static bool
is_gone(struct pf_src *ss)
{
	if (pf_src_states(ss) > 0) {
		if (!ss->ss_killed)
			ss->ss_dead = false;
		return false;
	}
	if (ss->ss_dead)
		return epoch_is_over(ss->ss_epoch);
	if (expires(ss) > now_s())
		return false;
	ss->ss_dead = true;
	ss->ss_epoch = epoch_stamp();
	return false;
}

/* `over`: an epoch has passed since they were marked. */
static void
sweep_bucket(unsigned i, bool over)
{
	struct pf_src *volatile *ssp = &pf_src_bucket[i], *ss;

	while ((ss = *ssp) != NULL) {
		if (over ? !ss->ss_killed || pf_src_states(ss) > 0 : !is_gone(ss)) {
			ssp = &ss->ss_next;
			continue;
		}
		*ssp = ss->ss_next;
		if (ss->ss_kind == PF_SRC_LIMIT)
			group_leave(ss->ss_rule);
		removals++;
		pf_src_nodes--;
		pool_put(&src_pool, ss);
	}
}

static void
sweep(void *arg __unused_arg)
{
	for (unsigned n = 0; n < SWEEP_PART; n++)
		sweep_bucket(hand++ % PF_SRC_BUCKETS, false);
	if (pf_src_nodes != 0)
		timeout_add_msec(&sweeper, SWEEP_MS);
}

/* ---- tasks ---- */

static bool
wants_nodes(const struct pf_rule *r)
{
	return r->r_state.so_srctrack != PF_SRCTRACK_NO || r->r_nat.pp_sticky || r->r_rdr.pp_sticky || r->r_route.pp_sticky;
}

bool
pf_srcs_prepare(const struct pf_ruleset *rs)
{
	bool wants = false, overloads = false;

	for (unsigned i = 0; i < rs->rs_nrules; i++) {
		wants |= wants_nodes(rs->rs_rule[i].kr_rule);
		overloads |= rs->rs_rule[i].kr_rule->r_state.so_overload != NULL;
	}
	if (wants && pf_src_bucket == NULL) {
		net_enter();
		pf_src_bucket = page_alloc(PF_SRC_BUCKETS * sizeof(*pf_src_bucket) / PAGE_SIZE);
		net_leave();
	}
	return (!wants || pf_src_bucket != NULL) && (!overloads || pf_overload_prepare());
}

void
pf_src_totals(struct pf_src_totals *t)
{
	*t = (struct pf_src_totals){ .st_nodes = pf_src_nodes, .st_inserts = inserts, .st_removals = removals };
	for (unsigned i = 0; i < ncores; i++)
		t->st_searches += percore_of(pf_src_searches, i);
}

/* ---- what is shown ---- */

/* On the core that the state is on. */
static void
count_live(struct pf_state *s, void *arg __unused_arg)
{
	const struct pf_state_ext *e = pf_ext(s);

	for (unsigned i = 0; e != NULL && i < PF_SRC_KINDS; i++)
		for (unsigned k = 0; e->se_src[i] != NULL && k < 2; k++) {
			struct pf_sent sent = pf_state_sent(s, k);

			e->se_src[i]->ss_core[core_id()].sc_live_packets += sent.se_packets;
			e->se_src[i]->ss_core[core_id()].sc_live_bytes += sent.se_bytes;
		}
}

static void
copy_node(struct pf_src_copy *sp, const struct pf_src *ss)
{
	uint32_t now = now_s(), ms = (uint32_t)(uptime_ns() / 1000000);

	*sp = (struct pf_src_copy){ .sp_addr = ss->ss_addr, .sp_kept = ss->ss_kept, .sp_af = ss->ss_af, .sp_kind = ss->ss_kind, .sp_dir = ss->ss_dir,
	    .sp_age = now - ss->ss_created, .sp_rule = ss->ss_rule != 0 ? (int)ss->ss_nr : -1, .sp_rate_seconds = ss->ss_rate_seconds };
	for (unsigned i = 0; i < ncores; i++) {
		const struct pf_src_core *sc = &ss->ss_core[i];

		sp->sp_states += sc->sc_states;
		sp->sp_conns += sc->sc_conns;
		sp->sp_packets += sc->sc_packets + sc->sc_live_packets;
		sp->sp_bytes += sc->sc_bytes + sc->sc_live_bytes;
		sp->sp_rate += sp->sp_rate_seconds != 0 ? pf_src_rate(sc, sp->sp_rate_seconds, ms) : 0;
	}
	if (sp->sp_states == 0)
		sp->sp_expires = (uint32_t)(expires(ss) > now ? expires(ss) - now : 0);
}

#define AT_ONCE		64u

/* Calls fn for nodes from the skip-th of bucket *at on, some at a time, inside net_enter(). False: all have been seen. */
static bool
some_nodes(unsigned *at, unsigned *skip, void (*fn)(struct pf_src *, void *), void *arg)
{
	unsigned n = 0, buckets = 0;

	for (; *at < PF_SRC_BUCKETS; (*at)++, *skip = 0) {
		unsigned i = 0;

		if (buckets++ > 16 * AT_ONCE)
			return true;
		for (struct pf_src *ss = pf_src_bucket[*at]; ss != NULL; ss = ss->ss_next, i++) {
			if (i < *skip)
				continue;
			if (n++ == AT_ONCE)
				return true;
			*skip = i + 1;
			fn(ss, arg);
		}
	}
	return false;
}

/* All nodes, giving others their turn in between. */
static void
all_nodes(void (*fn)(struct pf_src *, void *), void *arg)
{
	unsigned at = 0, skip = 0;
	bool more = pf_src_bucket != NULL;

	while (more) {
		net_enter();
		more = some_nodes(&at, &skip, fn, arg);
		net_leave();
	}
}

static void
zero_live(struct pf_src *ss, void *arg __unused_arg)
{
	for (unsigned i = 0; i < ncores; i++)
		ss->ss_core[i].sc_live_packets = ss->ss_core[i].sc_live_bytes = 0;
}

struct copies { struct pf_src_copy c_copy[AT_ONCE]; unsigned c_n; };

static void
copy_one(struct pf_src *ss, void *arg)
{
	struct copies *c = arg;

	if (!ss->ss_killed)
		copy_node(&c->c_copy[c->c_n++], ss);
}

void
pf_srcs_foreach(bool (*fn)(const struct pf_src_copy *, void *), void *arg)
{
	unsigned at = 0, skip = 0;
	struct copies *c = pf_src_bucket != NULL ? malloc(sizeof(*c)) : NULL;
	bool more = c != NULL;

	if (more) {
		all_nodes(zero_live, NULL);
		pf_states_each(count_live, NULL);
	}
	while (more) {
		c->c_n = 0;
		net_enter();
		more = some_nodes(&at, &skip, copy_one, c);
		net_leave();
		for (unsigned i = 0; i < c->c_n; i++)
			if (!fn(&c->c_copy[i], arg)) {
				more = false;
				break;
			}
	}
	free(c);
}

/* ---- taken away ---- */

struct killing { bool (*k_match)(const struct pf_src *, const void *); const void *k_arg; unsigned k_n; };

static void
mark(struct pf_src *ss, void *arg)
{
	struct killing *k = arg;

	if (ss->ss_killed || (k->k_match != NULL && !k->k_match(ss, k->k_arg)))
		return;
	ss->ss_killed = ss->ss_dead = true;
	ss->ss_epoch = epoch_stamp();
	k->k_n++;
}

/* On the core that the state is on: it counts for them no more. */
static void
leave_killed(struct pf_state *s, void *arg __unused_arg)
{
	const struct pf_state_ext *e = pf_ext(s);

	for (unsigned i = 0; e != NULL && i < PF_SRC_KINDS; i++)
		if (e->se_src[i] != NULL && e->se_src[i]->ss_killed)
			pf_src_leave(s, i);
}

unsigned
pf_srcs_kill(bool (*match)(const struct pf_src *, const void *), const void *arg)
{
	struct killing k = { match, arg, 0 };

	all_nodes(mark, &k);
	if (k.k_n == 0)
		return 0;
	pf_pass_all();
	pf_states_each(leave_killed, NULL);
	for (unsigned i = 0; i < PF_SRC_BUCKETS; i++) {
		net_enter();
		sweep_bucket(i, true);
		net_leave();
	}
	if (pf_src_nodes == 0)
		timeout_del(&sweeper);
	return k.k_n;
}
