/* modes.c - what is measured. Each mode prints one line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define PROBE_NS	20000000ull

static uint64_t
deadline(void)
{
	return now_ns() + (uint64_t)(opt.patience * 1e9);
}

/* Single packets until one comes through: the guest is up and knows its neighbours. */
static void
probe(void)
{
	uint64_t until = deadline(), last = 0;

	for (first_ns = 0; first_ns == 0; nap_us(100)) {
		if (now_ns() - last > PROBE_NS) {
			port_send(1);
			last = now_ns();
		}
		ports_serve();
		if (now_ns() > until)
			die("no packet came through in %g s; %llu other frames came", opt.patience, (unsigned long long)tally.other);
	}
}

/* A packet of each flow, and of port B an answer, when both send. The first goes alone: behind it is a neighbour that is not known yet. */
static void
round_of_all(void)
{
	packet_forget();
	ports_restart();
	pace_free(1u << ports_both, deadline());
	pace_free((uint64_t)(opt.flows - 1) << ports_both, deadline());
	pace_drain();
}

/* All connections are made, a step of all after the other. */
static void
handshakes(void)
{
	for (tcp_stage = TCP_SYN; tcp_stage <= TCP_ACK; tcp_stage++) {
		round_of_all();
		if (tally.forgotten > 0)
			die("step %u of the handshakes: %llu of %u were lost", tcp_stage, (unsigned long long)tally.forgotten, opt.flows);
	}
	tcp_stage = TCP_DATA;
}

/* Two packets of each flow and way, so that the guest knows all of them, and has found each once more in a table that may have grown meanwhile. */
static void
prime(void)
{
	if (opt.new_flows || opt.known)
		return;
	if (opt.tcp)
		handshakes();
	for (unsigned i = 0; i < (opt.both ? 3 : 2); i++) {
		ports_both = opt.both && i > 0;		/* B answers to what it has seen */
		round_of_all();
		if (tally.forgotten > opt.flows / 100 + 64)
			die("%llu of %u flows' packets were lost", (unsigned long long)tally.forgotten, opt.flows);
	}
}

/* From now on lines are counted. The plugin begins when the guest next comes to the gate or to sleep. */
static void
lines_begin(void)
{
	uint64_t until = now_ns() + 10000000000ull;

	if (!opt.lines)
		return;
	count->c_lines_want = 1;
	while (!count->c_lines_on) {
		port_send(1);
		ports_serve();
		nap_us(1000);
		if (now_ns() > until)
			die("the plugin does not count lines");
	}
	pace_drain();
}

/* ---- output ---- */

static void
print_begin(const char *mode)
{
	printf("{\"mode\": \"%s\", \"proto\": \"%s\", \"flows\": %u, \"new_flows\": %s, \"size\": %u", mode, opt.tcp ? opt.ip6 ? "tcp6" : "tcp4" : opt.ip6 ? "udp6" : "udp4",
	    opt.flows, opt.new_flows ? "true" : "false", opt.size);
}

static void
print_end(void)
{
	printf(", \"sent\": %llu, \"received\": %llu, \"lost\": %lld, \"reordered\": %llu, \"damaged\": %llu, \"other\": %llu}\n",
	    (unsigned long long)tally.sent, (unsigned long long)tally.received, (long long)(tally.sent - tally.received),
	    (unsigned long long)tally.reordered, (unsigned long long)tally.damaged, (unsigned long long)tally.other);
}

/* ---- boot: from QEMU's start to the first packet ---- */

static void
mode_boot(void)
{
	print_begin("boot");
	printf(", \"first_packet_s\": %.4f", (double)first_ns / 1e9 - opt.t0);
	if (count != NULL)
		printf(", \"insns\": %llu", (unsigned long long)count_insns(count));
	print_end();
}

/* ---- bulk: as fast as the guest can, with a window; by the clock ---- */

static void
mode_bulk(void)
{
	struct moment a, b;

	prime();
	packet_forget();
	pace_free(opt.packets / 8, deadline());
	moment_take(&a);
	pace_free(opt.packets, deadline());
	moment_take(&b);
	if (b.received == a.received)
		die("nothing came through");
	pace_drain();
	print_begin("bulk");
	printf(", \"pps\": %.0f", (double)(b.received - a.received) / ((double)(b.ns - a.ns) / 1e9));
	if (count != NULL)
		printf(", \"insn_per_pkt\": %.2f", (double)(b.insns - a.insns) / (double)(b.received - a.received));
	print_end();
}

/* ---- burst: from sleep to sleep, by the counters ---- */

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t
part(uint64_t *v, uint64_t n, unsigned percent)
{
	qsort(v, n, sizeof(*v), compare);
	return v[(n - 1) * percent / 100];
}

/* What the bursts took, each. A timer's tick is in a few of them only: the median has none. */
struct bursts { uint64_t n, room, *insns, *locks, *lines, all_lines, mems; };

static void
bursts_run(struct bursts *bs, uint64_t room)
{
	uint64_t until = deadline();
	struct moment a, b;

	*bs = (struct bursts){ .room = room, .insns = calloc(room, 8), .locks = calloc(room, 8), .lines = calloc(room, 8) };
	if (bs->insns == NULL || bs->locks == NULL || bs->lines == NULL)
		die("no memory");
	lines_reset();
	for (moment_take(&b); bs->n < room && now_ns() < until; ) {
		a = b;
		count->c_epoch++;
		if (!pace_burst(opt.window))
			die("%llu of a burst of %u are lost%s", (unsigned long long)tally.forgotten, opt.window,
			    packet_dropped ? ", which was to be dropped" : "");
		moment_take(&b);
		bs->insns[bs->n] = b.insns - a.insns;
		bs->locks[bs->n] = b.locks - a.locks;
		bs->mems += b.mems - a.mems;
		bs->lines[bs->n++] = b.lines - a.lines;
	}
	bs->all_lines = b.all_lines;
	if (bs->n < (room + 1) / 2)
		die("%llu bursts took %g s", (unsigned long long)bs->n, opt.patience);
}

static void
mode_burst(void)
{
	const double w = opt.window;
	struct bursts bs;

	if (count == NULL)
		die("bursts are counted, so there must be counters");
	prime();
	lines_begin();
	packet_forget();
	pace_free(BATCH, deadline());			/* one behind the other: the card has put an interrupt off */
	pace_drain();
	packet_dropped = opt.drops;
	bursts_run(&bs, opt.packets / 8 + 2);		/* until all is as it will be */
	bursts_run(&bs, opt.packets);
	print_begin("burst");
	printf(", \"burst\": %u, \"bursts\": %llu, \"insn_per_pkt\": %.3f, \"insn_p10\": %.3f, \"insn_p90\": %.3f, \"locks_per_pkt\": %.4f",
	    opt.window, (unsigned long long)bs.n, (double)part(bs.insns, bs.n, 50) / w, (double)part(bs.insns, bs.n, 10) / w,
	    (double)part(bs.insns, bs.n, 90) / w, (double)part(bs.locks, bs.n, 50) / w);
	if (opt.lines)
		printf(", \"lines_per_pkt\": %.3f, \"lines_all\": %llu, \"accesses_per_pkt\": %.1f", (double)part(bs.lines, bs.n, 50) / w,
		    (unsigned long long)bs.all_lines, (double)bs.mems / (double)bs.n / w);
	print_end();
}

/* ---- lat: a packet at a time, by the clock ---- */

/* Sends a packet and waits for it; false: it is lost. */
static bool
one_packet(void)
{
	uint64_t had = tally.received, until = now_ns() + 2000000000ull;

	while (port_send(1) == 0)
		nap_us(10);
	while (tally.received == had && now_ns() < until)
		ports_serve();
	return tally.received != had;
}

static void
mode_lat(void)
{
	uint64_t *ns = calloc(opt.packets, sizeof(*ns)), n = 0, from, until;

	if (ns == NULL)
		die("no memory");
	prime();
	packet_forget();
	for (until = deadline(); n < opt.packets && now_ns() < until; n++) {
		from = now_ns();
		if (!one_packet())
			die("a packet was lost");
		ns[n] = now_ns() - from;
	}
	if (n == 0)
		die("no time");
	print_begin("lat");
	printf(", \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f", (double)part(ns, n, 50) / 1e3, (double)part(ns, n, 90) / 1e3,
	    (double)part(ns, n, 99) / 1e3);
	print_end();
	free(ns);
}

void
mode_run(const char *mode)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "boot", mode_boot }, { "bulk", mode_bulk }, { "burst", mode_burst }, { "lat", mode_lat },
	};

	for (unsigned i = 0; i < NITEMS(modes); i++)
		if (strcmp(mode, modes[i].name) == 0) {
			probe();
			pace_drain();
			modes[i].run();
			return;
		}
	die("no mode %s", mode);
}
