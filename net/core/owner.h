/* owner.h - who owns what cannot be split among the cores. What is not here is each core's own (queues, mbufs, timers, counters), or is
 * looked up by all and written by core 0 alone.
 *
 *	object					owner				others see it
 *	interfaces, addresses, groups		core 0				exactly; what is freed by epochs
 *	routing tables, next hops' headers	core 0				exactly; a look-up is good until the end of the pass
 *	neighbours (ARP, ND): states, wait lists	core 0			packets go there (ether_output)
 *	cloned routes, redirects		core 0				packets go there (ip_to_core0, ip6_to_core0)
 *	packets to ourselves			core 0				packets go there (ip_deliver, ip6_deliver)
 *	ICMP errors and their limits		core 0				packets go there, so the limit is exact
 *	fragments for ourselves, their limits	core 0				packets go there (both deliver), so all of a datagram meet
 *	what routers tell us, and we tell (RA)	core 0				not at all; addresses and routes that come of it as above
 *	path MTUs of what we send		core 0				not at all: what passes through does not heed them
 *	an interface's queue pair and rings	its ifq_core			packets go there (if_enqueue)
 *	configuration, commands, log's readers	core 0 (tasks)			exactly, from the next pass on
 *	pf: rules, tables, on and off		core 0				a batch is judged by one ruleset, the old or the new
 *	pf: states				the core that steering chooses	packets go there (pf_home), of links and groups to core 0; core 0 copies them
 *	pf: translated addresses and ports	the core that answers come home to	exactly; states of connections that come home to two cores are noted
 *						at the other, and packets go on from there
 *	pf: turns of round-robin		each core has its own		as many turns as cores
 *	pf: rules for one packet (once)	the packet that is first	exactly: one exchange decides (pf_once.h)
 *	pf: packets of a rule (max-pkt-rate)	each core counts its own	all add them up: exact to a packet or two a core (pf_rate.h)
 *	pf: packets that wait (set delay)	the core that is to send them	all add them up: the limit is exact to as many as cores take at the same moment
 *	pf: limits of states, of a rule's	each core counts its own	all add them up: exact to as many as cores make at the same moment
 *	pf: sources (pf_src.h): which there are	core 0				packets that need a new one go there and come back
 *	pf: limits of a source			each core counts its own	all add them up: exact to as many as cores make at the same moment
 *	pf: tables of overload			core 0, a task			sources go there as messages
 *	who listens to logged packets (tap.h)	core 0				each core writes a ring of its own; core 0 reads them by their times
 *	uses of a route (netstat -rn)		all add to it			within a few: two that add at once may count as one
 *	IP identification			each core's own sequence	random steps: no two are alike for long
 *	flow entries				each core's own			not at all; their generations: core 0
 *	which core a flow is on			the steering table, or the card	fixed while the interfaces are
 *
 * A function that works on an object of core 0 says OWNER(0) first: the simulator runs every case on one and on three cores in random
 * order, so that who calls it elsewhere is found. */
#ifndef NET_CORE_OWNER_H
#define NET_CORE_OWNER_H

#include "kernel/percore.h"

#ifdef SLUICE_DEBUG
#define OWNER(core)	KASSERT(core_id() == (core))
#else
#define OWNER(core)	((void)0)
#endif

#endif
