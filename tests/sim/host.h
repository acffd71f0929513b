/* host.h - simple hosts: they know ARP, echo, errors, fragments, and check every byte that they accept. */
#ifndef TESTS_SIM_HOST_H
#define TESTS_SIM_HOST_H

#include "tests/sim/frame.h"

#define HOST_FLOWS	32
#define HOST_ARP	32
#define HOST_QUEUE	64		/* packets that wait for ARP, by neighbour */

struct neighbour {
	uint32_t	 n_ip;
	bool		 n_known;
	uint8_t		 n_mac[6];
	uint64_t	 n_asked;
	unsigned	 n_nwaiting;
	struct frame	*n_waiting[HOST_QUEUE];
};

/* What arrived of one sender's numbered datagrams. */
struct flow_in {
	uint32_t	 fi_src;
	uint64_t	 fi_received, fi_dups, fi_reordered;
	uint64_t	 fi_max;		/* the highest number + 1 */
	uint8_t		*fi_seen;		/* bits */
	uint64_t	 fi_cap;
};

struct shost {
	struct port	 h_port;
	struct shost	*h_next;
	uint32_t	 h_ip, h_mask, h_gateway;
	unsigned	 h_mtu;
	bool		 h_deaf;		/* answers nothing, sends nothing */
	struct neighbour h_arp[HOST_ARP];
	unsigned	 h_narp;
	struct flow_in	 h_in[HOST_FLOWS];
	unsigned	 h_nin;
	uint16_t	 h_id;
	struct reassembly *h_parts;
	uint64_t	 h_sent, h_received;	/* IP packets */
	uint64_t	 h_badsum;		/* refused: a checksum did not fit */
	uint64_t	 h_echoes, h_replies;	/* answered; received */
	uint16_t	 h_last_reply;		/* sequence number of the last echo reply */
	struct { uint8_t type, code; uint32_t from, gw; uint16_t mtu; uint64_t n; } h_error;	/* the last ICMP error, how many */
};

/* "10.0.0.2/24"; gateway NULL: none. */
struct shost *host_new(const char *name, struct wire *, const char *addr, const char *gateway);
/* A numbered UDP datagram of `payload` bytes (at least 16); its content follows from number and addresses. */
void	host_send(struct shost *, uint32_t dst, uint32_t number, unsigned payload, unsigned ttl, bool df);
void	host_ping(struct shost *, uint32_t dst, uint16_t seq, unsigned payload);
/* n datagrams, numbers 0..n-1, one every `gap` ns from now on, sizes by chance between the two. */
void	host_flow(struct shost *, uint32_t dst, uint32_t n, uint64_t gap, unsigned min, unsigned max);
/* What has come from src; NULL: nothing. */
const struct flow_in *host_from(const struct shost *, uint32_t src);
void	host_announce(struct shost *);		/* gratuitous ARP */

#endif
