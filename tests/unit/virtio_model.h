/* virtio_model.h - a virtio network device for the drivers on the host: honest by itself, and with every part of it open
 * to a test that wants it to lie. It reads and writes the driver's rings in place: the sanitizers see what it is led to.
 *
 *	vm_init(&vm); vm.offered &= ~VIRTIO_NET_F_MRG_RXBUF; ... vm_attach(&vm);	vm_if(&vm) is the interface
 *	vm_rx(&vm, frame, len);		a frame comes in, and an interrupt when the driver wants one
 *	vm_tx(&vm, &len)		the next frame that the driver has sent
 *	vm_pairs(&vm, 4);		before vm_attach: it has four queue pairs, and a control queue behind them
 *	vm_rx_on(&vm, 3, frame, len)	a frame comes in on the fourth */
#ifndef TESTS_UNIT_VIRTIO_MODEL_H
#define TESTS_UNIT_VIRTIO_MODEL_H

#include "drivers/virtio_net.h"
#include "tests/unit/unit.h"

#define VM_PAIRS	8
#define VM_QUEUES	(2 * VM_PAIRS + 1)	/* receive and transmit of each pair; control */
#define VM_FRAME	17000
#define VM_FRAMES	1100

struct vm_queue {
	uint16_t	size, max, vector;
	bool		enabled;
	uint64_t	desc, avail, used;
	uint16_t	last;		/* next avail position to take */
	uint16_t	used_idx, signalled;
	unsigned	notified;
	unsigned	reverse;	/* uses so many buffers at a time in the opposite order */
};

struct vm {
	/* what it is: set between vm_init and vm_attach */
	uint64_t	offered;
	bool		legacy;
	unsigned	nmsix;
	struct virtio_net_config config;	/* the number of pairs that it tells stands here */
	unsigned	nqueues;	/* that it has */
	/* how it behaves: any time */
	bool		dead;		/* all reads give ones, writes go nowhere */
	bool		no_reset, refuse_features, mute, silent_ctrl, stalled;
	bool		refuse_pairs, refuse_rss;
	unsigned	stalled_pairs;	/* bit per pair: sends nothing */
	unsigned	no_vectors;	/* the machine gives vectors below this entry only; 0: all */
	int		reverse_tx;

	/* state */
	uint8_t		conf[256];
	uint8_t		status, isr, generation;
	uint32_t	fsel, gsel;
	uint64_t	features;
	uint16_t	qsel, config_vector;
	struct vm_queue	q[VM_QUEUES];
	struct irq	*irqs[VM_QUEUES + 1], *intx;
	unsigned	active;		/* pairs in use */
	bool		rss;
	uint32_t	rss_types;
	uint16_t	rss_table[128], rss_mask;
	uint8_t		rss_key[40];
	unsigned	interrupts, resets;

	uint8_t		frames[VM_FRAMES][VM_FRAME];
	unsigned	lens[VM_FRAMES], pair[VM_FRAMES], nframes, next;
	bool		promisc, allmulti;
	uint8_t		mac[6];
	unsigned	nmulti, ctrls;
	struct pci_dev	pd;
};

void	vm_init(struct vm *);
void	vm_attach(struct vm *);		/* offers it to the drivers */
struct ifnet *vm_if(struct vm *);	/* NULL: it did not attach */
struct vio *vm_sc(struct vm *);

void	vm_pairs(struct vm *, unsigned n);	/* with MQ offered; between vm_init and vm_attach */
/* The pair that RSS gives this IPv4 frame to, of TCP or UDP when `ports`. */
unsigned vm_rss(const struct vm *, const uint8_t *frame, bool ports);

/* False: the driver has no buffer for it. */
bool	vm_rx_on(struct vm *, unsigned pair, const void *frame, unsigned len);
bool	vm_rx(struct vm *, const void *frame, unsigned len);
uint8_t	*vm_tx(struct vm *, unsigned *len);	/* NULL: no more */
unsigned vm_tx_pair(const struct vm *);		/* the pair that vm_tx()'s last came by */
void	vm_run_tx(struct vm *);			/* as the doorbells of all pairs do */
void	vm_link(struct vm *, bool up);

/* Lies: puts this into the used ring and interrupts. */
void	vm_use(struct vm *, unsigned q, uint32_t id, uint32_t len);
void	vm_interrupt(struct vm *, unsigned q);
/* The descriptor that the driver offers next on this queue, taken; -1: none. */
int	vm_take(struct vm *, unsigned q);
uint8_t	*vm_buffer(struct vm *, unsigned q, int id);

#endif
