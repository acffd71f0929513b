/* netfix.c - the two-wire router of netfix.h. */
#include <stdio.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/loop.h"
#include "net/core/net_init.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "net/inet/ip_var.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

struct wire t0, t1;
static uint64_t marks[512];

be32_t
addr(const char *dotted)
{
	be32_t a;

	if (!ip4_parse(dotted, &a))
		CHECK(!"bad address in a test");
	return a;
}

static void
wire_start(struct ifqueue *ifq)
{
	struct wire *w = ifq->ifq_softc;
	struct mbuf *m;

	w->w_starts++;
	while (!w->w_full && (m = ifq_dequeue(ifq)) != NULL) {
		struct pkt *p = &w->w_tx[w->w_ntx++ % nitems(w->w_tx)];

		p->p_len = m->m_pktlen;
		m_copydata(m, 0, m->m_pktlen, p->p_b);
		m_freem(m);
	}
	if (w->w_full && ifq->ifq_len > 0)
		ifq_set_oactive(ifq);
}

static const struct if_ops wire_ops = { 0 };

static void
wire_attach(struct wire *w, unsigned n, const char *ifaddr)
{
	struct ifnet *ifp = &w->w_if;

	snprintf(ifp->if_xname, sizeof(ifp->if_xname), "t%u", n);
	memcpy(ifp->if_lladdr, (uint8_t[]){ 0x52, 0x54, 0, 0, 0, (uint8_t)(0x0a + n) }, 6);
	memcpy(w->w_host, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)(0xaa + n * 0x11) }, 6);
	ifp->if_ops = &wire_ops;
	ifp->if_nqueues = 1;
	ifp->if_hardmtu = 9000;
	CHECK(ether_ifattach(ifp));
	ifp->if_ifqs[0].ifq_startfn = wire_start;
	ifp->if_ifqs[0].ifq_softc = w;
	if_link_state_change(ifp, LINK_STATE_UP);
	CHECK(if_setup(ifp, true));
	CHECK(if_addaddr(ifp, addr(ifaddr), 24, addr(ifaddr) | BE32(0xff)) == NULL);
}

void
net_start(void)
{
	struct rt_request rq = { .rq_dest = addr("10.1.0.0"), .rq_plen = 16, .rq_flags = RTF_GATEWAY | RTF_STATIC };

	CHECK(net_init());
	wire_attach(&t0, 0, "10.0.0.1");
	wire_attach(&t1, 1, "10.0.1.1");
	CHECK(arp_set(0, addr("10.0.0.2"), t0.w_host, NHF_STATIC) == NULL);
	CHECK(arp_set(0, addr("10.0.1.2"), t1.w_host, NHF_STATIC) == NULL);
	rq.rq_gateway = addr("10.0.1.2");
	CHECK_EQ(rt_add(&rq), RT_OK);
	ip_forwarding = 1;
	config_loaded = true;
	host_run(10000);		/* until the addresses are found to be ours alone */
	t0.w_next = t0.w_ntx;		/* probes and announcements */
	t1.w_next = t1.w_ntx;
	counter_mark();
}

void
net_balance(void)
{
	const char *why = host_check_balance();

	if (why != NULL)
		unit_fail(__FILE__, __LINE__, "%s", why);
}

void
net_end(void)
{
	net_balance();
	host_stop();			/* the runner looks whether every pool is empty */
	CHECK(nexthop_list == NULL);
}

void
pkt_ipsum(struct pkt *p)
{
	struct ip *ip = pkt_iphdr(p);

	ip->ip_sum = 0;
	ip->ip_sum = in_cksum(ip, (ip->ip_vhl & 15) * 4u);
}

void
pkt_ip(struct pkt *p, const char *src, const char *dst, unsigned proto, unsigned ttl, unsigned hlen, unsigned payload)
{
	struct ip *ip = pkt_iphdr(p);

	memset(p->p_b, 0, 14 + 60);
	memcpy(p->p_b, t0.w_if.if_lladdr, 6);
	memcpy(p->p_b + 6, t0.w_host, 6);
	store16(p->p_b + 12, BE16(ETHERTYPE_IP));
	ip->ip_vhl = (uint8_t)(0x40 | hlen / 4);
	ip->ip_len = host_be16((uint16_t)(hlen + payload));
	ip->ip_ttl = (uint8_t)ttl;
	ip->ip_p = (uint8_t)proto;
	ip->ip_src = addr(src);
	ip->ip_dst = addr(dst);
	memset(p->p_b + 14 + 20, 1, hlen - 20);
	for (unsigned i = 0; i < payload; i++)
		p->p_b[14 + hlen + i] = (uint8_t)(i * 7 + 3);
	p->p_len = 14 + hlen + payload;
	pkt_ipsum(p);
}

void
pkt_udp(struct pkt *p, const char *src, const char *dst, unsigned ttl, unsigned payload)
{
	pkt_ip(p, src, dst, 17, ttl, 20, payload);
}

struct mbuf *
pkt_mbuf(const struct pkt *p, unsigned seg)
{
	struct mbuf *m = m_get(), *tail = m;

	CHECK(m != NULL);
	seg = MIN(seg, 1900u);
	for (unsigned off = 0; off < p->p_len; ) {
		unsigned n = MIN(seg, p->p_len - off);

		if (off > 0) {
			tail = tail->m_next = m_get();
			CHECK(tail != NULL);
		}
		memcpy(tail->m_data, p->p_b + off, n);
		tail->m_len = n;
		off += n;
	}
	m->m_pktlen = p->p_len;
	return m;
}

void
wire_rx_many(struct wire *w, const struct pkt *p, unsigned copies, unsigned seg)
{
	struct batch b;

	b.b_n = 0;
	for (unsigned i = 0; i < copies; i++)
		batch_add(&b, pkt_mbuf(p, seg));
	ifiq_input(&w->w_if.if_ifiqs[0], &b);
	for (int i = 0; i < 4; i++)
		loop_pass();
}

void
wire_rx(struct wire *w, const struct pkt *p)
{
	wire_rx_many(w, p, 1, PKT_MAX);
}

struct pkt *
wire_tx(struct wire *w)
{
	return w->w_next < w->w_ntx ? &w->w_tx[w->w_next++ % nitems(w->w_tx)] : NULL;
}

void
counter_mark(void)
{
	CHECK(SET_COUNT(counters) <= nitems(marks));
	for (unsigned i = 0; i < SET_COUNT(counters); i++)
		marks[i] = counter_sum(SET_AT(counters, i));
}

uint64_t
counter_delta(const char *name)
{
	for (unsigned i = 0; i < SET_COUNT(counters); i++)
		if (strcmp(SET_AT(counters, i)->c_name, name) == 0)
			return counter_sum(SET_AT(counters, i)) - marks[i];
	printf("no counter %s\n", name);
	CHECK(!"no such counter");
	return 0;
}
