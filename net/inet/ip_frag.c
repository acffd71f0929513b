/* ip_frag.c - fragmentation (RFC 791 2.3, 3.2; RFC 1812 4.2.2.7). */
#include <string.h>

#include "net/inet/ip_frag.h"
#include "net/inet/ip_var.h"
#include "net/pf/pf.h"
#include "net/pf/pf_rule.h"

COUNTER(ips_fragmented, ip, 180, CONSUMED, "output datagram%s fragmented");
COUNTER(ips_ofragments, ip, 190, CREATED, "fragment%s created");
COUNTER(ips_cantfrag, ip, 200, DROP, "datagram%s that can't be fragmented");
COUNTER(ips_fragnobufs, ip, 201, DROP, "datagram%s not fragmented for want of buffers");

/* The options that every fragment carries: those whose copied flag is set (RFC 791 3.1). Returns the new header's length. */
static unsigned
ip_copy_header(uint8_t *dst, const uint8_t *src, unsigned hlen)
{
	unsigned i = sizeof(struct ip), o = sizeof(struct ip), len;

	memcpy(dst, src, sizeof(struct ip));
	for (; i < hlen && src[i] != 0; i += len) {
		len = src[i] == 1 ? 1 : src[i + 1];	/* ip_options_check has seen the lengths */
		if ((src[i] & 0x80) && src[i] != 1) {
			memcpy(dst + o, src + i, len);
			o += len;
		}
	}
	while (o & 3)
		dst[o++] = 0;
	dst[0] = (uint8_t)(0x40 | o / 4);
	return o;
}

/* One fragment: len bytes of the packet's data from offset off (both of the data, 8-byte units kept). NULL: no mbufs. */
static struct mbuf *
ip_make_fragment(const struct mbuf *m, unsigned hlen, unsigned off, unsigned len, bool last)
{
	const struct ip *oip = (const struct ip *)m->m_data;
	struct mbuf *f = m_get();
	uint8_t chunk[512];
	struct ip *ip;
	unsigned fhlen, oldoff = be16_host(oip->ip_off);

	if (f == NULL)
		return NULL;
	fhlen = off == 0 ? hlen : ip_copy_header(f->m_data, m->m_data, hlen);
	if (off == 0)
		memcpy(f->m_data, m->m_data, hlen);
	f->m_len = f->m_pktlen = fhlen;
	for (unsigned done = 0; done < len; ) {
		unsigned n = MIN(len - done, (unsigned)sizeof(chunk));

		m_copydata(m, hlen + off + done, n, chunk);
		if (!m_append(f, chunk, n)) {
			m_freem(f);
			return NULL;
		}
		done += n;
	}
	ip = (struct ip *)f->m_data;
	ip->ip_len = host_be16((uint16_t)(fhlen + len));
	ip->ip_off = host_be16((uint16_t)((oldoff & ~IP_OFFMASK) | ((oldoff & IP_OFFMASK) + off / 8) | (last ? 0 : IP_MF)));
	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, fhlen);
	f->m_flags = m->m_flags & (M_PF_OUT | M_PF_DELAY);
	f->m_delay = m->m_delay;
	f->m_prio = m->m_prio;
	f->m_nh = m->m_nh;
	f->m_ifidx = m->m_ifidx;
	f->m_rdomain = m->m_rdomain;
	return f;
}

/* A part of a packet only wastes the way, so it is looked first whether there are mbufs for all. */
static bool
ip_room_for(unsigned data, unsigned step, unsigned hlen)
{
	unsigned each = 1 + (hlen + step) / (MCLBYTES - MHEADROOM);

	return (data + step - 1) / step * each <= percore(mbuf_pool.mp_nfree);
}

/* Sends the data from *off on, as many fragments as a batch holds, and moves *off behind them. False: out of mbufs. */
static bool
ip_fragment_batch(const struct mbuf *m, unsigned hlen, unsigned step, unsigned *off)
{
	unsigned data = m->m_pktlen - hlen;
	struct batch b;
	bool ok = true;

	for (b.b_n = 0; b.b_n < BATCH_MAX && *off < data; *off += step) {
		struct mbuf *f = ip_make_fragment(m, hlen, *off, MIN(step, data - *off), *off + step >= data);

		if ((ok = f != NULL) == false)
			break;
		batch_add(&b, f);
	}
	counter_add(ips_ofragments, b.b_n);
	if (b.b_n > 0)
		ip_output(&b);
	return ok;
}

void
ip_fragment(struct mbuf *m, uint32_t mtu)
{
	unsigned hlen = (m->m_data[0] & 15) * 4u, step = mtu > hlen ? (mtu - hlen) & ~7u : 0, off = 0;
	unsigned start = (be16_host(((const struct ip *)m->m_data)->ip_off) & IP_OFFMASK) * 8u;

	if (unlikely(pf_enabled) && (m = pf_output_whole(PF_INET, m)) == NULL)
		return;
	/* A piece that reaches beyond the longest datagram would have pieces whose offset wraps: an overlap with its start. */
	if (step == 0 || start + m->m_pktlen > IP_MAXPACKET) {
		M_DROP(m, ips_cantfrag);
		return;
	}
	if (!ip_room_for(m->m_pktlen - hlen, step, hlen)) {
		M_DROP(m, ips_fragnobufs);
		return;
	}
	while (off < m->m_pktlen - hlen)
		if (!ip_fragment_batch(m, hlen, step, &off))
			break;
	counter_inc(ips_fragmented);
	m_freem(m);
}
