/* devices.c - what no driver has, as cards stay: detaching; and what targets do with an interface, whatever its card. */
#include <stdlib.h>

#include "drivers/em.h"
#include "drivers/virtio_net.h"
#include "kernel/loop.h"
#include "tests/fuzz/devices.h"
#include "tests/fuzz/fuzz.h"

#define FRAME	16384

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

/* ---- the stack's side ---- */

void
fuzz_input_sink(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		unsigned sum = 0;

		for (struct mbuf *m = b->b_m[i]; m != NULL; m = m->m_next) {
			CHECK(m->m_data >= m->m_buf && m->m_data + m->m_len <= m->m_buf + m->m_size);
			sum += m->m_len;
		}
		CHECK(sum > 0 && sum == b->b_m[i]->m_pktlen);
		m_freem(b->b_m[i]);
	}
}

void
fuzz_send(struct fuzz_in *in)
{
	static const uint8_t bytes[FRAME];
	static const uint16_t lens[] = { 60, 1514, 42, 1900, 4000, 9014, 64, 15000 };
	unsigned how = fuzz_u8(in);
	struct ifnet *ifp = fuzz_device_if();
	struct batch b = { 0 };

	for (unsigned i = 0; i <= how >> 3; i++) {
		struct mbuf *m = m_get(), *c;

		if (m == NULL || !m_append(m, bytes, MIN(lens[how & 7], ifp->if_mtu + 14))) {
			m_freem(m);
			break;
		}
		if ((how & 0x18) == 0x18 && (c = m_clone(m)) != NULL)
			batch_add(&b, c);
		batch_add(&b, m);
		if (b.b_n >= BATCH_MAX - 1)
			break;
	}
	if (b.b_n > 0)
		ifp->if_enqueue(ifp, &b);
	if (how & 1)
		loop_pass();
}

void
fuzz_interface(struct fuzz_in *in)
{
	struct ifnet *ifp = fuzz_device_if();
	unsigned how = fuzz_u8(in);

	switch (how & 3) {
	case 0:
		if_setup(ifp, how & 4);
		break;
	case 1:
		if_setmtu(ifp, fuzz_u16(in) % 16200);
		break;
	case 2:
		if_setlladdr(ifp, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)how });
		break;
	default:
		if_setpromisc(ifp, how & 4);
		break;
	}
}

void
fuzz_time(struct fuzz_in *in)
{
	static const uint16_t ms[] = { 1, 10, 250, 251, 500, 1000, 5250, 6000 };

	host_run(ms[fuzz_u8(in) % nitems(ms)]);
}

void
fuzz_pass(struct fuzz_in *in __unused_arg)
{
	loop_pass();
}
