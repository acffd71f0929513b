/* in6_cksum.c - checksums over a packet's payload with IPv6's pseudo-header (RFC 8200 8.1). */
#include "net/core/mbuf.h"
#include "net/inet6/ip6.h"

uint16_t
in6_cksum(const struct mbuf *m, const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, uint32_t off, uint32_t len)
{
	uint64_t sum = in_sum(src, sizeof(*src), 0);
	bool odd = false;

	sum += in_sum(dst, sizeof(*dst), 0) + host_be32(len) + host_be32(proto);
	for (; m != NULL && len > 0; m = m->m_next) {
		uint32_t n;
		uint16_t s;

		if (off >= m->m_len) {
			off -= m->m_len;
			continue;
		}
		n = MIN(m->m_len - off, len);
		s = in_fold(in_sum(m->m_data + off, n, 0));
		sum += odd ? __builtin_bswap16(s) : s;	/* RFC 1071 2 (B) */
		odd ^= n & 1;
		len -= n;
		off = 0;
	}
	return (uint16_t)~in_fold(sum);
}
