/* tap.h - packets are copied as they pass, for who listens: bpf(4)'s place. One listens at a time, to one interface; where nobody does it costs a
 * branch. Each core writes to a ring of its own, without locks; a task of core 0 empties them. */
#ifndef NET_CORE_TAP_H
#define NET_CORE_TAP_H

#include "net/core/if.h"
#include "net/core/mbuf.h"

#define TAP_SNAP	256u		/* bytes of a packet that are kept */
struct tap_packet {
	uint64_t	 tp_time;	/* uptime_ns */
	uint32_t	 tp_len;	/* bytes that there were */
	uint16_t	 tp_caplen;	/* and that are here */
	uint8_t		 tp_data[TAP_SNAP];
};

extern volatile uint16_t tap_ifidx;	/* the interface that is listened to; 0: none. Core 0 writes */
static inline struct ifnet *tap_if(void) { return unlikely(tap_ifidx != 0) ? if_get(tap_ifidx) : NULL; }

/* A packet of that interface: hlen (at most TAP_SNAP) bytes of header, then m, which stays the caller's. Any core, when tap_if() is the interface. */
void	tap_packet(const void *hdr, unsigned hlen, const struct mbuf *m);

/* ---- who listens: a task of core 0 ---- */
/* NULL, or why not: "Device busy"... */
const char *tap_open(const struct ifnet *);
void	tap_close(void);
/* The oldest packet of all rings. False: there is none now. */
bool	tap_next(struct tap_packet *);
/* What has passed since tap_open() without room in a ring. */
uint64_t tap_lost(void);

#endif
