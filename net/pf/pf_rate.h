/* pf_rate.h - max-pkt-rate (pf.conf(5)): a rule matches only while it, and the states that it has made, have not had too many packets.
 *
 * What counts is each packet that the rule's other criteria match, whether the rule then matches or not, and each packet of its states that goes the
 * way of the first: so the rule matches again when less is sent, not when less is passed. Each core counts its own, in a line that no other one
 * writes to, and who asks adds them up: exact to as many packets as other cores look at in the same moment. Each core's falls from its own last
 * packet on, so that of a steady stream which comes to several cores up to a packet a core is missing. A packet that another core is to judge again
 * counts once. */
#ifndef NET_PF_PF_RATE_H
#define NET_PF_PF_RATE_H

#include "net/pf/pf_engine.h"

/* ---- amounts that fall evenly to nothing in so many seconds, in thousandths of one: how many there have been of late. Times are ms of uptime ---- */

#define PF_RATE_ONE	1000u
#define PF_RATE_AHEAD	1000u		/* ms: no further is another core's count ahead of the clock that this one has looked at */

/* What is left at `now` of what it was then. */
static inline uint64_t
pf_rate_fallen(uint32_t amount, uint32_t seconds, uint32_t then, uint32_t now)
{
	uint64_t all = seconds * 1000ull;
	uint32_t past = now - then;

	if (past > UINT32_MAX - PF_RATE_AHEAD)
		return amount;
	return past >= all ? 0 : amount - (uint64_t)amount * past / all;
}
/* One more, now; what is too much to be said stays so much. */
static inline void
pf_rate_add(uint32_t *amount, uint32_t seconds, uint32_t *then, uint32_t now)
{
	*amount = (uint32_t)MIN(pf_rate_fallen(*amount, seconds, *then, now) + PF_RATE_ONE, (uint64_t)UINT32_MAX);
	*then = now;
}

/* ---- of rules ---- */

struct pf_rate {			/* a core's, of a rule */
	uint32_t	 ra_packets;	/* thousandths of a packet; falls to nothing in the rule's seconds */
	uint32_t	 ra_when;	/* ms of uptime: when it was so */
};

/* Rules with max-pkt-rate get their kr_rate, and each core what it counts there, from nothing on. False: no memory; *many: more rules than can be. */
bool	pf_rates_make(struct pf_ruleset *, bool *many);
void	pf_rates_free(struct pf_ruleset *);
/* Of a rule with kr_rate, with those of late the packet is more than the rule allows. Any core. */
enum pf_rate_packet { PF_RATE_NEW, PF_RATE_COUNTED, PF_RATE_ASKED };	/* to be counted; another core has; it is none */
bool	pf_rate_exceeded(const struct pf_krule *, enum pf_rate_packet);
/* The packet that has just been counted, as a new one, is to be counted anew. */
void	pf_rate_return(const struct pf_krule *);

#endif
