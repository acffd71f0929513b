/* pf_table_count.c - counters of tables: each core counts for itself. Counts lie in chunks that double and stay where they are, so a number is enough
 * to find them. */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_table_count.h"

#define FIRST	64u		/* counts in the first chunk */
#define CHUNKS	24u

struct pf_tcounts {
	struct pf_tcount *tc_chunk[CHUNKS];	/* n: for each core FIRST << n of them, malloc()ed */
	struct pf_tcount *tc_table;		/* by core */
	uint32_t	*tc_free;		/* numbers that are free; room for tc_cap */
	uint32_t	 tc_nfree, tc_cap, tc_n;	/* tc_n: the highest number there ever was */
	uint32_t	 tc_since;
	unsigned	 tc_shares;
};

struct pf_tcounts *
pf_tcounts_make(void)
{
	struct pf_tcounts *tc = calloc(1, sizeof(*tc));

	if (tc == NULL || (tc->tc_table = calloc(ncores, sizeof(*tc->tc_table))) == NULL) {
		free(tc);
		return NULL;
	}
	tc->tc_since = (uint32_t)wall_s();
	return tc;
}

struct pf_tcounts *
pf_tcounts_share(struct pf_tcounts *tc)
{
	tc->tc_shares++;
	return tc;
}

void
pf_tcounts_free(struct pf_tcounts *tc)
{
	if (tc == NULL || tc->tc_shares-- > 0)
		return;
	for (unsigned i = 0; i < CHUNKS; i++)
		free(tc->tc_chunk[i]);
	free(tc->tc_table);
	free(tc->tc_free);
	free(tc);
}

uint32_t
pf_tcounts_since(const struct pf_tcounts *tc)
{
	return tc->tc_since;
}

/* Of a number, from 1. */
static struct pf_tcount *
counts_at(const struct pf_tcounts *tc, uint32_t number, unsigned core)
{
	uint32_t x = number - 1 + FIRST, chunk = (uint32_t)__builtin_clz(FIRST) - (uint32_t)__builtin_clz(x), size = FIRST << chunk;

	return &tc->tc_chunk[chunk][core * size + (x - size)];
}

/* ---- numbers ---- */

static bool
grow_counts(struct pf_tcounts *tc)
{
	unsigned chunk = 0;
	uint32_t *list;

	while (chunk < CHUNKS && tc->tc_chunk[chunk] != NULL)
		chunk++;
	if (chunk == CHUNKS || (list = realloc(tc->tc_free, (tc->tc_cap + (FIRST << chunk)) * sizeof(*list))) == NULL)
		return false;
	tc->tc_free = list;
	if ((tc->tc_chunk[chunk] = calloc((size_t)ncores * (FIRST << chunk), sizeof(struct pf_tcount))) == NULL)
		return false;
	tc->tc_cap += FIRST << chunk;
	return true;
}

static bool
take_number(struct pf_tcounts *tc, struct pf_prefix *p)
{
	if (p->px_gone || p->px_count != 0)
		return true;
	if (tc->tc_nfree > 0) {
		p->px_count = tc->tc_free[--tc->tc_nfree];
		for (unsigned core = 0; core < ncores; core++)
			memset(counts_at(tc, p->px_count, core), 0, sizeof(struct pf_tcount));
		return true;
	}
	if (tc->tc_n == tc->tc_cap && !grow_counts(tc))
		return false;
	p->px_count = ++tc->tc_n;
	return true;
}

bool
pf_tcounts_take(struct pf_tcounts *tc, struct pf_prefixes *ps)
{
	for (unsigned af = 0; af < AF_COUNT; af++)
		for (unsigned i = 0; i < ps->pf_n[af]; i++)
			if (!take_number(tc, &ps->pf_p[af][i]))
				return false;
	return true;
}

void
pf_tcounts_put(struct pf_tcounts *tc, struct pf_prefix *p)
{
	if (p->px_count != 0)
		tc->tc_free[tc->tc_nfree++] = p->px_count;
	p->px_count = 0;
}

/* ---- sums ---- */

void
pf_tcounts_sum(struct pf_tcounts *tc, const struct pf_prefix *p, struct pf_tcount *sum)
{
	uint64_t *to = &sum->tc_packets[0][0];

	memset(sum, 0, sizeof(*sum));
	for (unsigned core = 0; core < ncores; core++) {
		const uint64_t *from = p == NULL ? &tc->tc_table[core].tc_packets[0][0] : &counts_at(tc, p->px_count, core)->tc_packets[0][0];

		for (unsigned i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += from[i];
	}
}

void
pf_tcounts_copy(struct pf_tcounts *tc, const struct pf_prefix *p, struct pf_tcounts *from, const struct pf_prefix *old)
{
	pf_tcounts_sum(from, old, p == NULL ? &tc->tc_table[0] : counts_at(tc, p->px_count, 0));
	if (p == NULL)
		tc->tc_since = from->tc_since;
}

/* Core 0's become what it is short of the others'. */
void
pf_tcounts_zero(struct pf_tcounts *tc, const struct pf_prefix *p)
{
	struct pf_tcount sum;
	uint64_t *own, *less = &sum.tc_packets[0][0];

	net_enter();
	pf_tcounts_sum(tc, p, &sum);
	own = p == NULL ? &tc->tc_table[0].tc_packets[0][0] : &counts_at(tc, p->px_count, 0)->tc_packets[0][0];
	for (unsigned i = 0; i < sizeof(sum) / sizeof(*own); i++)
		own[i] -= less[i];
	net_leave();
	if (p == NULL)
		tc->tc_since = (uint32_t)wall_s();
}

/* ---- packets ---- */

static void
add_counts(struct pf_tcount *c, const struct pf_pdesc *pd, enum pf_tcop op)
{
	unsigned out = pd->pd_dir == PF_OUT;

	c->tc_packets[out][op]++;
	c->tc_bytes[out][op] += pd->pd_m->m_pktlen;
}

/* A packet's source or destination, as it came and as rules have made it: one of them the rule has matched. */
struct either { const struct in6_addr *ei_own, *ei_new; };

static bool
fits(const struct pf_prefix *p, const struct pf_rule_addr *ra)
{
	return (p != NULL && !p->px_not) != ra->ra_not;
}

static void
count_table(const struct pf_ktable *kt, const struct pf_rule_addr *ra, const struct pf_pdesc *pd, const struct either *e, enum pf_tcop op)
{
	const struct pf_prefix *p = pf_table_longest(kt, pf_af(pd->pd_af), e->ei_own), *q;

	if (!fits(p, ra) && fits(q = pf_table_longest(kt, pf_af(pd->pd_af), e->ei_new), ra))
		p = q;
	if (op == PF_TC_PASS && !fits(p, ra))
		op = PF_TC_XPASS;
	add_counts(&kt->kt_counts->tc_table[core_id()], pd, op);
	if (p != NULL && op != PF_TC_XPASS && p->px_count != 0)
		add_counts(counts_at(kt->kt_counts, p->px_count, core_id()), pd, op);
}

/* A rule that is not in force any more means the tables of now. */
static const struct pf_ktable *
table_in_force(const struct pf_krule *kr, const struct pf_ktable *kt, const struct pf_addr *pa)
{
	const struct pf_ruleset *rs = percore(pf_rules_here);

	if (kr->kr_set == rs || pa->pa_type != PF_ADDR_TABLE)
		return kt;
	kt = pf_table_find(rs, kr->kr_rule->r_in, pa->pa_name);
	return kt != NULL ? kt : pf_table_find(rs, "", pa->pa_name);
}

static void
count_tables(const struct pf_krule *kr, const struct pf_pdesc *pd, const struct either *src, const struct either *dst, enum pf_tcop op)
{
	const struct pf_rule *r = kr->kr_rule;
	const struct pf_ktable *from = table_in_force(kr, kr->kr_src, &r->r_src.ra_addr), *to = table_in_force(kr, kr->kr_dst, &r->r_dst.ra_addr);

	if (from != NULL && from->kt_counts != NULL)
		count_table(from, &r->r_src, pd, src, op);
	if (to != NULL && to->kt_counts != NULL)
		count_table(to, &r->r_dst, pd, dst, op);
}

static enum pf_tcop
tcop_of(unsigned action)
{
	return action == PF_PASS ? PF_TC_PASS : action == PF_BLOCK ? PF_TC_BLOCK : PF_TC_MATCH;
}

/* An error's key is that of what it quotes. */
void
pf_tables_count(const struct pf_krule *kr, const struct pf_pdesc *pd, unsigned action)
{
	struct either src = { pd->pd_error ? &pd->pd_src : &pd->pd_ksrc, &pd->pd_src }, dst = { pd->pd_error ? &pd->pd_dst : &pd->pd_kdst, &pd->pd_dst };

	count_tables(kr, pd, &src, &dst, tcop_of(action));
}

void
pf_tables_count_state(const struct pf_krule *kr, const struct pf_state *s, const struct pf_pdesc *pd)
{
	const struct in6_addr *a = s->s_sk[0].sk_key.k_addr, *b = s->s_sk[s->s_translated].sk_key.k_addr;
	struct either src = { &a[s->s_dir == PF_OUT], &b[s->s_dir == PF_OUT] }, dst = { &a[s->s_dir != PF_OUT], &b[s->s_dir != PF_OUT] };

	count_tables(kr, pd, &src, &dst, tcop_of(kr->kr_rule->r_action));
}
