/* flow.c - the table of flows: buckets, memory, age. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/flow.h"
#include "net/pf/pf.h"

COUNTER_GROUP(flow, 12);
COUNTER(flows_made, flow, 20, INFO, "entr%y made");
COUNTER(flows_renewed, flow, 30, INFO, "entr%y brought up to date after a change");
COUNTER(flows_gone, flow, 40, INFO, "entr%y removed after a change");
COUNTER(flows_idle, flow, 50, INFO, "idle entr%y removed");
COUNTER(flows_full, flow, 60, INFO, "flow%s refused an entry for want of room");

PERCORE struct flow_table flow_table;
uint32_t if_generation, pf_generation;

int flow_enable = 1, flow_least = 2;
unsigned flow_batch_min = 2;

void
flow_choose(void)
{
	flow_batch_min = !flow_enable ? BATCH_MAX + 1 : pf_enabled ? 1 : (unsigned)flow_least;
}
SYSCTL_INT_CHANGED(net_flow_enable, "net.flow.enable", &flow_enable, 1, 0, 1, flow_choose);
SYSCTL_INT_CHANGED(net_flow_least, "net.flow.least", &flow_least, 2, 1, 64, flow_choose);
int flow_limit = 1 << 22;	/* entries of a core, where memory allows so many */
SYSCTL_INT(net_flow_limit, "net.flow.limit", &flow_limit, 1 << 22, 0, 1 << 24);
static int flow_timeout = 30, flow_timeout_new = 2;	/* seconds; the second after one packet */
SYSCTL_INT(net_flow_timeout, "net.flow.timeout", &flow_timeout, 30, 1, 3600);
SYSCTL_INT(net_flow_timeout_new, "net.flow.timeout_new", &flow_timeout_new, 2, 1, 3600);

#define FLOW_MEMORY	8		/* all cores have so much of memory together: an eighth, */
#define FLOW_MEMORY_SMALL 64		/* and on a small machine, whose memory packets need, this part */
#define FLOW_SMALL	(32u << 20)
#define FLOW_FIRST	32768u		/* entries of a table at first, */
#define FLOW_LAST	(1u << 22)	/* and at most */
#define FLOW_FULL	3		/* eighths: a table with more entries grows; so hardly any bucket is ever full */
#define FLOW_CLEAR	8		/* entries to initialise for each one made; six would do before the table grows again, */
#define FLOW_MOVE	8		/* and to look at, whether they must move; three would do */

void
flow_core_init(void)
{
	struct flow_table *ft = percore_ptr(flow_table);
	size_t part = page_total() < FLOW_SMALL / PAGE_SIZE ? FLOW_MEMORY_SMALL : FLOW_MEMORY;
	size_t share = page_total() / part / machine_cores() * PAGE_SIZE, first;

	random_bytes(ft->ft_secret, sizeof(ft->ft_secret));
	for (ft->ft_size = FLOW_LAST * sizeof(struct flow); ft->ft_size > share; ft->ft_size /= 2)
		continue;
	if (ft->ft_size < PAGE_SIZE || (ft->ft_base = page_take(ft->ft_size / PAGE_SIZE)) == NULL)
		return;
	first = MIN(ft->ft_size, FLOW_FIRST * sizeof(struct flow));
	memset(ft->ft_base, 0, first);
	ft->ft_ready = ft->ft_moved = first;
	ft->ft_mask = first - sizeof(struct flow);
}

uint16_t
flow_clock(void)
{
	return (uint16_t)(uptime_ns() >> FLOW_CLOCK_SHIFT);
}

static uint16_t
flow_ticks(int seconds)
{
	return (uint16_t)((uint64_t)seconds * 1000000000u >> FLOW_CLOCK_SHIFT);
}

static bool
flow_is_idle(const struct flow *fl, uint16_t now)
{
	return (uint16_t)(now - fl->fl_seen) > flow_ticks(flow_timeout);
}

static void
flow_free(struct flow_table *ft, struct flow *fl)
{
	KASSERT(fl->fl_key != 0);
	fl->fl_key = 0;
	ft->ft_n--;
}

static void
flow_expire(struct flow_table *ft, struct flow *fl)
{
	counter_inc(flows_idle);
	flow_free(ft, fl);
}

void
flow_remove(struct flow_table *ft, struct flow *fl)
{
	counter_inc(flows_gone);
	flow_free(ft, fl);
}

void
flow_count_renewed(void)
{
	counter_inc(flows_renewed);
}

void
flow_made(uint64_t *made, uint64_t *refused)
{
	*made = counter_sum(&counter_flows_made);
	*refused = counter_sum(&counter_flows_full);
}

static inline bool
flow_is(const struct flow *fl, const struct flow_id *id)
{
	const uint64_t *a = fl->fl_addr, *b = id->id_addr;

	return fl->fl_key == id->id_key && a[0] == b[0] && a[1] == b[1] && (!flow_key_is6(id->id_key) || (a[2] == b[2] && a[3] == b[3]));
}

static __inline_fn struct flow *
flow_find_in(struct flow *home, const struct flow_id *id)
{
	for (unsigned i = 0; i < FLOW_BUCKET; i++) {
		struct flow *fl = flow_near(home, i);

		if (flow_is(fl, id))
			return fl;
	}
	return NULL;
}

/* Where its home was before the table grew last; NULL: there, or all have moved. */
static struct flow *
flow_former_home(const struct flow_table *ft, struct flow *home)
{
	size_t off = (size_t)((uint8_t *)home - ft->ft_base), half = (ft->ft_mask + sizeof(*home)) / 2;

	return ft->ft_moved < half && off >= half ? (struct flow *)(ft->ft_base + (off - half)) : NULL;
}

/* A free place; NULL: the bucket is full. */
static struct flow *
flow_place(struct flow *home)
{
	for (unsigned i = 0; i < FLOW_BUCKET; i++)
		if (flow_near(home, i)->fl_key == 0)
			return flow_near(home, i);
	return NULL;
}

/* False: the bucket is full. */
static bool
flow_move(struct flow *fl, struct flow *home)
{
	struct flow *to = flow_place(home);

	if (to == NULL)
		return false;
	*to = *fl;
	fl->fl_key = 0;
	return true;
}

struct flow *
flow_find(struct flow_table *ft, struct flow *home, const struct flow_id *id)
{
	struct flow *fl = flow_find_in(home, id), *former;

	if (fl != NULL || (former = flow_former_home(ft, home)) == NULL || (fl = flow_find_in(former, id)) == NULL)
		return fl;
	return flow_move(fl, home) ? flow_find_in(home, id) : fl;
}

static uint64_t
flow_hash(const struct flow_table *ft, const struct flow *fl)
{
	const uint64_t *a = fl->fl_addr;

	if (!flow_key_is6(fl->fl_key))
		return flow_hash4(ft->ft_secret, a[0], fl->fl_key);
	return flow_hash6(ft->ft_secret, a[0], a[1], a[2], a[3], fl->fl_key);
}

/* The next few entries of the lower half that belong into the upper one go there; one that finds no room is forgotten. */
static void
flow_migrate(struct flow_table *ft)
{
	size_t half = (ft->ft_mask + sizeof(struct flow)) / 2;

	for (unsigned i = 0; i < FLOW_MOVE && ft->ft_moved < half; i++, ft->ft_moved += sizeof(struct flow)) {
		struct flow *fl = (struct flow *)(ft->ft_base + ft->ft_moved), *home;

		if (fl->fl_key == 0)
			continue;
		home = flow_home(ft, flow_hash(ft, fl));
		if ((size_t)((uint8_t *)home - ft->ft_base) >= half && !flow_move(fl, home))
			flow_expire(ft, fl);
	}
}

/* A place whose entry is idle; NULL: all are in use. */
static struct flow *
flow_reclaim(struct flow_table *ft, struct flow *home, uint16_t now)
{
	for (unsigned i = 0; i < FLOW_BUCKET; i++) {
		struct flow *fl = flow_near(home, i);

		if (fl->fl_key != 0 && flow_is_idle(fl, now)) {
			flow_expire(ft, fl);
			return fl;
		}
	}
	return NULL;
}

/* What has just been made is as old as one that has but the time for new ones left. */
static uint16_t
flow_first_seen(uint16_t now)
{
	return (uint16_t)(now - flow_ticks(flow_timeout) + MIN(flow_ticks(flow_timeout), flow_ticks(flow_timeout_new)));
}

/* The table's next half, where it is to grow. */
static void
flow_prepare(struct flow_table *ft)
{
	size_t want = MIN(2 * (ft->ft_mask + sizeof(struct flow)), ft->ft_size);

	if (ft->ft_ready < want) {
		memset(ft->ft_base + ft->ft_ready, 0, FLOW_CLEAR * sizeof(struct flow));
		ft->ft_ready += FLOW_CLEAR * sizeof(struct flow);
	}
}

struct flow *
flow_insert(struct flow_table *ft, struct flow *home, const struct flow_id *id)
{
	struct flow *fl = ft->ft_n < (uint32_t)flow_limit ? flow_place(home) : NULL;
	uint16_t now = flow_clock();

	if (fl == NULL && (fl = flow_reclaim(ft, home, now)) == NULL) {
		counter_inc(flows_full);
		return NULL;
	}
	counter_inc(flows_made);
	ft->ft_n++;
	fl->fl_key = id->id_key;
	memcpy(fl->fl_addr, id->id_addr, sizeof(fl->fl_addr));	/* IPv4: behind its own there are zeros */
	fl->fl_peer = fl->fl_id = 0;
	fl->fl_seen = flow_first_seen(now);
	flow_migrate(ft);
	flow_prepare(ft);
	return fl;
}

void
flow_tend(struct flow_table *ft)
{
	size_t size = ft->ft_mask + sizeof(struct flow);
	struct flow *bucket = (struct flow *)(ft->ft_base + ft->ft_hand);
	uint16_t now = flow_clock();

	for (struct flow *fl = bucket; fl < bucket + FLOW_BUCKET; fl++)
		if (fl->fl_key != 0 && flow_is_idle(fl, now))
			flow_expire(ft, fl);
	ft->ft_hand = (ft->ft_hand + FLOW_BUCKET * sizeof(struct flow)) & ft->ft_mask;
	if (ft->ft_n > size / sizeof(struct flow) / 8 * FLOW_FULL && ft->ft_ready >= 2 * size && ft->ft_moved >= size / 2) {
		ft->ft_mask = 2 * size - sizeof(struct flow);
		ft->ft_moved = 0;
	}
}
