/* net.h - a router with two Ethernet wires for fuzz targets; made anew for each input. Every frame that comes out is checked: its
 * chain, its header, its checksum, its length, its padding. */
#ifndef TESTS_FUZZ_NET_H
#define TESTS_FUZZ_NET_H

#include "net/core/if.h"
#include "tests/fuzz/fuzz.h"

struct fwire {
	struct ifnet	fw_if;
	uint8_t		fw_host[6];	/* the MAC of the host there */
	bool		fw_full;	/* the ring takes nothing */
	bool		fw_up_fails, fw_mtu_fails;	/* the next time */
	unsigned	fw_sent;
	uint32_t	fw_mtu;		/* packets that wait were measured by it; 0: by what is in force */
};
extern struct fwire fw[2];
#define FW_HOST(wire, n)	host_be32(0x0a000002u | (uint32_t)(wire) << 8 | (n))	/* 10.0.WIRE.2 and on */
#define FW_ADDR(wire)		host_be32(0x0a000001u | (uint32_t)(wire) << 8)

void	fnet_start(void);		/* ft_start: the stack */
void	fnet_attach(void);		/* t0 and t1: link up, down, without addresses */
/* Up, 10.0.0.1/24 and 10.0.1.1/24. */
void	fnet_addresses(void);
/* n bytes arrive, in mbufs of at most seg bytes, `copies` times in one batch (as far as the pool goes). */
void	fnet_rx(struct fwire *, const uint8_t *, unsigned n, unsigned seg, unsigned copies);
void	fnet_full(struct fwire *, bool);
/* Takes all mbufs but n out of the pool; gives them back. */
void	fnet_hoard(unsigned n);
void	fnet_unhoard(void);
bool	fnet_waiting(void);		/* packets wait for a neighbour or a ring */
void	fnet_settle(void);		/* until nothing moves */
/* The books balance; then everything goes. */
void	fnet_detach(void);
/* All that an admin can see of routes, interfaces, permanent neighbours and settings, as one number. */
uint64_t fnet_fingerprint(void);
void	fnet_describe(const char *when);	/* on stderr, where FUZZ_VERBOSE is set */

#endif
