/* net.c - the two-wire router of net.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "kernel/myname.h"
#include "kernel/sysctl.h"
#include "net/core/if_loop.h"
#include "net/core/net_init.h"
#include "net/ether/arp.h"
#include "net/inet/ip_var.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/inet6/ip6.h"
#include "net/route/route.h"
#include "tests/fuzz/net.h"

struct fwire fw[2];
static struct mbuf *hoard;
static unsigned nhoard;
static struct counter_balance books;	/* lo0 keeps its figures from one input to the next; counters begin anew */

/* ---- what comes out ---- */

/* RFC 791 3.1. */
static void
check_options(const uint8_t *p, unsigned hlen)
{
	for (unsigned i = sizeof(struct ip); i < hlen && p[i] != 0; i += p[i] == 1 ? 1 : p[i + 1])
		CHECK(p[i] == 1 || (i + 1 < hlen && p[i + 1] >= 2 && p[i + 1] <= hlen - i));
}

static void
check_ip(const struct fwire *w, const uint8_t *p, unsigned len)
{
	const struct ip *ip = (const struct ip *)p;
	unsigned hlen = (ip->ip_vhl & 15) * 4u;

	CHECK(len >= sizeof(*ip));
	CHECK_EQ(ip->ip_vhl >> 4, 4);
	CHECK(hlen >= sizeof(*ip) && hlen <= be16_host(ip->ip_len));
	CHECK_EQ(be16_host(ip->ip_len), len);
	CHECK_EQ(in_cksum(ip, hlen), 0);
	CHECK(ip->ip_ttl > 0);
	check_options(p, hlen);
	CHECK(len <= MAX(w->fw_if.if_mtu, w->fw_mtu));
	CHECK(!ip4_is_loopback(ip->ip_dst));
}

static void
check_arp(const struct fwire *w, const uint8_t *f, unsigned len)
{
	CHECK_EQ(len, ETHER_MIN_LEN);
	for (unsigned i = 14 + 28; i < len; i++)
		CHECK_EQ(f[i], 0);			/* no old bytes in the padding */
	if (f[21] == ARPOP_REQUEST)			/* an admin may have published any address for another */
		CHECK_MEM(f + 22, w->fw_if.if_lladdr, 6);
}

/* ---- what has come in ---- */

/* IPv6 packets of this input, by all of them that a router does not change; the oldest go. */
static uint64_t came[256];
static unsigned ncame;

/* Behind the hop limit, as long as the header says. 0: it is none, or cut short. */
static uint64_t
sum_of_ip6(const uint8_t *p, unsigned len)
{
	uint64_t h = 0xcbf29ce484222325ull;

	if (len < sizeof(struct ip6_hdr) || p[0] >> 4 != 6 || len < sizeof(struct ip6_hdr) + be16_host(load16(p + 4)))
		return 0;
	for (unsigned i = 8; i < sizeof(struct ip6_hdr) + be16_host(load16(p + 4)); i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h | 1;
}

static void
remember(const uint8_t *f, unsigned len)
{
	uint64_t h = len > 14 ? sum_of_ip6(f + 14, len - 14) : 0;

	if (h != 0)
		came[ncame++ % nitems(came)] = h;
}

static bool
has_come(const uint8_t *p, unsigned len)
{
	uint64_t h = sum_of_ip6(p, len);

	for (unsigned i = 0; i < MIN(ncame, nitems(came)); i++)
		if (came[i] == h)
			return true;
	return false;
}

/* RFC 8200 3; what we have made ourselves has a good checksum: not what came when the source was not our address yet, and has waited. */
static void
check_ip6(const struct fwire *w, const uint8_t *p, unsigned len)
{
	const struct ip6_hdr *ip6 = (const struct ip6_hdr *)p;
	uint64_t sum;

	CHECK(len >= sizeof(*ip6));
	CHECK_EQ(p[0] >> 4, 6);
	CHECK_EQ(be16_host(ip6->ip6_plen) + sizeof(*ip6), len);
	CHECK(ip6->ip6_hlim > 0);
	CHECK(len <= MAX(w->fw_if.if_mtu, w->fw_mtu));
	CHECK(!IN6_IS_ADDR_MULTICAST(&ip6->ip6_src) && !IN6_IS_ADDR_LOOPBACK(&ip6->ip6_src) && !IN6_IS_ADDR_LOOPBACK(&ip6->ip6_dst));
	CHECK(!in6_is_any(&ip6->ip6_dst));
	if (ip6->ip6_nxt != IPPROTO_ICMPV6_ || in6_ifaddr_find(&w->fw_if, &ip6->ip6_src) == NULL)
		return;
	sum = in_sum(p + 8, 32, 0) + host_be32(len - 40) + host_be32(IPPROTO_ICMPV6_);
	sum = in_fold(in_sum(p + 40, len - 40, sum));
	CHECK(sum == 0xffff || has_come(p, len));
}

static void
check_out(const struct fwire *w, const struct mbuf *m)
{
	static uint8_t f[16384];
	unsigned sum = 0;

	for (const struct mbuf *n = m; n != NULL; n = n->m_next) {
		CHECK(n->m_data >= n->m_buf && n->m_data + n->m_len <= n->m_buf + n->m_size);
		sum += n->m_len;
	}
	CHECK_EQ(sum, m->m_pktlen);
	CHECK(sum >= 14 && sum <= w->fw_if.if_hardmtu + 14 && sum <= sizeof(f));
	m_copydata(m, 0, sum, f);
	CHECK_MEM(f + 6, w->fw_if.if_lladdr, 6);
	if (load16(f + 12) == BE16(ETHERTYPE_IP))
		check_ip(w, f + 14, sum - 14);
	else if (load16(f + 12) == BE16(ETHERTYPE_ARP))
		check_arp(w, f, sum);
	else if (load16(f + 12) == BE16(ETHERTYPE_IPV6))
		check_ip6(w, f + 14, sum - 14);
	else
		CHECK(!"a frame of an unknown type came out");
}

/* ---- the wires ---- */

static void
fwire_start(struct ifqueue *ifq)
{
	struct fwire *w = ifq->ifq_softc;
	struct mbuf *m;

	while (!w->fw_full && (m = ifq_dequeue(ifq)) != NULL) {
		check_out(w, m);
		w->fw_sent++;
		m_freem(m);
	}
	if (w->fw_full && ifq->ifq_len > 0)
		ifq_set_oactive(ifq);
}

/* Once: what is taken back afterwards succeeds. */
static bool
fails(bool *once)
{
	bool was = *once;

	*once = false;
	return was;
}

static bool
fwire_up(struct ifnet *ifp)
{
	return !fails(&((struct fwire *)ifp->if_softc)->fw_up_fails);
}

static bool
fwire_setmtu(struct ifnet *ifp, uint32_t mtu __unused_arg)
{
	return !fails(&((struct fwire *)ifp->if_softc)->fw_mtu_fails);
}

static bool
fwire_setlladdr(struct ifnet *ifp __unused_arg, const uint8_t *a __unused_arg)
{
	return true;
}

static const struct if_ops fwire_ops =
    { .ifo_up = fwire_up, .ifo_setmtu = fwire_setmtu, .ifo_setlladdr = fwire_setlladdr };

void
fnet_start(void)
{
	CHECK(net_init());
	sysctl_defaults();
}

void
fnet_attach(void)
{
	counter_balance(&books);
	ncame = 0;
	for (unsigned i = 0; i < 2; i++) {
		struct fwire *w = &fw[i];
		struct ifnet *ifp = &w->fw_if;

		memset(w, 0, sizeof(*w));
		snprintf(ifp->if_xname, sizeof(ifp->if_xname), "t%u", i);
		memcpy(ifp->if_lladdr, (uint8_t[]){ 0x52, 0x54, 0, 0, 0, (uint8_t)(0x0a + i) }, 6);
		memcpy(w->fw_host, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)(0xaa + i * 0x11) }, 6);
		ifp->if_ops = &fwire_ops;
		ifp->if_softc = w;
		ifp->if_nqueues = 1;
		ifp->if_hardmtu = 9000;
		CHECK(ether_ifattach(ifp));
		ifp->if_ifqs[0].ifq_startfn = fwire_start;
		ifp->if_ifqs[0].ifq_softc = w;
		if_link_state_change(ifp, LINK_STATE_UP);
	}
}

void
fnet_addresses(void)
{
	for (unsigned i = 0; i < 2; i++) {
		CHECK(if_setup(&fw[i].fw_if, true));
		CHECK(if_addaddr(&fw[i].fw_if, FW_ADDR(i), 24, FW_ADDR(i) | BE32(0xff)) == NULL);
	}
}

/* Each buffer is filled with a byte of its own behind the frame, so that what is read there shows. */
static struct mbuf *
fnet_mbuf(const uint8_t *p, unsigned n, unsigned seg)
{
	struct mbuf *m = m_get(), *tail = m;

	for (unsigned off = 0; m != NULL && off < n; ) {
		unsigned take = MIN(seg, n - off);

		if (off > 0) {
			if ((tail->m_next = m_get()) == NULL) {
				m_freem(m);
				return NULL;
			}
			tail = tail->m_next;
		}
		memset(tail->m_buf, 0xa5, MCLBYTES);
		memcpy(tail->m_data, p + off, take);
		tail->m_len = take;
		off += take;
	}
	if (m != NULL)
		m->m_pktlen = n;
	return m;
}

void
fnet_rx(struct fwire *w, const uint8_t *p, unsigned n, unsigned seg, unsigned copies)
{
	struct batch b;

	remember(p, n);
	seg = MIN(MAX(seg, 14u), (unsigned)(MCLBYTES - MHEADROOM));
	b.b_n = 0;
	for (unsigned i = 0; i < copies && b.b_n < BATCH_MAX; i++) {
		struct mbuf *m = fnet_mbuf(p, n, seg);

		if (m == NULL)
			break;
		batch_add(&b, m);
	}
	if (b.b_n > 0)
		ifiq_input(&w->fw_if.if_ifiqs[0], &b);
	loop_pass();
}

void
fnet_full(struct fwire *w, bool full)
{
	w->fw_full = full;
	if (!full)
		ifq_restart(&w->fw_if.if_ifqs[0]);
}

void
fnet_hoard(unsigned n)
{
	struct mbuf *m;

	while (percore(mbuf_pool.mp_nfree) > n && (m = m_get()) != NULL) {
		m->m_nextpkt = hoard;
		hoard = m;
		nhoard++;
	}
}

void
fnet_unhoard(void)
{
	struct mbuf *m;

	while ((m = hoard) != NULL) {
		hoard = m->m_nextpkt;
		m_free(m);
	}
	nhoard = 0;
}

void
fnet_settle(void)
{
	unsigned n = 0;

	while (loop_pass())
		CHECK(++n < 100000);
}

bool
fnet_waiting(void)
{
	struct counter_balance b;

	counter_balance(&b);
	return b.cb_held > 0;
}

/* What came in, less what has become of it: 0 where every packet is accounted for. */
static uint64_t
unaccounted(const struct counter_balance *b)
{
	return b->cb_received + b->cb_created - b->cb_sent - b->cb_dropped - b->cb_consumed - b->cb_held;
}

static void
fnet_balance(void)
{
	struct counter_balance b;

	counter_balance(&b);
	CHECK_EQ(unaccounted(&b), unaccounted(&books));
	CHECK(mbuf_used() >= b.cb_held + nhoard);	/* more where chains wait; at the end of all it is exact */
}

/* lo0's own. */
static bool
is_builtin(const struct rtentry *rt)
{
	if (rt->rt_af == AF_IP4)
		return ip4_is_loopback(rt->rt_dest);
	return rt->rt_priority == RTP_STATIC && (rt->rt_flags & RTF_REJECT) && in6_equal(&rt->rt_via->v_gateway6, &in6_loopback);
}

/* What the input has added: a walk from the start for each, as the cursor cannot stand on what goes. */
static void
delete_static_routes(unsigned af)
{
	struct rt_cursor rc = { .rc_af = af };
	const struct rtentry *rt;

	while ((rt = rtable_next(0, &rc)) != NULL)
		if ((rt->rt_flags & (RTF_STATIC | RTF_GATEWAY)) == (RTF_STATIC | RTF_GATEWAY) && !is_builtin(rt)) {
			CHECK_EQ(rt_delete(&(struct rt_request){ .rq_af = rt->rt_af, .rq_dest6 = rt->rt_dest6, .rq_plen = rt->rt_plen,
			    .rq_priority = rt->rt_priority }), RT_OK);
			rc = (struct rt_cursor){ .rc_af = af };
		}
}

void
fnet_detach(void)
{
	for (unsigned i = 0; i < 2; i++)
		fnet_full(&fw[i], false);
	fnet_settle();
	fnet_balance();
	fnet_unhoard();
	delete_static_routes(AF_IP4);
	delete_static_routes(AF_IP6);
	for (struct nexthop *nh = nexthop_list, *next; nh != NULL; nh = next) {	/* admins' entries */
		next = nh->nh_next;
		if (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH))
			nexthop_forget(nh);
	}
	for (unsigned i = 0; i < 2; i++)
		if_detach(&fw[i].fw_if);
	fnet_settle();
	if (timeouts_next() != 0 && timeouts_next() <= uptime_ns() + 20000000)
		host_run(20);		/* room for neighbours was asked for (nexthop.c) */
	sysctl_defaults();
	config_loaded = false;
}

/* ---- what is in force: as a number (FNV-1a), and as text for whoever looks at a finding ---- */

static void
describe_if(const struct ifnet *ifp)
{
	char a[IN6_STRLEN];

	fprintf(stderr, "  %s flags 0x%x mtu %u \"%s\"", ifp->if_xname, ifp->if_flags, ifp->if_mtu, ifp->if_description);
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		fprintf(stderr, " %08x/%u bcast %08x", be32_host(ifa->ifa_addr), ifa->ifa_plen, be32_host(ifa->ifa_broadcast));
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		fprintf(stderr, " %s/%u flags 0x%x", in6_print(a, &ia->ia_addr), ia->ia_plen, ia->ia_flags);
	fprintf(stderr, "\n");
}

void
fnet_describe(const char *when)
{
	char a[IN6_NETSTRLEN], g[IN6_STRLEN], i[IN6_STRLEN];

	if (getenv("FUZZ_VERBOSE") == NULL)
		return;
	fprintf(stderr, "%s:\n", when);
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		describe_if(ifp);
	for (unsigned af = 0; af < AF_COUNT; af++) {
		struct rt_cursor rc = { .rc_af = af };
		const struct rtentry *rt;

		while ((rt = rtable_next(0, &rc)) != NULL)
			fprintf(stderr, "  %s prio %u flags 0x%x gw %s ifa %s mtu %u %s\n", af_printnet(a, af, &rt->rt_dest6, rt->rt_plen),
			    rt->rt_priority, rt->rt_flags, af_print(g, af, &rt->rt_via->v_gateway6), af_print(i, af, &rt->rt_via->v_ifa6), rt->rt_mtu,
			    rt_ifp(rt) != NULL ? rt_ifp(rt)->if_xname : "-");
	}
	for (const struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		fprintf(stderr, "  neighbour %s at %s flags 0x%x valid %d state %d refs %u\n", af_print(a, nh->nh_af, &nh->nh_addr6),
		    nh->nh_ifp->if_xname, nh->nh_flags, nh->nh_valid, nh->nh_state, nh->nh_refs);
}

static uint64_t print;

static void
mix(const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n-- > 0)
		print = (print ^ *b++) * 0x100000001b3ull;
}
#define MIX(v) do { __typeof__(v) mix_v_ = (v); mix(&mix_v_, sizeof(mix_v_)); } while (0)

/* Without the number of the interface: that is another when it was made anew. */
static void
mix_addr(unsigned af, const struct in6_addr *a)
{
	struct in6_addr plain = af == AF_IP6 ? in6_unembed(a) : *a;

	MIX(plain);
}

static void
mix_ifnet(const struct ifnet *ifp)
{
	mix(ifp->if_xname, strlen(ifp->if_xname));
	MIX(ifp->if_flags);
	MIX(ifp->if_mtu);
	mix(ifp->if_lladdr, 6);
	mix(ifp->if_description, strlen(ifp->if_description));
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next) {
		MIX(ifa->ifa_addr);
		MIX(ifa->ifa_plen);
		MIX(ifa->ifa_broadcast);
	}
	MIX(ifp->if_xflags);
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		if (!(ia->ia_flags & IN6_IFF_AUTOCONF)) {
			mix_addr(AF_IP6, &ia->ia_addr);
			MIX(ia->ia_plen);
			MIX(ia->ia_flags & (IN6_IFF_ANYCAST | IN6_IFF_AUTOLL));
		}
}

/* Which of two interfaces in one network comes first is a matter of their history: summed up, too. */
static void
mix_routes(unsigned af)
{
	struct rt_cursor rc = { .rc_af = af };
	const struct rtentry *rt;
	uint64_t before = print, sum = 0;

	while ((rt = rtable_next(0, &rc)) != NULL) {
		print = before;
		mix_addr(af, &rt->rt_dest6);
		MIX(rt->rt_plen);
		MIX(rt->rt_priority);
		MIX(rt->rt_flags);
		mix_addr(af, &rt->rt_via->v_gateway6);
		mix_addr(af, &rt->rt_via->v_ifa6);
		MIX(rt->rt_mtu);
		if (rt_ifp(rt) != NULL)
			mix(rt_ifp(rt)->if_xname, strlen(rt_ifp(rt)->if_xname));
		sum += print;
	}
	print = before;
	MIX(sum);
}

/* The order of nexthop_list is that of their making: summed up. */
static void
mix_neighbours(void)
{
	uint64_t before = print, sum = 0;

	for (const struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next) {
		if (!(nh->nh_flags & (NHF_STATIC | NHF_PUBLISH)))
			continue;
		print = before;
		MIX(nh->nh_addr6);
		MIX(nh->nh_flags);
		MIX(nh->nh_valid);
		mix(nexthop_lladdr(nh), 6);
		sum += print;
	}
	print = before;
	MIX(sum);
}

uint64_t
fnet_fingerprint(void)
{
	print = 0xcbf29ce484222325ull;
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		mix_ifnet(ifp);
	mix_routes(AF_IP4);
	mix_routes(AF_IP6);
	mix_neighbours();
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (sc->sc_int != NULL && !sc->sc_readonly)
			MIX(*sc->sc_int);
	mix(myname(), strlen(myname()));
	return print;
}
