/* twins.c - two routers, one with the flow path and one without, that are given the same: every byte that leaves them and every counter must be the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/twins.h"

struct router *twin[2];
struct raw *twin_end[2][TWIN_PORTS];
void (*twin_saw)(unsigned port, const uint8_t *frame, unsigned len);

static size_t
line_length(const char *s)
{
	return strcspn(s, "\n");
}

static bool
line_has(const char *line, const char *what)
{
	const char *p = strstr(line, what);

	return p != NULL && p < line + line_length(line);
}

/* Of two packets of a batch to a neighbour that has no route yet, both or the first one use the network's: as batches fall. */
static bool
same_line(const char *on, const char *off)
{
	size_t n = line_length(on);

	return n == line_length(off) && (memcmp(on, off, n) == 0 || line_has(on, " UC") || line_has(on, " Cn") || line_has(on, " UHLc"));
}

void
both_say(const char *line)
{
	const char *on = router_say(twin[0], line), *off = router_say(twin[1], line);

	sim_say("%s", line);
	while (*on != '\0' && *off != '\0' && same_line(on, off)) {
		on += line_length(on) + 1;
		off += line_length(off) + 1;
	}
	SIM_CHECK(*on == '\0' && *off == '\0', "\"%s\" with the flow path: %.*s\nwithout it: %.*s", line, (int)line_length(on), on,
	    (int)line_length(off), off);
}

static void
twin_new(unsigned t, uint64_t seed, const char *conf)
{
	struct router *rt = twin[t] = router_new(t == 0 ? "on" : "off");

	rt->r_e->se_host->seed = seed;
	rt->r_key = seed;
	for (unsigned i = 0; i < TWIN_PORTS; i++) {
		struct wire *w = wire_new(sim_print("%s%u", rt->r_name, i));
		struct port *p = router_port(rt, w);

		p->p_mac[3] = 0;
		twin_end[t][i] = raw_new(w, rt, sim_print("02:00:00:00:00:%c0", 'a' + i));
	}
	router_start(rt, sim_print("%snet.flow.enable=%u\n", conf, t == 0));
}

void
twins_new(const char *conf)
{
	uint64_t seed = sim_random();

	if (sim.cards == CARDS_MIXED)		/* twins have the same cards */
		sim.cards = CARDS_QUEUES;
	twin_new(0, seed, conf);
	twin_new(1, seed, conf);
}

/* ---- what comes out ---- */

struct got { unsigned len; uint64_t flow; uint8_t b[FRAME_MAX]; };
static struct got got[2][4096];

static bool
ours(const uint8_t *ip)
{
	return ip[0] == 10 && (ip[1] == 0 ? ip[3] == 1 || ip[2] == 9 : ip[2] == 7 && ip[3] == 1);
}

/* pf's, perhaps. */
static bool
is_reset(const uint8_t *ip)
{
	return ip[0] == 0x45 && ip[9] == 6 && (ip[33] & 0x04);
}

/* Only its order within a flow is promised, and where several cores send to a neighbour that is not known yet, not even that: then any order will do.
 * The identifications of our own datagrams, and of resets, are random numbers, which are drawn in turn. */
static void
take(struct got *g, const struct frame *f)
{
	uint8_t *ip = g->b + 14;
	unsigned ports = 0, from;

	memset(g->b, 0, 64);
	g->len = f->f_len;
	memcpy(g->b, f->f_b, f->f_len);
	g->flow = g->b[12] << 8 | g->b[13];
	if (g->flow == 0x0800 && (ours(ip + 12) || is_reset(ip)))
		memset(ip + 4, 0, 2), memset(ip + 10, 0, 2);
	if (g->flow == 0x86dd && ip[6] == 44 && ip[8] == 0xfd && ip[9] == 0 && ip[23] == 1)	/* ours, in pieces */
		memset(ip + 44, 0, 4);
	if (g->flow == 0x0800) {
		from = 12;
		ports = (ip[6] & 0x3f) == 0 && ip[7] == 0 ? 20 : 4;	/* fragments overtake each other, too */
	} else if (g->flow == 0x86dd) {
		from = 8;
		ports = 40;
	} else
		ip = g->b, from = 8;
	for (unsigned i = from; i < (from == 12 ? 20u : ports == 40 ? 40u : 42u); i++)
		g->flow = (g->flow ^ ip[i]) * 0x100000001b3;
	for (unsigned i = ports; ports != 0 && i < ports + 4; i++)
		g->flow = (g->flow ^ ip[i]) * 0x100000001b3;
}

/* Reports and leaves of groups (RFC 2710, 3376) come at random times, and not at all where another's came first: what the flow path does has no
 * part in them. */
static bool
is_of_groups(const uint8_t *frame)
{
	const uint8_t *ip = frame + 14;

	if (frame[12] == 0x08 && frame[13] == 0)
		return ip[0] == 0x46 && ip[9] == 2;
	return frame[12] == 0x86 && frame[13] == 0xdd && ip[6] == 0 && ip[40] == 58 && ip[48] >= 131 && (ip[48] <= 132 || ip[48] == 143);
}

static bool
before(const struct got *g, const struct got *h)
{
	if (g->flow != h->flow || sim.cores == 1)
		return g->flow < h->flow;
	return g->len != h->len ? g->len < h->len : memcmp(g->b, h->b, g->len) < 0;
}

static unsigned
collect(struct raw *rw, struct got *g)
{
	unsigned n = 0;

	for (struct arrived *a1 = rw->rw_head; a1 != NULL; a1 = a1->next) {
		struct got one;
		unsigned at = n;

		SIM_CHECK(n + 1 < 4096, "too many frames");
		take(&one, a1->frame);
		if (is_of_groups(one.b))
			continue;
		n++;
		for (; at > 0 && before(&one, &g[at - 1]); at--)
			g[at] = g[at - 1];
		g[at] = one;
	}
	rw->rw_head = NULL;
	rw->rw_tail = &rw->rw_head;
	return n;
}

/* The frame as text; what is behind the last: "nothing". */
static const char *
text_of(const struct got *g, unsigned k, unsigned n)
{
	char *text = sim_print("%200s", "");

	if (k >= n)
		return "nothing";
	frame_text(g[k].b, g[k].len, text, 200);
	return text;
}

static bool
same(const struct got *g, const struct got *h)
{
	return g->len == h->len && memcmp(g->b, h->b, g->len) == 0;
}

static unsigned
times(const struct got *f, const struct got *g, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += same(f, &g[i]);
	return count;
}

/* The first of g's n that there are fewer of among the m of h, or the last. */
static unsigned
only(const struct got *g, unsigned n, const struct got *h, unsigned m)
{
	unsigned i = 0;

	while (i < n && times(&g[i], g, n) <= times(&g[i], h, m))
		i++;
	return i;
}

void
same_frames(unsigned step)
{
	unsigned n, n1;

	for (unsigned i = 0; i < TWIN_PORTS; i++) {
		if (twin_saw != NULL)
			for (const struct arrived *a1 = twin_end[0][i]->rw_head; a1 != NULL; a1 = a1->next)
				twin_saw(i, a1->frame->f_b, a1->frame->f_len);
		n = collect(twin_end[0][i], got[0]);
		n1 = collect(twin_end[1][i], got[1]);

		for (unsigned k = 0; k < n || k < n1; k++)
			SIM_CHECK(k < n && k < n1 && same(&got[0][k], &got[1][k]), "step %u, vio%u, frame %u of %u and %u: only with the flow path: %s; "
			    "only without: %s", step, i, k, n, n1, text_of(got[0], only(got[0], n, got[1], n1), n),
			    text_of(got[1], only(got[1], n1, got[0], n), n1));
	}
}

void
same_counters(unsigned step)
{
	uint64_t v, v1;
	const char *name;
	enum sluice_kind kind;

	if (sim.verbose)
		for (unsigned i = 0; twin[0]->r_e->se_counter(i, &name, &kind, &v); i++)
			if (v != (v1 = router_counter(twin[1], name)) && strncmp(name, "flows_", 6) != 0)
				sim_say("%s: %" PRIu64 " and %" PRIu64, name, v, v1);
	for (unsigned i = 0; twin[0]->r_e->se_counter(i, &name, &kind, &v); i++) {
		v1 = router_counter(twin[1], name);
		if (sim.cores > 1 && strncmp(name, "hos_", 4) == 0)
			continue;		/* which of two packets was first to find its neighbour unknown is chance */
		if (strncmp(name, "flows_", 6) != 0)
			SIM_CHECK(v == v1, "step %u: %s: %" PRIu64 " with the flow path, %" PRIu64 " without it", step, name, v, v1);
		else
			SIM_CHECK(v1 == 0, "%s: %" PRIu64 " without the flow path", name, v1);
	}
}
