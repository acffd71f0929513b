/* case_pf_twins.c - the packet filter on the flow path: connections between hosts behind twins, one with the flow path and one without. What passes, how it
 * is translated, what is dropped and why, states, and what rules have counted must be the same. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/twins.h"

#define STEPS	250
#define CONNS	6
#define PORT	5000u			/* connection i is to port PORT + i; echoes: the sequence number, and the client's port is the identifier */

#define CONF									\
	"# /etc/hostname.vio0\ninet 10.0.0.1/24\n!arp -s 10.0.0.2 02:00:00:00:00:a0\n!arp -s 10.0.0.3 02:00:00:00:00:a0\n"	\
	"# /etc/hostname.vio1\ninet 10.0.1.1/24\n!arp -s 10.0.1.2 02:00:00:00:00:b0\n!route add 10.1/16 10.0.1.2\n"	\
	"# /etc/hostname.vio2\ninet 10.0.2.1/24\n!arp -s 10.0.2.2 02:00:00:00:00:c0\n!route add 10.1.7/24 10.0.2.2\n"	\
	"# /etc/pf.conf\n%s# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n"	\
	"net.inet.icmp.errppslimit=-1\nnet.inet.icmp.errppshost=-1\nnet.flow.timeout_new=2\n"

/* Which core has a translated connection is chance, and what it costs to find out: on three cores only the first few, which do without. */
#define FOR_CORES	3u
/* What we ourselves answer goes out before the rest of its batch has gone on. */
#define TO_US	"block drop in quick on vio1 to 10.0.1.1\nblock drop in quick on vio2 to 10.0.2.1\n"
static const char *const rules[] = {
	"set loginterface vio0\npass\n",
	"set loginterface vio1\nblock\npass in on vio0 keep state (tcp.established 20, udp.multiple 5)\npass out\n",
	"set state-policy if-bound\nblock\npass in quick on vio0 proto { tcp udp } from any to any port 5000:5003 flags any label \"in\"\npass out label \"out\"\n",
	"set loginterface vio1\n" TO_US "match out on vio1 nat-to 10.0.1.1 static-port\nmatch in on vio0 proto { tcp udp } to port 5002:5003 rdr-to 10.1.0.9\npass\n",
	"pass no state\npass in on vio0 proto tcp to port 5001 keep state (sloppy)\nmatch on vio1 inet from 10.0.0.2 to any binat-to 10.1.200.1\npass in on vio0 from 10.0.0.2\n"
	    "pass out on vio1\n",
	"set loginterface vio2\nset skip on vio2\nblock return\npass out\npass in on vio0\n",
	TO_US "pass out on vio1 nat-to 10.0.1.1\npass in\npass out on vio2 nat-to (vio2) port 7000:7100\nblock in on vio1 proto udp to port 5000\n",
	"set loginterface vio2\npass\npass in on vio0 inet proto { tcp udp } to port 5000:5002 route-to 10.0.2.2\npass out on vio1 inet proto { tcp udp } to port 5003 route-to 10.0.2.2\n"
	    "pass in on vio1 inet proto { tcp udp } from any port 5000 reply-to 10.0.0.3\n",
	TO_US "pass\npass in on vio0 inet proto udp to port 5001 dup-to 10.0.0.3\npass out on vio1 inet nat-to 10.0.2.1 static-port route-to 10.0.2.2\n",
	TO_US "pass\nmatch scrub (no-df min-ttl 5 max-mss 1000)\nmatch in on vio0 proto udp to port 5001:5002 set tos 0x20\npass in on vio0 proto tcp to port 5000 no state\n",
	"pass\nmatch in scrub (max-mss 1000)\n",
	"block\npass in on vio0 tag A\npass out tagged A\nanchor \"x\" {\n\tpass in on vio1 proto tcp to port 5001\n}\n",
};

/* Who talks: the client on vio0, the server behind vio1 or vio2. What the server sees of the client is learnt from what comes there. */
static struct conn {
	bool		 tcp, echo;
	uint32_t	 next[2];		/* what the client, the server sends next */
	unsigned	 win[2];
	bool		 scale;
	char		 client[16], server[16];	/* as the client sees them */
	unsigned	 sport;
	char		 seen_client[16], seen_server[16];	/* as the server does */
	unsigned	 seen_sport;
	unsigned	 port;			/* where the server is */
} conns[CONNS];

static void
conn_new(struct conn *c)
{
	static const char *const servers[] = { "10.1.0.5", "10.1.0.6", "10.1.7.5", "10.0.1.2" };

	memset(c, 0, sizeof(*c));
	c->tcp = sim_chance(600);
	c->echo = !c->tcp && sim_chance(400);
	c->scale = sim_chance(500);
	for (unsigned i = 0; i < 2; i++) {
		c->next[i] = (uint32_t)sim_random();
		c->win[i] = 1 + sim_below(sim_chance(300) ? 65535 : 4000);
	}
	snprintf(c->client, sizeof(c->client), "10.0.0.%u", 2 + sim_below(2));
	snprintf(c->server, sizeof(c->server), "%s", servers[sim_below(4)]);
	snprintf(c->seen_client, sizeof(c->seen_client), "%s", c->client);
	snprintf(c->seen_server, sizeof(c->seen_server), "%s", c->server);
	c->sport = c->seen_sport = 4000 + sim_below(3);
	c->port = strcmp(c->server, "10.1.7.5") == 0 ? 2 : 1;
}

/* A frame that came to a server's wire. */
static void
saw(unsigned port, const uint8_t *f, unsigned len)
{
	const uint8_t *ip = f + 14;
	unsigned dport, sport;

	if (port == 0 || len < 42 || f[12] != 8 || ip[0] != 0x45 || (ip[9] != 6 && ip[9] != 17 && (ip[9] != 1 || ip[20] != 8)))
		return;
	sport = ip[9] == 1 ? ip[24] << 8 | ip[25] : ip[20] << 8 | ip[21];
	dport = ip[9] == 1 ? ip[26] << 8 | ip[27] : ip[22] << 8 | ip[23];
	if (dport < PORT || dport >= PORT + CONNS || conns[dport - PORT].tcp != (ip[9] == 6) || conns[dport - PORT].echo != (ip[9] == 1))
		return;
	struct conn *c = &conns[dport - PORT];

	snprintf(c->seen_client, sizeof(c->seen_client), "%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
	snprintf(c->seen_server, sizeof(c->seen_server), "%u.%u.%u.%u", ip[16], ip[17], ip[18], ip[19]);
	c->seen_sport = sport;
	c->port = port;
}

/* A packet without others: what is cut for a narrow way overtakes those, and so does our word about one. */
static bool alone;

static void
both_rx(unsigned port, const struct pkt *p)
{
	uint8_t f[FRAME_MAX];

	for (unsigned t = 0; t < 2; t++) {
		struct raw *rw = twin_end[t][port];

		port_send(&rw->rw_port, f, pkt_build(p, rw->rw_port.p_mac, rw->rw_peer->p_mac, f));
	}
}

static void
address(struct pkt *p, const struct conn *c, unsigned from)
{
	unsigned dport = PORT + (unsigned)(c - conns);

	p->src = from == 0 ? c->client : c->seen_server;
	p->dst = from == 0 ? c->server : c->seen_client;
	if (c->echo) {
		p->kind = from == 0 ? PK_ECHO : PK_ECHOREPLY;
		p->sport = from == 0 ? c->sport : c->seen_sport;
		p->dport = dport;
		return;
	}
	p->sport = from == 0 ? c->sport : dport;
	p->dport = from == 0 ? dport : c->seen_sport;
}

/* A segment that fits, mostly. */
static void
segment(struct conn *c, unsigned from, struct pkt *p)
{
	static const unsigned odd[] = { TH_FIN_ | TH_ACK_, TH_RST_, TH_RST_ | TH_ACK_, TH_SYN_, TH_SYN_ | TH_ACK_, 0, TH_SYN_ | TH_FIN_, 0x18, 0xd0 };
	uint32_t next;

	p->kind = PK_TCP;
	p->flags = sim_chance(30) ? odd[sim_below(7)] : sim_chance(100) ? odd[7 + sim_below(2)] : TH_ACK_;
	p->len = sim_chance(400) ? 0 : sim_below(alone ? 600 : 300);
	p->seq = c->next[from];
	p->ack = c->next[!from];
	p->win = c->win[from] = sim_chance(100) ? sim_below(65536) : c->win[from];
	if (p->flags & TH_SYN_)
		p->wscale = c->scale ? 3 : 0;
	next = p->seq + p->len + !!(p->flags & (TH_SYN_ | TH_FIN_));
	if (sim_chance(20))			/* once more, or beyond */
		p->seq += sim_chance(500) ? -p->len - sim_below(100) : sim_below(200000) - 100000;
	else
		c->next[from] = next;
	if (sim_chance(20))
		p->ack += sim_below(140000) - 70000;
}

static void
handshake(struct conn *c)
{
	for (unsigned i = 0; i < 3; i++) {
		struct pkt p = { .kind = PK_TCP, .ttl = 64, .id = i, .flags = i == 0 ? TH_SYN_ : i == 1 ? TH_SYN_ | TH_ACK_ : TH_ACK_,
		    .win = c->win[i & 1], .wscale = c->scale && i < 2 ? 3 : 0, .seq = c->next[i & 1], .ack = i == 0 ? 0 : c->next[!(i & 1)] };

		address(&p, c, i & 1);
		both_rx(i & 1 ? c->port : 0, &p);
		c->next[i & 1] += i < 2;
		sim_run(ms(1));
		same_frames(1000 + i);
	}
}

static void
send(struct conn *c, unsigned from)
{
	struct pkt p = { .ttl = sim_chance(30) && alone ? 1 : 64, .tos = sim_chance(50) ? 0x10 : 0, .id = sim_below(65536) };

	if (c->tcp)
		segment(c, from, &p);
	else {
		p.kind = PK_UDP;
		p.len = sim_below(alone ? 600 : 300);
	}
	address(&p, c, from);
	if (sim_chance(10))
		p.part = 8 * (1 + sim_below(3));
	p.badsum = sim_chance(10);
	p.badl4sum = sim_chance(10);
	p.off = sim_chance(100) ? IP_DF_ : 0;
	both_rx(from == 0 ? 0 : c->port, &p);
	if (sim_chance(20)) {			/* the other end, or somebody on its way, says that it could not be delivered */
		struct pkt q = p, e = { .kind = PK_ICMPERR, .ttl = 64, .type = 3, .code = 1, .quote = &q };

		if (sim.cores > 1)		/* which of two cores is faster is chance */
			sim_run(ms(1));
		address(&q, c, !from);
		e.src = sim_chance(500) ? "10.1.99.1" : p.src;
		e.dst = p.dst;
		both_rx(from == 0 ? 0 : c->port, &e);
		if (sim.cores > 1)
			sim_run(ms(1));
	}
}

static void
change(const char **conf)
{
	static const char *const lines[] = {
		"pfctl -z", "pfctl -d", "pfctl -e", "pfctl -e", "pfctl -F states", "pfctl -k 10.0.0.2", "pfctl -k 0.0.0.0/0 -k 10.1.0.5",
		"route add 10.1.0/24 10.0.2.2", "route delete 10.1.0/24", "route change 10.1/16 10.0.1.2 -mtu 400", "route change 10.1/16 10.0.1.2 -mtu 0",
		"route add -mpath 10.1/16 10.0.2.2", "route delete 10.1/16 10.0.2.2", "ifconfig vio2 down", "ifconfig vio2 up", "arp -s 10.0.1.2 02:00:00:00:00:b1", "arp -s 10.0.1.2 02:00:00:00:00:b0",
		"ifconfig vio1 inet alias 10.1.200.1/32", "ifconfig vio1 inet 10.1.200.1 delete",
	};
	static const char *const own[] = { "sysctl net.flow.limit=2", "sysctl net.flow.limit=1000", "sysctl net.flow.enable=0", "sysctl net.flow.enable=1",
		"sysctl net.flow.enable=1", "sysctl net.flow.timeout=1", "sysctl net.flow.timeout=30" };

	if (sim_chance(200))
		router_say(twin[0], own[sim_below(nitems(own))]);
	else if (sim_chance(250)) {
		*conf = rules[sim_below(sim.cores == 1 ? nitems(rules) : FOR_CORES)];
		both_say(sim_print("pfctl -f - <<EOF\n%sEOF", *conf));
	} else
		both_say(lines[sim_below(nitems(lines))]);
}

/* A state that is over is still counted until the timer of its core comes round, which on several cores is not the same moment for both. */
static bool
one_is_over(void)
{
	return sim.cores > 1 && (strstr(router_say(twin[0], "pfctl -vss"), "expires in 00:00:00") != NULL ||
	    strstr(router_say(twin[1], "pfctl -vss"), "expires in 00:00:00") != NULL);
}

/* Where packets change cores, who of several is first is chance. */
static void
look(void)
{
	both_say("pfctl -vsr");
	if (!one_is_over()) {
		both_say("pfctl -si");
		both_say("pfctl -vvsI");
	}
	both_say("pfctl -sl");
	if (sim.cores == 1)
		both_say("pfctl -vss");
}

/* checklist: pf/counters:match_pass_state, pf/counters:nat_match */
CASE_SEEDS(pf_flow_twins, 40)
{
	const char *conf = rules[(sim_random() + (sim.cores == 1 ? 0 : 1)) % (sim.cores == 1 ? nitems(rules) : FOR_CORES)];

	twin_saw = saw;
	twins_new(sim_print(CONF, conf));
	sim_run(sec(5));
	same_frames(0);
	for (unsigned t = 0; t < 2; t++)
		SIM_CHECK(strstr(router_say(twin[t], "pfctl -si"), "Enabled") != NULL, "not loaded:\n%s", conf);
	for (unsigned i = 0; i < CONNS; i++)
		conn_new(&conns[i]);
	for (unsigned step = 1; step <= STEPS; step++) {
		struct conn *c = &conns[sim_below(CONNS)];
		unsigned n = sim_below(sim_chance(200) ? 30 : 5), from = sim_below(2);

		if (sim_chance(60)) {
			conn_new(c);
			if (c->tcp && sim_chance(900))
				handshake(c);
		}
		if (sim_chance(50))
			change(&conf);
		alone = n == 1;
		for (; n > 0; n--) {
			if (sim_chance(200))
				c = &conns[sim_below(CONNS)];
			send(c, sim.cores == 1 && sim_chance(300) ? !from : from);	/* who is first of two ends at once is chance, too */
		}
		sim_run(ms(1 + sim_below(sim_chance(100) ? 3000 : 5)));
		same_frames(step);
		same_counters(step);
		if (sim_chance(30))
			look();
	}
	sim_run(sec(1));
	look();
	sim_say("%" PRIu64 " packets of %" PRIu64 " by the flow path; %" PRIu64 " passed by states, %" PRIu64 " did not fit theirs, %" PRIu64 " blocked",
	    router_counter(twin[0], "flows_hits"), router_counter(twin[0], "ips_forward"), router_counter(twin[0], "pfs_passed"),
	    router_counter(twin[0], "pfs_badstate"), router_counter(twin[0], "pfs_blocked"));
	twin_saw = NULL;
	raws_end();
}
