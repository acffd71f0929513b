/* pf_overload.c - overloading sources go to core 0 as messages; a task puts them into tables, which takes memory and its time, and ends their states. */
#include <string.h>

#include "kernel/task.h"
#include "net/core/handoff.h"
#include "net/core/owner.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_overload.h"
#include "net/pf/pfctl_engine.h"

#define JOBS		256u		/* that wait */

COUNTER(pfs_oversent, pf, 350, CREATED, "overloading source%s told to the first core");
COUNTER(pfs_overtaken, pf, 360, CONSUMED, "overloading source%s that the first core was told of");
COUNTER(pfs_overlost, pf, 370, INFO, "overloading source%s that could not be put into their table");

/* It outlives the rule. */
struct job { uint64_t j_rule; struct in6_addr j_addr; uint8_t j_af, j_flush; char j_table[PF_TABLE_NAME], j_anchor[PF_OVERLOAD_PATH]; };
_Static_assert(sizeof(struct job) <= MCLBYTES - MHEADROOM, "it goes to core 0 in an mbuf");
static struct job jobs[JOBS];		/* core 0's; the first is the next */
static unsigned njobs;

static void take_jobs(struct ifnet *, struct batch *);
HANDOFF(pf_overload, take_jobs);

static void
lost(void)
{
	counter_inc(pfs_overlost);
}

static void
queue_job(const struct job *j)
{
	OWNER(0);
	for (unsigned i = 0; i < njobs; i++)
		if (jobs[i].j_rule == j->j_rule && jobs[i].j_af == j->j_af && in6_equal(&jobs[i].j_addr, &j->j_addr))
			return;
	if (njobs == JOBS) {
		lost();
		return;
	}
	jobs[njobs++] = *j;
	task_wakeup(jobs);
}

void
pf_overload(const struct pf_krule *kr, unsigned pf_family, const struct in6_addr *addr)
{
	const struct pf_state_opts *so = &kr->kr_rule->r_state;
	struct job j = { .j_rule = kr->kr_rule->r_id, .j_addr = *addr, .j_af = (uint8_t)pf_family, .j_flush = so->so_flush };
	struct batch one = { .b_n = 1 };

	strncpy(j.j_table, so->so_overload, sizeof(j.j_table) - 1);
	strncpy(j.j_anchor, so->so_overload_in, sizeof(j.j_anchor) - 1);
	if (core_id() == 0) {
		queue_job(&j);
		return;
	}
	if (handoff_room(handoff_ring(core_id(), 0)) == 0 || (one.b_m[0] = m_get()) == NULL) {
		lost();
		return;
	}
	counter_inc(pfs_oversent);
	memcpy(one.b_m[0]->m_data, &j, sizeof(j));
	one.b_m[0]->m_len = one.b_m[0]->m_pktlen = sizeof(j);
	handoff_batch(0, &handoff_pf_overload, 0, &one);
}

static void
take_jobs(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct job j;

		memcpy(&j, b->b_m[i]->m_data, sizeof(j));
		queue_job(&j);
		counter_inc(pfs_overtaken);
		m_freem(b->b_m[i]);
	}
}

/* ---- the task ---- */

/* From the source; of the rule, or of any. */
static bool
is_from(const struct pf_state *s, const void *arg)
{
	const struct job *j = arg;
	const struct pf_key *k = &s->s_sk[0].sk_key;

	return k->k_af == j->j_af && in6_equal(&k->k_addr[s->s_dir == PF_OUT], &j->j_addr) &&
	    (s->s_rule->kr_rule->r_id == j->j_rule || (j->j_flush & PF_FLUSH_GLOBAL));
}

static void
work(const struct job *j)
{
	struct pf_tentry te = { .te_addr = j->j_addr, .te_af = j->j_af, .te_plen = (uint8_t)pf_af_bits(j->j_af) };

	if (!pfctl_table_insert(j->j_anchor, j->j_table, &te))
		lost();
	if (j->j_flush != 0)
		pf_states_kill(is_from, j);
}

static void
overload_task(void *arg __unused_arg)
{
	for (;;) {
		struct job j;

		net_enter();
		while (njobs == 0)
			task_sleep(jobs, 0);
		j = jobs[0];
		memmove(jobs, jobs + 1, --njobs * sizeof(jobs[0]));
		net_leave();
		work(&j);
	}
}

bool
pf_overload_prepare(void)
{
	static bool there;

	if (!there)
		there = task_create("pf", overload_task, NULL) != NULL;
	return there;
}
