/* pf_print_rule.c - rules in pfctl's normal form: read again they give the same rules. */
#include <string.h>

#include "net/pf/pf_conf.h"
#include "net/pf/pf_names.h"

#define INDENT	2

/* "what word", "what "string"" */
static void
print_word(struct out *o, const char *what, const char *s)
{
	out_printf(o, "%s ", what);
	pf_print_word(o, s);
}

static void
print_quoted(struct out *o, const char *what, const char *s)
{
	out_printf(o, "%s ", what);
	pf_print_quoted(o, s);
}

/* any stands for all interfaces but loopback ones, and is reserved. */
static void
print_if(struct out *o, const char *what, const char *name)
{
	if (strcmp(name, "any") == 0)
		out_printf(o, "%s any", what);
	else
		print_word(o, what, name);
}

/* ---- action ---- */

static void
print_icmp_return(struct out *o, uint16_t value, bool v6)
{
	const char *name = pf_icmp_code_name(value >> 8, value & 0xff, v6);

	if (name != NULL)
		out_printf(o, "%s", name);
	else
		out_printf(o, "%u", value & 0xff);
}

static void
print_return_icmp(struct out *o, const struct pf_rule *r)
{
	out_printf(o, " return-icmp%s(", r->r_af == PF_INET6 ? "6" : "");
	if (r->r_af != PF_INET6)
		print_icmp_return(o, r->r_return_icmp, false);
	if (r->r_af == PF_AF_ANY)
		out_printf(o, ", ");
	if (r->r_af != PF_INET)
		print_icmp_return(o, r->r_return_icmp6, true);
	out_printf(o, ")");
}

static void
print_block(struct out *o, const struct pf_rule *r)
{
	out_printf(o, "block");
	switch (r->r_return) {
	case PF_RETURN:
		out_printf(o, " return");
		break;
	case PF_RETURN_RST:
		out_printf(o, " return-rst");
		if (r->r_return_ttl != 0)
			out_printf(o, "(ttl %u)", r->r_return_ttl);
		break;
	case PF_RETURN_ICMP:
		print_return_icmp(o, r);
		break;
	default:
		out_printf(o, " drop");
		break;
	}
}

static void
print_action(struct out *o, const struct pf_rule *r)
{
	if (r->r_action == PF_BLOCK)
		print_block(o, r);
	else if (r->r_action == PF_ANCHOR) {
		out_printf(o, "anchor");
		if (r->r_anchor[0] != '\0')
			print_quoted(o, "", r->r_anchor);
	} else
		out_printf(o, "%s", r->r_action == PF_PASS ? "pass" : "match");
}

static void
print_log(struct out *o, const struct pf_rule *r)
{
	const char *sep = "";

	out_printf(o, " log");
	if (!(r->r_log & ~PF_LOG) && r->r_logif[0] == '\0')
		return;
	out_printf(o, " (");
	if (r->r_log & PF_LOG_ALL) {
		out_printf(o, "all");
		sep = ", ";
	}
	if (r->r_log & PF_LOG_MATCHES) {
		out_printf(o, "%smatches", sep);
		sep = ", ";
	}
	if (r->r_log & PF_LOG_USER) {
		out_printf(o, "%suser", sep);
		sep = ", ";
	}
	if (r->r_logif[0] != '\0') {
		out_printf(o, "%sto ", sep);
		pf_print_word(o, r->r_logif);
	}
	out_printf(o, ")");
}

/* ---- what is matched ---- */

static bool
is_any(const struct pf_rule_addr *ra)
{
	return (ra->ra_addr.pa_type == PF_ADDR_ANY || (ra->ra_addr.pa_type == PF_ADDR_NET && ra->ra_addr.pa_plen == 0)) && !ra->ra_not;
}

static void
print_host(struct out *o, const char *which, const struct pf_rule_addr *ra, unsigned how)
{
	out_printf(o, " %s ", which);
	if (is_any(ra))
		out_printf(o, "any");
	else {
		if (ra->ra_not)
			out_printf(o, "! ");
		pf_print_addr(o, &ra->ra_addr);
	}
	if (ra->ra_port.pc_op != PF_OP_NONE) {
		out_printf(o, " port");
		pf_print_cmp(o, &ra->ra_port, how & PF_PRINT_NAMES);
	}
}

static void
print_hosts(struct out *o, const struct pf_rule *r, unsigned how)
{
	if (is_any(&r->r_src) && is_any(&r->r_dst) && r->r_src.ra_port.pc_op == PF_OP_NONE && r->r_dst.ra_port.pc_op == PF_OP_NONE &&
	    r->r_os[0] == '\0') {
		out_printf(o, " all");
		return;
	}
	print_host(o, "from", &r->r_src, how);
	if (r->r_os[0] != '\0')
		print_quoted(o, " os", r->r_os);
	print_host(o, "to", &r->r_dst, how);
}

static void
print_proto(struct out *o, unsigned proto)
{
	const char *name = pf_proto_name(proto);

	if (name != NULL)
		out_printf(o, " proto %s", name);
	else
		out_printf(o, " proto %u", proto);
}

static void
print_head(struct out *o, const struct pf_rule *r, unsigned how)
{
	print_action(o, r);
	if (r->r_dir != PF_INOUT)
		out_printf(o, r->r_dir == PF_IN ? " in" : " out");
	if (r->r_log != 0)
		print_log(o, r);
	if (r->r_quick)
		out_printf(o, " quick");
	if (r->r_rdomain >= 0)
		out_printf(o, " on %srdomain %d", r->r_ifnot ? "! " : "", r->r_rdomain);
	if (r->r_ifname[0] != '\0')
		print_if(o, r->r_ifnot ? " on !" : " on", r->r_ifname);
	if (r->r_af != PF_AF_ANY)
		out_printf(o, r->r_af == PF_INET ? " inet" : " inet6");
	if (r->r_proto != 0)
		print_proto(o, r->r_proto);
	print_hosts(o, r, how);
	if (r->r_rcvif[0] != '\0')
		print_if(o, r->r_rcvifnot ? " ! received-on" : " received-on", r->r_rcvif);
}

static void
print_flag_set(struct out *o, unsigned flags)
{
	for (unsigned i = 0; i < 8; i++)
		if (flags & 1u << i)
			out_printf(o, "%c", "FSRPAUEW"[i]);
}

/* flags any is worth saying where S/SA would be meant else. */
static void
print_flags(struct out *o, const struct pf_rule *r)
{
	if (r->r_flags != 0 || r->r_flagset != 0) {
		out_printf(o, " flags ");
		print_flag_set(o, r->r_flags);
		out_printf(o, "/");
		print_flag_set(o, r->r_flagset);
	} else if (r->r_keep != PF_STATE_NO && (r->r_proto == 0 || r->r_proto == IPPROTO_TCP_) && !r->r_fragment)
		out_printf(o, " flags any");
}

static void
print_icmp(struct out *o, const struct pf_rule *r)
{
	const char *type = pf_icmp_type_name((unsigned)r->r_icmp_type, r->r_icmp6);
	const char *code = r->r_icmp_code < 0 ? NULL : pf_icmp_code_name((unsigned)r->r_icmp_type, (unsigned)r->r_icmp_code, r->r_icmp6);

	out_printf(o, r->r_icmp6 ? " icmp6-type" : " icmp-type");
	if (type != NULL)
		out_printf(o, " %s", type);
	else
		out_printf(o, " %d", r->r_icmp_type);
	if (code != NULL)
		out_printf(o, " code %s", code);
	else if (r->r_icmp_code >= 0)
		out_printf(o, " code %d", r->r_icmp_code);
}

/* In millionths of a percent, without zeros at the end. */
static void
print_probability(struct out *o, uint32_t prob)
{
	uint64_t millionths = ((uint64_t)prob * 100000000 + (1u << 31)) >> 32;
	unsigned digits = 6, rest = (unsigned)(millionths % 1000000);

	for (; digits > 0 && rest % 10 == 0; digits--)
		rest /= 10;
	out_printf(o, " probability %u", (unsigned)(millionths / 1000000));
	if (digits > 0)
		out_printf(o, ".%0*u", (int)digits, rest);
	out_printf(o, "%%");
}

static void
print_match(struct out *o, const struct pf_rule *r)
{
	if (r->r_uid.pc_op != PF_OP_NONE) {
		out_printf(o, " user");
		pf_print_cmp(o, &r->r_uid, false);
	}
	if (r->r_gid.pc_op != PF_OP_NONE) {
		out_printf(o, " group");
		pf_print_cmp(o, &r->r_gid, false);
	}
	print_flags(o, r);
	if (r->r_icmp_type >= 0)
		print_icmp(o, r);
	if (r->r_tos >= 0)
		out_printf(o, " tos 0x%02x", (unsigned)r->r_tos);
	if (r->r_prio >= 0)
		out_printf(o, " prio %d", r->r_prio);
	if (r->r_pktrate != 0)
		out_printf(o, " max-pkt-rate %u/%u", r->r_pktrate, r->r_pktrate_seconds);
}

/* ---- what is done ---- */

/* What of the options shows: that states float is not said. */
static bool
has_state_opts(const struct pf_state_opts *so)
{
	return so->so_max != 0 || so->so_nosync || so->so_srctrack != PF_SRCTRACK_NO || so->so_max_src_states != 0 || so->so_max_src_conn != 0 ||
	    so->so_rate != 0 || so->so_max_src_nodes != 0 || so->so_overload != NULL || so->so_bound == PF_BOUND_IF || so->so_sloppy ||
	    so->so_pflow || so->so_floats || so->so_timeout_set != 0;
}

static void
print_keep(struct out *o, const struct pf_rule *r)
{
	bool opts = r->r_keep != PF_STATE_NO && has_state_opts(&r->r_state);

	if (r->r_prob != 0)
		print_probability(o, r->r_prob);
	if (r->r_keep == PF_STATE_NO && r->r_action == PF_PASS)
		out_printf(o, " no state");
	else if (r->r_keep == PF_STATE_MODULATE)
		out_printf(o, " modulate state");
	else if (r->r_keep == PF_STATE_SYNPROXY)
		out_printf(o, " synproxy state");
	else if (opts || (r->r_keep != PF_STATE_NO && r->r_keep_said))
		out_printf(o, " keep state");
	if (opts) {
		out_printf(o, " (");
		pf_print_state_opts(o, &r->r_state, ", ");
		out_printf(o, ")");
	}
}

static void
print_set(struct out *o, const struct pf_rule *r)
{
	const char *sep = "";

	if (r->r_set_prio[0] < 0 && r->r_queue[0][0] == '\0' && r->r_set_tos < 0 && r->r_set_delay == 0)
		return;
	out_printf(o, " set (");
	if (r->r_set_prio[0] >= 0) {
		if (r->r_set_prio[0] == r->r_set_prio[1])
			out_printf(o, "prio %d", r->r_set_prio[0]);
		else
			out_printf(o, "prio(%d, %d)", r->r_set_prio[0], r->r_set_prio[1]);
		sep = ", ";
	}
	if (r->r_queue[0][0] != '\0') {
		out_printf(o, "%squeue%s", sep, r->r_queue[1][0] != '\0' ? "(" : " ");
		pf_print_word(o, r->r_queue[0]);
		if (r->r_queue[1][0] != '\0') {
			out_printf(o, ", ");
			pf_print_word(o, r->r_queue[1]);
			out_printf(o, ")");
		}
		sep = ", ";
	}
	if (r->r_set_tos >= 0) {
		out_printf(o, "%stos 0x%02x", sep, (unsigned)r->r_set_tos);
		sep = ", ";
	}
	if (r->r_set_delay != 0)
		out_printf(o, "%sdelay %u", sep, r->r_set_delay);
	out_printf(o, ")");
}

static void
print_scrub(struct out *o, const struct pf_rule *r)
{
	const char *sep = "";

	if (r->r_scrub == 0 && r->r_min_ttl == 0 && r->r_max_mss == 0)
		return;
	out_printf(o, " scrub (");
	if (r->r_scrub & PF_SCRUB_NODF) {
		out_printf(o, "no-df");
		sep = " ";
	}
	if (r->r_scrub & PF_SCRUB_RANDOMID) {
		out_printf(o, "%srandom-id", sep);
		sep = " ";
	}
	if (r->r_min_ttl != 0) {
		out_printf(o, "%smin-ttl %u", sep, r->r_min_ttl);
		sep = " ";
	}
	if (r->r_scrub & PF_SCRUB_TCP) {
		out_printf(o, "%sreassemble tcp", sep);
		sep = " ";
	}
	if (r->r_max_mss != 0)
		out_printf(o, "%smax-mss %u", sep, r->r_max_mss);
	out_printf(o, ")");
}

static void
print_pool(struct out *o, const struct pf_pool *pp)
{
	static const char *const types[] = {
		[PF_POOL_NONE] = "", [PF_POOL_BITMASK] = " bitmask", [PF_POOL_RANDOM] = " random", [PF_POOL_SRCHASH] = " source-hash",
		[PF_POOL_RR] = " round-robin", [PF_POOL_LEASTSTATES] = " least-states",
	};

	out_printf(o, " ");
	pf_print_addr(o, &pp->pp_addr);
	if (pp->pp_addr.pa_zone != NULL)
		out_printf(o, "%%%s", pp->pp_addr.pa_zone);
	if (pp->pp_addr.pa_weight != 0)
		out_printf(o, " weight %u", pp->pp_addr.pa_weight);
	if (pp->pp_lo != 0)
		out_printf(o, " port %u", pp->pp_lo);
	if (pp->pp_hi != 0 && pp->pp_hi != pp->pp_lo)
		out_printf(o, ":%u", pp->pp_hi);
	out_printf(o, "%s", types[pp->pp_type]);
	if (pp->pp_keyed)
		out_printf(o, " 0x%08x%08x%08x%08x", pp->pp_key[0], pp->pp_key[1], pp->pp_key[2], pp->pp_key[3]);
	if (pp->pp_sticky)
		out_printf(o, " sticky-address");
	if (pp->pp_static_port)
		out_printf(o, " static-port");
}

static void
print_divert(struct out *o, const struct pf_rule *r)
{
	switch (r->r_divert) {
	case PF_DIVERT_TO:
		out_printf(o, " divert-to ");
		pf_print_addr(o, &r->r_divert_addr);
		out_printf(o, " port %u", r->r_divert_port);
		break;
	case PF_DIVERT_REPLY:
		out_printf(o, " divert-reply");
		break;
	case PF_DIVERT_PACKET:
		out_printf(o, " divert-packet port %u", r->r_divert_port);
		break;
	default:
		break;
	}
}

static void
print_translation(struct out *o, const struct pf_rule *r)
{
	static const char *const routes[] = { [PF_RT_ROUTETO] = "route-to", [PF_RT_REPLYTO] = "reply-to", [PF_RT_DUPTO] = "dup-to" };

	print_divert(o, r);
	if (r->r_naf != 0) {
		out_printf(o, " af-to %s from", r->r_naf == PF_INET ? "inet" : "inet6");
		print_pool(o, &r->r_nat);
		if (r->r_rdr.pp_set) {
			out_printf(o, " to");
			print_pool(o, &r->r_rdr);
		}
	} else {
		if (r->r_nat.pp_set) {
			out_printf(o, " nat-to");
			print_pool(o, &r->r_nat);
		}
		if (r->r_rdr.pp_set) {
			out_printf(o, " rdr-to");
			print_pool(o, &r->r_rdr);
		}
	}
	if (r->r_rt != PF_RT_NONE) {
		out_printf(o, " %s", routes[r->r_rt]);
		print_pool(o, &r->r_route);
	}
}

void
pf_print_rule(struct out *o, const struct pf_rule *r, unsigned how)
{
	print_head(o, r, how);
	print_match(o, r);
	print_keep(o, r);
	if (r->r_fragment)
		out_printf(o, " fragment");
	print_set(o, r);
	print_scrub(o, r);
	if (r->r_allow_opts)
		out_printf(o, " allow-opts");
	if (r->r_once)
		out_printf(o, " once");
	if (r->r_label[0] != '\0')
		print_quoted(o, " label", r->r_label);
	if (r->r_tag[0] != '\0')
		print_word(o, " tag", r->r_tag);
	if (r->r_match_tag[0] != '\0')
		print_word(o, r->r_tagnot ? " ! tagged" : " tagged", r->r_match_tag);
	if (r->r_rtable >= 0)
		out_printf(o, " rtable %d", r->r_rtable);
	print_translation(o, r);
}

/* ---- rulesets ---- */

/* What is below an anchor counts as not shown yet. */
static void
forget_shown(struct pf_anchor *top)
{
	struct pf_anchor *an = top->an_child;

	while (an != NULL) {
		an->an_shown = false;
		if (an->an_child != NULL) {
			an = an->an_child;
			continue;
		}
		while (an->an_next == NULL && an->an_parent != top)
			an = an->an_parent;
		an = an->an_next;
	}
}

/* A named anchor's rules stand behind the first rule that leads there (it may even lead to itself), an unnamed one's behind each: a list of
 * interfaces makes several. */
static bool
shows_block(const struct pf_rule *r, unsigned depth)
{
	struct pf_anchor *call = r->r_anchor_call;

	if (r->r_action != PF_ANCHOR || r->r_wild || !call->an_defined)
		return false;
	if (r->r_anchor[0] == '\0')
		forget_shown(call);
	else if (call->an_shown || depth >= PF_BLOCKS_MAX)
		return false;
	return call->an_shown = true;
}

static void
print_ruleset(struct out *o, const struct pf_anchor *an, unsigned depth, unsigned how)
{
	for (const struct pf_rule *r = an->an_rules; r != NULL; r = r->r_next) {
		bool block = shows_block(r, depth);

		out_printf(o, "%*s", (int)(depth * INDENT), "");
		if (how & PF_PRINT_NUMBERS)
			out_printf(o, "@%u ", r->r_nr);
		pf_print_rule(o, r, how);
		out_printf(o, block ? " {\n" : "\n");
		if (!block)
			continue;
		print_ruleset(o, r->r_anchor_call, depth + 1, how);
		out_printf(o, "%*s}\n", (int)(depth * INDENT), "");
	}
}

void
pf_print_rules(struct out *o, struct pf_conf *pc, unsigned how)
{
	for (struct pf_anchor *an = pc->pc_anchors; an != NULL; an = an->an_all)
		an->an_shown = false;
	pc->pc_main->an_shown = true;
	print_ruleset(o, pc->pc_main, 0, how);
	for (struct pf_anchor *an = pc->pc_anchors; an != NULL; an = an->an_all)
		if (an->an_defined && !an->an_shown) {
			an->an_shown = true;
			print_ruleset(o, an, 0, how);
		}
}
