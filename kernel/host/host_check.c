/* host_check.c - what must hold when a test ends. */
#include <inttypes.h>
#include <stdio.h>

#include "kernel/host/host.h"
#include "kernel/load.h"
#include "kernel/loop.h"
#include "kernel/pool.h"
#include "kernel/timeout.h"
#include "net/core/if_loop.h"
#include "net/ether/arp.h"
#include "net/route/route.h"

#define SETTLE_PASSES	1000	/* in so many passes all that can go has gone */

static char wrong[256];

static void
settle(void)
{
	for (unsigned i = 0; i < SETTLE_PASSES && host_passes(); i++)
		continue;
}

const char *
host_check_balance(void)
{
	struct counter_balance b;
	uint64_t in, out;

	settle();
	counter_balance(&b);
	in = b.cb_received + b.cb_created;
	out = b.cb_sent + b.cb_dropped + b.cb_consumed + b.cb_held;
	if (in != out) {
		snprintf(wrong, sizeof(wrong), "the books do not balance: received %" PRIu64 " + created %" PRIu64
		    ", sent %" PRIu64 " + dropped %" PRIu64 " + consumed %" PRIu64 " + held %" PRIu64, b.cb_received,
		    b.cb_created, b.cb_sent, b.cb_dropped, b.cb_consumed, b.cb_held);
		return wrong;
	}
	if (mbuf_used() != b.cb_held) {
		snprintf(wrong, sizeof(wrong), "%u mbufs are out, %" PRIu64 " stand in queues", mbuf_used(), b.cb_held);
		return wrong;
	}
	return NULL;
}

void
host_stop(void)
{
	for (struct nexthop *nh = nexthop_list, *next; nh != NULL; nh = next) {
		next = nh->nh_next;
		if (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH))
			arp_forget(nh);
	}
	load_stop();
	nexthop_put(loop_nexthop());
	while (ifnet_list != NULL)
		if_detach(ifnet_list);
}

static const char *
host_check_left(void)
{
	for (struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next)
		if (pr->pr_nout != 0) {
			snprintf(wrong, sizeof(wrong), "at the end %u of pool %s are out", pr->pr_nout, pr->pr_name);
			return wrong;
		}
	for (unsigned i = 0; i < ncores; i++) {
		unsigned n;

		host_core(i);
		n = timeouts_pending();
		host_core(0);
		if (n != 0) {
			snprintf(wrong, sizeof(wrong), "at the end %u timeouts of core %u are pending", n, i);
			return wrong;
		}
	}
	if (mbuf_used() != 0) {
		snprintf(wrong, sizeof(wrong), "at the end %u mbufs are out", mbuf_used());
		return wrong;
	}
	if (nexthop_list != NULL)
		return "at the end there are neighbours";
	return NULL;
}

const char *
host_check_end(void)
{
	const char *why = host_check_balance();

	if (why != NULL)
		return why;
	host_stop();
	settle();
	return host_check_left();
}
