/* pf_log.c - pflog(4): the interfaces, and a packet's header there. */
#include <stdio.h>
#include <string.h>

#include "kernel/pool.h"
#include "net/core/if_clone.h"
#include "net/core/net_init.h"
#include "net/pf/pf_log.h"
#include "net/pf/pf_table_count.h"

#define PFLOG_MAX	16		/* interfaces */

COUNTER(pfs_pflogout, pf, 140, DROP, "packet%s sent to a pflog interface");

/* ---- the interfaces ---- */

static struct pool pflog_pool;
static const struct if_ops pflog_ops = { 0 };

/* There is nothing behind it. */
static void
pflog_enqueue(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++)
		M_DROP(b->b_m[i], pfs_pflogout);
}

static struct ifnet *
pflog_create(const struct if_clone *ifc __unused_arg, unsigned unit)
{
	struct ifnet *ifp = pool_get(&pflog_pool);

	if (ifp == NULL)
		return NULL;
	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "pflog%u", unit);
	snprintf(ifp->if_group, sizeof(ifp->if_group), "pflog");
	ifp->if_mtu = ifp->if_hardmtu = 33136;
	ifp->if_ops = &pflog_ops;
	ifp->if_nqueues = 1;
	ifp->if_enqueue = pflog_enqueue;
	if (if_attach(ifp))
		return ifp;
	pool_put(&pflog_pool, ifp);
	return NULL;
}

static void
pflog_destroy(struct ifnet *ifp)
{
	if_detach(ifp);
	pool_put(&pflog_pool, ifp);
}
IF_CLONER(pflog, pflog_create, pflog_destroy);

static void
pflog_init(void)
{
	pool_init_epoch(&pflog_pool, "pflog", sizeof(struct ifnet), CACHELINE, PFLOG_MAX);
}
NET_INIT(pflog, 30, pflog_init);

/* ---- a packet ---- */

/* The rule of the main ruleset, and inside an anchor that one's; the anchor's name, or its end when it is long. */
static void
put_rule(struct pflog_hdr *h, const struct pf_krule *kr)
{
	const struct pf_anchor *an = kr->kr_in, *top = an;
	size_t len;

	h->pl_subrulenr = BE32(PFLOG_NOBODY);
	h->pl_rulenr = host_be32(kr->kr_rule->r_nr);
	if (kr->kr_rule == &pf_default_rule)
		h->pl_rulenr = BE32(PFLOG_NOBODY);
	if (an == NULL || an->an_path[0] == '\0')
		return;
	while (top->an_caller == NULL && top->an_parent != NULL)
		top = top->an_parent;
	h->pl_subrulenr = h->pl_rulenr;
	h->pl_rulenr = host_be32(top->an_caller != NULL ? top->an_caller->r_nr : PFLOG_NOBODY);
	len = strlen(an->an_path);
	strncpy(h->pl_ruleset, len < PFLOG_RULESET ? an->an_path : an->an_path + len - (PFLOG_RULESET - 1), PFLOG_RULESET - 1);
}

static uint8_t
action_number(unsigned action)
{
	return action == PF_PASS ? PFLOG_PASS : action == PF_BLOCK ? PFLOG_BLOCK : PFLOG_MATCH;
}

void
pf_log_packet(const struct pf_krule *kr, const struct pf_pdesc *pd, unsigned action, enum pf_reason why)
{
	const struct ifnet *ifp = tap_if();
	const char *to = kr->kr_rule->r_logif != NULL && kr->kr_rule->r_logif[0] != '\0' ? kr->kr_rule->r_logif : "pflog0";
	struct pflog_hdr h = { .pl_length = sizeof(h), .pl_af = pd->pd_af == PF_INET ? PFLOG_AF_INET : PFLOG_AF_INET6, .pl_action = action_number(action),
	    .pl_reason = (uint8_t)why, .pl_uid = BE32(PFLOG_NOBODY), .pl_pid = BE32(PFLOG_NOBODY),
	    .pl_dir = pd->pd_dir == PF_IN ? PFLOG_DIR_IN : PFLOG_DIR_OUT };

	if (ifp == NULL || strcmp(ifp->if_xname, to) != 0)
		return;
	memcpy(h.pl_ifname, pd->pd_ifp->if_xname, sizeof(h.pl_ifname));
	put_rule(&h, kr);
	h.pl_naf = h.pl_af;
	h.pl_saddr = pd->pd_src;
	h.pl_daddr = pd->pd_dst;
	h.pl_sport = host_be16(pd->pd_sport);
	h.pl_dport = host_be16(pd->pd_dport);
	h.pl_rewritten = !in6_equal(&pd->pd_src, &pd->pd_ksrc) || !in6_equal(&pd->pd_dst, &pd->pd_kdst) || pd->pd_dport != pd->pd_kdport;
	if (pd->pd_error)		/* those are of the packet that it quotes */
		h.pl_rewritten = 0;
	tap_packet(&h, sizeof(h), pd->pd_m);
}

void
pf_log_verdict(const struct pf_verdict *v, const struct pf_pdesc *pd, unsigned action, enum pf_reason why)
{
	for (unsigned i = 0; i < v->v_nlog; i++) {
		const struct pf_krule *kr = v->v_log[i];
		bool decides = kr == v->v_rule;

		if (kr->kr_rule->r_counts && (decides || kr->kr_rule->r_action == PF_MATCH))	/* else it was overruled */
			pf_tables_count(kr, pd, decides ? action : kr->kr_rule->r_action);
		if (!(v->v_quiet >> i & 1))
			pf_log(kr, pd, decides ? action : kr->kr_rule->r_action, decides ? why : PFR_MATCH);
	}
}
