/* pf_expand.c - a rule with lists becomes as many rules as there are combinations. The order of nesting is pfctl's: interfaces outermost, then
 * protocols, types, sources with their ports and systems, destinations with theirs, users, groups. A combination whose parts are of different
 * address families is left out without a word. */
#include <string.h>

#include "net/pf/pf_parse.h"

enum dim { D_IF, D_PROTO, D_ICMP, D_SRC, D_SPORT, D_OS, D_DST, D_DPORT, D_UID, D_GID, D_COUNT };

/* Where in each list the combination is; NULL: the list is empty, and so is what it says. */
struct combination { const void *first[D_COUNT], *now[D_COUNT]; };

/* Every node begins with the pointer to the next one. */
static const void *
node_next(const void *node)
{
	const void *next;

	memcpy(&next, node, sizeof(next));
	return next;
}

static bool
combination_next(struct combination *c)
{
	for (unsigned k = D_COUNT; k-- > 0;) {
		const void *next = c->now[k] != NULL ? node_next(c->now[k]) : NULL;

		if (next != NULL) {
			c->now[k] = next;
			return true;
		}
		c->now[k] = c->first[k];
	}
	return false;
}

/* ---- the family ---- */

/* That of all hosts; PF_AF_ANY when they differ or one of them may be either. */
static uint8_t
hosts_af(const struct pn_host *h)
{
	uint8_t af = h != NULL ? h->addr.pa_af : PF_AF_ANY;

	for (; h != NULL; h = h->next)
		if (h->addr.pa_af != af)
			return PF_AF_ANY;
	return af;
}

static uint8_t
decide_af(const struct pf_def *d)
{
	const struct pn_host *lists[] = {
		d->d_srcs, d->d_dsts, d->d_rule.r_naf == 0 ? d->d_nat.rd_hosts : NULL, d->d_rule.r_naf == 0 ? d->d_rdr.rd_hosts : NULL,
		d->d_binat.rd_hosts, d->d_route.rd_hosts,
	};
	uint8_t af = d->d_rule.r_af;

	for (unsigned i = 0; i < nitems(lists) && af == PF_AF_ANY; i++)
		af = hosts_af(lists[i]);
	if (af == PF_AF_ANY && d->d_rule.r_divert == PF_DIVERT_TO)
		af = d->d_rule.r_divert_addr.pa_af;
	return af;
}

/* ---- one combination ---- */

/* False: the host is of another family, or on another interface's link, than the rule. */
static bool
put_host(struct pf_rule *r, struct pf_rule_addr *ra, const struct pn_host *h)
{
	if (h == NULL)
		return true;
	if (h->addr.pa_af != PF_AF_ANY) {
		if (r->r_af != PF_AF_ANY && r->r_af != h->addr.pa_af)
			return false;
		r->r_af = h->addr.pa_af;
	}
	if (h->addr.pa_zone != NULL) {		/* RFC 4007: it is known by its link only */
		if (r->r_ifname[0] != '\0' && strcmp(r->r_ifname, h->addr.pa_zone) != 0)
			return false;
		r->r_ifname = h->addr.pa_zone;
	}
	ra->ra_addr = h->addr;
	ra->ra_not = h->not;
	return true;
}

static void
put_cmp(struct pf_cmp *c, const struct pn_cmp *n)
{
	if (n != NULL)
		*c = n->cmp;
}

/* Flags and kinds of state are TCP's only; S/SA is meant where a state is made and nothing else was said. */
static void
put_tcp(const struct pf_parse *p, struct pf_rule *r, unsigned said)
{
	const struct pf_options *o = &p->p_conf->pc_options;
	bool tcp = r->r_proto == IPPROTO_TCP_ || r->r_proto == 0;

	if (!tcp) {
		r->r_flags = r->r_flagset = 0;
		r->r_flags_any = false;
		if (r->r_keep > PF_STATE_NORMAL)
			r->r_keep = PF_STATE_NORMAL;
	} else if (r->r_keep != PF_STATE_NO && !(said & PF_SAID_FLAGS) && !r->r_fragment) {
		r->r_flags = PF_TH_SYN;
		r->r_flagset = PF_TH_SYN | PF_TH_ACK;
	}
	if (r->r_keep == PF_STATE_NO)
		return;
	if (!r->r_keep_said && o->po_state_defaults_set)
		r->r_state = o->po_state_defaults;
	r->r_keep_said = r->r_keep_said && o->po_state_defaults_set;
	r->r_state.so_floats = o->po_if_bound && r->r_state.so_bound == PF_BOUND_FLOATING;
	if (r->r_state.so_bound == PF_BOUND_DEFAULT)
		r->r_state.so_bound = o->po_if_bound ? PF_BOUND_IF : PF_BOUND_FLOATING;
}

static bool
put_combination(struct pf_parse *p, const struct pf_def *d, const struct combination *c, struct pf_rule *r)
{
	const struct pn_if *i = c->now[D_IF];
	const struct pn_proto *proto = c->now[D_PROTO];
	const struct pn_icmp *icmp = c->now[D_ICMP];
	const struct pn_os *os = c->now[D_OS];

	if (i != NULL) {
		r->r_ifname = i->name;
		r->r_ifnot = i->not;
	}
	if (proto != NULL)
		r->r_proto = proto->number;
	if (icmp != NULL) {
		r->r_icmp_type = icmp->type;
		r->r_icmp_code = icmp->code;
		r->r_icmp6 = icmp->v6;
	}
	if (os != NULL)
		r->r_os = os->name;
	put_cmp(&r->r_src.ra_port, c->now[D_SPORT]);
	put_cmp(&r->r_dst.ra_port, c->now[D_DPORT]);
	put_cmp(&r->r_uid, c->now[D_UID]);
	put_cmp(&r->r_gid, c->now[D_GID]);
	put_tcp(p, r, d->d_said);
	return put_host(r, &r->r_src, c->now[D_SRC]) && put_host(r, &r->r_dst, c->now[D_DST]);
}

/* ---- rules ---- */

/* Puts the rule at the end of the ruleset that is read, with its label's and tags' macros replaced. */
static bool
add_rule(struct pf_parse *p, const struct pf_def *d, struct pf_rule *r)
{
	struct pf_anchor *an = p->p_anchor;
	struct pf_rule *new;

	r->r_nr = an->an_nrules;
	r->r_file = pf_lex_filename(&p->p_lex);
	r->r_line = p->p_lex.lx_line;
	r->r_source = p->p_number;
	if (!pf_expand_text(p, r, d->d_label, PF_LABEL, "label", &r->r_label) || !pf_expand_text(p, r, d->d_tag, PF_TAG_NAME, "tag", &r->r_tag) ||
	    !pf_expand_text(p, r, d->d_match_tag, PF_TAG_NAME, "tag", &r->r_match_tag) || (new = pf_new(p, sizeof(*new))) == NULL)
		return false;
	*new = *r;
	*an->an_tail = new;
	an->an_tail = &new->r_next;
	an->an_nrules++;
	p->p_conf->pc_nrules++;
	return true;
}

/* binat-to: nat-to outwards, rdr-to inwards, neither changing ports. */
static bool
add_binat(struct pf_parse *p, const struct pf_def *d, struct pf_rule *r)
{
	struct pf_rule in = *r;

	r->r_dir = PF_OUT;
	r->r_nat.pp_type = PF_POOL_NONE;
	r->r_nat.pp_static_port = true;
	in.r_dir = PF_IN;
	in.r_nat = (struct pf_pool){ 0 };
	in.r_rdr = (struct pf_pool){ .pp_set = true, .pp_addr = r->r_src.ra_addr };
	in.r_src = r->r_dst;
	in.r_dst = (struct pf_rule_addr){ .ra_addr = r->r_nat.pp_addr, .ra_port = r->r_src.ra_port };
	return add_rule(p, d, r) && add_rule(p, d, &in);
}

/* "port N:*": as long as the range that the rule matches. */
static bool
star_ports(struct pf_parse *p, struct pf_rule *r)
{
	const struct pf_cmp *c = &r->r_dst.ra_port;
	uint32_t hi;

	if (c->pc_op != PF_OP_RRG)
		return true;
	hi = r->r_rdr.pp_lo + (c->pc_hi - c->pc_lo);
	if (c->pc_hi < c->pc_lo || hi > 65535)
		return pf_bad(p, "the port range does not fit behind port %u", r->r_rdr.pp_lo);
	r->r_rdr.pp_hi = (uint16_t)hi;
	return true;
}

/* The pools; returns the number of errors. */
static unsigned
put_pools(struct pf_parse *p, struct pf_def *d, struct pf_rule *r)
{
	unsigned errors = 0;

	if (d->d_nat.rd_set && !pf_make_pool(p, r, &d->d_nat, &r->r_nat, false))
		errors++;
	if (d->d_rdr.rd_set && !pf_make_pool(p, r, &d->d_rdr, &r->r_rdr, false))
		errors++;
	if (d->d_rdr.rd_set && d->d_rdr.rd_star && !star_ports(p, r))
		errors++;
	if (d->d_route.rd_set && !pf_make_pool(p, r, &d->d_route, &r->r_route, true))
		errors++;
	if (d->d_binat.rd_set) {
		if (!pf_make_pool(p, r, &d->d_binat, &r->r_nat, false))
			return errors + 1;
		errors += pf_check_binat(p, r);
	}
	return errors;
}

/* Returns false when memory or patience has run out; *added counts the rules. */
static bool
expand_one(struct pf_parse *p, struct pf_def *d, const struct combination *c, unsigned *added)
{
	struct pf_rule r = d->d_rule;

	if (++p->p_combinations > PF_COMBINATIONS_MAX)
		return pf_bad(p, "the lists have too many combinations");
	if (!put_combination(p, d, c, &r))
		return true;
	if (pf_check_rule(p, &r) + put_pools(p, d, &r) > 0) {
		pf_bad(p, "skipping rule due to errors");
		return !p->p_conf->pc_arena.pa_failed;
	}
	(*added)++;
	return d->d_binat.rd_set ? add_binat(p, d, &r) : add_rule(p, d, &r);
}

bool
pf_expand(struct pf_parse *p, struct pf_def *d)
{
	struct combination c = { .first = {
		[D_IF] = d->d_ifs, [D_PROTO] = d->d_protos, [D_ICMP] = d->d_icmps, [D_SRC] = d->d_srcs, [D_SPORT] = d->d_sports, [D_OS] = d->d_oses,
		[D_DST] = d->d_dsts, [D_DPORT] = d->d_dports, [D_UID] = d->d_uids, [D_GID] = d->d_gids,
	} };
	unsigned added = 0;

	d->d_rule.r_af = decide_af(d);
	memcpy(c.now, c.first, sizeof(c.now));
	do {
		if (!expand_one(p, d, &c, &added))
			return false;
	} while (combination_next(&c));
	if (added == 0)
		pf_bad(p, "rule expands to no valid combination");
	return true;
}
