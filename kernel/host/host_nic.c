/* host_nic.c - the driver of host_nic.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/host/host.h"
#include "kernel/host/host_nic.h"
#include "kernel/host/host_trace.h"
#include "kernel/log.h"
#include "kernel/loop.h"
#include "net/ether/ether.h"

struct host_nic_queue {
	struct poller	 hq_poller;
	struct host_nic	*hq_nic;
	unsigned	 hq_idx;
	bool		 hq_rang;		/* there may be room to send */
	uint64_t	 hq_filtered, hq_off;	/* for other stations; while it was off */
	uint8_t		 hq_frame[HOST_NIC_FRAME];
};
struct host_nic {
	struct ifnet	 hn_if;
	const struct host_nic_ops *hn_ops;
	void		*hn_arg;
	struct host_nic_queue hn_q[];		/* hn_if.if_nqueues */
};

/* As a card's address filter. */
static bool
nic_wants(const struct ifnet *ifp, const uint8_t *dst)
{
	if ((ifp->if_flags & IFF_PROMISC) || memcmp(dst, ifp->if_lladdr, 6) == 0 ||
	    memcmp(dst, etherbroadcastaddr, 6) == 0)
		return true;
	if (!(dst[0] & 1))
		return false;
	for (const struct ifmulti *ifm = ifp->if_multi; ifm != NULL; ifm = ifm->ifm_next)
		if (memcmp(dst, ifm->ifm_lladdr, 6) == 0)
			return true;
	return (ifp->if_flags & IFF_ALLMULTI) != 0;
}

static struct mbuf *
nic_mbuf(const uint8_t *frame, size_t len)
{
	struct mbuf *m = m_get();

	if (m != NULL && !m_append(m, frame, (uint32_t)len)) {
		m_freem(m);
		return NULL;
	}
	return m;
}

/* One frame to the batch; false: there was none. */
static bool
nic_recv(struct host_nic_queue *hq, struct batch *b)
{
	struct host_nic *hn = hq->hq_nic;
	struct ifiqueue *ifiq = &hn->hn_if.if_ifiqs[hq->hq_idx];
	size_t len = hn->hn_ops->hno_recv(hn->hn_arg, hq->hq_idx, hq->hq_frame, sizeof(hq->hq_frame));
	struct mbuf *m;

	if (len == 0)
		return false;
	if (!(hn->hn_if.if_flags & IFF_RUNNING))
		hq->hq_off++;
	else if (len > sizeof(hq->hq_frame))
		ifiq->ifiq_errors++;
	else if (len >= ETHER_ADDR_LEN && !nic_wants(&hn->hn_if, hq->hq_frame))
		hq->hq_filtered++;
	else if ((m = nic_mbuf(hq->hq_frame, len)) == NULL)
		ifiq->ifiq_nombufs++;
	else
		batch_add(b, m);
	return true;
}

static int
nic_poll(struct poller *pl, int budget)
{
	struct host_nic_queue *hq = container_of(pl, struct host_nic_queue, hq_poller);
	struct ifnet *ifp = &hq->hq_nic->hn_if;
	struct batch b;
	int n = 0;

	if (hq->hq_rang && ifp->if_ifqs[hq->hq_idx].ifq_oactive)
		ifq_restart(&ifp->if_ifqs[hq->hq_idx]);
	hq->hq_rang = false;
	/* What is watched goes one by one, so that its way can be followed. */
	budget = host_trace_on() ? 1 : MIN(budget, BATCH_MAX);
	b.b_n = 0;
	while (n < budget && nic_recv(hq, &b))
		n++;
	if (b.b_n > 0) {
		if (host_trace_on())
			host_trace_frame(ifp, b.b_m[0], true);
		ifiq_input(&ifp->if_ifiqs[hq->hq_idx], &b);
		if (host_trace_on())
			host_trace_flush();
	}
	return n;
}

static void
nic_start(struct ifqueue *ifq)
{
	struct host_nic_queue *hq = ifq->ifq_softc;
	struct host_nic *hn = hq->hq_nic;
	struct mbuf *m;

	while ((m = ifq->ifq_head) != NULL) {
		const uint8_t *frame = m->m_data;

		if (m->m_pktlen > sizeof(hq->hq_frame)) {
			ifq_dequeue(ifq);
			ifq->ifq_errors++;
			m_freem(m);
			continue;
		}
		if (m->m_next != NULL) {
			m_copydata(m, 0, m->m_pktlen, hq->hq_frame);
			frame = hq->hq_frame;
		}
		if (!hn->hn_ops->hno_send(hn->hn_arg, hq->hq_idx, frame, m->m_pktlen)) {
			ifq_set_oactive(ifq);
			return;
		}
		if (host_trace_on())
			host_trace_frame(&hn->hn_if, m, false);
		ifq_dequeue(ifq);
		m_freem(m);
	}
}

void
host_nic_stats(const struct host_nic *hn, struct host_nic_stats *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < hn->hn_if.if_nqueues; i++) {
		const struct ifqueue *q = &hn->hn_if.if_ifqs[i];
		const struct ifiqueue *iq = &hn->hn_if.if_ifiqs[i];

		s->hns_in += iq->ifiq_packets;
		s->hns_errors += iq->ifiq_errors;
		s->hns_nombufs += iq->ifiq_nombufs;
		s->hns_filtered += hn->hn_q[i].hq_filtered;
		s->hns_off += hn->hn_q[i].hq_off;
		s->hns_out += q->ifq_packets - q->ifq_len - q->ifq_purged - q->ifq_errors;
	}
}

void
host_nic_wake(struct host_nic *hn, unsigned queue)
{
	unsigned self = core_id();

	host_core(if_queue_core(&hn->hn_if, queue));
	hn->hn_q[queue].hq_rang = true;
	poller_wake(&hn->hn_q[queue].hq_poller);
	host_core(self);
}

void
host_nic_link(struct host_nic *hn, bool up)
{
	if_link_state_change(&hn->hn_if, up ? LINK_STATE_UP : LINK_STATE_DOWN);
	for (unsigned i = 0; up && i < hn->hn_if.if_nqueues; i++)
		host_nic_wake(hn, i);
}

static bool
nic_setlladdr(struct ifnet *ifp __unused_arg, const uint8_t *lladdr __unused_arg)
{
	return true;			/* the filter reads if_lladdr */
}

static const struct if_ops nic_ops = { .ifo_setlladdr = nic_setlladdr };

static void
nic_add(void *poller)
{
	poller_add(poller);
}

static void
nic_queue(struct host_nic *hn, unsigned i)
{
	struct host_nic_queue *hq = &hn->hn_q[i];

	hq->hq_nic = hn;
	hq->hq_idx = i;
	hq->hq_poller.pl_name = hn->hn_if.if_xname;
	hq->hq_poller.pl_poll = nic_poll;
	hn->hn_if.if_ifqs[i].ifq_startfn = nic_start;
	hn->hn_if.if_ifqs[i].ifq_softc = hq;
	if_queue_call(&hn->hn_if, i, nic_add, &hq->hq_poller);
}

struct host_nic *
host_nic_attach(const struct host_nic_conf *c)
{
	unsigned n = MAX(c->hnc_nqueues, 1u);
	struct host_nic *hn = calloc(1, sizeof(*hn) + n * sizeof(hn->hn_q[0]));
	char mac[ETHER_STRLEN];
	struct ifnet *ifp;

	if (hn == NULL)
		return NULL;
	ifp = &hn->hn_if;
	hn->hn_ops = c->hnc_ops;
	hn->hn_arg = c->hnc_arg;
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "%s", c->hnc_name);
	memcpy(ifp->if_lladdr, c->hnc_lladdr, ETHER_ADDR_LEN);
	ifp->if_ops = &nic_ops;
	ifp->if_softc = hn;
	ifp->if_nqueues = n;
	ifp->if_rss = n > 1 ? "host" : NULL;
	if_spread(ifp);
	ifp->if_hardmtu = 9216;
	ifp->if_link_state = LINK_STATE_DOWN;
	if (!ether_ifattach(ifp)) {
		free(hn);
		return NULL;
	}
	for (unsigned i = 0; i < n; i++)
		nic_queue(hn, i);
	log_printf("%s at host: address %s\n", ifp->if_xname, ether_print(mac, ifp->if_lladdr));
	return hn;
}
