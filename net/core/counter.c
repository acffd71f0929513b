/* counter.c - sums, sentences and the balance of the counters. */
#include <stdio.h>

#include "net/core/counter.h"
#include "net/core/if.h"

uint64_t
counter_sum(const struct counter *c)
{
	uint64_t s = 0;

	for (unsigned i = 0; i < ncores; i++)
		s += percore_of(*c->c_value, i);
	return s;
}

/* The plural's ending for a mark in a sentence: what to print, and how long the mark is. */
static const char *
counter_plural(const char *mark, uint64_t v, size_t *marklen)
{
	*marklen = 2;
	if (mark[1] == 'y')
		return v == 1 ? "y" : "ies";
	if (mark[1] == 'e' && mark[2] == 's') {
		*marklen = 3;
		return v == 1 ? "" : "es";
	}
	return v == 1 ? "" : "s";
}

void
counter_print(const struct counter *c, uint64_t v, char *buf, size_t len)
{
	size_t n = (size_t)snprintf(buf, len, "%llu ", (unsigned long long)v);

	for (const char *t = c->c_text; *t != '\0' && n + 1 < len; ) {
		if (*t == '%') {
			size_t marklen;
			const char *end = counter_plural(t, v, &marklen);

			n += (size_t)snprintf(buf + n, len - n, "%s", end);
			t += marklen;
		} else {
			buf[n++] = *t++;
			buf[n] = '\0';
		}
	}
}

static struct counter_balance counter_retired;	/* of interfaces that are gone */

static void
counter_interface(const struct ifnet *ifp, struct counter_balance *cb)
{
	for (unsigned i = 0; i < ifp->if_nqueues; i++) {
		const struct ifqueue *q = &ifp->if_ifqs[i];

		cb->cb_received += ifp->if_ifiqs[i].ifiq_packets;
		cb->cb_sent += q->ifq_packets - q->ifq_len - q->ifq_purged - q->ifq_errors;
		cb->cb_dropped += q->ifq_qdrops + q->ifq_purged + q->ifq_errors + ifp->if_ifiqs[i].ifiq_qdrops;
	}
}

void
counter_balance(struct counter_balance *cb)
{
	*cb = counter_retired;
	SET_FOREACH(const struct counter, c, counters) {
		uint64_t v = counter_sum(c);

		switch ((enum counter_kind)c->c_kind) {
		case COUNTER_DROP:
			cb->cb_dropped += v;
			break;
		case COUNTER_CONSUMED:
			cb->cb_consumed += v;
			break;
		case COUNTER_CREATED:
			cb->cb_created += v;
			break;
		case COUNTER_INFO:
			break;
		}
	}
	SET_FOREACH(const struct counter_holder, h, counter_holders)
		cb->cb_held += h->ch_held();
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		counter_interface(ifp, cb);
}

void
counter_retire(const struct ifnet *ifp)
{
	counter_interface(ifp, &counter_retired);
}
