/* pf_check.c - what of a rule goes together. Before its lists are expanded an error ends the statement; after that, in each combination, all are
 * said. */
#include <string.h>

#include "net/pf/pf_parse.h"

/* ---- definitions ---- */

static bool
has_proto(const struct pf_def *d, unsigned number)
{
	const struct pn_proto *n;

	for (n = d->d_protos; n != NULL; n = n->next)
		if (n->number == number)
			return true;
	return false;
}

static bool
check_anchor(struct pf_parse *p, const struct pf_def *d)
{
	const struct pf_rule *r = &d->d_rule;

	if (d->d_said & PF_SAID_KEEP)
		return pf_bad(p, "cannot specify state handling on anchors");
	if (d->d_nat.rd_set || d->d_rdr.rd_set || d->d_binat.rd_set || d->d_route.rd_set || r->r_divert != PF_DIVERT_NONE)
		return pf_bad(p, "cannot specify translation, routing or divert on anchors");
	if (d->d_said & (PF_SAID_SET | PF_SAID_SCRUB))
		return pf_bad(p, "cannot specify set or scrub on anchors");
	return true;
}

static bool
check_translation(struct pf_parse *p, const struct pf_def *d)
{
	const struct pf_rule *r = &d->d_rule;

	if (r->r_naf != 0 && d->d_route.rd_set)
		return pf_bad(p, "af-to cannot be used together with route-to, reply-to, dup-to");
	if (r->r_naf != 0 && r->r_dir != PF_IN)
		return pf_bad(p, "af-to can only be used on inbound rules");
	if (d->d_binat.rd_set && (d->d_nat.rd_set || d->d_rdr.rd_set))
		return pf_bad(p, "binat-to cannot be used together with nat-to, rdr-to or af-to");
	if ((d->d_nat.rd_set || d->d_rdr.rd_set) && r->r_dir == PF_INOUT)
		return pf_bad(p, "nat-to and rdr-to require a direction");
	if (d->d_binat.rd_set && r->r_dir != PF_INOUT)
		return pf_bad(p, "binat-to cannot be used with a direction");
	if ((d->d_nat.rd_set || d->d_rdr.rd_set || d->d_binat.rd_set) && r->r_action == PF_BLOCK)
		return pf_bad(p, "nat-to, rdr-to and binat-to cannot be used on block rules");
	if (d->d_rdr.rd_pool.pp_static_port || d->d_route.rd_pool.pp_static_port)
		return pf_bad(p, "the 'static-port' option is only valid with nat rules");
	if (d->d_route.rd_set && r->r_dir == PF_INOUT)
		return pf_bad(p, "direction must be explicit with rules that specify routing");
	if (d->d_route.rd_set && r->r_action == PF_MATCH)
		return pf_bad(p, "route-to, reply-to and dup-to are not supported on match rules");
	return true;
}

static bool
check_divert(struct pf_parse *p, const struct pf_rule *r)
{
	if (r->r_divert == PF_DIVERT_NONE)
		return true;
	if (r->r_action == PF_MATCH)
		return pf_bad(p, "divert is not supported on match rules");
	if (r->r_divert == PF_DIVERT_REPLY && r->r_dir == PF_IN)
		return pf_bad(p, "divert-reply used with incoming rule");
	if (r->r_divert == PF_DIVERT_TO && r->r_dir == PF_OUT)
		return pf_bad(p, "divert-to used with outgoing rule");
	if (r->r_divert == PF_DIVERT_TO && r->r_af != PF_AF_ANY && r->r_af != r->r_divert_addr.pa_af)
		return pf_bad(p, "divert-to address family mismatch");
	return true;
}

static bool
check_state(struct pf_parse *p, const struct pf_def *d)
{
	const struct pf_rule *r = &d->d_rule;

	if (!(d->d_said & PF_SAID_KEEP) || r->r_keep == PF_STATE_NO)
		return true;
	if (r->r_action == PF_BLOCK)
		return pf_bad(p, "keep state on block rules doesn't make sense");
	if (r->r_action == PF_MATCH)
		return pf_bad(p, "keep state on match rules doesn't make sense");
	return true;
}

bool
pf_check_def(struct pf_parse *p, const struct pf_def *d)
{
	const struct pf_rule *r = &d->d_rule;

	if (d->d_tag != NULL && strlen(d->d_tag) >= PF_TAG_NAME)
		return pf_bad(p, "tag too long, max %d chars", PF_TAG_NAME - 1);
	if (d->d_match_tag != NULL && strlen(d->d_match_tag) >= PF_TAG_NAME)
		return pf_bad(p, "tag too long, max %d chars", PF_TAG_NAME - 1);
	if (d->d_label != NULL && strlen(d->d_label) >= PF_LABEL)
		return pf_bad(p, "rule label too long (max %d chars)", PF_LABEL - 1);
	if ((r->r_flags | r->r_flagset) != 0 && d->d_protos != NULL && !has_proto(d, IPPROTO_TCP_))
		return pf_bad(p, "flags only apply to tcp");
	if (r->r_action == PF_ANCHOR && !check_anchor(p, d))
		return false;
	return check_state(p, d) && check_divert(p, r) && check_translation(p, d);
}

/* ---- combinations ---- */

static unsigned
check_icmp(struct pf_parse *p, const struct pf_rule *r)
{
	unsigned errors = 0;

	if (r->r_proto == IPPROTO_ICMP_ && r->r_af == PF_INET6)
		errors += !pf_bad(p, "proto icmp doesn't match address family inet6");
	if (r->r_proto == IPPROTO_ICMPV6_ && r->r_af == PF_INET)
		errors += !pf_bad(p, "proto icmp6 doesn't match address family inet");
	if (r->r_icmp_type >= 0 && r->r_af == PF_AF_ANY)
		errors += !pf_bad(p, "must indicate address family with icmp-type/code");
	if (r->r_icmp_type >= 0 && r->r_proto != (r->r_icmp6 ? IPPROTO_ICMPV6_ : IPPROTO_ICMP_))
		errors += !pf_bad(p, "icmp-type mismatch");
	return errors;
}

unsigned
pf_check_rule(struct pf_parse *p, const struct pf_rule *r)
{
	unsigned errors = 0;
	bool ports = r->r_src.ra_port.pc_op != PF_OP_NONE || r->r_dst.ra_port.pc_op != PF_OP_NONE;

	if (r->r_proto != IPPROTO_TCP_ && r->r_proto != IPPROTO_UDP_ && ports)
		errors += !pf_bad(p, "port only applies to tcp/udp");
	if (r->r_os[0] != '\0' && r->r_proto != IPPROTO_TCP_ && r->r_proto != 0)
		errors += !pf_bad(p, "os only applies to tcp");
	errors += check_icmp(p, r);
	if (r->r_fragment && (ports || r->r_flagset != 0 || r->r_icmp_type >= 0))
		errors += !pf_bad(p, "fragments can be filtered only on IP header fields");
	if (r->r_naf != 0 && r->r_af == PF_AF_ANY)
		errors += !pf_bad(p, "must indicate address family with af-to");
	if (r->r_naf != 0 && r->r_naf == r->r_af)
		errors += !pf_bad(p, "af-to cannot translate to the same address family");
	if (r->r_action == PF_BLOCK && r->r_return == PF_RETURN_RST && r->r_proto != IPPROTO_TCP_)
		errors += !pf_bad(p, "return-rst can only be applied to TCP packets");
	return errors;
}

/* ---- what the engine lacks ---- */

bool
pf_conf_check(const struct pf_conf *pc, const struct pf_env *env, pf_lacks_fn *lacks)
{
	const char *why = lacks(pc, NULL, NULL);
	bool ok = why == NULL;

	if (!ok)
		env->pe_error(env, "", 0, why);
	for (const struct pf_queue *q = pc->pc_queues; q != NULL; q = q->q_next)
		if ((why = lacks(pc, NULL, q)) != NULL) {
			env->pe_error(env, q->q_file, q->q_line, why);
			ok = false;
		}
	for (const struct pf_anchor *an = pc->pc_anchors; an != NULL; an = an->an_all)
		for (const struct pf_rule *r = an->an_rules; r != NULL; r = r->r_next)
			if ((why = lacks(pc, r, NULL)) != NULL) {
				env->pe_error(env, r->r_file, r->r_line, why);
				ok = false;
			}
	return ok;
}
