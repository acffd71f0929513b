/* fragq_table.c - datagrams that come in fragments: which belong together, for how long, and how much of it we keep.
 *
 * Memory is limited for all of a family, and for each source a quarter of that. At the limit the oldest datagram goes (of the source, or of all):
 * one that will be complete is so within milliseconds, so what an attacker leaves behind gives way first (CVE-2018-5391). */
#include "kernel/machine.h"
#include "net/inet/fragq.h"

#define DGRAMS		1024u		/* of a family */
#define SHARE		4		/* a source may have this part of the memory */

struct fragq_source {
	struct fragq_source *s_hashnext, **s_hashprevp;
	uint64_t	 s_key[2];
	uint32_t	 s_nmbufs;
	struct fragq_ages s_ages;
};

struct fragq_dgram {
	struct fragq_dgram *d_hashnext, **d_hashprevp;
	struct { struct fragq_dgram *next, **prevp; } d_age[2];
	struct fragq_source *d_source;
	uint64_t	 d_expire;		/* uptime_ns */
	uint64_t	 d_key[FRAGQ_KEY];
	uint16_t	 d_ifidx;
	bool		 d_dead;		/* RFC 5722: those of its fragments that come later are dropped, too */
	struct fragq	 d_frags;
};

static void fragq_timer(void *);

uint32_t fragq_limit = UINT32_MAX;
static struct fragq_table *tables;

void
fragq_init(struct fragq_table *ft, const struct fragq_family *ff)
{
	ft->ft_family = ff;
	pool_init(&ft->ft_dgrams, ff->ff_name, sizeof(struct fragq_dgram), 8, DGRAMS);
	pool_init(&ft->ft_sources, ff->ff_sourcename, sizeof(struct fragq_source), 8, DGRAMS);
	random_bytes(ft->ft_secret, sizeof(ft->ft_secret));
	ft->ft_secret[0] |= 1;
	ft->ft_secret[1] |= 1;
	ft->ft_ages.a_last = &ft->ft_ages.a_first;
	timeout_set(&ft->ft_timeout, fragq_timer, ft);
	for (const struct fragq_table *t = tables; t != NULL; t = t->ft_next)
		if (t == ft)
			return;
	ft->ft_next = tables;
	tables = ft;
}

/* ---- tables ---- */

/* n: words, two at least. */

static uint64_t
key_hash(const struct fragq_table *ft, const uint64_t *key, unsigned n)
{
	uint64_t a = ft->ft_secret[0], b = ft->ft_secret[1], h = (key[0] ^ a >> 1) * b;

	h = ((h ^ h >> 31) * a ^ key[1]) * b;
	for (unsigned i = 2; i < n; i++)
		h = ((h ^ h >> 31) * a ^ key[i]) * b;
	return (h ^ h >> 31) * a >> 40;
}

static bool
key_equal(const uint64_t *a, const uint64_t *b, unsigned n)
{
	uint64_t differ = (a[0] ^ b[0]) | (a[1] ^ b[1]);

	for (unsigned i = 2; i < n; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static void
age_append(struct fragq_ages *ages, struct fragq_dgram *d, int which)
{
	d->d_age[which].next = NULL;
	d->d_age[which].prevp = ages->a_last;
	*ages->a_last = d;
	ages->a_last = &d->d_age[which].next;
}

static void
age_remove(struct fragq_ages *ages, struct fragq_dgram *d, int which)
{
	if ((*d->d_age[which].prevp = d->d_age[which].next) != NULL)
		d->d_age[which].next->d_age[which].prevp = d->d_age[which].prevp;
	else
		ages->a_last = d->d_age[which].prevp;
}

static struct fragq_source *
source_get(struct fragq_table *ft, const uint64_t key[2])
{
	struct fragq_source **chain = &ft->ft_sourcehash[key_hash(ft, key, 2) & (FRAGQ_SOURCES - 1)], *s = *chain;

	while (s != NULL && !key_equal(s->s_key, key, 2))
		s = s->s_hashnext;
	if (s == NULL && (s = pool_get(&ft->ft_sources)) != NULL) {
		s->s_key[0] = key[0];
		s->s_key[1] = key[1];
		s->s_ages.a_last = &s->s_ages.a_first;
		if ((s->s_hashnext = *chain) != NULL)
			s->s_hashnext->s_hashprevp = &s->s_hashnext;
		s->s_hashprevp = chain;
		*chain = s;
	}
	return s;
}

static void
source_put(struct fragq_table *ft, struct fragq_source *s)
{
	if (s->s_ages.a_first != NULL)
		return;
	if ((*s->s_hashprevp = s->s_hashnext) != NULL)
		s->s_hashnext->s_hashprevp = s->s_hashprevp;
	pool_put(&ft->ft_sources, s);
}

/* ---- a datagram's life ---- */

/* So many packets and mbufs less are held for it. */
static void
dgram_release(struct fragq_table *ft, struct fragq_dgram *d)
{
	d->d_source->s_nmbufs -= d->d_frags.fq_nmbufs;
	ft->ft_nmbufs -= d->d_frags.fq_nmbufs;
	ft->ft_nfrags -= d->d_frags.fq_nfrags;
}

/* Its fragments are freed, and counted with `more` others. */
static void
dgram_empty(struct fragq_table *ft, struct fragq_dgram *d, enum fragq_count why, unsigned more)
{
	dgram_release(ft, d);
	ft->ft_family->ff_count(why, fragq_free(&d->d_frags) + more);
}

/* Without fragments. */
static void
dgram_destroy(struct fragq_table *ft, struct fragq_dgram *d)
{
	if ((*d->d_hashprevp = d->d_hashnext) != NULL)
		d->d_hashnext->d_hashprevp = d->d_hashprevp;
	age_remove(&ft->ft_ages, d, FRAGQ_AGE_ALL);
	age_remove(&d->d_source->s_ages, d, FRAGQ_AGE_SOURCE);
	source_put(ft, d->d_source);
	pool_put(&ft->ft_dgrams, d);
}

static void
dgram_drop(struct fragq_table *ft, struct fragq_dgram *d, enum fragq_count why)
{
	dgram_empty(ft, d, why, 0);
	dgram_destroy(ft, d);
}

static struct fragq_dgram *
dgram_create(struct fragq_table *ft, const struct fragq_in *fi, struct fragq_dgram **chain)
{
	struct fragq_dgram *d;
	struct fragq_source *s;

	if (ft->ft_dgrams.pr_nout >= DGRAMS)
		dgram_drop(ft, ft->ft_ages.a_first, FRAGQ_N_EVICT);
	if ((d = pool_get(&ft->ft_dgrams)) == NULL)
		return NULL;
	if ((s = source_get(ft, fi->fi_source)) == NULL) {
		pool_put(&ft->ft_dgrams, d);
		return NULL;
	}
	for (unsigned i = 0; i < ft->ft_family->ff_keywords; i++)
		d->d_key[i] = fi->fi_key[i];
	d->d_ifidx = fi->fi_ifidx;
	d->d_source = s;
	d->d_frags.fq_len = FRAGQ_UNKNOWN;
	d->d_expire = uptime_ns() + ft->ft_family->ff_seconds * 1000000000ull;
	if (!timeout_pending(&ft->ft_timeout))		/* it runs on for one that is complete, whose end comes before this one's */
		timeout_add_sec(&ft->ft_timeout, ft->ft_family->ff_seconds);
	age_append(&ft->ft_ages, d, FRAGQ_AGE_ALL);
	age_append(&s->s_ages, d, FRAGQ_AGE_SOURCE);
	if ((d->d_hashnext = *chain) != NULL)
		d->d_hashnext->d_hashprevp = &d->d_hashnext;
	d->d_hashprevp = chain;
	*chain = d;
	return d;
}

/* Its datagram, a new one if need be. NULL: no memory. */
static struct fragq_dgram *
dgram_get(struct fragq_table *ft, const struct fragq_in *fi)
{
	unsigned n = ft->ft_family->ff_keywords;
	struct fragq_dgram **chain = &ft->ft_hash[key_hash(ft, fi->fi_key, n) & (FRAGQ_BUCKETS - 1)], *d = *chain;

	while (d != NULL && !key_equal(d->d_key, fi->fi_key, n))
		d = d->d_hashnext;
	return d != NULL ? d : dgram_create(ft, fi, chain);
}

/* RFC 792, RFC 8200 4.5: time exceeded, about the first fragment; without it none. */
static void
dgram_expire(struct fragq_table *ft, struct fragq_dgram *d)
{
	struct mbuf *m = d->d_frags.fq_first;

	if (m != NULL && m->m_flowid == 0) {
		m->m_data -= d->d_frags.fq_hlen;
		m->m_len += d->d_frags.fq_hlen;
		m->m_pktlen += d->d_frags.fq_hlen;
		ft->ft_family->ff_expired(m);
	}
	dgram_drop(ft, d, FRAGQ_N_TIMEOUT);
}

static void
fragq_timer(void *arg)
{
	struct fragq_table *ft = arg;
	uint64_t now = uptime_ns();
	struct fragq_dgram *d;

	while ((d = ft->ft_ages.a_first) != NULL && d->d_expire <= now)
		dgram_expire(ft, d);
	if (d != NULL)
		timeout_add_msec(&ft->ft_timeout, (d->d_expire - now + 999999) / 1000000);
}

void
fragq_purge(struct fragq_table *ft, uint16_t ifidx)
{
	struct fragq_dgram *next;

	for (struct fragq_dgram *d = ft->ft_ages.a_first; d != NULL; d = next) {
		next = d->d_age[FRAGQ_AGE_ALL].next;
		if (d->d_ifidx == ifidx)
			dgram_drop(ft, d, FRAGQ_N_GONE);
	}
	if (ft->ft_ages.a_first == NULL)
		timeout_del(&ft->ft_timeout);
}

/* ---- a fragment comes ---- */

/* When its first fragment came. */
static uint64_t
dgram_born(const struct fragq_table *ft, const struct fragq_dgram *d)
{
	return d->d_expire - ft->ft_family->ff_seconds * 1000000000ull;
}

/* The oldest but `but`, of all families, and its table. NULL: there is none. */
static struct fragq_dgram *
oldest(const struct fragq_dgram *but, struct fragq_table **of)
{
	struct fragq_dgram *old = NULL;

	for (struct fragq_table *ft = tables; ft != NULL; ft = ft->ft_next) {
		struct fragq_dgram *d = ft->ft_ages.a_first;

		if (d != NULL && d == but)
			d = d->d_age[FRAGQ_AGE_ALL].next;
		if (d != NULL && (old == NULL || dgram_born(ft, d) < dgram_born(*of, old))) {
			old = d;
			*of = ft;
		}
	}
	return old;
}

static uint64_t
held_by_all(void)
{
	uint64_t n = 0;

	for (const struct fragq_table *ft = tables; ft != NULL; ft = ft->ft_next)
		n += ft->ft_nfrags;
	return n;
}

/* One more fragment of d's within fragq_limit: others give way. False: d has too many. */
static bool
fragq_room_in_all(const struct fragq_dgram *d)
{
	struct fragq_table *ft = NULL;
	struct fragq_dgram *old;

	if (likely(fragq_limit == UINT32_MAX))
		return true;
	while (held_by_all() >= fragq_limit) {
		if (d->d_frags.fq_nfrags >= fragq_limit || (old = oldest(d, &ft)) == NULL)
			return false;
		dgram_drop(ft, old, FRAGQ_N_EVICT);
	}
	return true;
}

/* Room for n mbufs more of d's: others give way, first those of the same source. False: it would be too much for one source. */
static bool
fragq_room(struct fragq_table *ft, struct fragq_dgram *d, uint32_t n)
{
	uint32_t all = MIN((uint32_t)*ft->ft_family->ff_maxqueue, percore(mbuf_pool).mp_total / 4);
	struct fragq_source *s = d->d_source;
	struct fragq_dgram *old;

	if (d->d_frags.fq_nmbufs + n > all / SHARE)
		return false;
	while (s->s_nmbufs + n > all / SHARE) {
		old = s->s_ages.a_first;
		dgram_drop(ft, old != d ? old : d->d_age[FRAGQ_AGE_SOURCE].next, FRAGQ_N_EVICT);
	}
	while (ft->ft_nmbufs + n > all) {
		old = ft->ft_ages.a_first;
		dgram_drop(ft, old != d ? old : d->d_age[FRAGQ_AGE_ALL].next, FRAGQ_N_EVICT);
	}
	return true;
}

/* The datagram is complete. NULL: with its headers it is too long. */
static struct mbuf *
dgram_finish(struct fragq_table *ft, struct fragq_dgram *d, struct fragq_in *fi)
{
	struct fragq *fq = &d->d_frags;
	struct mbuf *m = NULL;

	if (fq->fq_len + fq->fq_hlen > ft->ft_family->ff_longest)
		dgram_empty(ft, d, FRAGQ_N_LONG, 0);
	else {
		fi->fi_hlen = fq->fq_hlen;
		fi->fi_note = fq->fq_note;
		dgram_release(ft, d);
		ft->ft_family->ff_count(FRAGQ_N_USED, fq->fq_nfrags - 1);
		ft->ft_family->ff_count(FRAGQ_N_WHOLE, 1);
		m = fragq_take(fq);
		m->m_csum = 0;
	}
	dgram_destroy(ft, d);
	return m;
}

/* Adds it to its datagram; true: that is complete. */
static bool
dgram_add(struct fragq_table *ft, struct fragq_dgram *d, struct mbuf *m, const struct fragq_in *fi)
{
	const struct fragq_family *ff = ft->ft_family;
	struct fragq *fq = &d->d_frags;
	uint32_t nmbufs = fq->fq_nmbufs, nfrags = fq->fq_nfrags;

	m_adj(m, fi->fi_hlen);
	switch (fragq_add(fq, m, fi->fi_start, fi->fi_more, ff->ff_exact)) {
	case FRAGQ_DUPLICATE:
		ff->ff_count(FRAGQ_N_DUP, 1);
		m_freem(m);
		return false;
	case FRAGQ_OVERLAP:
		d->d_dead = true;
		dgram_empty(ft, d, FRAGQ_N_OVERLAP, 1);
		m_freem(m);
		return false;
	case FRAGQ_KEPT:
		break;
	}
	if (fi->fi_start == 0) {
		fq->fq_hlen = fi->fi_hlen;
		fq->fq_note = fi->fi_note;
	}
	if (fq->fq_nfrags <= nfrags)
		ff->ff_count(FRAGQ_N_MERGED, nfrags + 1 - fq->fq_nfrags);
	d->d_source->s_nmbufs += fq->fq_nmbufs - nmbufs;	/* less than before is possible */
	ft->ft_nmbufs += fq->fq_nmbufs - nmbufs;
	ft->ft_nfrags += fq->fq_nfrags - nfrags;
	return fq->fq_have == fq->fq_len;
}

struct mbuf *
fragq_input(struct fragq_table *ft, struct mbuf *m, struct fragq_in *fi)
{
	struct fragq_dgram *d = dgram_get(ft, fi);

	if (d == NULL)
		ft->ft_family->ff_count(FRAGQ_N_NOMEM, 1);
	else if (d->d_dead)
		ft->ft_family->ff_count(FRAGQ_N_DEAD, 1);
	else if (!fragq_room(ft, d, fragq_mbufs(m)) || !fragq_room_in_all(d)) {
		d->d_dead = true;
		dgram_empty(ft, d, FRAGQ_N_MANY, 1);
	} else
		return dgram_add(ft, d, m, fi) ? dgram_finish(ft, d, fi) : NULL;
	m_freem(m);
	return NULL;
}
