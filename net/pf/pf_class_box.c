/* pf_class_box.c - the box of a rule in the space of the fields that trees ask for: all that can match it lies inside. */
#include <string.h>

#include "net/pf/pf_class_var.h"
#include "net/pf/pf_tcp.h"

static struct pf_crange
cmp_range(const struct pf_cmp *c)
{
	switch (c->pc_op) {
	case PF_OP_RRG:
		return (struct pf_crange){ c->pc_lo, c->pc_hi };
	case PF_OP_IRG:
		return c->pc_hi == 0 ? (struct pf_crange){ 1, 0 } : (struct pf_crange){ c->pc_lo + 1ull, c->pc_hi - 1ull };
	case PF_OP_EQ:
		return (struct pf_crange){ c->pc_lo, c->pc_lo };
	case PF_OP_LT:
		return c->pc_lo == 0 ? (struct pf_crange){ 1, 0 } : (struct pf_crange){ 0, c->pc_lo - 1ull };
	case PF_OP_LE:
		return (struct pf_crange){ 0, c->pc_lo };
	case PF_OP_GT:
		return (struct pf_crange){ c->pc_lo + 1ull, PF_CD_NOPORT - 1 };
	case PF_OP_GE:
		return (struct pf_crange){ c->pc_lo, PF_CD_NOPORT - 1 };
	default:
		return PF_CRANGE_ALL;
	}
}

/* The first and the last address as two numbers each. False: nothing that stays so. */
static bool
addr_ends(const struct pf_rule_addr *ra, struct in6_addr end[2])
{
	const struct pf_addr *pa = &ra->ra_addr;
	struct in6_addr m;

	if (ra->ra_not || (pa->pa_type != PF_ADDR_NET && pa->pa_type != PF_ADDR_RANGE))
		return false;
	end[0] = pa->pa_addr;
	end[1] = pa->pa_end;
	if (pa->pa_type == PF_ADDR_RANGE)
		return true;
	m = in6_mask(pa->pa_plen);
	for (unsigned i = 0; i < 2; i++) {
		end[0].s6_addr64[i] &= m.s6_addr64[i];
		end[1].s6_addr64[i] = end[0].s6_addr64[i] | ~m.s6_addr64[i];
	}
	return true;
}

static void
addr_ranges(const struct pf_rule_addr *ra, unsigned af, struct pf_crange r[2])
{
	struct in6_addr end[2];

	r[0] = r[1] = PF_CRANGE_ALL;
	if (!addr_ends(ra, end))
		return;
	if (af == PF_INET) {
		r[0] = (struct pf_crange){ be32_host(end[0].s6_addr32[0]), be32_host(end[1].s6_addr32[0]) };
		return;
	}
	r[0] = (struct pf_crange){ __builtin_bswap64(end[0].s6_addr64[0]), __builtin_bswap64(end[1].s6_addr64[0]) };
	if (r[0].lo == r[0].hi)
		r[1] = (struct pf_crange){ __builtin_bswap64(end[0].s6_addr64[1]), __builtin_bswap64(end[1].s6_addr64[1]) };
}

/* Only a name with a number at its end is an interface's for sure; others are groups, whose members change. */
static bool
names_interface(const struct pf_krule *kr)
{
	size_t n = strnlen(kr->kr_ifname, IFNAMSIZ);

	return n > 0 && kr->kr_ifname[n - 1] >= '0' && kr->kr_ifname[n - 1] <= '9';
}

/* The ranges say all of the address. */
static bool
addr_is_exact(const struct pf_rule_addr *ra, unsigned af, const struct pf_crange r[2])
{
	struct in6_addr end[2];

	if (ra->ra_addr.pa_type == PF_ADDR_ANY)
		return !ra->ra_not;
	return addr_ends(ra, end) && (af == PF_INET || r[0].lo == r[0].hi || (end[0].s6_addr64[1] == 0 && end[1].s6_addr64[1] == UINT64_MAX));
}

static bool
port_is_exact(const struct pf_cmp *c)
{
	return c->pc_op != PF_OP_NE && c->pc_op != PF_OP_XRG;
}

/* What comes into the rule's box matches it, but for the addresses. */
static bool
is_exact(const struct pf_krule *kr, const struct pf_cbox *b)
{
	const struct pf_rule *r = kr->kr_rule;
	bool flags = r->r_flagset == 0 || b->b_dim[PF_CD_FLAGS].hi == PF_CD_OPENS;
	bool name = r->r_ifname[0] == '\0' || (names_interface(kr) && !r->r_ifnot);

	return flags && name && r->r_rdomain < 0 && r->r_rcvif[0] == '\0' && r->r_icmp_type < 0 && r->r_icmp_code < 0 && r->r_tos < 0 &&
	    r->r_prio < 0 && !r->r_fragment && kr->kr_match_tag == 0 && r->r_prob == 0 && r->r_pktrate == 0 && !r->r_once &&
	    r->r_uid.pc_op == PF_OP_NONE && r->r_gid.pc_op == PF_OP_NONE && port_is_exact(&r->r_src.ra_port) && port_is_exact(&r->r_dst.ra_port);
}

bool
pf_class_changes(const struct pf_rule *r)
{
	return r->r_action == PF_ANCHOR || (r->r_action == PF_MATCH && (r->r_nat.pp_set || r->r_rdr.pp_set));
}

static void
set_kind(const struct pf_krule *kr, unsigned af, struct pf_cbox *b)
{
	const struct pf_rule *r = kr->kr_rule;

	b->b_hosts = is_exact(kr, b);
	b->b_exact = b->b_hosts && addr_is_exact(&r->r_src, af, &b->b_dim[PF_CD_SRC]) && addr_is_exact(&r->r_dst, af, &b->b_dim[PF_CD_DST]);
	b->b_decides = (r->r_action == PF_PASS || r->r_action == PF_BLOCK) && kr->kr_tag == 0 && r->r_pktrate == 0 &&
	    !kr->kr_set->rs_logs_matches;
	b->b_table = kr->kr_src != NULL && !r->r_src.ra_not && r->r_src.ra_addr.pa_af == PF_AF_ANY && r->r_dst.ra_addr.pa_type == PF_ADDR_ANY &&
	    r->r_dst.ra_addr.pa_af == PF_AF_ANY && !r->r_dst.ra_not;
	b->b_plain = b->b_decides && !r->r_quick;
	b->b_quick = r->r_action != PF_ANCHOR && r->r_quick;
	b->b_apart = pf_class_changes(r) || (r->r_action == PF_MATCH && r->r_quick);
}

bool
pf_class_box(const struct pf_krule *kr, unsigned dir, unsigned af, struct pf_cbox *b)
{
	const struct pf_rule *r = kr->kr_rule;
	const struct pf_rule_addr *ra[2] = { &r->r_src, &r->r_dst };
	uint32_t name;

	if ((r->r_dir != PF_INOUT && r->r_dir != dir) || (r->r_af != PF_AF_ANY && r->r_af != af))
		return false;
	for (unsigned i = 0; i < 2; i++)
		if (!ra[i]->ra_not && ra[i]->ra_addr.pa_af != PF_AF_ANY && ra[i]->ra_addr.pa_af != af)
			return false;
	for (unsigned d = 0; d < PF_CDIMS; d++)
		b->b_dim[d] = PF_CRANGE_ALL;
	if (names_interface(kr) && !r->r_ifnot && (name = pf_cname(&kr->kr_set->rs_names, kr->kr_ifname)) != 0)
		b->b_dim[PF_CD_IFNAME] = (struct pf_crange){ name, name };
	if (r->r_proto != 0)
		b->b_dim[PF_CD_PROTO] = (struct pf_crange){ r->r_proto, r->r_proto };
	addr_ranges(&r->r_src, af, &b->b_dim[PF_CD_SRC]);
	addr_ranges(&r->r_dst, af, &b->b_dim[PF_CD_DST]);
	b->b_dim[PF_CD_SPORT] = cmp_range(&r->r_src.ra_port);
	b->b_dim[PF_CD_DPORT] = cmp_range(&r->r_dst.ra_port);
	if (r->r_flags == PF_TH_SYN && r->r_flagset == (PF_TH_SYN | PF_TH_ACK))
		b->b_dim[PF_CD_FLAGS] = (struct pf_crange){ PF_CD_OPENS, PF_CD_OPENS };
	set_kind(kr, af, b);
	for (unsigned d = 0; d < PF_CDIMS; d++)
		if (b->b_dim[d].lo > b->b_dim[d].hi)
			return false;
	return true;
}

/* ---- names of interfaces ---- */

/* Half of the table's places are free at least. */
bool
pf_class_names(struct pf_ruleset *rs)
{
	uint32_t n = 4;

	while (n < 2 * rs->rs_nrules)
		n *= 2;
	if ((rs->rs_names.cm_name = pf_alloc(&rs->rs_arena, n * sizeof(*rs->rs_names.cm_name))) == NULL)
		return false;
	rs->rs_names.cm_mask = n - 1;
	for (unsigned i = 0; i < rs->rs_nrules; i++) {
		const struct pf_krule *kr = &rs->rs_rule[i];

		if (names_interface(kr) && pf_cname(&rs->rs_names, kr->kr_ifname) == 0)
			memcpy(rs->rs_names.cm_name[pf_cname_place(&rs->rs_names, kr->kr_ifname)], kr->kr_ifname, IFNAMSIZ);
	}
	return true;
}
