/* hostname_static.c - the static routes of hostname.if(5) objects in the routing table. There may be a million: the loop has its turn in between, and
 * what is the same in two objects costs one step of a walk over both. */
#include "kernel/log.h"
#include "kernel/task.h"
#include "net/core/hostname_var.h"

#define WORK_PAUSE	1024u		/* between two turns of the loop: 100,000 instructions at most */
#define WORK_SKIP	1u		/* a route that there is nothing to do about; */
#define WORK_LOOK	16u		/* one that is the same in both; */
#define WORK_CHANGE	128u		/* one that the table is asked for */

static bool
work_done(unsigned *work, unsigned n)
{
	if ((*work += n) < WORK_PAUSE)
		return false;
	*work = 0;
	return true;
}

/* The i-th of rs, which is in force; k: its other version in `in`, or -1. Returns the cost. */
static unsigned
withdraw_one(struct hn_routes *rs, unsigned i, struct hn_routes *in, int k, void (*withdraw)(struct static_route *, struct static_route *))
{
	struct static_route o, n;

	if (k >= 0 && hn_routes_same(rs, i, in, (unsigned)k)) {
		rs->rs_route[i].r_installed = false;
		in->rs_route[k].r_installed = true;
		return WORK_LOOK;
	}
	o = hn_routes_get(rs, i);
	if (k >= 0)
		n = hn_routes_get(in, (unsigned)k);
	withdraw(&o, k >= 0 ? &n : NULL);
	hn_routes_note(rs, i, &o);
	if (k >= 0)
		hn_routes_note(in, (unsigned)k, &n);
	return WORK_CHANGE;
}

void
withdraw_routes(struct hostname *old, struct hostname *new, void (*withdraw)(struct static_route *, struct static_route *))
{
	struct hn_routes *rs = &old->hn_routes, *in = new != NULL ? &new->hn_routes : NULL;
	unsigned cursor = 0, work = 0;

	for (unsigned i = 0; i < rs->rs_n; i++) {
		unsigned cost = WORK_SKIP;

		if (rs->rs_route[i].r_installed)
			cost = withdraw_one(rs, i, in, in != NULL ? hn_routes_beside(in, &cursor, rs, i) : -1, withdraw);
		if (work_done(&work, cost))
			net_pause();
	}
}

/* False: that is an error, and told. */
static bool
route_refused(struct config_err *ce, const struct hn_routes *rs, unsigned i, enum rt_error e)
{
	struct static_route sr = hn_routes_get(rs, i);
	char net[IN6_NETSTRLEN];

	af_printnet(net, sr.sr_af, &sr.sr_dest6, sr.sr_plen);
	if (e == RT_UNREACH && hostname_absentees > 0) {
		log_printf("route %s: %s: an interface is missing\n", net, rt_strerror(e));
		return true;
	}
	config_error(ce, sr.sr_line, "route %s: %s", net, rt_strerror(e));
	return false;
}

/* The i-th is put in force. k: the former version of it, in `old`, or -1. */
static enum rt_error
install_one(struct hn_routes *rs, unsigned i, const struct hn_routes *old, int k, unsigned *cost)
{
	struct static_route sr, was;
	enum rt_error e;

	*cost = WORK_LOOK;
	rs->rs_route[i].r_late = false;
	if (rs->rs_route[i].r_installed && (k < 0 || hn_routes_same(rs, i, old, (unsigned)k)))
		return RT_OK;
	*cost = WORK_CHANGE;
	sr = hn_routes_get(rs, i);
	if (k >= 0)
		was = hn_routes_get(old, (unsigned)k);
	e = static_route_apply(k >= 0 ? &was : NULL, &sr);
	sr.sr_late = e == RT_UNREACH;
	hn_routes_note(rs, i, &sr);
	return e;
}

/* All, or those that were late last time. *left: how many still cannot be reached. */
static bool
install_turn(struct config_err *ce, const struct hostname *old, struct hostname *new, bool all, unsigned *left)
{
	const struct hn_routes *in = old != NULL ? &old->hn_routes : NULL;
	struct hn_routes *rs = &new->hn_routes;
	unsigned cursor = 0, work = 0, cost;

	*left = 0;
	for (unsigned i = 0; i < rs->rs_n; i++) {
		enum rt_error e = RT_OK;

		cost = WORK_SKIP;
		if (all || rs->rs_route[i].r_late)
			e = install_one(rs, i, in, in != NULL ? hn_routes_beside(in, &cursor, rs, i) : -1, &cost);
		*left += e == RT_UNREACH;
		if (e != RT_OK && e != RT_UNREACH && !route_refused(ce, rs, i, e))
			return false;
		if (work_done(&work, cost))
			net_pause();
	}
	return true;
}

/* The gateway of one may be reached by another: those that are late have another turn as long as one was not any more. */
bool
install_routes(struct config_err *ce, const struct hostname *old, struct hostname *new)
{
	unsigned left, before, work = 0;
	bool ok = install_turn(ce, old, new, true, &left);

	for (before = left + 1; ok && left > 0 && left < before;) {
		before = left;
		ok = install_turn(ce, old, new, false, &left);
	}
	for (unsigned i = 0; i < new->hn_routes.rs_n && left > 0 && ok; i++) {
		bool late = new->hn_routes.rs_route[i].r_late;

		ok = !late || route_refused(ce, &new->hn_routes, i, RT_UNREACH);
		if (work_done(&work, late ? WORK_CHANGE : WORK_SKIP))
			net_pause();
	}
	return ok;
}

bool
retry_routes(struct hostname *h)
{
	struct hn_retry *t = &h->hn_retry;
	unsigned work = 0, cost;
	bool failed = false;

	while (t->t_next < h->hn_routes.rs_n) {
		unsigned i = t->t_next++;

		cost = WORK_SKIP;
		if (!h->hn_routes.rs_route[i].r_installed) {
			if (install_one(&h->hn_routes, i, NULL, -1, &cost) == RT_OK)
				t->t_got = true;
			else
				t->t_failed = true;
		}
		if (work_done(&work, cost)) {
			pending_more = true;
			return false;
		}
	}
	failed = t->t_failed;
	pending_more |= failed && t->t_got;	/* by way of another */
	*t = (struct hn_retry){ 0 };
	return !failed;
}

/* Whether a route can be is a matter of its way alone. */
static bool
ways_fine(const struct hn_routes *rs)
{
	unsigned work = 0;

	for (unsigned i = 0; i < rs->rs_nways; i++) {
		if (static_route_check(&rs->rs_way[i]) != RT_OK)
			return false;
		if (work_done(&work, WORK_CHANGE))
			net_pause();
	}
	return true;
}

bool
check_routes(struct config_err *ce, const struct hostname *h)
{
	char net[IN6_NETSTRLEN];
	unsigned work = 0;
	bool ok = true;

	if (hostname_absentees > 0 || ways_fine(&h->hn_routes))
		return true;
	for (unsigned i = 0; i < h->hn_routes.rs_n; i++) {
		struct static_route sr = hn_routes_get(&h->hn_routes, i);
		enum rt_error e = static_route_check(&sr);

		if (e != RT_OK) {
			config_error(ce, sr.sr_line, "route %s: %s", af_printnet(net, sr.sr_af, &sr.sr_dest6, sr.sr_plen), rt_strerror(e));
			ok = false;
		}
		if (work_done(&work, WORK_CHANGE))
			net_pause();
	}
	return ok;
}
