/* ifq_kstat.c - rxq and txq of kstat, one for each queue of an interface. */
#include "net/core/if.h"
#include "net/core/ifq_kstat.h"

static void
ifiq_kstat_read(struct kstat *ks, struct out *o)
{
	const struct ifiqueue *q = ks->ks_arg;

	kstat_u64(o, "packets", q->ifiq_packets, "packets");
	kstat_u64(o, "bytes", q->ifiq_bytes, "bytes");
	kstat_u64(o, "qdrops", q->ifiq_qdrops, "packets");
	kstat_u64(o, "errors", q->ifiq_errors, "packets");
	kstat_u64(o, "nombufs", q->ifiq_nombufs, "packets");
	kstat_u64(o, "qlen", q->ifiq_len, "packets");
	kstat_u64(o, "enqueues", q->ifiq_enqueues, NULL);
	kstat_u64(o, "dequeues", q->ifiq_dequeues, NULL);
}

static void
ifq_kstat_read(struct kstat *ks, struct out *o)
{
	const struct ifqueue *q = ks->ks_arg;

	kstat_u64(o, "packets", q->ifq_packets, "packets");
	kstat_u64(o, "bytes", q->ifq_bytes, "bytes");
	kstat_u64(o, "qdrops", q->ifq_qdrops + q->ifq_purged, "packets");
	kstat_u64(o, "errors", q->ifq_errors, "packets");
	kstat_u64(o, "qlen", q->ifq_len, "packets");
	kstat_u64(o, "maxqlen", q->ifq_maxlen, "packets");
	kstat_bool(o, "oactive", q->ifq_oactive);
	kstat_u64(o, "oactives", q->ifq_oactives, NULL);
	kstat_u64(o, "starts", q->ifq_starts, NULL);
}

void
ifq_kstat_attach(struct ifnet *ifp, unsigned i)
{
	struct ifiqueue *iq = &ifp->if_ifiqs[i];
	struct ifqueue *oq = &ifp->if_ifqs[i];

	iq->ifiq_kstat = (struct kstat){ .ks_provider = ifp->if_xname, .ks_name = "rxq", .ks_unit = i,
	    .ks_read = ifiq_kstat_read, .ks_arg = iq };
	oq->ifq_kstat = (struct kstat){ .ks_provider = ifp->if_xname, .ks_name = "txq", .ks_unit = i,
	    .ks_read = ifq_kstat_read, .ks_arg = oq };
	kstat_add(&iq->ifiq_kstat);
	kstat_add(&oq->ifq_kstat);
}

void
ifq_kstat_detach(struct ifnet *ifp, unsigned i)
{
	kstat_remove(&ifp->if_ifiqs[i].ifiq_kstat);
	kstat_remove(&ifp->if_ifqs[i].ifq_kstat);
}
