/* pf_delay.c - packets that wait for their time (pf_delay.h): a wheel of a slot a millisecond on each core. A slot's packets are of this turn or of
 * later ones, in the order in which they came; so those of one delay leave as they came. */
#include "kernel/cores.h"
#include "kernel/machine.h"
#include "kernel/timeout.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_delay.h"
#include "net/route/nexthop.h"

COUNTER(pfs_delayed, pf, 136, INFO, "packet%s that waited as long as a rule said");
COUNTER(pfs_delayfull, pf, 137, DROP, "packet%s that were to wait when too many did");
COUNTER(pfs_delaygone, pf, 138, DROP, "waiting packet%s whose interface went");

#define SLOTS		512u		/* a power of two */
#define BATCHES		4u		/* leave at a time; the others in the next millisecond */

struct slot { struct mbuf *s_first, *s_last; };		/* by m_nextpkt; s_last: when there is a first */
struct delays {
	uint32_t	 d_n;		/* that wait; other cores read it */
	uint32_t	 d_at;		/* ms of uptime: all before have left */
	uint32_t	 d_next;	/* when d_timer runs */
	struct timeout	 d_timer;
	struct slot	 d_slot[SLOTS];
};
static PERCORE struct delays delays;

static uint64_t
waiting(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < ncores; i++)
		n += percore_of(delays, i).d_n;
	return n;
}
COUNTER_HOLDER(pf_delay, waiting);

static uint32_t
now_ms(void)
{
	return (uint32_t)(uptime_ns() / 1000000);
}

/* Those of the slot whose time has come, as many as there is room for. True: that was all of them. */
static bool
leave(struct slot *sl, uint32_t at, struct batch *b)
{
	struct mbuf **mp = &sl->s_first, *stays = NULL, *m;

	while ((m = *mp) != NULL && b->b_n < BATCH_MAX) {
		if ((int32_t)(m->m_delay - at) > 0) {
			stays = m;
			mp = &m->m_nextpkt;
			continue;
		}
		*mp = m->m_nextpkt;
		m->m_nextpkt = NULL;
		batch_add(b, m);
	}
	if (m == NULL)
		sl->s_last = stays;
	return m == NULL;
}

static void send_due(void *);

static void
run_at(struct delays *ds, uint32_t when, uint32_t now)
{
	ds->d_next = when;
	if (!timeout_pending(&ds->d_timer))
		timeout_set(&ds->d_timer, send_due, ds);
	timeout_add_msec(&ds->d_timer, MAX((int32_t)(when - now), 1));
}

static void
send_due(void *arg)
{
	struct delays *ds = arg;
	uint32_t now = now_ms(), next;

	for (unsigned i = 0; i < BATCHES && (int32_t)(ds->d_at - now) <= 0; i++) {
		struct batch b = { .b_n = 0 };

		while ((int32_t)(ds->d_at - now) <= 0 && leave(&ds->d_slot[ds->d_at % SLOTS], ds->d_at, &b))
			ds->d_at++;
		ds->d_n -= b.b_n;
		if (b.b_n > 0)
			pf_output_delayed(&b);
	}
	if (ds->d_n == 0)
		return;
	for (next = ds->d_at; ds->d_slot[next % SLOTS].s_first == NULL; next++)
		continue;
	run_at(ds, next, now);
}

void
pf_delay(struct mbuf *m, uint32_t limit)
{
	struct delays *ds = percore_ptr(delays);
	uint32_t now = now_ms();
	struct slot *sl;

	m->m_flags = (uint16_t)((m->m_flags & ~M_PF_DELAY) | M_PF_OUT);
	if (waiting() >= limit || ds->d_n >= percore(mbuf_pool.mp_total) / 4) {
		M_DROP(m, pfs_delayfull);
		return;
	}
	counter_inc(pfs_delayed);
	m->m_tag = nexthop_tag(m->m_nh);
	m->m_delay += (uint32_t)((uptime_ns() + 999999) / 1000000);
	m->m_nextpkt = NULL;
	if (ds->d_n++ == 0)
		ds->d_at = now;
	sl = &ds->d_slot[m->m_delay % SLOTS];
	if (sl->s_first == NULL)
		sl->s_first = m;
	else
		sl->s_last->m_nextpkt = m;
	sl->s_last = m;
	if (!timeout_pending(&ds->d_timer) || (int32_t)(m->m_delay - ds->d_next) < 0)
		run_at(ds, m->m_delay, now);
}

/* ---- an interface goes ---- */

static bool
goes_by(const struct mbuf *m, const struct ifnet *ifp)
{
	const struct nexthop *nh = nexthop_tagged(m->m_tag);

	return nh == NULL || nexthop_tag(nh) != m->m_tag || nh->nh_ifp == ifp;
}

/* On each core. */
static void
purge(void *arg)
{
	struct delays *ds = percore_ptr(delays);

	for (struct slot *sl = ds->d_slot; sl < ds->d_slot + SLOTS && ds->d_n > 0; sl++) {
		struct mbuf **mp = &sl->s_first, *stays = NULL, *m;

		while ((m = *mp) != NULL) {
			if (!goes_by(m, arg)) {
				stays = m;
				mp = &m->m_nextpkt;
				continue;
			}
			*mp = m->m_nextpkt;
			m->m_nextpkt = NULL;
			ds->d_n--;
			M_DROP(m, pfs_delaygone);
		}
		sl->s_last = stays;
	}
	if (ds->d_n == 0)
		timeout_del(&ds->d_timer);
}

static void
if_goes(struct ifnet *ifp)
{
	for (unsigned i = 1; i < ncores; i++)
		core_call(i, purge, ifp);
	purge(ifp);
}
static const struct in6_watch delay_watch = { .iw_if_detach = if_goes };
IN6_WATCH(delay_watch);
