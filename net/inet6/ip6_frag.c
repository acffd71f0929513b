/* ip6_frag.c - fragmentation of our own packets (RFC 8200 4.5). */
#include <string.h>

#include "kernel/machine.h"
#include "net/inet6/ip6_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"

COUNTER(ip6s_fragmented, ip6, 150, CONSUMED, "output datagram%s fragmented");
COUNTER(ip6s_ofragments, ip6, 151, CREATED, "fragment%s created");
COUNTER(ip6s_cantfrag, ip6, 152, DROP, "datagram%s that can't be fragmented");
COUNTER(ip6s_ofragnobufs, ip6, 153, DROP, "datagram%s not fragmented for want of buffers");

#define FRAG_HLEN	(sizeof(struct ip6_hdr) + sizeof(struct ip6_frag))	/* we send no other extension headers */

/* One fragment: len bytes of the packet's payload from offset off. NULL: no mbufs. */
static struct mbuf *
ip6_make_fragment(const struct mbuf *m, be32_t ident, unsigned off, unsigned len, bool last)
{
	struct mbuf *f = m_get();
	struct ip6_hdr *ip6;
	struct ip6_frag *fh;
	uint8_t chunk[512];

	if (f == NULL)
		return NULL;
	ip6 = (struct ip6_hdr *)f->m_data;
	fh = (struct ip6_frag *)(ip6 + 1);
	memcpy(ip6, m->m_data, sizeof(*ip6));
	*fh = (struct ip6_frag){ .ip6f_nxt = ip6->ip6_nxt, .ip6f_offlg = host_be16((uint16_t)(off | (last ? 0 : IP6F_MORE))),
	    .ip6f_ident = ident };
	ip6->ip6_nxt = IPPROTO_FRAGMENT_;
	ip6->ip6_plen = host_be16((uint16_t)(sizeof(*fh) + len));
	f->m_len = f->m_pktlen = FRAG_HLEN;
	for (unsigned done = 0, n; done < len; done += n) {
		n = MIN(len - done, (unsigned)sizeof(chunk));
		m_copydata(m, (uint32_t)sizeof(*ip6) + off + done, n, chunk);
		if (!m_append(f, chunk, n)) {
			m_freem(f);
			return NULL;
		}
	}
	f->m_flags = m->m_flags & (M_PF_OUT | M_PF_DELAY);
	f->m_delay = m->m_delay;
	f->m_prio = m->m_prio;
	f->m_nh = m->m_nh;
	f->m_rdomain = m->m_rdomain;
	return f;
}

/* A part of a packet only wastes the way, so it is looked first whether there are mbufs for all. */
static bool
ip6_room_for(unsigned data, unsigned step)
{
	unsigned each = 1 + (unsigned)(FRAG_HLEN + step) / (MCLBYTES - MHEADROOM);

	return (data + step - 1) / step * each <= percore(mbuf_pool.mp_nfree);
}

/* Sends the payload from *off on, as many fragments as a batch holds, and moves *off behind them. False: out of mbufs. */
static bool
ip6_fragment_batch(const struct mbuf *m, be32_t ident, unsigned step, unsigned *off)
{
	unsigned data = m->m_pktlen - (unsigned)sizeof(struct ip6_hdr);
	struct batch b;
	bool ok = true;

	for (b.b_n = 0; b.b_n < BATCH_MAX && *off < data; *off += step) {
		struct mbuf *f = ip6_make_fragment(m, ident, *off, MIN(step, data - *off), *off + step >= data);

		if (!(ok = f != NULL))
			break;
		batch_add(&b, f);
	}
	counter_add(ip6s_ofragments, b.b_n);
	if (b.b_n > 0)
		ip6_output(&b);
	return ok;
}

/* The identification must not be guessed: RFC 7739. */
void
ip6_fragment(struct mbuf *m, uint32_t mtu)
{
	unsigned data = m->m_pktlen - (unsigned)sizeof(struct ip6_hdr), off = 0;
	unsigned step = mtu > FRAG_HLEN + 8 ? (mtu - (unsigned)FRAG_HLEN) & ~7u : 0;
	be32_t ident;

	if (unlikely(pf_enabled) && (m = pf_output_whole(PF_INET6, m)) == NULL)
		return;
	if (step == 0 || data > IP6_MAXPLEN) {
		M_DROP(m, ip6s_cantfrag);
		return;
	}
	if (!ip6_room_for(data, step)) {
		M_DROP(m, ip6s_ofragnobufs);
		return;
	}
	random_bytes(&ident, sizeof(ident));
	while (off < data)
		if (!ip6_fragment_batch(m, ident, step, &off))
			break;
	counter_inc(ip6s_fragmented);
	m_freem(m);
}
