/* entries.c - the table of entries.h. */
#include "kernel/config.h"
#include "kernel/host/host_trace.h"
#include "kernel/host/lib/entries.h"
#include "kernel/host/lib/heap.h"
#include "kernel/host/lib/session.h"
#include "kernel/loop.h"
#include "kernel/timeout.h"
#include "net/core/counter.h"
#include "net/core/mbuf.h"

static uint64_t
entry_woken(void)
{
	uint64_t woken = 0;

	for (unsigned i = 0; i < ncores; i++)
		if (percore_of(loop_wake, i))
			woken |= 1ull << i;
	return woken;
}

/* What is not an interrupt happens between two passes of core 0. */
static void
entry_link(struct host_nic *hn, bool up)
{
	host_finish(0);
	host_nic_link(hn, up);
}

static void
entry_type(const char *s, size_t n)
{
	host_finish(0);
	host_type(s, n);
}

static void
entry_cons_room(size_t n)
{
	host_finish(0);
	host_cons_room(n);
}

static void
entry_session(const char *text, int *status)
{
	host_finish(0);
	session_start(text, status);
}

/* As at rest: nobody stands in the middle of something. */
static const char *
entry_balance(void)
{
	for (unsigned i = 0; i < ncores; i++)
		host_finish(i);
	host_moments(NULL);
	return host_check_balance();
}

static bool
entry_counter(unsigned i, const char **name, enum sluice_kind *kind, uint64_t *v)
{
	const struct counter *c;

	if (i >= SET_COUNT(counters))
		return false;
	c = SET_AT(counters, i);
	*name = c->c_name;
	*kind = (enum sluice_kind)c->c_kind;
	*v = counter_sum(c);
	return true;
}

static bool
entry_unconfig(void)
{
	struct out o;
	bool ok;

	out_init(&o, NULL, NULL);
	ok = config_load(&o, "empty", "", 0);
	out_free(&o);
	return ok;
}

const struct sluice_entries sluice_entries = {
	.se_host = &host,
	.se_init = host_init,
	.se_file = host_file_add,
	.se_boot = host_boot,
	.se_config = host_boot_config,
	.se_nic = host_nic_attach,
	.se_link = entry_link,
	.se_wake = host_nic_wake,
	.se_stats = host_nic_stats,
	.se_ring = ring_attach,
	.se_ring_join = ring_join,
	.se_ring_put = ring_put,
	.se_ring_received = ring_received,
	.se_ring_stop = ring_stop,
	.se_moments = host_moments,
	.se_pass = host_pass,
	.se_woken = entry_woken,
	.se_next = host_next,
	.se_type = entry_type,
	.se_session = entry_session,
	.se_cons_room = entry_cons_room,
	.se_counter = entry_counter,
	.se_balance = entry_balance,
	.se_mbufs = mbuf_used,
	.se_end = host_check_end,
	.se_unconfig = entry_unconfig,
	.se_trace = host_trace,
	.se_blocks = heap_blocks,
	.se_free_all = heap_free_all,
};
