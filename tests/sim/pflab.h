/* pflab.h - a router with a packet filter between a host on each side, for the cases of pf. */
#ifndef TESTS_SIM_PFLAB_H
#define TESTS_SIM_PFLAB_H

#include "tests/sim/timeline.h"

#define VIO0	"inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n"
#define VIO1	"inet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\n!route add 10.1/16 10.0.1.2\n"
#define SYSCTL	"# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n"
#define A	"10.0.0.2"		/* of host a */
#define B	"10.0.1.2"

/* The router, with these rules as its pf.conf. */
void	lab_pf(const char *rules);
/* Sent by one, it comes out at the other, one hop later and otherwise as it was. */
void	through(struct raw *from, struct raw *to, const struct pkt *);
void	a_to_b(const struct pkt *);
void	b_to_a(const struct pkt *);
/* Nothing comes out, and that is counted: blocked by a rule; not of its state. */
void	blocked(struct raw *from, const struct pkt *);
void	misfits(struct raw *from, const struct pkt *);

#endif
