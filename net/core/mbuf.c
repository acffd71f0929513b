/* mbuf.c - each core's pool of mbufs, and what changes the shape of a packet. */
#include <string.h>

#include "kernel/machine.h"
#include "net/core/mbuf.h"

PERCORE struct mbuf_pool mbuf_pool;
unsigned mbuf_all;

#define MBUF_CHUNK	256		/* mbufs whose memory is taken in one piece */

static bool
mbuf_add_chunk(struct mbuf_pool *mp, unsigned n)
{
	size_t hpages = n * sizeof(struct mbuf) / PAGE_SIZE, bpages = (size_t)n * MCLBYTES / PAGE_SIZE;
	struct mbuf *m = page_alloc(hpages);
	uint8_t *buf = page_alloc(bpages);

	if (m == NULL || buf == NULL) {
		if (m != NULL)
			page_free(m, hpages);
		if (buf != NULL)
			page_free(buf, bpages);
		return false;
	}
	for (unsigned i = 0; i < n; i++, m++, buf += MCLBYTES) {
		m->m_buf = m->m_own = buf;
		m->m_owner = m;
		m->m_refs = 1;
		m->m_size = MCLBYTES;
		m_free(m);
	}
	mp->mp_total += n;
	return true;
}

bool
mbuf_init(unsigned n)
{
	struct mbuf_pool *mp = percore_ptr(mbuf_pool);
	unsigned all;

	n = roundup2(n, MBUF_CHUNK);
	all = MAX(n, mbuf_all);
	mp->mp_free = page_alloc((all * sizeof(struct mbuf *) + PAGE_SIZE - 1) / PAGE_SIZE);
	if (mp->mp_free == NULL)
		return false;
	while (mp->mp_total < n)
		if (!mbuf_add_chunk(mp, MBUF_CHUNK))
			return false;
	return true;
}

uint32_t
mbuf_used(void)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += percore_of(mbuf_pool, i).mp_total - percore_of(mbuf_pool, i).mp_nfree;
	return n - mbuf_shared();
}

struct mbuf *
m_get_slow(void)
{
	percore(mbuf_pool.mp_fails)++;
	return NULL;
}

/* Clones, and originals that have or had clones. All of them are on this core. */
void
m_free_slow(struct mbuf *m)
{
	struct mbuf *owner = m->m_owner;

	KASSERT(!(m->m_flags & M_FREED));
	if (owner != m) {
		m->m_owner = m;
		m->m_buf = m->m_own;
		m->m_flags = 0;
		m_free(m);
	}
	KASSERT(owner->m_refs > 0);
	if (--owner->m_refs > 0)
		return;
	owner->m_refs = 1;
	owner->m_flags = 0;
	m_free(owner);
}

struct m_freer
m_freer_slow(struct m_freer f, struct mbuf *m)
{
	m_freer_end(&f);
	m_freem(m);
	m_freer_start(&f);
	return f;
}

struct mbuf *
m_clone(struct mbuf *m)
{
	struct mbuf *head = NULL, **tail = &head;

	for (; m != NULL; m = m->m_next) {
		struct mbuf *c = m_get();

		if (c == NULL) {
			m_freem(head);
			return NULL;
		}
		c->m_owner = m->m_owner;
		c->m_owner->m_refs++;
		c->m_owner->m_flags |= M_SHARED;
		c->m_buf = m->m_buf;
		c->m_data = m->m_data;
		c->m_len = m->m_len;
		c->m_pktlen = m->m_pktlen;
		c->m_ifidx = m->m_ifidx;
		c->m_flags = m->m_flags | M_SHARED;
		c->m_csum = m->m_csum;
		c->m_flowid = m->m_flowid;
		c->m_rdomain = m->m_rdomain;
		c->m_loops = m->m_loops;
		*tail = c;
		tail = &c->m_next;
	}
	return head;
}

static bool
m_is_shared(const struct mbuf *m)
{
	for (; m != NULL; m = m->m_next)
		if (m->m_flags & M_SHARED)
			return true;
	return false;
}

/* What the copy of a packet takes over of the header. */
static void
m_copy_header(struct mbuf *c, const struct mbuf *m)
{
	c->m_data = c->m_buf + MIN((size_t)(m->m_data - m->m_buf), (size_t)(c->m_size - m->m_len));
	c->m_lens = 0;
	c->m_nh = m->m_nh;
	c->m_ifidx = m->m_ifidx;
	c->m_flags = m->m_flags & (uint16_t)~(M_SHARED | M_FREED);
	c->m_pftag = m->m_pftag;
	c->m_prio = m->m_prio;
	c->m_route = m->m_route;
	c->m_delay = m->m_delay;
	c->m_csum = m->m_csum;
	c->m_loops = m->m_loops;
	c->m_flowid = m->m_flowid;
	c->m_rdomain = m->m_rdomain;
}

struct mbuf *
m_copy(const struct mbuf *m)
{
	struct mbuf *c = m_get();

	if (c == NULL)
		return NULL;
	m_copy_header(c, m);
	for (const struct mbuf *n = m; n != NULL; n = n->m_next)
		if (!m_append(c, n->m_data, n->m_len)) {
			m_freem(c);
			return NULL;
		}
	return c;
}

struct mbuf *
m_unshare(struct mbuf *m)
{
	struct mbuf *c;

	if (!m_is_shared(m))
		return m;
	c = m_copy(m);
	m_freem(m);
	return c;
}

/* Moves the data to the start of the buffer when the tail has no room for what is missing. */
static bool
m_make_room(struct mbuf *m, uint32_t more)
{
	if (m->m_flags & M_SHARED)
		return false;
	if (m_tailroom(m) >= more)
		return true;
	if (m->m_len + more + MHEADROOM > m->m_size)
		return false;
	memmove(m->m_buf + MHEADROOM, m->m_data, m->m_len);
	m->m_data = m->m_buf + MHEADROOM;
	return true;
}

bool
m_pullup(struct mbuf *m, uint32_t len)
{
	if (m->m_len >= len)
		return true;
	if (m->m_pktlen < len || !m_make_room(m, len - m->m_len))
		return false;
	while (m->m_len < len) {
		struct mbuf *n = m->m_next;
		uint32_t take = MIN(len - m->m_len, n->m_len);

		memcpy(m->m_data + m->m_len, n->m_data, take);
		m->m_len += take;
		n->m_data += take;
		n->m_len -= take;
		if (n->m_len == 0) {
			m->m_next = n->m_next;
			m_free(n);
		}
	}
	return true;
}

void
m_trim(struct mbuf *m, uint32_t len)
{
	KASSERT(len <= m->m_pktlen);
	m->m_pktlen = len;
	while (len > m->m_len) {
		len -= m->m_len;
		m = m->m_next;
	}
	m->m_len = len;
	m_freem(m->m_next);
	m->m_next = NULL;
}

void
m_copydata(const struct mbuf *m, uint32_t off, uint32_t len, void *dst)
{
	uint8_t *d = dst;

	KASSERT(off <= m->m_pktlen && len <= m->m_pktlen - off);
	for (; len > 0; m = m->m_next) {
		uint32_t take;

		if (off >= m->m_len) {
			off -= m->m_len;
			continue;
		}
		take = MIN(m->m_len - off, len);
		memcpy(d, m->m_data + off, take);
		d += take;
		len -= take;
		off = 0;
	}
}

bool
m_append(struct mbuf *head, const void *src, uint32_t len)
{
	const uint8_t *s = src;
	struct mbuf *m = head;

	while (m->m_next != NULL)
		m = m->m_next;
	while (len > 0) {
		uint32_t room = m->m_flags & M_SHARED ? 0 : m_tailroom(m), take = MIN(room, len);

		if (room == 0) {
			if ((m->m_next = m_get()) == NULL)
				return false;
			m = m->m_next;
			continue;
		}
		memcpy(m->m_data + m->m_len, s, take);
		m->m_len += take;
		head->m_pktlen += take;
		s += take;
		len -= take;
	}
	return true;
}
