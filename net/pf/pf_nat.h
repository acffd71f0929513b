/* pf_nat.h - nat-to, rdr-to, binat-to: which address and port, and packets rewritten between the two keys of a state. */
#ifndef NET_PF_PF_NAT_H
#define NET_PF_PF_NAT_H

#include "net/pf/pf_state.h"

/* RFC 1624, equation 3: a word that the checksum covers changes. In memory order. */
static inline void
pf_sum_change(uint8_t *sum, uint16_t old, uint16_t new)
{
	uint32_t s = (uint16_t)~load16(sum) + (uint32_t)(uint16_t)~old + new;

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	store16(sum, (uint16_t)~s);
}

/* Checksums that cover what changes; s_outer covers s_ip and s_l4, too. NULL: there is none. */
struct pf_sums { uint8_t *s_ip, *s_l4, *s_outer; };
/* Adds to a 32-bit number, `at` bytes from h, which is at an even place, on; and writes a byte before and one behind it when that is odd. */
void	pf_add(uint8_t *h, unsigned at, uint32_t n, const struct pf_sums *);
/* The checksum of a protocol's header of which n bytes are there; UDP's may be absent: RFC 768. */
uint8_t	*pf_l4_sum(uint8_t *h, uint8_t proto, unsigned n);
/* So many bytes of the packet, which has them, are in one mbuf that is ours alone; it may be another one afterwards. False: it is gone, counted. */
bool	pf_writable(struct pf_pdesc *, unsigned need);

/* An address of the packet's family out of that pool of the rule, by the pool's way to choose. False: there is none now. Any core; the turns of
 * round-robin are each core's. */
bool	pf_pool_address(const struct pf_krule *, enum pf_kpool, const struct pf_pdesc *, struct in6_addr *);
/* For its translation, out of r_nat or r_rdr; with rdr-to its port (0: it stays). False: there is none. */
bool	pf_pool_pick(const struct pf_krule *, enum pf_kpool, const struct pf_pdesc *, struct in6_addr *, uint16_t *port);
/* The second key of a state that begins with the packet, whose own key is *own: as it is after translation, with a port that nobody has. Each
 * core takes only keys whose packets come home to it, so that no two take the same; XLATE_AWAY: another core is to try, *away. */
enum pf_xlate { XLATE_OK, XLATE_NONE, XLATE_AWAY };
enum pf_xlate pf_translated_key(struct pf_key *, const struct pf_key *own, const struct pf_pdesc *, const struct pf_verdict *, unsigned *away);
/* Rewrites the packet as the state says, checksums with it; `pd` describes it, and its mbuf may be another one afterwards. False: it is gone,
 * counted. */
bool	pf_translate(const struct pf_state *, struct pf_pdesc *);
/* The packet, which has been translated when it came in, becomes what it was; pd_dir is PF_IN. As above. */
bool	pf_untranslate(const struct pf_state *, struct pf_pdesc *);

#endif
