/* host_nic.c - the driver of host_nic.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/host/host_nic.h"
#include "kernel/host/host_trace.h"
#include "kernel/log.h"
#include "kernel/loop.h"
#include "net/ether/ether.h"

struct host_nic {
	struct ifnet	 hn_if;
	struct poller	 hn_poller;
	const struct host_nic_ops *hn_ops;
	void		*hn_arg;
	uint64_t	 hn_filtered, hn_off;	/* for other stations; while it was off */
	uint8_t		 hn_frame[HOST_NIC_FRAME];
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
nic_recv(struct host_nic *hn, struct batch *b)
{
	struct ifnet *ifp = &hn->hn_if;
	size_t len = hn->hn_ops->hno_recv(hn->hn_arg, hn->hn_frame, sizeof(hn->hn_frame));
	struct mbuf *m;

	if (len == 0)
		return false;
	if (!(ifp->if_flags & IFF_RUNNING))
		hn->hn_off++;
	else if (len > sizeof(hn->hn_frame))
		ifp->if_ifiqs[0].ifiq_errors++;
	else if (len >= ETHER_ADDR_LEN && !nic_wants(ifp, hn->hn_frame))
		hn->hn_filtered++;
	else if ((m = nic_mbuf(hn->hn_frame, len)) == NULL)
		ifp->if_ifiqs[0].ifiq_nombufs++;
	else
		batch_add(b, m);
	return true;
}

static int
nic_poll(struct poller *pl, int budget)
{
	struct host_nic *hn = container_of(pl, struct host_nic, hn_poller);
	struct batch b;
	int n = 0;

	/* What is watched goes one by one, so that its way can be followed. */
	budget = host_trace_on() ? 1 : MIN(budget, BATCH_MAX);
	b.b_n = 0;
	while (n < budget && nic_recv(hn, &b))
		n++;
	if (b.b_n > 0) {
		if (host_trace_on())
			host_trace_frame(&hn->hn_if, b.b_m[0], true);
		ifiq_input(&hn->hn_if.if_ifiqs[0], &b);
		if (host_trace_on())
			host_trace_flush();
	}
	return n;
}

static void
nic_start(struct ifqueue *ifq)
{
	struct host_nic *hn = ifq->ifq_softc;
	struct mbuf *m;

	while ((m = ifq->ifq_head) != NULL) {
		const uint8_t *frame = m->m_data;

		if (m->m_pktlen > sizeof(hn->hn_frame)) {
			ifq_dequeue(ifq);
			ifq->ifq_errors++;
			m_freem(m);
			continue;
		}
		if (m->m_next != NULL) {
			m_copydata(m, 0, m->m_pktlen, hn->hn_frame);
			frame = hn->hn_frame;
		}
		if (!hn->hn_ops->hno_send(hn->hn_arg, frame, m->m_pktlen)) {
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
	const struct ifqueue *q = &hn->hn_if.if_ifqs[0];
	const struct ifiqueue *iq = &hn->hn_if.if_ifiqs[0];

	s->hns_in = iq->ifiq_packets;
	s->hns_errors = iq->ifiq_errors;
	s->hns_nombufs = iq->ifiq_nombufs;
	s->hns_filtered = hn->hn_filtered;
	s->hns_off = hn->hn_off;
	s->hns_out = q->ifq_packets - q->ifq_len - q->ifq_purged - q->ifq_errors;
}

static void
nic_wake(void *arg)
{
	struct host_nic *hn = arg;

	poller_wake(&hn->hn_poller);
	if (hn->hn_if.if_ifqs[0].ifq_oactive)
		ifq_restart(&hn->hn_if.if_ifqs[0]);
}

void
host_nic_wake(struct host_nic *hn)
{
	if_queue_call(&hn->hn_if, 0, nic_wake, hn);
}

void
host_nic_link(struct host_nic *hn, bool up)
{
	if_link_state_change(&hn->hn_if, up ? LINK_STATE_UP : LINK_STATE_DOWN);
	if (up)
		host_nic_wake(hn);
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

struct host_nic *
host_nic_attach(const struct host_nic_conf *c)
{
	struct host_nic *hn = calloc(1, sizeof(*hn));
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
	ifp->if_nqueues = 1;
	if_spread(ifp);
	ifp->if_hardmtu = 9216;
	ifp->if_link_state = LINK_STATE_DOWN;
	if (!ether_ifattach(ifp)) {
		free(hn);
		return NULL;
	}
	ifp->if_ifqs[0].ifq_startfn = nic_start;
	ifp->if_ifqs[0].ifq_softc = hn;
	hn->hn_poller.pl_name = ifp->if_xname;
	hn->hn_poller.pl_poll = nic_poll;
	if_queue_call(ifp, 0, nic_add, &hn->hn_poller);
	log_printf("%s at host: address %s\n", ifp->if_xname, ether_print(mac, ifp->if_lladdr));
	return hn;
}
