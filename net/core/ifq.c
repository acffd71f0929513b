/* ifq.c - input and output queues of interfaces. */
#include "kernel/loop.h"
#include "kernel/task.h"
#include "net/core/if.h"
#include "net/core/steer.h"
#include "net/core/stage.h"

STAGE(ifiq_input);
STAGE(ifq_enqueue);

static PERCORE struct ifqueue *ifq_pending;	/* to be started at the end of this pass */

static __apart_fn void
ifiq_steer(struct ifiqueue *ifiq, struct batch *b)
{
	struct ifnet *ifp = ifiq->ifiq_if;

	ifiq->ifiq_bytes += steer(ifp->if_index, b);
	if (b->b_n > 0)
		ifp->if_input(ifp, b);
}

void
ifiq_input(struct ifiqueue *ifiq, struct batch *b)
{
	struct ifnet *ifp = ifiq->ifiq_if;

	STAGE_ENTER(ifiq_input, b->b_n);
	ifiq->ifiq_packets += b->b_n;
	ifiq->ifiq_enqueues++;
	ifiq->ifiq_dequeues++;
	if (ifp->if_steer) {
		ifiq_steer(ifiq, b);
		return;
	}
	ifiq->ifiq_bytes += batch_received(b, ifp->if_index);
	ifp->if_input(ifp, b);
}

static void
ifq_set_pending(struct ifqueue *ifq)
{
	if (ifq->ifq_pending || ifq->ifq_oactive)
		return;
	ifq->ifq_pending = true;
	ifq->ifq_nextpending = percore(ifq_pending);
	percore(ifq_pending) = ifq;
	if (task_self() != NULL)		/* the loop flushes them at the end of its pass anyway */
		percore(loop_wake) = true;
}

static __rare_fn void
ifq_refuse(struct ifqueue *ifq, struct batch *b, unsigned from)
{
	ifq->ifq_qdrops += b->b_n - from;
	for (unsigned i = from; i < b->b_n; i++)
		m_freem(b->b_m[i]);
}

void
ifq_enqueue(struct ifqueue *ifq, struct batch *b)
{
	uint32_t room = ifq->ifq_maxlen - ifq->ifq_len;
	unsigned all = b->b_n, n = MIN((uint32_t)all, room);
	struct mbuf *tail = ifq->ifq_tail;
	uint64_t bytes = 0;

	STAGE_ENTER(ifq_enqueue, all);
	if (unlikely(!(ifq->ifq_if->if_flags & IFF_RUNNING)))
		n = 0;
	if (likely(n > 0)) {
		if (ifq->ifq_head == NULL)
			ifq->ifq_head = b->b_m[0];
		else
			tail->m_nextpkt = b->b_m[0];
		tail = b->b_m[0];
		bytes = tail->m_pktlen;
		for (unsigned i = 1; i < n; i++) {
			struct mbuf *m = b->b_m[i];

			tail->m_nextpkt = m;
			bytes += m->m_pktlen;
			tail = m;
		}
		ifq->ifq_tail = tail;
		ifq->ifq_len += n;
		ifq->ifq_packets += n;
		ifq->ifq_bytes += bytes;
		ifq_set_pending(ifq);
	}
	if (unlikely(n < all))
		ifq_refuse(ifq, b, n);
}

/* The end of a pass: each queue that got something starts once, so the doorbell rings once. */
static bool
ifq_flush(void)
{
	struct ifqueue *ifq = percore(ifq_pending);

	percore(ifq_pending) = NULL;
	while (ifq != NULL) {
		struct ifqueue *next = ifq->ifq_nextpending;

		ifq->ifq_pending = false;
		ifq->ifq_starts++;
		ifq->ifq_startfn(ifq);
		ifq = next;
	}
	return percore(ifq_pending) != NULL;	/* a start has sent something on */
}
LOOP_HOOK(ifq_flush, 50, ifq_flush);

void
ifq_set_oactive(struct ifqueue *ifq)
{
	if (ifq->ifq_oactive)
		return;
	ifq->ifq_oactive = true;
	ifq->ifq_oactives++;
}

void
ifq_restart(struct ifqueue *ifq)
{
	ifq->ifq_oactive = false;
	if (ifq->ifq_len > 0)
		ifq_set_pending(ifq);
}

/* The interface may be gone before this pass ends. */
static void
ifq_unset_pending(struct ifqueue *ifq)
{
	struct ifqueue **p = percore_ptr(ifq_pending);

	while (*p != NULL && *p != ifq)
		p = &(*p)->ifq_nextpending;
	if (*p != NULL) {
		*p = ifq->ifq_nextpending;
		ifq->ifq_pending = false;
	}
}

void
ifq_purge(struct ifqueue *ifq)
{
	struct mbuf *m;

	while ((m = ifq_dequeue(ifq)) != NULL) {
		ifq->ifq_purged++;
		m_freem(m);
	}
	ifq->ifq_oactive = false;
	ifq_unset_pending(ifq);
}

static uint64_t
ifq_held(void)
{
	uint64_t n = 0;

	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (unsigned i = 0; i < ifp->if_nqueues; i++)
			n += ifp->if_ifqs[i].ifq_len;
	return n;
}
COUNTER_HOLDER(ifq, ifq_held);
