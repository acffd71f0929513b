/* pfctl_test.c - pfctl test: what would become of a packet. It is made up, described and judged by the code that judges packets; nothing is sent, no
 * state is made, no counter moves. */
#include <stdlib.h>
#include <string.h>

#include "kernel/task.h"
#include "net/inet/icmp.h"
#include "net/inet/ip.h"
#include "net/inet6/ip6.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_names.h"
#include "net/pf/pf_route.h"
#include "net/pf/pf_tcp.h"
#include "net/pf/pfctl_engine.h"
#include "net/route/nexthop.h"
#include "net/route/route.h"
#include "net/route/rt_show.h"

#define CONSIDERED_MAX	65536u		/* rules that -v shows */
#define TTL		64

struct question {
	unsigned	 q_dir, q_af;		/* PF_IN or PF_OUT; PF_AF_ANY until an address has been read */
	const char	*q_ifname;
	int		 q_proto, q_type, q_code;	/* -1: not said */
	uint8_t		 q_flags;
	struct in6_addr	 q_addr[2];		/* from, to */
	uint16_t	 q_port[2];
	bool		 q_has[2];
};
struct answer {
	struct pf_verdict a_v;
	struct pf_pdesc	 a_pd;			/* as rules have left it */
	struct pf_key	 a_key;			/* as it came */
	bool		 a_skipped;
	enum pf_reason	 a_why;			/* when there is no verdict */
	char		 a_gateway[IN6_STRLEN], a_net[IN6_NETSTRLEN], a_ifname[IFNAMSIZ];
	uint32_t	 a_rtflags;		/* 0: no route */
	bool		 a_ruled;		/* that of route-to */
	uint16_t	 a_ifidx;
};
struct considered { struct pf_trace c_trace; uint32_t *c_rule, c_n; };	/* kr_index * 2, + 1 when it matched */

/* ---- the question ---- */

static bool
parse_addr(struct question *q, unsigned side, const char *s)
{
	be32_t v4;
	unsigned af = PF_INET6;

	if (ip4_parse(s, &v4)) {
		q->q_addr[side] = in6_of_ip4(v4);
		af = PF_INET;
	} else if (!in6_parse(s, &q->q_addr[side]))
		return false;
	if (q->q_af != PF_AF_ANY && q->q_af != af)
		return false;
	q->q_af = af;
	return q->q_has[side] = true;
}

static bool
parse_number(const char *s, long max, long *n)
{
	char *end;

	*n = strtol(s, &end, 10);
	return s[0] >= '0' && s[0] <= '9' && *end == '\0' && *n <= max;
}

static bool
parse_flags(struct question *q, const char *s)
{
	static const char letters[] = "FSRPAUEW";

	q->q_flags = 0;
	for (; *s != '\0'; s++) {
		const char *at = strchr(letters, *s);

		if (at == NULL)
			return false;
		q->q_flags |= (uint8_t)(1u << (at - letters));
	}
	return true;
}

/* A word and what follows it. `side`: whose port it is. */
static bool
parse_pair(struct question *q, const char *word, const char *value, unsigned *side)
{
	long n;

	if (strcmp(word, "on") == 0)
		q->q_ifname = value;
	else if (strcmp(word, "from") == 0 || strcmp(word, "to") == 0)
		return parse_addr(q, *side = word[0] == 't', value);
	else if (strcmp(word, "proto") == 0) {
		q->q_proto = parse_number(value, 255, &n) ? (int)n : pf_proto_number(value);
		return q->q_proto >= 0;
	} else if (strcmp(word, "port") == 0) {
		if (!parse_number(value, 65535, &n) && (n = pf_service_port(value)) < 0)
			return false;
		q->q_port[*side] = (uint16_t)n;
	} else if (strcmp(word, "flags") == 0)
		return parse_flags(q, value);
	else if (strcmp(word, "icmp-type") == 0 || strcmp(word, "icmp6-type") == 0) {
		q->q_type = parse_number(value, 255, &n) ? (int)n : pf_icmp_type(value, word[4] == '6');
		return q->q_type >= 0;
	} else if (strcmp(word, "code") == 0 && parse_number(value, 255, &n))
		q->q_code = (int)n;
	else
		return false;
	return true;
}

/* False: it was said what is wrong, when there was more than too little. */
static bool
parse_question(const struct pfctl *pt, struct question *q, const struct pfctl_args *a)
{
	unsigned side = 0;
	int i = 1;

	*q = (struct question){ .q_proto = -1, .q_type = -1, .q_code = 0, .q_flags = PF_TH_SYN };
	if (a->a_ntest < 1 || (strcmp(a->a_test[0], "in") != 0 && strcmp(a->a_test[0], "out") != 0))
		return false;
	q->q_dir = a->a_test[0][0] == 'i' ? PF_IN : PF_OUT;
	for (; i + 1 < a->a_ntest; i += 2)
		if (!parse_pair(q, a->a_test[i], a->a_test[i + 1], &side)) {
			out_printf(pt->pt_err, "pfctl: test: invalid here: %s %s\n", a->a_test[i], a->a_test[i + 1]);
			return false;
		}
	return i == a->a_ntest && q->q_ifname != NULL && q->q_proto >= 0 && q->q_has[0] && q->q_has[1];
}

/* ---- the packet ---- */

static unsigned
put_header(const struct question *q, uint8_t *h)
{
	struct tcphdr *th = (struct tcphdr *)h;

	switch (q->q_proto) {
	case IPPROTO_TCP_:
		*th = (struct tcphdr){ .th_sport = host_be16(q->q_port[0]), .th_dport = host_be16(q->q_port[1]), .th_off = 5 << 4, .th_flags = q->q_flags };
		return sizeof(*th);
	case IPPROTO_UDP_:
		store16(h, host_be16(q->q_port[0]));
		store16(h + 2, host_be16(q->q_port[1]));
		store16(h + 4, host_be16(8));
		store16(h + 6, 0);
		return 8;
	case IPPROTO_ICMP_:
	case IPPROTO_ICMPV6_:
		memset(h, 0, 8);
		h[0] = (uint8_t)(q->q_type >= 0 ? q->q_type : q->q_af == PF_INET ? 8 : 128);
		h[1] = (uint8_t)q->q_code;
		return 8;
	default:
		memset(h, 0, 8);
		return 8;
	}
}

static void
put_packet(const struct question *q, struct mbuf *m)
{
	unsigned hlen = q->q_af == PF_INET ? sizeof(struct ip) : sizeof(struct ip6_hdr), n = put_header(q, m->m_data + hlen);

	if (q->q_af == PF_INET)
		*(struct ip *)m->m_data = (struct ip){ .ip_vhl = 0x45, .ip_len = host_be16((uint16_t)(hlen + n)), .ip_ttl = TTL, .ip_p = (uint8_t)q->q_proto,
		    .ip_src = q->q_addr[0].s6_addr32[0], .ip_dst = q->q_addr[1].s6_addr32[0] };
	else
		*(struct ip6_hdr *)m->m_data = (struct ip6_hdr){ .ip6_flow = BE32(6u << 28), .ip6_plen = host_be16((uint16_t)n), .ip6_nxt = (uint8_t)q->q_proto,
		    .ip6_hlim = TTL, .ip6_src = q->q_addr[0], .ip6_dst = q->q_addr[1] };
	m->m_len = m->m_pktlen = hlen + n;
}

/* ---- the answer ---- */

static void
consider(struct pf_trace *t, const struct pf_krule *kr, bool matches)
{
	struct considered *c = container_of(t, struct considered, c_trace);

	if (c->c_rule != NULL && c->c_n < CONSIDERED_MAX)
		c->c_rule[c->c_n] = kr->kr_index * 2 + matches;
	c->c_n++;
}

/* The rule that decides says where it goes. False: it does not. */
static bool
find_rule_route(struct answer *a)
{
	const struct pf_pdesc *pd = &a->a_pd;
	const struct pf_krule *kr = a->a_v.v_rule;
	struct in6_addr gateway;
	struct rtentry *rt = NULL;
	uint32_t turn;

	if (kr->kr_rule->r_action != PF_PASS || kr->kr_rule->r_rt != PF_RT_ROUTETO)
		return false;
	a->a_ruled = true;
	turn = pf_rcount(kr)->rc_turn[1];		/* it stays whose it is */
	if (pf_route_gateway(kr, pd, &gateway))
		rt = pf_route_find(pd->pd_af, pd->pd_ifp->if_rdomain, &gateway);
	pf_rcount(kr)->rc_turn[1] = turn;
	if (rt == NULL)
		return true;
	a->a_rtflags = rt->rt_flags;
	af_printnet(a->a_net, rt->rt_af, &rt->rt_dest6, rt->rt_plen);
	if (rt->rt_flags & RTF_GATEWAY)
		rt_gatewaytext(a->a_gateway, rt);
	else {
		gateway = in6_unembed(&gateway);
		af_print(a->a_gateway, rt->rt_af, &gateway);
	}
	memcpy(a->a_ifname, rt_ifp(rt)->if_xname, sizeof(a->a_ifname));
	return true;
}

static void
find_route(struct answer *a)
{
	const struct pf_pdesc *pd = &a->a_pd;
	struct rtentry *rt;

	if (find_rule_route(a))
		return;
	rt = rtable_match_af(pf_af(pd->pd_af), pd->pd_ifp->if_rdomain, &pd->pd_dst);
	if (rt != NULL && (rt->rt_flags & RTF_MPATH))
		rt = pd->pd_af == PF_INET ? rt_path4(rt, pd->pd_src.s6_addr32[0], pd->pd_dst.s6_addr32[0]) : rt_path6(rt, &pd->pd_src, &pd->pd_dst);
	if (rt == NULL)
		return;
	a->a_rtflags = rt->rt_flags | RTF_UP;
	af_printnet(a->a_net, rt->rt_af, &rt->rt_dest6, rt->rt_plen);
	if (rt->rt_flags & RTF_GATEWAY)
		rt_gatewaytext(a->a_gateway, rt);
	else
		af_print(a->a_gateway, rt->rt_af, &pd->pd_dst);
	if (rt_ifp(rt) != NULL)
		memcpy(a->a_ifname, rt_ifp(rt)->if_xname, sizeof(a->a_ifname));
}

/* Inside net_enter(), core 0. False: a_why. */
static bool
judge(const struct pf_ruleset *rs, const struct question *q, struct mbuf *m, const struct ifnet *ifp, struct considered *c, struct answer *a)
{
	put_packet(q, m);
	m->m_ifidx = q->q_dir == PF_IN ? ifp->if_index : 0;
	m->m_rdomain = ifp->if_rdomain;
	if (!pf_describe(&a->a_pd, m, q->q_af, q->q_dir, ifp, &a->a_why))
		return false;
	pf_key_of(&a->a_key, &a->a_pd);
	a->a_ifidx = ifp->if_index;
	a->a_skipped = pf_is_skipped(rs, ifp);
	pf_evaluate_traced(rs, &a->a_pd, &a->a_v, &c->c_trace);
	find_route(a);
	return true;
}

/* ---- saying it ---- */

static const struct pf_anchor *
anchor_of(const struct pf_ruleset *rs, const struct pf_krule *kr)
{
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all) {
		const struct pf_krules *ks = &rs->rs_list[an->an_index];

		if (kr >= ks->ks_rule && kr < ks->ks_rule + ks->ks_n)
			return an;
	}
	return NULL;
}

static void
print_rule(struct out *o, const struct pf_ruleset *rs, const struct pf_krule *kr)
{
	const struct pf_anchor *an = anchor_of(rs, kr);

	if (an == NULL) {
		out_printf(o, "pass (no rule)");
		return;
	}
	if (an->an_path[0] != '\0')
		out_printf(o, "%s ", an->an_path);
	out_printf(o, "@%u ", kr->kr_rule->r_nr);
	pf_print_rule(o, kr->kr_rule, 0);
}

static void
print_considered(struct out *o, const struct pf_ruleset *rs, const struct considered *c)
{
	for (uint32_t i = 0; i < MIN(c->c_n, CONSIDERED_MAX) && !o->o_stop; i++) {
		out_printf(o, c->c_rule[i] & 1 ? "  matches  " : "  no       ");
		print_rule(o, rs, &rs->rs_rule[c->c_rule[i] / 2]);
		out_printf(o, "\n");
	}
	if (c->c_n > CONSIDERED_MAX)
		out_printf(o, "  and %u more\n", c->c_n - CONSIDERED_MAX);
}

static void
print_end(struct out *o, const struct pf_pdesc *pd, const struct in6_addr *addr, uint16_t port)
{
	char text[IN6_STRLEN];

	out_printf(o, "%s", af_print(text, pf_af(pd->pd_af), addr));
	if (pd->pd_proto == IPPROTO_TCP_ || pd->pd_proto == IPPROTO_UDP_)
		out_printf(o, pd->pd_af == PF_INET ? ":%u" : "[%u]", port);
}

static void
print_packet(struct out *o, const struct answer *a)
{
	const struct pf_pdesc *pd = &a->a_pd;
	const char *proto = pf_proto_name(pd->pd_proto);
	const struct pf_krule *x = a->a_v.v_xlate[PF_KPOOL_NAT];
	bool anyport = x != NULL && !x->kr_rule->r_nat.pp_static_port;

	out_printf(o, "packet: %s ", proto != NULL ? proto : "ip");
	print_end(o, pd, &pd->pd_src, pd->pd_sport);
	out_printf(o, " > ");
	print_end(o, pd, &pd->pd_dst, pd->pd_dport);
	out_printf(o, anyport && (pd->pd_proto == IPPROTO_TCP_ || pd->pd_proto == IPPROTO_UDP_) ? ", with a source port of the pool's\n" : "\n");
}

static void
print_translation(struct out *o, const struct pf_ruleset *rs, const struct answer *a)
{
	for (unsigned i = 0; i < PF_KPOOL_ROUTE; i++) {
		if (a->a_v.v_xlate[i] == NULL)
			continue;
		out_printf(o, a->a_v.v_xfailed & 1u << i ? "translation: no address is left, by " : i == PF_KPOOL_NAT ? "translation: of the source, by " :
		    "translation: of the destination, by ");
		print_rule(o, rs, a->a_v.v_xlate[i]);
		out_printf(o, "\n");
	}
}

static void
print_route(struct out *o, const struct answer *a)
{
	if (a->a_ruled)
		out_printf(o, "route-to: ");
	if (a->a_rtflags == 0)
		out_printf(o, "route: none\n");
	else if (a->a_rtflags & (RTF_LOCAL | RTF_BROADCAST))
		out_printf(o, "route: %s, to this router\n", a->a_net);
	else if (a->a_rtflags & (RTF_REJECT | RTF_BLACKHOLE))
		out_printf(o, "route: %s, which refuses\n", a->a_net);
	else
		out_printf(o, "route: %s, next hop %s on %s\n", a->a_net, a->a_gateway, a->a_ifname);
}

struct seek { const struct answer *s_a; unsigned s_dir; struct out *s_out; bool s_found; };

static bool
is_state(const struct pf_state_copy *sc, void *arg)
{
	struct seek *seek = arg;
	const struct pf_state *s = &sc->sc_state;

	for (unsigned i = 0; i <= s->s_translated && !seek->s_found; i++)
		seek->s_found = (s->s_sk[i].sk_dirs & 1u << seek->s_dir) && memcmp(&s->s_sk[i].sk_key, &seek->s_a->a_key, sizeof(seek->s_a->a_key)) == 0 &&
		    (s->s_ifidx == 0 || s->s_ifidx == seek->s_a->a_ifidx);
	if (seek->s_found) {
		out_printf(seek->s_out, "it belongs to a state, whatever rules say: ");
		pf_state_print(seek->s_out, s, &sc->sc_when, 0);
	}
	return !seek->s_found;
}

static void
print_answer(struct out *o, const struct pf_ruleset *rs, const struct question *q, const struct answer *a, const struct considered *c, unsigned verbose)
{
	struct seek seek = { a, q->q_dir, o, false };

	if (!pf_enabled)
		out_printf(o, "pf is disabled: everything passes. If it were not:\n");
	if (a->a_skipped)
		out_printf(o, "set skip on %s: everything passes. If it were not so:\n", q->q_ifname);
	if (verbose > 0)
		print_considered(o, rs, c);
	print_rule(o, rs, a->a_v.v_rule);
	out_printf(o, "\n");
	pf_states_foreach(is_state, &seek);
	if (verbose == 0)
		return;
	print_translation(o, rs, a);
	print_route(o, a);
	print_packet(o, a);
}

int
pfctl_test(const struct pfctl *pt, const struct pfctl_args *args)
{
	struct considered c = { .c_trace = { consider } };
	const struct ifnet *ifp = NULL;
	struct pf_ruleset *rs;
	struct mbuf *m = NULL;
	struct question q;
	struct answer a;
	bool ok = false;

	memset(&a, 0, sizeof(a));
	if (!parse_question(pt, &q, args))
		return 2;
	if ((rs = pf_rules_hold()) == NULL) {
		out_printf(pt->pt_out, "pf has no rules: everything passes\n");
		return 0;
	}
	c.c_rule = args->a_verbose > 0 ? malloc(CONSIDERED_MAX * sizeof(*c.c_rule)) : NULL;
	net_enter();
	if ((args->a_verbose == 0 || c.c_rule != NULL) && (ifp = ifunit(q.q_ifname)) != NULL && (m = m_get()) != NULL)
		ok = judge(rs, &q, m, ifp, &c, &a);
	if (m != NULL)
		m_freem(m);
	net_leave();
	if (ok)
		print_answer(pt->pt_out, rs, &q, &a, &c, args->a_verbose);
	else if (ifp == NULL)
		out_printf(pt->pt_err, "pfctl: %s: no such interface\n", q.q_ifname);
	else if (m == NULL)
		out_printf(pt->pt_err, "pfctl: Cannot allocate memory\n");
	else
		out_printf(pt->pt_out, "block, before any rule: %s\n", pf_reason_name[a.a_why]);
	free(c.c_rule);
	pf_rules_put(rs);
	return ok ? 0 : 1;
}
