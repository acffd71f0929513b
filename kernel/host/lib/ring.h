/* ring.h - network cards without a wire, for measurements: frames pass as mbufs and are never copied. */
#ifndef KERNEL_HOST_LIB_RING_H
#define KERNEL_HOST_LIB_RING_H

#include "kernel/cdefs.h"

/* What a card receives and where it sends to. RING_NULL: it receives copies of its frame without end, and frees what it sends. */
enum ring_kind { RING_NULL, RING_LOOP };

struct ring_conf {
	const char	*rc_name;		/* "vio0" */
	uint8_t		 rc_lladdr[6];
	enum ring_kind	 rc_kind;
	const uint8_t	*rc_frame;		/* of RING_NULL; the caller's, for ever */
	size_t		 rc_len;		/* its bytes, of IPv4 in Ethernet */
};
struct ring_card;
/* NULL: no memory, or there is an interface of that name. Its link is up. Core 0. */
struct ring_card *ring_attach(const struct ring_conf *);
/* Of RING_LOOP: what `from` sends is received by `to`, its TTL raised again when it has become small. */
void	ring_join(struct ring_card *from, struct ring_card *to);
/* A frame of `len` bytes for the card to receive, beside what is in its ring. False: no mbuf, or no room. */
bool	ring_put(struct ring_card *, const void *frame, size_t len);
uint64_t ring_received(const struct ring_card *);
/* Its mbufs go back, and it receives no more. */
void	ring_stop(struct ring_card *);

#endif
