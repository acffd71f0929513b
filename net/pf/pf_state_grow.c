/* pf_state_grow.c - a core's table of states becomes a larger one, some buckets at a time: packets wait for none of it longer than that. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/pf/pf_state.h"

#define MOVE_BUCKETS	256u		/* that go to the larger table at a time */

struct resize { struct pf_sk **rz_bucket, **rz_old; uint32_t rz_n; size_t rz_oldpages; bool rz_more; };

/* On the core whose table it is, as what follows. */
static void
resize_begin(void *arg)
{
	struct pf_states *ps = percore_ptr(pf_states);
	struct resize *rz = arg;

	rz->rz_more = ps->ps_mask != 0;
	if (!rz->rz_more) {
		ps->ps_mask = rz->rz_n - 1;
		ps->ps_bucket = rz->rz_bucket;
		return;
	}
	ps->ps_smaller = ps->ps_bucket;
	ps->ps_larger = rz->rz_bucket;
	ps->ps_largermask = rz->rz_n - 1;
	ps->ps_moved = 0;
	ps->ps_bucket = NULL;
}

static void
resize_end(struct pf_states *ps, struct resize *rz)
{
	rz->rz_more = false;
	rz->rz_old = ps->ps_smaller;
	rz->rz_oldpages = ((size_t)ps->ps_mask + 1) * sizeof(*ps->ps_smaller) / PAGE_SIZE;
	ps->ps_mask = ps->ps_largermask;
	ps->ps_hand = 0;
	ps->ps_bucket = ps->ps_larger;
	ps->ps_smaller = ps->ps_larger = NULL;
}

/* Some buckets of the smaller table. */
static void
resize_some(void *arg)
{
	struct pf_states *ps = percore_ptr(pf_states);

	for (unsigned n = 0; n < MOVE_BUCKETS && ps->ps_moved <= ps->ps_mask; n++, ps->ps_moved++)
		for (struct pf_sk *sk = ps->ps_smaller[ps->ps_moved], *next; sk != NULL; sk = next) {
			struct pf_sk **b = &ps->ps_larger[sk->sk_hash & ps->ps_largermask];

			next = sk->sk_next;
			sk->sk_next = *b;
			*b = sk;
		}
	if (ps->ps_moved > ps->ps_mask)
		resize_end(ps, arg);
}

bool
pf_states_grow(unsigned core, uint32_t n)
{
	const struct pf_states *ps = &percore_of(pf_states, core);
	struct resize rz = { .rz_n = n };
	size_t pages = n * sizeof(struct pf_sk *) / PAGE_SIZE;

	if (ps->ps_mask + 1 >= n)
		return true;
	net_enter();
	rz.rz_bucket = page_take(pages);
	net_leave();
	if (rz.rz_bucket == NULL)
		return false;
	memset(rz.rz_bucket, 0, pages * PAGE_SIZE);
	pf_on_core(core, resize_begin, &rz);
	while (rz.rz_more)
		pf_on_core(core, resize_some, &rz);
	net_enter();
	if (rz.rz_old != NULL)
		page_free(rz.rz_old, rz.rz_oldpages);
	net_leave();
	return true;
}
