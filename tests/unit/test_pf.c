/* test_pf.c - the packet filter's parts: tables against a walk through all addresses, rules against packets of any bytes. */
#include <stdlib.h>
#include <string.h>

#include "kernel/loop.h"
#include "net/inet6/in6.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_table_count.h"
#include "tests/unit/netfix.h"
#include "tests/unit/pffix.h"

static uint32_t seed;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

/* ---- tables ---- */

/* The longest one that holds it, the last of those: what must be found. */
static bool
walk_matches(const struct pf_tentry *te, unsigned n, unsigned pf_family, const struct in6_addr *a)
{
	const struct pf_tentry *best = NULL;

	for (unsigned i = 0; i < n; i++)
		if (te[i].te_af == pf_family && in6_covers(&te[i].te_addr, te[i].te_plen, a) && (best == NULL || te[i].te_plen >= best->te_plen))
			best = &te[i];
	return best != NULL && !best->te_not;
}

/* Few different bits, so that prefixes hold each other and are hit. */
static struct in6_addr
random_addr(unsigned pf_family)
{
	struct in6_addr a = { 0 };

	for (unsigned i = 0; i < (pf_family == PF_INET ? 4u : 16u); i++)
		a.s6_addr[i] = (uint8_t)(rnd(3) == 0 ? 1u << rnd(8) : 0);
	return a;
}

TEST(pf_table_longest_match)
{
	static struct pf_tentry te[300];

	seed = 7;
	for (unsigned round = 0; round < 200; round++) {
		unsigned n = rnd(nitems(te));
		struct pf_prefixes *ps;

		for (unsigned i = 0; i < n; i++) {
			unsigned family = rnd(2) ? PF_INET : PF_INET6, plen = rnd(pf_af_bits(family) + 1);
			struct in6_addr a = random_addr(family);

			te[i] = (struct pf_tentry){ in6_masked(&a, plen), (uint8_t)family, (uint8_t)plen, rnd(2), 0 };
		}
		ps = pf_prefixes_make(te, n);
		CHECK(ps != NULL);
		for (unsigned i = 0; i < 200; i++) {
			unsigned family = rnd(2) ? PF_INET : PF_INET6;
			struct in6_addr a = random_addr(family);

			CHECK_EQ(prefixes_match(ps, pf_af(family), &a), walk_matches(te, n, family, &a));
		}
		pf_prefixes_free(ps);
	}
}

static unsigned
random_entries(struct pf_tentry *te, unsigned max)
{
	unsigned n = rnd(max);

	for (unsigned i = 0; i < n; i++) {
		unsigned family = rnd(2) ? PF_INET : PF_INET6, plen = rnd(4) == 0 ? rnd(pf_af_bits(family) + 1) : 8;
		struct in6_addr a = random_addr(family);

		te[i] = (struct pf_tentry){ in6_masked(&a, plen), (uint8_t)family, (uint8_t)plen, rnd(2), 0 };
	}
	return n;
}

static bool
is_among(const struct pf_tentry *e, const struct pf_tentry *te, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (te[i].te_af == e->te_af && te[i].te_plen == e->te_plen && in6_equal(&te[i].te_addr, &e->te_addr))
			return true;
	return false;
}

/* A change in one pass is what sorting all of it anew makes. */
TEST(pf_table_changes)
{
	static struct pf_tentry te[3][60], all[120];

	seed = 11;
	for (unsigned round = 0; round < 500; round++) {
		struct pf_prefixes *ps[3], *got, *want;
		unsigned n[3], k = 0;

		for (unsigned i = 0; i < 3; i++) {
			n[i] = random_entries(te[i], round % 7 == i ? 2 : nitems(te[i]));
			ps[i] = pf_prefixes_make(te[i], n[i]);
		}
		for (unsigned i = 0; i < n[0]; i++)
			if (!is_among(&te[0][i], te[1], n[1]))
				all[k++] = te[0][i];
		for (unsigned i = 0; i < n[2]; i++)
			if (!is_among(&te[2][i], te[0], n[0]))
				all[k++] = te[2][i];
		want = pf_prefixes_make(all, k);
		got = pf_prefixes_change(ps[0], ps[1], ps[2]);
		CHECK(want != NULL && got != NULL);
		for (unsigned af = 0; af < AF_COUNT; af++) {
			CHECK_EQ(got->pf_n[af], want->pf_n[af]);
			for (unsigned i = 0; i < got->pf_n[af]; i++) {
				const struct pf_prefix *p = &got->pf_p[af][i], *q = &want->pf_p[af][i];

				CHECK(in6_equal(&p->px_addr, &q->px_addr) && p->px_plen == q->px_plen && p->px_not == q->px_not && p->px_up == q->px_up);
			}
			CHECK((got->pf_n[af] == 0) == (got->pf_p[af] == NULL));
		}
		pf_prefixes_free(want);
		pf_prefixes_free(got);
		for (unsigned i = 0; i < 3; i++)
			pf_prefixes_free(ps[i]);
	}
}

struct model { struct pf_tentry m_te[2000]; unsigned m_n; };

/* As the table does it: what is there stays as it is. */
static void
model_add(struct model *m, const struct pf_tentry *te, unsigned n)
{
	for (unsigned i = n; i-- > 0;)		/* the last of two counts */
		if (!is_among(&te[i], m->m_te, m->m_n))
			m->m_te[m->m_n++] = te[i];
}

static void
model_delete(struct model *m, const struct pf_tentry *te, unsigned n)
{
	unsigned to = 0;

	for (unsigned i = 0; i < m->m_n; i++)
		if (!is_among(&m->m_te[i], te, n))
			m->m_te[to++] = m->m_te[i];
	m->m_n = to;
}

static void
is_model(const struct pf_ktable *kt, const struct model *m)
{
	struct pf_prefixes *all = pf_prefixes_make(m->m_te, m->m_n);
	struct pf_table_walk tw;
	const struct pf_prefix *p;

	static uint8_t seen[8192];

	memset(seen, 0, sizeof(seen));
	CHECK_EQ(pf_table_count(kt), m->m_n);
	for (unsigned af = 0; af < AF_COUNT; af++) {
		pf_table_walk(&tw, kt, af);
		for (unsigned i = 0; i < all->pf_n[af]; i++) {
			CHECK((p = pf_table_next(&tw)) != NULL && pf_prefix_cmp(p, &all->pf_p[af][i]) == 0 && p->px_not == all->pf_p[af][i].px_not);
			CHECK(pf_table_has(kt, af, p) == p);
			CHECK(kt->kt_counts == NULL ? p->px_count == 0 : p->px_count > 0 && p->px_count < nitems(seen) && !seen[p->px_count]++);
		}
		CHECK(pf_table_next(&tw) == NULL);
	}
	pf_prefixes_free(all);
	for (unsigned i = 0; i < 50; i++) {
		unsigned family = rnd(2) ? PF_INET : PF_INET6;
		struct in6_addr a = random_addr(family);

		CHECK_EQ(pf_table_match(kt, pf_af(family), &a), walk_matches(m->m_te, m->m_n, family, &a));
	}
}

/* Addresses come and go, few and many at a time, new ones and some that have gone before: it is always what a plain list of them is. */
static void
changes_in_parts(struct pf_tcounts *counts)
{
	static struct model m;
	static struct pf_tentry te[200];
	struct pf_ktable kt = { .kt_now = pf_prefixes_make(NULL, 0), .kt_counts = counts };
	unsigned parted = 0, marked = 0;

	seed = 13;
	m.m_n = 0;
	for (unsigned round = 0; round < 1500; round++) {
		bool more = m.m_n < 200 || (m.m_n < 1500 && rnd(3) > 0);
		unsigned n = random_entries(te, rnd(8) == 0 ? nitems(te) : 5);
		struct pf_prefixes *ps;

		for (unsigned i = 0; i < n && !more && rnd(3) > 0; i++)
			te[i] = m.m_te[rnd(m.m_n)];
		CHECK((ps = pf_prefixes_make(te, n)) != NULL);
		if (round % 100 == 99) {
			model_delete(&m, m.m_te, m.m_n);
			model_add(&m, te, n);
			CHECK(pf_table_set(&kt, pf_prefixes_change(ps, NULL, NULL)));
			pf_prefixes_free(ps);
			is_model(&kt, &m);
			continue;
		}
		CHECK(more ? pf_table_insert(&kt, ps) : pf_table_remove(&kt, ps));
		more ? model_add(&m, te, n) : model_delete(&m, te, n);
		pf_prefixes_free(ps);
		is_model(&kt, &m);
		parted += kt.kt_new != NULL;
		marked += kt.kt_gone > 0;
	}
	CHECK(parted > 300 && marked > 300);
	CHECK(pf_table_set(&kt, pf_prefixes_make(NULL, 0)) && kt.kt_new == NULL && pf_table_count(&kt) == 0);
	pf_prefixes_free(kt.kt_now);
	pf_tcounts_free(counts);
}

/* Also with counters: each address has a number of its own. */
TEST(pf_table_changes_in_parts)
{
	changes_in_parts(NULL);
	changes_in_parts(pf_tcounts_make());
}

/* Many addresses, and what one more costs: no copy of them but now and then. */
TEST(pf_table_change_is_small)
{
	enum { MANY = 100000 };
	struct pf_tentry *te = calloc(MANY, sizeof(*te)), one = { .te_af = PF_INET, .te_plen = 32 };
	struct pf_ktable kt = { 0 };
	struct pf_prefixes *was;
	unsigned copies = 0;

	for (unsigned i = 0; i < MANY; i++)
		te[i] = (struct pf_tentry){ .te_addr.s6_addr32 = { host_be32(i * 40503u) }, .te_af = PF_INET, .te_plen = 32 };
	CHECK((kt.kt_now = pf_prefixes_make(te, MANY)) != NULL);
	for (unsigned i = 0; i < 2000; i++) {
		struct pf_prefixes *ps;

		one.te_addr.s6_addr32[0] = host_be32(0xfe000000 + i * 977);
		was = kt.kt_now;
		CHECK((ps = pf_prefixes_make(&one, 1)) != NULL && pf_table_insert(&kt, ps));
		pf_prefixes_free(ps);
		copies += kt.kt_now != was;
		CHECK(pf_table_match(&kt, AF_IP4, &one.te_addr));
		was = kt.kt_now;
		CHECK((ps = pf_prefixes_make(&te[i * 7], 1)) != NULL && pf_table_remove(&kt, ps));
		pf_prefixes_free(ps);
		CHECK(kt.kt_now == was && !pf_table_match(&kt, AF_IP4, &te[i * 7].te_addr));
	}
	CHECK_EQ(pf_table_count(&kt), MANY);
	CHECK(copies <= 2000 / 300);
	pf_prefixes_free(kt.kt_now);
	pf_prefixes_free(kt.kt_new);
	free(te);
}

/* ---- packets of any bytes ---- */

static void
forget(struct wire *w)
{
	while (wire_tx(w) != NULL)
		continue;
}

/* A header that is right as far as IP looks at it, and beyond it what comes. */
static void
random_packet(struct pkt *p)
{
	static const uint8_t protos[] = { 1, 6, 17, 6, 17, 1, 47, 2, 58 };
	unsigned payload = rnd(4) == 0 ? rnd(12) : rnd(100), hlen = 20;
	uint8_t *h = p->p_b + 14 + hlen;

	pkt_ip(p, rnd(8) ? "10.0.0.2" : "10.0.1.2", rnd(4) ? "10.0.1.2" : "10.0.0.1", protos[rnd(nitems(protos))], 64, hlen, payload);
	for (unsigned i = 0; i < payload; i++)
		h[i] = (uint8_t)(rnd(3) ? rnd(256) : 0);
	if (payload >= 16 && rnd(2)) {			/* few ports and types, so that states are met */
		memcpy(h, "\x03\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x50\x02\x20\x00", 16);
		h[0] = (uint8_t)rnd(16);
		h[13] = (uint8_t)rnd(64);
	}
	if (payload >= 40 && rnd(4) == 0)		/* quotes something */
		memcpy(h + 8, p->p_b + 14, 20);
	if (rnd(20) == 0)
		pkt_iphdr(p)->ip_off = host_be16((uint16_t)rnd(65536));
	pkt_ipsum(p);
}

TEST(pf_any_bytes)
{
	static struct pkt p;
	struct wire *w;

	net_start();
	pf_start("match out on t1 inet from 10.0.0.0/24 nat-to 10.0.1.1\nblock return\npass in on t0 flags any allow-opts\n"
	    "pass in inet proto { tcp udp } to 10.0.0.1 port 0:1023 rdr-to 10.0.1.2 port 5000:5100\npass out\n");
	seed = 99;
	for (unsigned i = 0; i < 30000; i++) {
		random_packet(&p);
		w = rnd(3) ? &t0 : &t1;
		memcpy(p.p_b, w->w_if.if_lladdr, 6);
		memcpy(p.p_b + 6, w->w_host, 6);
		wire_rx(w, &p);
		forget(&t0);
		forget(&t1);
	}
	CHECK(counter_delta("pfs_blocked") > 0 && counter_delta("pfs_short") > 0 && counter_delta("pfs_badstate") > 0);
	CHECK(counter_delta("pfs_passed") > 0 && pf_states_count() > 0);
	pf_uninstall();
	CHECK_EQ(pf_states_count(), 0);
	net_end();
}

/* So many datagrams come in at once, from that port, or from that one on. */
static void
batch_of(unsigned copies, unsigned sport, bool one_flow)
{
	struct pkt p;
	struct batch b;

	b.b_n = 0;
	pkt_udp(&p, "10.0.0.2", "10.1.0.1", 64, 28);
	store16(p.p_b + 36, BE16(9));
	store16(p.p_b + 38, host_be16((uint16_t)(p.p_len - 34)));
	store16(p.p_b + 40, 0);
	for (unsigned i = 0; i < copies; i++) {
		store16(p.p_b + 34, host_be16((uint16_t)(sport + (one_flow ? 0 : i))));
		batch_add(&b, pkt_mbuf(&p, PKT_MAX));
	}
	counter_mark();
	ifiq_input(&t0.w_if.if_ifiqs[0], &b);
	for (unsigned i = 0; i < 4; i++)
		loop_pass();
}

static unsigned
sent(struct wire *w)
{
	unsigned n = 0;

	while (wire_tx(w) != NULL)
		n++;
	return n;
}

/* The flow path finds no state for any packet of a batch; the first of them makes one, and it is that of the others. */
TEST(pf_strangers_of_one_flow)
{
	net_start();
	pf_start("pass\n");
	batch_of(64, 1000, true);
	CHECK_EQ(sent(&t1), 64);
	CHECK_EQ(counter_delta("pfs_match"), 2);
	CHECK_EQ(counter_delta("pfs_passed"), 126);
	CHECK_EQ(pf_states_count(), 2);
	batch_of(64, 2000, false);
	CHECK_EQ(sent(&t1), 64);
	CHECK_EQ(counter_delta("pfs_match"), 128);
	CHECK_EQ(pf_states_count(), 130);
	batch_of(64, 2000, false);
	CHECK_EQ(sent(&t1), 64);
	CHECK_EQ(counter_delta("pfs_match"), 0);
	pf_uninstall();
	net_end();
}

/* What is refused is counted by its rule and its reason, whichever way it came to be judged. */
TEST(pf_strangers_are_refused)
{
	struct pf_rcount rc;

	net_start();
	pf_start("block in on t0 proto udp to port 7\npass\nset limit states 10\n");
	batch_of(64, 1000, false);
	CHECK_EQ(sent(&t1), 0);			/* all have come in before the first goes out */
	CHECK_EQ(counter_delta("pfs_maxstates"), 64);
	CHECK_EQ(counter_delta("pfs_match"), 74);
	CHECK_EQ(pf_states_count(), 10);
	pf_rcount_sum(&pf_rules->rs_rule[1], &rc);
	CHECK_EQ(rc.rc_packets[0], 54);
	CHECK_EQ(rc.rc_packets[1], 10);
	pf_uninstall();
	pf_start("pass\nblock in on t0 proto udp to port 9\n");
	batch_of(64, 1000, false);
	CHECK_EQ(sent(&t1), 0);
	CHECK_EQ(counter_delta("pfs_blocked"), 64);
	pf_rcount_sum(&pf_rules->rs_rule[1], &rc);
	CHECK_EQ(rc.rc_packets[0], 64);
	pf_uninstall();
	net_end();
}
