/* virtio.h - taking a virtio network device off again, for targets that attach one per input. */
#ifndef TESTS_FUZZ_VIRTIO_H
#define TESTS_FUZZ_VIRTIO_H

#include "drivers/virtio_net.h"

/* The interface goes down and away, and all that its driver keeps for ever is freed. NULL: nothing attached. */
void	fuzz_vio_detach(struct ifnet *);
/* The one that attached last, or NULL. */
struct ifnet *fuzz_vio_if(void);

#endif
