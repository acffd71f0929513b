/* timeline.c - the verbs of timeline.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/timeline.h"

static struct raw *raws;

static void
raw_arrived(struct port *p, const struct frame *f)
{
	struct raw *rw = p->p_owner;
	struct arrived *n = sim_alloc(sizeof(*n));

	n->time = sim.now;
	n->frame = sim_alloc(sizeof(*f) + f->f_len);
	n->frame->f_len = f->f_len;
	memcpy(n->frame->f_b, f->f_b, f->f_len);
	*rw->rw_tail = n;
	rw->rw_tail = &n->next;
}

struct raw *
raw_new(struct wire *w, struct router *peer, const char *mac)
{
	struct raw *rw = sim_alloc(sizeof(*rw));

	for (struct port *p = w->w_ports; p != NULL; p = p->p_next)
		if (p->p_owner == &peer->r_port[peer->r_nports - 1])
			rw->rw_peer = p;
	snprintf(rw->rw_port.p_name, sizeof(rw->rw_port.p_name), "%s.test", w->w_name);
	mac_of(mac, rw->rw_port.p_mac);
	rw->rw_port.p_owner = rw;
	rw->rw_port.p_rx = raw_arrived;
	rw->rw_tail = &rw->rw_head;
	rw->rw_next = raws;
	raws = rw;
	wire_attach(w, &rw->rw_port);
	return rw;
}

void
raw_rx(struct raw *rw, const struct pkt *p)
{
	uint8_t f[FRAME_MAX];
	unsigned len = pkt_build(p, rw->rw_port.p_mac, rw->rw_peer->p_mac, f);

	port_send(&rw->rw_port, f, len);
	sim_run(0);
}

static struct arrived *
raw_take(struct raw *rw)
{
	struct arrived *n;

	sim_run(0);
	if ((n = rw->rw_head) == NULL)
		return NULL;
	if ((rw->rw_head = n->next) == NULL)
		rw->rw_tail = &rw->rw_head;
	return n;
}

const struct frame *
raw_frame(struct raw *rw)
{
	struct arrived *n = raw_take(rw);

	return n != NULL ? n->frame : NULL;
}

bool
raw_see(struct raw *rw, struct raw_seen *rs)
{
	struct arrived *n = raw_take(rw);
	const uint8_t *ip;

	if (n == NULL)
		return false;
	ip = n->frame->f_b + 14;
	SIM_CHECK(n->frame->f_len >= 14 + 24 && ip[0] == 0x45 && (ip[9] == 6 || ip[9] == 17), "what has come is neither UDP nor TCP of IPv4");
	snprintf(rs->rs_src, sizeof(rs->rs_src), "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
	snprintf(rs->rs_dst, sizeof(rs->rs_dst), "%u.%u.%u.%u", ip[16], ip[17], ip[18], ip[19]);
	rs->rs_sport = (unsigned)ip[20] << 8 | ip[21];
	rs->rs_dport = (unsigned)ip[22] << 8 | ip[23];
	return true;
}

void
raw_tx(const char *file, int line, struct raw *rw, const struct pkt *p)
{
	struct arrived *n = raw_take(rw);
	const char *why;

	if (n == NULL)
		sim_fail(file, line, "%s sends nothing", rw->rw_peer->p_name);
	why = pkt_match(p, rw->rw_peer->p_mac, rw->rw_port.p_mac, n->frame);
	if (why != NULL)
		sim_fail(file, line, "%s sends something else:%s", rw->rw_peer->p_name, why);
	if (n->time != sim.now)
		sim_fail(file, line, "%s sent that %.6f s ago", rw->rw_peer->p_name, (double)(sim.now - n->time) / 1e9);
}

void
raw_none(const char *file, int line, struct raw *rw)
{
	struct arrived *n = raw_take(rw);
	char text[200];

	if (n == NULL)
		return;
	frame_text(n->frame->f_b, n->frame->f_len, text, sizeof(text));
	sim_fail(file, line, "%s sends what nobody expects: %s (%.6f s ago)", rw->rw_peer->p_name, text,
	    (double)(sim.now - n->time) / 1e9);
}

unsigned
raw_forget(struct raw *rw)
{
	unsigned n = 0;

	while (raw_take(rw) != NULL)
		n++;
	return n;
}

void
raws_end_check(void)
{
	for (struct raw *rw = raws; rw != NULL; rw = rw->rw_next)
		raw_none("the end", 0, rw);
}

void
raws_end(void)
{
	raws = NULL;
}

void
timeline_at(const char *file, int line, uint64_t t)
{
	if (sim.start + t < sim.now)
		sim_fail(file, line, "AT(%.6f s) is over already", (double)t / 1e9);
	sim_run_to(sim.start + t);
}

void
timeline_say(const char *file, int line, struct router *rt, const char *command, const char *const *parts)
{
	const char *out = router_say(rt, command);

	for (; *parts != NULL; parts++)
		if (strstr(out, *parts) == NULL)
			sim_fail(file, line, "\"%s\" is not in the output of \"%s\":\n%s", *parts, command, out);
}
