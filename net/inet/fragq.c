/* fragq.c - one datagram's fragments: where each belongs, and what two of them must not both say.
 *
 * RFC 791 lets the later fragment win where two overlap; systems differ, and attackers live on that (RFC 1858). We do as RFC 5722 says for
 * IPv6: where a fragment brings bytes that are there already the datagram is given up, unless all of them are there and the same: then
 * it is a duplicate and not needed. (IPv6, RFC 8200 4.5: unless it is the same fragment again.) */
#include <string.h>

#include "net/inet/fragq.h"

uint32_t
fragq_mbufs(const struct mbuf *m)
{
	uint32_t n = 0;

	for (; m != NULL; m = m->m_next)
		n++;
	return n;
}

static uint32_t
frag_end(const struct mbuf *m)
{
	return m->m_flowid + m->m_pktlen;
}

/* All bytes of m, which belong to `start`, stand in f, and say the same; exact: and no others stand there. */
static bool
frag_same(const struct mbuf *f, const struct mbuf *m, uint32_t start, bool exact)
{
	uint8_t a[256], b[256];

	if (start < f->m_flowid || start + m->m_pktlen > frag_end(f) || (exact && m->m_pktlen != f->m_pktlen))
		return false;
	for (uint32_t done = 0; done < m->m_pktlen; ) {
		uint32_t n = MIN(m->m_pktlen - done, (uint32_t)sizeof(a));

		m_copydata(f, start - f->m_flowid + done, n, a);
		m_copydata(m, done, n, b);
		if (memcmp(a, b, n) != 0)
			return false;
		done += n;
	}
	return true;
}

/* The last fragment that begins at or before `start`; NULL: none. They mostly come in order. */
static struct mbuf *
fragq_before(const struct fragq *fq, uint32_t start)
{
	struct mbuf *f, *before = NULL;

	if (fq->fq_last != NULL && fq->fq_last->m_flowid <= start)
		return fq->fq_last;
	for (f = fq->fq_first; f != NULL && f->m_flowid <= start; f = f->m_nextpkt)
		before = f;
	return before;
}

/* The end as this fragment has it contradicts what is known, or leaves out what is here. */
static bool
fragq_end_differs(const struct fragq *fq, uint32_t end, bool more)
{
	if (fq->fq_len != FRAGQ_UNKNOWN)
		return more ? end >= fq->fq_len : end != fq->fq_len;
	return !more && fq->fq_last != NULL && frag_end(fq->fq_last) > end;
}

/* Fragments that follow each other share a buffer where they fit, so that a datagram in crumbs takes no more memory than another. */
static void
fragq_merge(struct fragq *fq, struct mbuf *f)
{
	struct mbuf *g = f->m_nextpkt;

	if (g == NULL || frag_end(f) != g->m_flowid || f->m_next != NULL || g->m_next != NULL || m_tailroom(f) < g->m_len)
		return;
	memcpy(f->m_data + f->m_len, g->m_data, g->m_len);
	f->m_len += g->m_len;
	f->m_pktlen = f->m_len;
	f->m_nextpkt = g->m_nextpkt;
	if (fq->fq_last == g)
		fq->fq_last = f;
	fq->fq_nfrags--;
	fq->fq_nmbufs--;
	m_free(g);
}

enum fragq_result
fragq_add(struct fragq *fq, struct mbuf *m, uint32_t start, bool more, bool exact)
{
	struct mbuf *before = fragq_before(fq, start), *next = before != NULL ? before->m_nextpkt : fq->fq_first;
	uint32_t end = start + m->m_pktlen;

	if (fragq_end_differs(fq, end, more))
		return FRAGQ_OVERLAP;
	if (before != NULL && start < frag_end(before))
		return frag_same(before, m, start, exact) ? FRAGQ_DUPLICATE : FRAGQ_OVERLAP;
	if (next != NULL && end > next->m_flowid)
		return FRAGQ_OVERLAP;
	m->m_flowid = start;
	m->m_nextpkt = next;
	if (before != NULL)
		before->m_nextpkt = m;
	else
		fq->fq_first = m;
	if (next == NULL)
		fq->fq_last = m;
	if (!more)
		fq->fq_len = end;
	fq->fq_have += m->m_pktlen;
	fq->fq_nfrags++;
	fq->fq_nmbufs += fragq_mbufs(m);
	if (!exact) {
		fragq_merge(fq, m);
		if (before != NULL)
			fragq_merge(fq, before);
	}
	return FRAGQ_KEPT;
}

struct mbuf *
fragq_take(struct fragq *fq)
{
	struct mbuf *m = fq->fq_first, *tail = m, *f, *next;

	KASSERT(m != NULL && m->m_flowid == 0 && fq->fq_have == fq->fq_len);
	for (f = m->m_nextpkt; f != NULL; f = next) {
		next = f->m_nextpkt;
		f->m_nextpkt = NULL;
		while (tail->m_next != NULL)
			tail = tail->m_next;
		tail->m_next = f;
	}
	m->m_nextpkt = NULL;
	m->m_data -= fq->fq_hlen;
	m->m_len += fq->fq_hlen;
	m->m_pktlen = fq->fq_len + fq->fq_hlen;
	m->m_flowid = 0;
	fq->fq_first = fq->fq_last = NULL;
	fq->fq_have = fq->fq_nfrags = fq->fq_nmbufs = 0;
	return m;
}

unsigned
fragq_free(struct fragq *fq)
{
	unsigned n = fq->fq_nfrags;
	struct mbuf *m;

	while ((m = fq->fq_first) != NULL) {
		fq->fq_first = m->m_nextpkt;
		m->m_nextpkt = NULL;
		m_freem(m);
	}
	fq->fq_last = NULL;
	fq->fq_have = fq->fq_nfrags = fq->fq_nmbufs = 0;
	return n;
}
