/* pf_state.c - the table of states of each core: look-up, memory, limits, and what is over. */
#include <string.h>

#include "kernel/loop.h"
#include "kernel/cores.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_via.h"

#define SLAB		65536u		/* bytes of memory that a core gets at a time */
#define BUCKETS_MIN	1024u
#define BUCKETS_MAX	(1u << 20)
#define SWEEP_MS	100u		/* a part of the table is looked at so often, or oftener; the whole in set timeout interval */
#define SWEEP_BUCKETS	256u		/* about so many in a part */
#define SWEEP_LOOKS	1024u		/* at most so many, and so many states; packets wait meanwhile */
#define SWEEP_REMOVES	128u		/* at most so many go at a time */

PERCORE struct pf_states pf_states;
uint64_t pf_hash_key[4];

static void
pf_state_init(void)
{
	random_bytes(pf_hash_key, sizeof(pf_hash_key));
}
NET_INIT(pf_state, 10, pf_state_init);

/* ---- the table ---- */

static inline bool
key_equal(const struct pf_key *a, const struct pf_key *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;

	return ((load64(x) ^ load64(y)) | (load64(x + 8) ^ load64(y + 8)) | (load64(x + 16) ^ load64(y + 16)) | (load64(x + 24) ^ load64(y + 24)) |
	    (load64(x + 32) ^ load64(y + 32))) == 0;
}

static inline struct pf_state *
sk_state(struct pf_sk *sk)
{
	return container_of(sk - ((sk->sk_dirs & PF_SK_OTHER) != 0), struct pf_state, s_sk[0]);
}

/* While the table becomes a larger one, or when there is none: then an empty bucket, where nothing is put. */
static __rare_fn struct pf_sk **
bucket_apart(struct pf_states *ps, uint32_t hash)
{
	static struct pf_sk *none;

	if (ps->ps_mask == 0)
		return &none;
	return (hash & ps->ps_mask) < ps->ps_moved ? &ps->ps_larger[hash & ps->ps_largermask] : &ps->ps_smaller[hash & ps->ps_mask];
}

/* Where a key of that hash is. */
static inline struct pf_sk **
bucket(struct pf_states *ps, uint32_t hash)
{
	return likely(ps->ps_bucket != NULL) ? &ps->ps_bucket[hash & ps->ps_mask] : bucket_apart(ps, hash);
}

static __inline_fn struct pf_state *
find_key(const struct pf_key *k, uint32_t hash, unsigned dir, const struct ifnet *ifp, bool remove)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct pf_sk *sk;

	for (sk = *bucket(ps, hash); sk != NULL; sk = sk->sk_next) {
		struct pf_state *s = sk_state(sk);

		if (sk->sk_hash != hash || !(sk->sk_dirs & 1u << dir) || !key_equal(&sk->sk_key, k))
			continue;
		if (unlikely(s->s_away != 0))
			return s;
		if (unlikely(s->s_ifidx != 0 && s->s_ifidx != ifp->if_index))
			continue;
		if (pf_state_is_over(s, ps->ps_now)) {
			if (remove)
				pf_state_remove(s);
			return NULL;
		}
		return s;
	}
	return NULL;
}

struct pf_state *
pf_state_find_hashed(const struct pf_key *k, uint32_t hash, unsigned dir, const struct ifnet *ifp)
{
	return find_key(k, hash, dir, ifp, true);
}

struct pf_state *
pf_state_seek(const struct pf_key *k, unsigned dir, const struct ifnet *ifp)
{
	return find_key(k, pf_key_hash(k), dir, ifp, false);
}

struct pf_state *
pf_state_find(const struct pf_key *k, unsigned dir, const struct ifnet *ifp)
{
	return pf_state_find_hashed(k, pf_key_hash(k), dir, ifp);
}

/* pf.conf(5), adaptive.start and adaptive.end: between them timeouts
 * shrink to nothing. */
uint64_t
pf_state_expires(const struct pf_state *s)
{
	const struct pf_ruleset *rs = pf_rules;
	const struct pf_state_opts *so = &s->s_rule->kr_rule->r_state;
	bool own = so->so_timeout_set & 1u << PF_TM_ADAPTIVE_START;	/* the rule's, which count the rule's states */
	const uint32_t *tm = own ? so->so_timeout : rs->rs_timeout;
	uint64_t start = tm[PF_TM_ADAPTIVE_START], end = tm[PF_TM_ADAPTIVE_END], n;
	uint64_t t = pf_state_timeout(s, s->s_timeout);

	n = own ? pf_rcount(s->s_rule)->rc_states : pf_states_count();
	if (end != 0 && n > start)
		t = n < end ? t * (end - n) / (end - start) : 0;
	return s->s_last + t;
}

/* ---- memory: core 0 allocates, and leaves it where the core finds it ---- */

static uint32_t slabs_left;		/* core 0's: what the limit still allows */

/* Core 0, when a core may want some. */
static void
supply(void)
{
	for (unsigned i = 0; i < PF_SUPPLIES * ncores && slabs_left > 0; i++) {
		struct pf_states *ps = &percore_of(pf_states, i % ncores);
		void *volatile *to = &ps->ps_supply[i / ncores], *slab;

		if (ps->ps_mask == 0 || *to != NULL)
			continue;
		if ((slab = page_alloc(SLAB / PAGE_SIZE)) == NULL)
			return;
		slabs_left--;
		__atomic_store_n(to, slab, __ATOMIC_RELEASE);
	}
}

static bool
supply_asked(unsigned from __unused_arg)
{
	supply();
	return false;
}
CORE_INBOX(pf_supply, supply_asked);

/* Core 0 is to put some here: its next pass does. */
static __rare_fn void
supply_ask(void)
{
	static struct loop_end end = { .le_func = supply };

	if (core_id() == 0) {
		loop_at_end(&end);
		return;
	}
	core_mail(&core_inbox_pf_supply, 0);
	core_fence();
	core_wake(0);
}

static bool
take_supply(struct pf_states *ps)
{
	struct pf_state *s = NULL;
	unsigned n;

	for (n = 0; n < PF_SUPPLIES && (s = __atomic_load_n(&ps->ps_supply[n], __ATOMIC_ACQUIRE)) == NULL; n++)
		continue;
	if (s == NULL)
		return false;
	ps->ps_supply[n] = NULL;
	if (ps->ps_base == NULL)
		ps->ps_base = (char *)s;
	for (unsigned i = 0; i < SLAB / sizeof(*s); i++, s++) {
		s->s_sk[0].sk_next = (struct pf_sk *)ps->ps_free;
		ps->ps_free = s;
	}
	supply_ask();
	return true;
}

static struct pf_state *
state_get(struct pf_states *ps)
{
	struct pf_state *s;

	if (ps->ps_free == NULL && !take_supply(ps)) {
		supply_ask();
		return NULL;
	}
	s = ps->ps_free;
	ps->ps_free = (struct pf_state *)s->s_sk[0].sk_next;
	memset(s, 0, sizeof(*s));
	return s;
}

struct pf_state *
pf_state_memory(void)
{
	return state_get(percore_ptr(pf_states));
}

bool
pf_states_prepare(uint32_t limit)
{
	static uint32_t slabs;			/* ever allowed */
	uint32_t n = BUCKETS_MIN, slab = SLAB / sizeof(struct pf_state), want = limit / slab + 2 * (limit / (slab * (uint32_t)PF_EXTS_A_STATE));

	OWNER(0);
	want += (PF_SUPPLIES + 1) * ncores;
	while (n < BUCKETS_MAX && n < limit / ncores)
		n *= 2;
	for (unsigned i = 0; i < ncores; i++)
		if (!pf_states_grow(i, n))
			return false;
	if (want <= slabs)
		return true;
	net_enter();
	slabs_left += want - slabs;
	slabs = want;
	supply();
	net_leave();
	return true;
}

/* ---- what is over ---- */

static void sweep(void *);
static void bury(struct pf_states *);

static void
sweep_again(struct pf_states *ps, uint64_t ms)
{
	if ((ps->ps_n == 0 && ps->ps_dying == NULL) || timeout_pending(&ps->ps_timer))
		return;
	timeout_set(&ps->ps_timer, sweep, ps);
	timeout_add_msec(&ps->ps_timer, ms);
}

/* The state that the first of a bucket's places is of; it may go then. NULL: a note, or a state's second place. *sk is what comes behind. */
static struct pf_state *
bucket_next(struct pf_sk **sk)
{
	struct pf_state *s = sk_state(*sk);
	bool first = s->s_away == 0 && !((*sk)->sk_dirs & PF_SK_OTHER);

	*sk = (*sk)->sk_next;
	if (first && *sk != NULL && sk_state(*sk) == s)
		*sk = (*sk)->sk_next;
	return first ? s : NULL;
}

/* Those of a bucket that are over go; how many. */
static uint32_t
sweep_bucket(struct pf_states *ps, struct pf_sk *sk, uint32_t *looked)
{
	uint32_t removed = 0;

	for (; sk != NULL; ++*looked) {
		struct pf_state *s = bucket_next(&sk);

		if (s != NULL && pf_state_expires(s) <= ps->ps_now) {
			pf_state_remove(s);
			removed++;
		}
	}
	return removed;
}

/* A part of the table, so that the whole is looked at once in an interval; longer when there is more than the bounds allow. */
static void
sweep(void *arg)
{
	struct pf_states *ps = arg;
	uint64_t interval = MAX(pf_rules != NULL ? pf_rules->rs_timeout[PF_TM_INTERVAL] : 1, 1u) * 1000ull, size = ps->ps_mask + 1ull;
	uint64_t ms = MIN(MAX(SWEEP_BUCKETS * interval / size, (uint64_t)1), (uint64_t)SWEEP_MS);
	uint32_t n = (uint32_t)MIN(size * ms / interval + 1, (uint64_t)SWEEP_LOOKS), removed = 0, looked = 0;

	ps->ps_now = (uint32_t)(uptime_ns() / 1000000000);
	for (; n > 0 && looked < SWEEP_LOOKS && removed < SWEEP_REMOVES && ps->ps_bucket != NULL; n--)
		removed += sweep_bucket(ps, ps->ps_bucket[ps->ps_hand++ & ps->ps_mask], &looked);
	bury(ps);
	sweep_again(ps, n == 0 ? ms : 1);
}

static uint32_t
reverse(uint32_t x)
{
	x = (x & 0x55555555) << 1 | (x >> 1 & 0x55555555);
	x = (x & 0x33333333) << 2 | (x >> 2 & 0x33333333);
	x = (x & 0x0f0f0f0f) << 4 | (x >> 4 & 0x0f0f0f0f);
	return __builtin_bswap32(x);
}

/* Buckets are counted by their highest bit first: a table that has become larger meanwhile has what was seen of the smaller one before *at, and nothing
 * else. While it becomes larger the walk stands still. */
bool
pf_states_walk(uint32_t *at, unsigned max, void (*fn)(struct pf_state *, void *), void *arg)
{
	struct pf_states *ps = percore_ptr(pf_states);
	unsigned looked = 0, n = 0;

	if (ps->ps_mask == 0)
		return false;
	while (n < max && looked++ < 16 * max && ps->ps_bucket != NULL) {
		for (struct pf_sk *sk = ps->ps_bucket[*at & ps->ps_mask]; sk != NULL; n++) {
			struct pf_state *s = bucket_next(&sk);

			if (s != NULL)
				fn(s, arg);
		}
		*at = reverse(reverse(*at | ~ps->ps_mask) + 1);
		if (*at == 0)
			return false;
	}
	return true;
}

/* ---- birth and death ---- */

bool
pf_rule_is_full(const struct pf_krule *kr)
{
	struct pf_rcount sum;

	pf_rcount_sum(kr, &sum);
	return sum.rc_states >= kr->kr_rule->r_state.so_max;
}

static void
link_key(struct pf_states *ps, struct pf_sk *sk)
{
	struct pf_sk **b = bucket(ps, sk->sk_hash);

	sk->sk_next = *b;
	*b = sk;
	ps->ps_links[sk->sk_hash % PF_LINKS]++;
}

static void
unlink_key(struct pf_states *ps, struct pf_sk *sk)
{
	struct pf_sk **skp = bucket(ps, sk->sk_hash);

	while (*skp != sk)
		skp = &(*skp)->sk_next;
	*skp = sk->sk_next;
}

/* Another state would be found where this key's is looked for. What is over goes. */
static bool
key_taken(struct pf_states *ps, const struct pf_sk *new, uint16_t ifidx)
{
	for (struct pf_sk *sk = *bucket(ps, new->sk_hash), *next; sk != NULL; sk = next) {
		struct pf_state *s = sk_state(sk);

		next = sk->sk_next;
		if (sk->sk_hash != new->sk_hash || !(sk->sk_dirs & new->sk_dirs & 3u << PF_IN) || !key_equal(&sk->sk_key, &new->sk_key))
			continue;
		if (s->s_away != 0 || !pf_state_is_over(s, ps->ps_now)) {
			if (s->s_ifidx == 0 || ifidx == 0 || s->s_ifidx == ifidx)
				return true;
			continue;
		}
		if (next != NULL && sk_state(next) == s)
			next = next->sk_next;
		pf_state_remove(s);
	}
	return false;
}

static void
release(struct pf_states *ps, struct pf_state *s)
{
	if (unlikely(s->s_ext != 0))
		pf_ext_put(s);
	s->s_peer[0].pe_id = s->s_peer[1].pe_id = 0;
	s->s_sk[0].sk_next = (struct pf_sk *)ps->ps_free;
	ps->ps_free = s;
}

/* The key whose packets come home to another core, if there is one, is noted there. */
static bool
note_key(struct pf_state *s, unsigned i)
{
	unsigned home = pf_key_home(&s->s_sk[i].sk_key);

	if (home == core_id())
		return true;
	if (s->s_note != 0)		/* one is always this core's: pf_home, pf_translated_key */
		return false;
	s->s_note = (uint8_t)(home + 1);
	s->s_noted = (uint8_t)i;
	return true;
}

static bool
free_keys(const struct pf_state *s, enum pf_reason *why)
{
	struct pf_states *ps = percore_ptr(pf_states);

	*why = PFR_STATEINS;
	return !key_taken(ps, &s->s_sk[0], s->s_ifidx) && !(s->s_translated && key_taken(ps, &s->s_sk[1], s->s_ifidx));
}

/* Both keys. False: *why. */
static bool
make_keys(struct pf_state *s, const struct pf_pdesc *pd, const struct pf_verdict *v, enum pf_reason *why, unsigned *away)
{
	enum pf_xlate x;

	pf_key_of(&s->s_sk[0].sk_key, pd);
	s->s_sk[0].sk_hash = pd->pd_hash;
	s->s_sk[0].sk_dirs = 1u << PF_IN | 1u << PF_OUT;
	if (!pf_verdict_translates(v))
		return free_keys(s, why);
	*why = PFR_TRANSLATE;
	x = v->v_xfailed != 0 ? XLATE_NONE : pf_translated_key(&s->s_sk[1].sk_key, &s->s_sk[0].sk_key, pd, v, away);
	if (x != XLATE_AWAY)
		*away = core_id();
	if (x != XLATE_OK)
		return false;
	if (key_equal(&s->s_sk[0].sk_key, &s->s_sk[1].sk_key))
		return free_keys(s, why);
	s->s_translated = true;
	s->s_sk[0].sk_dirs = 1u << pd->pd_dir;
	s->s_sk[1].sk_dirs = 1u << (pd->pd_dir == PF_IN ? PF_OUT : PF_IN) | PF_SK_OTHER;
	s->s_sk[1].sk_hash = pf_key_hash(&s->s_sk[1].sk_key);
	if (!free_keys(s, why))
		return false;
	if (ncores == 1)
		return true;
	*why = PFR_TRANSLATE;
	if (!note_key(s, 0) || !note_key(s, 1))
		return false;
	*why = PFR_MEMORY;
	return s->s_note == 0 || pf_note_send(&s->s_sk[s->s_noted], s->s_note - 1u, true);
}

static bool
extend(struct pf_state *s, enum pf_reason *why)
{
	*why = PFR_MEMORY;
	return pf_ext_get(s) != NULL;
}

struct pf_state *
pf_state_create(const struct pf_pdesc *pd, const struct pf_verdict *v, enum pf_reason *why, unsigned *away)
{
	struct pf_states *ps = percore_ptr(pf_states);
	const struct pf_krule *kr = v->v_rule;
	const struct pf_state_opts *so = &kr->kr_rule->r_state;
	struct pf_state *s;
	struct pf_src *src[PF_SRC_KINDS];
	bool tracks = kr->kr_tracks || pf_src_sticks(v, pd->pd_dir) != NULL;

	*away = core_id();
	if (unlikely(tracks) && !pf_src_allow(pd, v, src, why, away))
		return NULL;
	*why = PFR_MEMORY;
	if (ps->ps_mask == 0 || (s = state_get(ps)) == NULL)
		return NULL;
	s->s_ifidx = so->so_bound == PF_BOUND_IF ? pd->pd_ifp->if_index : 0;
	if ((unlikely(v->v_extends) && !pf_ext_make(s, pd, v, why)) || (unlikely(tracks) && !extend(s, why)) || !make_keys(s, pd, v, why, away)) {
		release(ps, s);
		return NULL;
	}
	s->s_rule = pf_via(v);
	if (s->s_rule->kr_via != NULL)
		pf_via_begin(s->s_rule->kr_via, pd);
	s->s_tag = v->v_tag;
	s->s_dir = pd->pd_dir;
	s->s_sloppy = so->so_sloppy;
	s->s_created = s->s_last = ps->ps_now;
	s->s_core = (uint8_t)core_id();
	ps->ps_ids += 1 + (ps->ps_ids == UINT32_MAX);
	s->s_peer[0].pe_id = s->s_peer[1].pe_id = ps->ps_ids;
	pf_track_first(s, pd);
	link_key(ps, &s->s_sk[0]);
	if (s->s_translated)
		link_key(ps, &s->s_sk[1]);
	ps->ps_n++;
	ps->ps_inserts++;
	ps->ps_halfopen += pf_state_halfopen(s);
	pf_rcount(kr)->rc_states++;
	pf_rcount(kr)->rc_created++;
	kr->kr_set->rs_refs[core_id()].n++;
	if (unlikely(tracks))
		pf_src_begin(s, src);
	sweep_again(ps, SWEEP_MS);
	return s;
}

/* Those that wait tell the cores that have notes of them; as far as they can be told. */
static void
bury(struct pf_states *ps)
{
	struct pf_state *s;

	while ((s = ps->ps_dying) != NULL && pf_note_send(&s->s_sk[s->s_noted], s->s_note - 1u, false)) {
		ps->ps_dying = (struct pf_state *)s->s_sk[0].sk_next;
		release(ps, s);
	}
}

void
pf_state_remove(struct pf_state *s)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct pf_rcount *rc = pf_rcount(s->s_rule);

	if (pf_state_pair(s) != NULL)
		pf_state_unpair(s);
	if (unlikely(s->s_ext != 0))
		pf_src_end(s);
	pf_state_count(s, rc);
	if (s->s_rule->kr_via != NULL) {
		pf_state_count(s, &s->s_rule->kr_via->vi_count);
		s->s_rule->kr_via->vi_count.rc_states--;
	}
	unlink_key(ps, &s->s_sk[0]);
	if (s->s_translated)
		unlink_key(ps, &s->s_sk[1]);
	ps->ps_n--;
	ps->ps_removals++;
	ps->ps_halfopen -= pf_state_halfopen(s);
	rc->rc_states--;
	s->s_rule->kr_set->rs_refs[core_id()].n--;
	if (s->s_note != 0 && !pf_note_send(&s->s_sk[s->s_noted], s->s_note - 1u, false)) {
		s->s_sk[0].sk_next = (struct pf_sk *)ps->ps_dying;
		ps->ps_dying = s;
		sweep_again(ps, 1);
		return;
	}
	release(ps, s);
	if (ps->ps_n == 0 && ps->ps_dying == NULL)
		timeout_del(&ps->ps_timer);
}

/* ---- notes ---- */

static bool
has_key(struct pf_states *ps, const struct pf_key *k, uint32_t hash, unsigned dirs)
{
	for (const struct pf_sk *sk = *bucket(ps, hash); sk != NULL; sk = sk->sk_next)
		if (sk->sk_hash == hash && (sk->sk_dirs & dirs & 3u << PF_IN) && key_equal(&sk->sk_key, k))
			return true;
	return false;
}

static struct pf_state *
find_note(struct pf_states *ps, const struct pf_key *k, uint32_t hash, unsigned dirs, unsigned core)
{
	for (struct pf_sk *sk = *bucket(ps, hash); sk != NULL; sk = sk->sk_next)
		if (sk->sk_hash == hash && sk_state(sk)->s_away == core + 1 && (sk->sk_dirs & dirs & 3u << PF_IN) && key_equal(&sk->sk_key, k))
			return sk_state(sk);
	return NULL;
}

bool
pf_note_add(const struct pf_key *k, uint32_t hash, unsigned dirs, unsigned core)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct pf_state *s;

	if (ps->ps_mask == 0 || has_key(ps, k, hash, dirs) || (s = state_get(ps)) == NULL)
		return false;
	s->s_sk[0].sk_key = *k;
	s->s_sk[0].sk_hash = hash;
	s->s_sk[0].sk_dirs = dirs & ~(unsigned)PF_SK_OTHER;
	s->s_away = (uint8_t)(core + 1);
	link_key(ps, &s->s_sk[0]);
	ps->ps_notes++;
	return true;
}

bool
pf_note_remove(const struct pf_key *k, uint32_t hash, unsigned dirs, unsigned core)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct pf_state *s = find_note(ps, k, hash, dirs, core);

	if (s == NULL)
		return false;
	unlink_key(ps, &s->s_sk[0]);
	ps->ps_notes--;
	release(ps, s);
	return true;
}
