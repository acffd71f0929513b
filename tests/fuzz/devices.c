/* devices.c - what no driver has, as cards stay: detaching. */
#include <stdlib.h>

#include "drivers/em.h"
#include "drivers/virtio_net.h"
#include "tests/fuzz/devices.h"
#include "tests/fuzz/fuzz.h"

struct ifnet *
fuzz_device_if(void)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (ifp->if_ops == &vio_ops || ifp->if_ops == &em_ops)
			return ifp;
	return NULL;
}

static void
vio_detach(struct vio *sc)
{
	timeout_del(&sc->sc_tick);
	for (unsigned i = 0; i < sc->sc_npairs; i++) {
		kstat_remove(&sc->sc_pairs[i].vp_kstat);
		free(sc->sc_pairs[i].vp_rxm);
		free(sc->sc_pairs[i].vp_txm);
	}
	free(sc->sc_pairs);
	free(sc->sc_virtio);
	free(sc);
}

static void
em_detach(struct em *sc)
{
	timeout_del(&sc->sc_tick);
	kstat_remove(&sc->sc_kstat);
	for (unsigned i = 0; i < sc->sc_nqueues; i++)
		kstat_remove(&sc->sc_queues[i].eq_kstat);
	free(sc);
}

void
fuzz_devices_detach(void)
{
	struct ifnet *ifp;

	while ((ifp = fuzz_device_if()) != NULL) {
		if_detach(ifp);
		if (ifp->if_ops == &vio_ops)
			vio_detach(ifp->if_softc);
		else
			em_detach(ifp->if_softc);
	}
	irq_list = NULL;
	pci_list = NULL;
	fuzz_dma_reset();
}
