/* card.c - the routers' cards: receive rings, and which of them a frame goes to. A card has one queue, and the router steers, or one for each core,
 * and its hash of addresses and ports, with the router's key, keeps both ways of a flow together. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define ETHER_HDR	14u
#define IP4_HDR		20u

/* ---- receive-side scaling ---- */

/* Does not change when a and b do. */
static uint64_t
rss_mix(uint64_t h, uint64_t a, uint64_t b)
{
	h = (h ^ (a + b)) * 0x9fb21c651e98df25ULL;
	h = (h ^ h >> 29 ^ (a ^ b)) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

/* Ports only where all packets of the flow have them: not in fragments. */
static uint64_t
rss_ports(uint64_t h, const uint8_t *p, unsigned len, unsigned off)
{
	return off + 4 <= len ? rss_mix(h, load16(p + off), load16(p + off + 2)) : h;
}

static uint64_t
rss_hash(uint64_t key, const uint8_t *p, unsigned len)
{
	const uint8_t *ip = p + ETHER_HDR;
	uint16_t type = len >= ETHER_HDR ? load16(p + 12) : 0;
	unsigned hlen;
	uint64_t h;

	if (type == BE16(0x0800) && len >= ETHER_HDR + IP4_HDR) {
		h = rss_mix(key, load32(ip + 12), load32(ip + 16));
		hlen = (ip[0] & 15u) * 4;
		if ((ip[9] == 6 || ip[9] == 17) && (load16(ip + 6) & BE16(0x3fff)) == 0)
			h = rss_ports(h, p, len, ETHER_HDR + hlen);
		return h;
	}
	if (type == BE16(0x86dd) && len >= ETHER_HDR + 40) {
		h = rss_mix(rss_mix(key, load64(ip + 8), load64(ip + 24)), load64(ip + 16), load64(ip + 32));
		return ip[6] == 6 || ip[6] == 17 ? rss_ports(h, p, len, ETHER_HDR + 40) : h;
	}
	return 0;
}

static unsigned
card_queue(const struct router_port *rp, const struct frame *f)
{
	return rp->rp_nqueues > 1 ? (unsigned)(rss_hash(rp->rp_router->r_key, f->f_b, f->f_len) % rp->rp_nqueues) : 0;
}

/* ---- the router's side ---- */

static size_t
nic_recv(void *arg, unsigned queue, void *buf, size_t size)
{
	struct router_port *rp = arg;
	struct router_ring *ring = &rp->rp_ring[queue];
	struct frame *f;
	size_t len;

	if (ring->rr_head == ring->rr_tail)
		return 0;
	f = ring->rr_frame[ring->rr_tail++ % ROUTER_RXRING];
	rp->rp_taken++;
	len = f->f_len;
	memcpy(buf, f->f_b, MIN(len, size));
	free(f);
	return len;
}

static bool
nic_send(void *arg, unsigned queue __unused_arg, const void *frame, size_t len)
{
	struct router_port *rp = arg;

	return port_send(&rp->rp_port, frame, (unsigned)len);
}

static const struct host_nic_ops nic_ops = { nic_recv, nic_send };

/* ---- the wire's side ---- */

struct ring_bell { struct router_port *rb_port; unsigned rb_first, rb_n; };

static void
wake(void *arg)
{
	const struct ring_bell *rb = arg;
	struct router *r = rb->rb_port->rp_router;

	for (unsigned i = 0; i < rb->rb_n; i++)
		r->r_e->se_wake(rb->rb_port->rp_nic, rb->rb_first + i);
	r->r_ready |= r->r_e->se_woken();
}

static void
rx(struct port *p, const struct frame *f)
{
	struct router_port *rp = p->p_owner;
	struct ring_bell rb = { rp, card_queue(rp, f), 1 };
	struct router_ring *ring = &rp->rp_ring[rb.rb_first];

	if (rp->rp_nic == NULL || ring->rr_head - ring->rr_tail == ROUTER_RXRING) {
		rp->rp_overruns++;
		return;
	}
	ring->rr_frame[ring->rr_head++ % ROUTER_RXRING] = frame_new(f->f_b, f->f_len);
	router_call(rp->rp_router, wake, &rb);
}

static void
room(struct port *p)
{
	struct router_port *rp = p->p_owner;
	struct ring_bell rb = { rp, 0, rp->rp_nqueues };

	router_call(rp->rp_router, wake, &rb);
}

static void
link_change(void *arg)
{
	struct router_port *rp = arg;

	rp->rp_router->r_e->se_link(rp->rp_nic, rp->rp_port.p_wire->w_up);
	rp->rp_router->r_ready |= 1 | rp->rp_router->r_e->se_woken();
}

static void
linked(struct port *p, bool up __unused_arg)
{
	struct router_port *rp = p->p_owner;

	if (rp->rp_nic == NULL)
		return;
	router_call(rp->rp_router, link_change, rp);
}

/* ---- its life ---- */

static bool
card_has_queues(void)
{
	return sim.cards == CARDS_QUEUES || (sim.cards == CARDS_MIXED && sim_below(2));
}

void
card_init(struct router_port *rp, struct router *r)
{
	rp->rp_router = r;
	rp->rp_nqueues = card_has_queues() ? sim.cores : 1;
	rp->rp_port.p_owner = rp;
	rp->rp_port.p_rx = rx;
	rp->rp_port.p_room = room;
	rp->rp_port.p_link = linked;
}

void
card_attach(struct router_port *rp, const char *name)
{
	const struct sluice_entries *e = rp->rp_router->r_e;
	struct host_nic_conf c = { .hnc_name = name, .hnc_ops = &nic_ops, .hnc_arg = rp, .hnc_nqueues = rp->rp_nqueues };

	memcpy(c.hnc_lladdr, rp->rp_port.p_mac, 6);
	rp->rp_nic = e->se_nic(&c);
	if (rp->rp_nic != NULL)
		e->se_link(rp->rp_nic, rp->rp_port.p_wire->w_up);
}

/* What the interface says of itself is what its wire has seen. */
void
card_check(const struct router_port *rp)
{
	struct host_nic_stats s;
	uint64_t in;

	rp->rp_router->r_e->se_stats(rp->rp_nic, &s);
	in = s.hns_in + s.hns_errors + s.hns_nombufs + s.hns_filtered + s.hns_off;
	SIM_CHECK(in == rp->rp_taken, "%s accounts for %" PRIu64 " frames of %" PRIu64 " received", rp->rp_port.p_name, in,
	    rp->rp_taken);
	SIM_CHECK(s.hns_out == rp->rp_port.p_sent, "%s says that it has sent %" PRIu64 " frames, the wire has had %" PRIu64,
	    rp->rp_port.p_name, s.hns_out, rp->rp_port.p_sent);
}

void
card_end(struct router_port *rp)
{
	for (unsigned i = 0; i < rp->rp_nqueues; i++) {
		struct router_ring *ring = &rp->rp_ring[i];

		while (ring->rr_head != ring->rr_tail)
			free(ring->rr_frame[ring->rr_tail++ % ROUTER_RXRING]);
	}
}
