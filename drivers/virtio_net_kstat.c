/* virtio_net_kstat.c - what vio(4) counts beyond its queues: kstat vioN:0:virtio:PAIR. */
#include "drivers/virtio_net.h"

static void
vio_kstat_read(struct kstat *ks, struct out *o)
{
	const struct vio_pair *vp = ks->ks_arg;
	const struct vio *sc = vp->vp_sc;

	kstat_u64(o, "rx kicks", vp->vp_rx.vq_kicks, NULL);
	kstat_u64(o, "tx kicks", vp->vp_tx.vq_kicks, NULL);
	kstat_u64(o, "rx interrupts", vp->vp_rx.vq_interrupts, NULL);
	kstat_u64(o, "tx interrupts", vp->vp_tx.vq_interrupts, NULL);
	kstat_u64(o, "lost interrupts", vp->vp_lostintrs, NULL);
	kstat_u64(o, "rx ring", vp->vp_rx.vq_size, NULL);
	kstat_u64(o, "rx posted", vp->vp_posted, NULL);
	kstat_u64(o, "tx ring", vp->vp_tx.vq_size, NULL);
	kstat_u64(o, "tx busy", virtq_busy(&vp->vp_tx), NULL);
	kstat_u64(o, "merged", vp->vp_merged, "packets");
	kstat_u64(o, "indirect", vp->vp_indirects, "packets");
	kstat_u64(o, "copied", vp->vp_copies, "packets");
	kstat_u64(o, "bad lengths", vp->vp_badlens, NULL);
	kstat_u64(o, "bad rings", vp->vp_badrings, NULL);
	kstat_u64(o, "resets", sc->sc_resets, NULL);
	kstat_u64(o, "watchdogs", vp->vp_watchdogs, NULL);
}

void
vio_kstat_attach(struct vio_pair *vp)
{
	vp->vp_kstat = (struct kstat){ .ks_provider = vp->vp_sc->sc_if.if_xname, .ks_name = "virtio",
	    .ks_unit = (unsigned)(vp - vp->vp_sc->sc_pairs), .ks_read = vio_kstat_read, .ks_arg = vp };
	kstat_add(&vp->vp_kstat);
}
