/* ether_output.c - IP packets out: the neighbour's link header in front, then to its interface. */
#include <string.h>

#include "net/core/stage.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"

STAGE(ether_output);
COUNTER(eths_noroom, ether, 60, DROP, "packet%s without room for a link header");

/* Gathers runs of the same interface; in practice the whole batch is one. */
void
ether_output(struct batch *b)
{
	struct ifnet *ifp = NULL;
	struct batch run;

	STAGE_ENTER(ether_output, b->b_n);
	run.b_n = 0;
	for (unsigned i = 0; i < b->b_n; i++) {
		struct mbuf *m = b->b_m[i];
		struct nexthop *nh = m->m_nh;

		nh->nh_used = true;
		if (unlikely(!nh->nh_valid)) {
			arp_resolve(nh, m);
			continue;
		}
		if (unlikely(m->m_data - m->m_buf < NH_HDRSIZE)) {
			M_DROP(m, eths_noroom);
			continue;
		}
		if (unlikely(nh->nh_ifp != ifp)) {
			if (run.b_n > 0)
				ifp->if_enqueue(ifp, &run);
			ifp = nh->nh_ifp;
			run.b_n = 0;
		}
		memcpy(m->m_data - NH_HDRSIZE, nh->nh_hdr, NH_HDRSIZE);
		m->m_data -= nh->nh_hdrlen;
		m->m_len += nh->nh_hdrlen;
		m->m_pktlen += nh->nh_hdrlen;
		batch_add(&run, m);
	}
	if (run.b_n > 0)
		ifp->if_enqueue(ifp, &run);
}
