/* wire.c - virtual wires: all stations on one hear each other, after a delay, if chance does not hit. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/sim.h"

#define ETHER_HDR	14
#define ETHER_WIRE	24		/* preamble, FCS and gap: they take time, too */

static struct wire *wires;

/* A frame on its way to one station. */
struct flight {
	struct port	*fl_port;
	unsigned	 fl_epoch;
	struct frame	*fl_frame;
};

/* ---- pcap: nanosecond variant, link type Ethernet ---- */

static void
pcap_open(struct wire *w)
{
	const uint32_t head[6] = { 0xa1b23c4d, 0x00040002, 0, 0, 65535, 1 };
	char path[512];

	w->w_pcap = -1;
	if (sim.record == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s.pcap", sim.record, w->w_name);
	w->w_pcap = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (w->w_pcap != -1 && write(w->w_pcap, head, sizeof(head)) != sizeof(head))
		perror(path);
}

static void
pcap_write(const struct wire *w, const void *p, unsigned len)
{
	uint8_t rec[16 + FRAME_MAX];
	const uint32_t head[4] = { (uint32_t)(sim.now / 1000000000), (uint32_t)(sim.now % 1000000000), len, len };

	if (w->w_pcap == -1 || len > FRAME_MAX)
		return;
	memcpy(rec, head, 16);
	memcpy(rec + 16, p, len);
	if (write(w->w_pcap, rec, 16 + len) != (ssize_t)(16 + len))
		perror("pcap");
}

/* ---- wires ---- */

struct wire *
wire_new(const char *name)
{
	struct wire *w = sim_alloc(sizeof(*w)), **p = &wires;

	snprintf(w->w_name, sizeof(w->w_name), "%s", name);
	w->w_up = true;
	w->w_ring = 256;
	while (*p != NULL)
		p = &(*p)->w_next;
	*p = w;
	pcap_open(w);
	return w;
}

void
wire_attach(struct wire *w, struct port *p)
{
	struct port **pp = &w->w_ports;

	while (*pp != NULL)
		pp = &(*pp)->p_next;
	*pp = p;
	p->p_wire = w;
}

void
wire_up(struct wire *w, bool up)
{
	if (w->w_up == up)
		return;
	w->w_up = up;
	w->w_epoch += !up;
	sim_hash(&sim.now, sizeof(sim.now));
	sim_hash(w->w_name, strlen(w->w_name));
	sim_say("%s: link %s", w->w_name, up ? "up" : "down");
	for (struct port *p = w->w_ports; p != NULL; p = p->p_next)
		if (p->p_link != NULL)
			p->p_link(p, up);
}

void
wires_calm(void)
{
	for (struct wire *w = wires; w != NULL; w = w->w_next) {
		w->w_loss = w->w_dup = w->w_corrupt = 0;
		w->w_jitter = 0;
		wire_up(w, true);
	}
}

uint64_t
wires_damaged(void)
{
	uint64_t n = 0;

	for (const struct wire *w = wires; w != NULL; w = w->w_next)
		n += w->w_corrupted;
	return n;
}

void
wires_end(void)
{
	for (struct wire *w = wires; w != NULL; w = w->w_next)
		if (w->w_pcap != -1)
			close(w->w_pcap);
	wires = NULL;
}

/* ---- frames ---- */

static void
arrive(void *arg, void *arg2 __unused_arg)
{
	struct flight *fl = arg;
	struct port *p = fl->fl_port;
	struct frame *f = fl->fl_frame;
	struct { uint64_t time, len; char name[24]; } h = { sim.now, f->f_len, { 0 } };	/* no gaps: it is hashed */

	if (fl->fl_epoch == p->p_wire->w_epoch) {
		memcpy(h.name, p->p_name, sizeof(h.name));
		sim_hash(&h, sizeof(h));
		sim_hash(f->f_b, f->f_len);
		p->p_received++;
		if (p->p_rx != NULL)
			p->p_rx(p, f);
	} else
		p->p_wire->w_lost++;
	free(f);
	free(fl);
}

static bool
frame_is_arp(const struct frame *f)
{
	return f->f_len >= ETHER_HDR && load16(f->f_b + 12) == BE16(0x0806);
}

static void
fly(struct wire *w, struct port *to, const void *bytes, unsigned len, uint64_t when)
{
	struct flight *fl = malloc(sizeof(*fl));
	struct frame *f = frame_new(bytes, len);

	if (fl == NULL)
		abort();
	if (!(w->w_keep_arp && frame_is_arp(f)) && sim_chance(w->w_corrupt)) {
		uint32_t bit = sim_below(len * 8);

		f->f_b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		w->w_corrupted++;
	}
	*fl = (struct flight){ to, w->w_epoch, f };
	if (w->w_jitter > 0)
		when += sim_random() % (w->w_jitter + 1);
	sim_at(when + w->w_delay, arrive, fl, NULL);
}

/* To every other station on the wire. */
static void
spread(struct wire *w, struct port *from, const void *bytes, unsigned len, uint64_t when)
{
	bool safe = w->w_keep_arp && len >= ETHER_HDR && load16((const uint8_t *)bytes + 12) == BE16(0x0806);

	for (struct port *p = w->w_ports; p != NULL; p = p->p_next) {
		if (p == from)
			continue;
		if (!safe && sim_chance(w->w_loss)) {
			w->w_lost++;
			continue;
		}
		fly(w, p, bytes, len, when);
		if (!safe && sim_chance(w->w_dup)) {
			w->w_duped++;
			fly(w, p, bytes, len, when);
		}
	}
}

/* The transmitter has sent a frame. */
static void
sent(void *arg, void *arg2 __unused_arg)
{
	struct port *p = arg;

	p->p_queued--;
	if (p->p_full) {
		p->p_full = false;
		if (p->p_room != NULL)
			p->p_room(p);
	}
}

bool
port_send(struct port *p, const void *bytes, unsigned len)
{
	struct wire *w = p->p_wire;
	uint64_t when = sim.now;

	if (w->w_rate > 0) {
		if (p->p_queued >= w->w_ring) {
			p->p_full = true;
			return false;
		}
		p->p_queued++;
		if (p->p_busy < sim.now)
			p->p_busy = sim.now;
		when = p->p_busy += (len + ETHER_WIRE) * 8ull * 1000000000 / w->w_rate;
		sim_at(when, sent, p, NULL);
	}
	p->p_sent++;
	w->w_frames++;
	if (sim.verbose) {
		char text[160];

		frame_text(bytes, len, text, sizeof(text));
		sim_say("%s > %s: %s", p->p_name, w->w_name, text);
	}
	pcap_write(w, bytes, len);
	if (!w->w_up)
		w->w_lost++;
	else if (w->w_mtu != 0 && len > w->w_mtu + ETHER_HDR)
		w->w_giants++;
	else
		spread(w, p, bytes, len, when);
	return true;
}
