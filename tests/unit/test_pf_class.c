/* test_pf_class.c - a list with its tree against the same list without: random rulesets, random packets, all verdicts and all counters the same. The number
 * of packets is PF_CLASS_PACKETS of the environment, 40,000 without. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/log.h"
#include "net/inet/icmp.h"
#include "net/pf/pf_ctl.h"
#include "tests/unit/netfix.h"
#include "net/route/route.h"
#include "tests/unit/pffix.h"

static uint64_t seed;
static char text[262144];
static size_t ntext;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) * n >> 31);
}

static void __printflike(1, 2)
put(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ntext += (size_t)vsnprintf(text + ntext, sizeof(text) - ntext, fmt, ap);
	va_end(ap);
	CHECK(ntext < sizeof(text));
}

/* ---- random rulesets: all that decides whether a rule matches, chance and once aside ---- */

static const char tables[] =
    "table <t0> { 10.0.0.0/25 !10.0.0.8/29 10.0.0.9 2001:db8::/64 !2001:db8::8/125 2001:db8::9 }\n"
    "table <t1> { !10.0.0.0/24 10.0.0.16/28 10.1.0.0/16 2001:db8:0:1::/64 }\n"
    "table <t2> persist\n";

static void
put_addr(unsigned af)
{
	static const uint8_t plen4[] = { 8, 16, 24, 26, 28, 29, 30, 31, 32, 32, 32, 32 }, plen6[] = { 16, 48, 63, 64, 96, 120, 124, 126, 128, 128, 128 };
	unsigned a = rnd(32), net = rnd(4) == 0;

	if (af == PF_INET && rnd(5) == 0)
		put("10.%u.0.%u - 10.%u.0.%u", net, a, net, a + rnd(32));
	else if (af == PF_INET)
		put("10.%u.0.%u/%u", net, a, plen4[rnd(nitems(plen4))]);
	else if (rnd(5) == 0)
		put("2001:db8:0:%x::%x - 2001:db8:0:%x::%x", net, a, net + rnd(2), a + rnd(32));
	else
		put("2001:db8:0:%x::%x/%u", net, a, plen6[rnd(nitems(plen6))]);
}

/* A rule without a family has what is of none. */
static void
put_host(unsigned af, bool from)
{
	const char *not = rnd(6) == 0 ? "! " : "";
	unsigned what = rnd(10);

	if (what == 0)
		put("%s<t%u>", not, rnd(3));
	else if (what == 1)
		put("%s(t%u%s)", not, rnd(2), rnd(2) ? ":network" : "");
	else if (what == 2 && from)
		put("urpf-failed");
	else if (what == 3)
		put("%sno-route", rnd(2) ? not : "");
	else if (what == 4)
		put("%sroute lab", not);
	else if (af == PF_AF_ANY || what == 5)
		put("any");
	else {
		put("%s", not);
		put_addr(af);
	}
}

static void
put_port(void)
{
	static const char *const ops[] = { "= %u", "!= %u", "< %u", "<= %u", "> %u", ">= %u", "%u:%u", "%u >< %u", "%u <> %u", "%u", "%u", "%u" };
	unsigned lo = rnd(12), hi = lo + rnd(8);

	if (rnd(2)) {
		put(" port ");
		put(ops[rnd(nitems(ops))], lo + 1, hi + 2);
	}
}

static void
put_where(void)
{
	static const char *const names[] = { "t0", "t1", "! t0", "! t1", "wan", "! wan", "any", "t7", "all0" };

	if (rnd(2))
		put(" on %s", names[rnd(nitems(names))]);
}

static void
put_criteria(unsigned af, unsigned proto)
{
	bool any = rnd(8) == 0;

	if (!any) {
		put(" from ");
		put_host(af, true);
		if (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_)
			put_port();
		put(" to ");
		put_host(af, false);
		if (proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_)
			put_port();
	} else
		put(" all");
	if (proto == IPPROTO_ICMP_ && rnd(2))
		put(rnd(2) ? " icmp-type echoreq" : " icmp-type 3 code %u", rnd(3));
	else if (proto == IPPROTO_ICMPV6_ && rnd(2))
		put(" icmp6-type %u", 128 + rnd(2));
	if ((proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_) && rnd(12) == 0) {
		static const char *const owners[] = { " user unknown", " user != root", " user root", " user > 5", " group unknown", " group != 0" };

		put("%s", owners[rnd(nitems(owners))]);
	}
	if (proto == IPPROTO_TCP_)
		put("%s", rnd(2) ? " flags any" : rnd(2) ? " flags S/SA" : " flags F/FR");
	if (rnd(12) == 0)
		put(" tos 0x10");
	if (rnd(12) == 0)
		put(" prio %u", 3 + rnd(2));
	if (rnd(8) == 0)
		put(" %stagged tag%u", rnd(3) == 0 ? "! " : "", rnd(3));
	if (rnd(12) == 0)
		put(" %sreceived-on t%u", rnd(2) ? "! " : "", rnd(2));
	if (rnd(8) == 0)
		put(" tag tag%u", rnd(3));
	if (rnd(8) == 0)
		put(" max-pkt-rate %u/100", 1 + rnd(8));
}

static void
put_translation(unsigned dir, unsigned af, unsigned proto)
{
	bool ports = proto == IPPROTO_TCP_ || proto == IPPROTO_UDP_;
	unsigned a = rnd(32);
	bool nat = rnd(4) ? dir == PF_OUT : rnd(2);

	if (nat)
		put(af == PF_INET ? " nat-to 10.0.0.%u" : " nat-to 2001:db8::%x", a);
	else
		put(af == PF_INET ? " rdr-to 10.1.0.%u" : " rdr-to 2001:db8:0:1::%x", a);
	if (!nat && ports && rnd(2))
		put(" port %u", 1 + rnd(16));
}

static void put_rules(unsigned n, unsigned depth);

static void
put_anchor(unsigned n, unsigned depth)
{
	put("anchor %s", rnd(2) ? "in " : "");
	if (rnd(3) == 0)
		put("quick ");
	put_where();
	put(" {\n");
	put_rules(n, depth + 1);
	put("}\n");
}

static void
put_rule(void)
{
	static const char *const dirs[] = { "", " in", " out" }, *const families[] = { "", " inet", " inet6" };
	unsigned kind = rnd(8), dir = rnd(3), af = rnd(5) ? 1 + rnd(2) : PF_AF_ANY;
	const uint8_t protos[] = { IPPROTO_TCP_, IPPROTO_UDP_, af == PF_INET6 ? IPPROTO_ICMPV6_ : IPPROTO_ICMP_, 0, 47 };
	unsigned proto = protos[rnd(af == PF_AF_ANY ? 2 : nitems(protos))];
	bool xlate = kind < 4 && af != PF_AF_ANY && dir != PF_INOUT && rnd(4) == 0;

	put("%s%s%s", kind < 2 ? "match" : kind < 5 ? "pass" : "block drop", dirs[dir], rnd(kind < 2 ? 30 : 5) == 0 ? " quick" : "");
	put_where();
	put("%s", families[af]);
	if (proto != 0)
		put(" proto %u", proto);
	put_criteria(af, proto);
	if (proto == 0 && rnd(4) == 0 && !xlate)
		put(" fragment");
	if (xlate)
		put_translation(dir, af, proto);
	put("\n");
}

static void
put_rules(unsigned n, unsigned depth)
{
	for (unsigned i = 0; i < n; i++)
		if (depth < 3 && rnd(20) == 0)
			put_anchor(1 + rnd(12), depth);
		else
			put_rule();
}

/* ---- random packets ---- */

static void
random_addr(struct in6_addr *a, unsigned af)
{
	unsigned net = rnd(4) == 0, low = rnd(64);

	memset(a, 0, sizeof(*a));
	if (rnd(30) == 0)
		random_bytes(a, af == PF_INET ? 4 : 16);
	else if (af == PF_INET)
		a->s6_addr32[0] = host_be32(0x0a000000 | net << 16 | low);
	else
		*a = (struct in6_addr){ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [7] = (uint8_t)net, [15] = (uint8_t)low } };
}

static void
random_pdesc(struct pf_pdesc *pd, struct mbuf *m, const uint16_t tags[3])
{
	static const uint8_t protos[] = { IPPROTO_TCP_, IPPROTO_UDP_, IPPROTO_TCP_, IPPROTO_UDP_, IPPROTO_ICMP_, IPPROTO_ICMPV6_, 47 };
	bool ports, icmp;

	*pd = (struct pf_pdesc){ .pd_m = m, .pd_ifp = rnd(2) ? &t0.w_if : &t1.w_if, .pd_dir = (uint8_t)(1 + rnd(2)), .pd_af = (uint8_t)(1 + rnd(2)),
	    .pd_proto = protos[rnd(nitems(protos))], .pd_tos = rnd(4) ? 0 : 0x10, .pd_fragment = rnd(10) == 0 };
	m->m_pftag = rnd(4) ? 0 : tags[rnd(3)];
	m_set_priority(m, 3 + (rnd(4) == 0));
	m->m_ifidx = (rnd(2) ? &t0.w_if : &t1.w_if)->if_index;
	random_addr(&pd->pd_src, pd->pd_af);
	random_addr(&pd->pd_dst, pd->pd_af);
	if (pd->pd_fragment)
		return;
	ports = pd->pd_proto == IPPROTO_TCP_ || pd->pd_proto == IPPROTO_UDP_;
	icmp = pd->pd_proto == IPPROTO_ICMP_ || pd->pd_proto == IPPROTO_ICMPV6_;
	if (ports) {
		pd->pd_sport = (uint16_t)rnd(24);
		pd->pd_dport = (uint16_t)rnd(24);
	}
	if (pd->pd_proto == IPPROTO_TCP_)
		pd->pd_tcp_flags = (uint8_t)(rnd(2) ? 0x02 : rnd(64));
	if (icmp) {
		pd->pd_icmp_type = (uint8_t)(rnd(2) ? (pd->pd_proto == IPPROTO_ICMP_ ? 8 : 128 + rnd(2)) : 3);
		pd->pd_icmp_code = (uint8_t)rnd(3);
	}
}

/* ---- what has been reached ---- */

#define WORDS(X)								\
	X("quick", r->r_quick) X("in", r->r_dir == PF_IN) X("out", r->r_dir == PF_OUT) X("on", r->r_ifname[0] != '\0')		\
	X("on !", r->r_ifname[0] != '\0' && r->r_ifnot) X("inet", r->r_af == PF_INET) X("inet6", r->r_af == PF_INET6)		\
	X("proto", r->r_proto != 0) X("range", is_addr(r, PF_ADDR_RANGE)) X("net", is_addr(r, PF_ADDR_NET))			\
	X("!", r->r_src.ra_not || r->r_dst.ra_not) X("table", is_addr(r, PF_ADDR_TABLE)) X("! table", not_table(r))		\
	X("(if)", is_addr(r, PF_ADDR_DYN)) X("no-route", is_addr(r, PF_ADDR_NOROUTE)) X("urpf-failed", is_addr(r, PF_ADDR_URPF))	\
	X("port =", is_port(r, PF_OP_EQ)) X("port !=", is_port(r, PF_OP_NE)) X("port <", is_port(r, PF_OP_LT)) X("port <=", is_port(r, PF_OP_LE))	\
	X("port >", is_port(r, PF_OP_GT)) X("port >=", is_port(r, PF_OP_GE)) X("port :", is_port(r, PF_OP_RRG))			\
	X("port ><", is_port(r, PF_OP_IRG)) X("port <>", is_port(r, PF_OP_XRG)) X("flags", r->r_flagset != 0)			\
	X("icmp-type", r->r_icmp_type >= 0 && !r->r_icmp6) X("icmp6-type", r->r_icmp_type >= 0 && r->r_icmp6) X("code", r->r_icmp_code >= 0)	\
	X("tos", r->r_tos >= 0) X("prio", r->r_prio >= 0) X("tag", r->r_tag[0] != '\0') X("tagged", r->r_match_tag[0] != '\0' && !r->r_tagnot)		\
	X("! tagged", r->r_tagnot) X("received-on", r->r_rcvif[0] != '\0') X("fragment", r->r_fragment)				\
	X("user", r->r_uid.pc_op != PF_OP_NONE) X("group", r->r_gid.pc_op != PF_OP_NONE) X("route", is_addr(r, PF_ADDR_RTLABEL))		\
	X("nat-to", r->r_nat.pp_set) X("rdr-to", r->r_rdr.pp_set) X("match", r->r_action == PF_MATCH) X("pass", r->r_action == PF_PASS)	\
	X("block", r->r_action == PF_BLOCK) X("anchor", r->r_action == PF_ANCHOR) X("max-pkt-rate", r->r_pktrate != 0) X("anchor quick", r->r_action == PF_ANCHOR && r->r_quick)

static bool
is_addr(const struct pf_rule *r, unsigned type)
{
	return r->r_src.ra_addr.pa_type == type || r->r_dst.ra_addr.pa_type == type;
}
static bool
not_table(const struct pf_rule *r)
{
	return (r->r_src.ra_addr.pa_type == PF_ADDR_TABLE && r->r_src.ra_not) || (r->r_dst.ra_addr.pa_type == PF_ADDR_TABLE && r->r_dst.ra_not);
}
static bool
is_port(const struct pf_rule *r, unsigned op)
{
	return r->r_src.ra_port.pc_op == op || r->r_dst.ra_port.pc_op == op;
}

#define X(name, yes)	name,
static const char *const words[] = { WORDS(X) };
#undef X
static unsigned long matched[nitems(words)];

static void
cover(const struct pf_rule *r)
{
	unsigned i = 0;

#define X(name, yes)	matched[i++] += (yes);
	WORDS(X)
#undef X
}

static void
print_cover(unsigned long packets, unsigned rules)
{
	printf("%lu packets, %u rules; matched by rules with:", packets, rules);
	for (unsigned i = 0; i < nitems(words); i++)
		printf(" %s %lu%s", words[i], matched[i], i + 1 < nitems(words) ? "," : "\n");
	for (unsigned i = 0; i < nitems(words); i++)
		if (matched[i] == 0)
			unit_fail(__FILE__, __LINE__, "no rule with \"%s\" has matched", words[i]);
}

/* ---- the comparison ---- */

static void
without_trees(const struct pf_ruleset *rs)
{
	for (unsigned i = 0; i < rs->rs_nlists; i++)
		pf_class_free(rs->rs_list[i].ks_class);
}

static unsigned
index_of(const struct pf_krule *kr)
{
	return kr != NULL ? kr->kr_index : UINT32_MAX;
}

static void
compare(const struct pf_ruleset *tree, const struct pf_ruleset *linear, const struct pf_pdesc *pd)
{
	struct pf_pdesc p[2] = { *pd, *pd };
	struct pf_verdict v[2];

	pf_evaluate(tree, &p[0], &v[0]);
	pf_evaluate(linear, &p[1], &v[1]);
	CHECK_EQ(v[0].v_rule->kr_index, v[1].v_rule->kr_index);
	CHECK_EQ(v[0].v_nmatch, v[1].v_nmatch);
	for (unsigned i = 0; i < v[0].v_nmatch; i++) {
		CHECK_EQ(v[0].v_match[i]->kr_index, v[1].v_match[i]->kr_index);
		cover(v[0].v_match[i]->kr_rule);
	}
	CHECK_EQ(v[0].v_tag, v[1].v_tag);
	for (unsigned i = 0; i < nitems(v[0].v_xlate); i++)
		CHECK_EQ(index_of(v[0].v_xlate[i]), index_of(v[1].v_xlate[i]));
	CHECK_EQ(v[0].v_xport, v[1].v_xport);
	CHECK(in6_equal(&p[0].pd_src, &p[1].pd_src) && in6_equal(&p[0].pd_dst, &p[1].pd_dst) && p[0].pd_dport == p[1].pd_dport);
	if (v[0].v_rule->kr_index != tree->rs_nrules)
		cover(v[0].v_rule->kr_rule);
}

static void
compare_counts(const struct pf_ruleset *tree, const struct pf_ruleset *linear)
{
	struct pf_rcount *a = pf_rcounts(tree), *b = pf_rcounts(linear);

	CHECK(a != NULL && b != NULL);
	for (unsigned i = 0; i < tree->rs_nrules; i++)
		CHECK_EQ(a[i].rc_evaluations, b[i].rc_evaluations);
	free(a);
	free(b);
}

#define PACKETS_EACH	400u

static unsigned
one_ruleset(unsigned rules)
{
	struct pf_ruleset *tree, *linear;
	struct mbuf *m = m_get();
	uint16_t tags[3];
	struct pf_pdesc pd;
	unsigned n;

	ntext = 0;
	put("%s", tables);
	put_rules(rules, 0);
	tree = pf_make(text);
	linear = pf_make(text);
	without_trees(linear);
	for (unsigned i = 0; i < 3; i++) {
		char name[] = { 't', 'a', 'g', (char)('0' + i), '\0' };

		tags[i] = pf_tag_get(name);
	}
	for (unsigned i = 0; i < PACKETS_EACH; i++) {
		random_pdesc(&pd, m, tags);
		compare(tree, linear, &pd);
	}
	compare_counts(tree, linear);
	n = tree->rs_nrules;
	for (unsigned i = 0; i < 3; i++)
		pf_tag_put(tags[i]);
	pf_ruleset_free(tree);
	pf_ruleset_free(linear);
	m_freem(m);
	return n;
}

/* ---- how much it takes, and what it gives ---- */

static const struct pf_class *
main_class(const struct pf_ruleset *rs)
{
	const struct pf_class *cl = rs->rs_main.ks_class;

	CHECK(cl->cl_node != NULL);
	CHECK(cl->cl_nodes * 4 + cl->cl_refs <= 4 * (PF_CLASS_ROOM * rs->rs_main.ks_n + 1024 + 8));
	return cl;
}

/* As people write them: few are left to be compared, and that by few steps. */
TEST(pf_class_parts_rules)
{
	struct pf_ruleset *rs;

	net_start();
	seed = 3;
	ntext = 0;
	put("block all\n");
	for (unsigned i = 0; i < 3000; i++)
		put("pass in on t%u proto tcp from 10.%u.%u.0/24 to 10.200.0.%u port %u\n", rnd(2), rnd(100), rnd(256), rnd(256), 1 + rnd(60000));
	rs = pf_make(text);
	CHECK(main_class(rs)->cl_most <= 4);
	pf_ruleset_free(rs);
	net_end();
}

static const char *
logged(void)
{
	static char buf[8192];
	uint64_t pos = 0;

	buf[log_read(&pos, buf, sizeof(buf) - 1)] = '\0';
	return buf;
}

/* Without memory there is no tree, nothing else; and that is said. */
TEST(pf_class_without_memory)
{
	const struct pf_krules *ks;
	struct pf_ruleset *rs;
	unsigned left = 0;

	net_start();
	rs = pf_make("block all\npass from 10.0.0.1\npass from 10.0.0.2\npass from 10.0.0.3\npass from 10.0.0.4\npass from 10.0.0.5\n");
	ks = &rs->rs_main;
	do {
		pf_class_free(ks->ks_class);
		host.malloc_limited = true;
		host.malloc_left = left++;
		pf_class_make(ks);
		host.malloc_limited = false;
	} while (ks->ks_class->cl_node == NULL && left < 100);
	CHECK(left > 5 && left < 100);
	CHECK_IN(logged(), "pf: 6 rules are compared one by one: not enough memory");
	pf_ruleset_free(rs);
	net_end();
}

/* All overlap all, in all fields: memory and time stay within bounds, the rest stays together, and that is said. */
TEST(pf_class_is_bounded)
{
	struct pf_ruleset *rs;

	net_start();
	seed = 4;
	ntext = 0;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned a = rnd(30000), b = rnd(30000), c = rnd(120), d = rnd(120);

		put("block proto tcp from 10.%u.1.1 - 10.%u.1.1 port %u:%u to 10.%u.1.1 - 10.%u.1.1 port %u:%u tos 0x10\n", c, c + 100, a, a + 30000, d, d + 120,
		    b, b + 30000);
	}
	rs = pf_make(text);
	CHECK(main_class(rs)->cl_most > 32);
	CHECK_IN(logged(), "of 2000 rules are compared one by one: they overlap too much");
	pf_ruleset_free(rs);
	net_end();
}

/* Half of the packets' networks, of either family. */
static void
label_routes(void)
{
	struct rt_request rq = { .rq_af = AF_IP4, .rq_plen = 17, .rq_flags = RTF_STATIC | RTF_BLACKHOLE, .rq_priority = RTP_STATIC, .rq_label = "lab" };

	rq.rq_dest = BE32(0x0a010000);
	rq.rq_gateway = BE32(0x7f000001);
	CHECK_EQ(rt_add(&rq), RT_OK);
	rq = (struct rt_request){ .rq_af = AF_IP6, .rq_plen = 64, .rq_flags = RTF_STATIC | RTF_BLACKHOLE, .rq_priority = RTP_STATIC, .rq_label = "lab",
	    .rq_dest6 = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [7] = 1 } }, .rq_gateway6 = in6_loopback };
	CHECK_EQ(rt_add(&rq), RT_OK);
}

TEST(pf_class_is_linear)
{
	const char *packets = getenv("PF_CLASS_PACKETS");
	unsigned long n = packets != NULL ? strtoul(packets, NULL, 10) : 40000, done = 0;
	unsigned rules = 0;

	net_start();
	strcpy(t1.w_if.if_group, "wan");
	label_routes();
	seed = 1;
	for (; done < n; done += PACKETS_EACH)
		rules += one_ruleset(rnd(4) == 0 ? 1 + rnd(300) : 1 + rnd(60));
	print_cover(done, rules);
	net_end();
}
