/* ping.c - ping(8): echo requests from the console. Replies arrive in the loop, which notes them in a ring; the command's task prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/inet/icmp.h"
#include "net/route/route.h"

COUNTER(icps_outecho, icmp, 62, CREATED, "echo request%s sent");

#define PING_SIZE	56		/* bytes of data */
#define PING_SIZE_MAX	(IP_MAXPACKET - 20 - 8)
#define PING_STAMP	16		/* bytes of the time and its signature in front of the data */
#define PING_MAXWAIT	10		/* seconds for the last reply */
#define PING_EVENTS	128		/* replies that wait for the printer */

enum ping_kind { PING_REPLY, PING_FORGED, PING_ERROR };

struct ping_event {
	enum ping_kind	pe_kind;
	be32_t		pe_from;
	unsigned	pe_bytes;		/* of the ICMP message */
	uint16_t	pe_seq;
	uint8_t		pe_ttl, pe_type, pe_code;
	bool		pe_dup, pe_other;	/* other: -v, a message that is not about us */
	unsigned	pe_badat;		/* 0: the data are right, else the byte's number + 1 */
	uint8_t		pe_want, pe_got;
	uint16_t	pe_mtu;
	be32_t		pe_gateway;
	uint64_t	pe_us;			/* round trip, microseconds */
};

struct ping {
	struct out	*p_out;			/* also what the task sleeps on */
	struct icmp_listener p_il;
	/* options */
	const char	*p_host;
	be32_t		p_dst, p_src;
	unsigned	p_size;
	uint8_t		p_ttl;
	bool		p_df, p_quiet, p_verbose;
	uint64_t	p_count;		/* 0: for ever */
	uint64_t	p_interval, p_maxwait;	/* ns */
	/* this run */
	uint16_t	p_id;
	uint64_t	p_key[2];
	uint64_t	p_sent, p_received, p_dups, p_errors;
	uint64_t	p_min, p_max, p_sum;	/* microseconds */
	double		p_sumsq;
	uint64_t	p_timed;
	uint8_t		p_seen[65536 / 8];	/* sequence numbers answered since they were last sent */
	struct ping_event p_event[PING_EVENTS];
	unsigned	p_head, p_tail;		/* the loop writes at head, the task reads at tail */
	uint64_t	p_lost;			/* events for which the ring had no room */
};

/* ---- the signature of a request: SipHash-2-4 (Aumasson, Bernstein 2012) of its time and number ---- */

static inline uint64_t
rotl(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void
sipround(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32) + v[3];
	v[2] += v[1];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t
signature(const uint64_t key[2], uint64_t stamp, uint64_t seq)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du, key[0] ^ 0x6c7967656e657261u,
	    key[1] ^ 0x7465646279746573u };
	uint64_t m[3] = { stamp, seq, (uint64_t)16 << 56 };

	for (size_t i = 0; i < nitems(m); i++) {
		v[3] ^= m[i];
		sipround(v);
		sipround(v);
		v[0] ^= m[i];
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sipround(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- in the loop ---- */

static void
ping_note(struct ping *p, const struct ping_event *e)
{
	if (p->p_head - p->p_tail == PING_EVENTS) {
		p->p_lost++;
		return;
	}
	p->p_event[p->p_head % PING_EVENTS] = *e;
	p->p_head++;
	task_wakeup(p->p_out);
}

static void
ping_time(struct ping *p, uint64_t us)
{
	if (p->p_timed++ == 0 || us < p->p_min)
		p->p_min = us;
	if (us > p->p_max)
		p->p_max = us;
	p->p_sum += us;
	p->p_sumsq += (double)us * (double)us;
}

/* The data behind the stamp count up from their own place. */
static void
ping_check_data(struct ping_event *e, const uint8_t *data, unsigned len, unsigned from)
{
	for (unsigned i = from; i < len; i++)
		if (data[i] != (uint8_t)i) {
			e->pe_badat = i + 1;
			e->pe_want = (uint8_t)i;
			e->pe_got = data[i];
			return;
		}
}

static void
ping_reply(struct ping *p, struct ping_event *e, const struct icmp *icmp, unsigned len)
{
	const uint8_t *data = (const uint8_t *)(icmp + 1);
	uint8_t *seen = &p->p_seen[e->pe_seq / 8], bit = (uint8_t)(1 << e->pe_seq % 8);
	bool timed = p->p_size >= PING_STAMP && len >= PING_STAMP;

	if (timed && load64(data + 8) != signature(p->p_key, load64(data), e->pe_seq)) {
		e->pe_kind = PING_FORGED;
		ping_note(p, e);
		return;
	}
	if (timed)
		ping_time(p, e->pe_us = (uptime_ns() - load64(data)) / 1000);
	ping_check_data(e, data, MIN(len, p->p_size), timed ? PING_STAMP : 0);
	e->pe_dup = *seen & bit;
	*seen |= bit;
	if (e->pe_dup)
		p->p_dups++;
	else
		p->p_received++;
	ping_note(p, e);
}

/* An error quotes the packet that it is about: RFC 792. */
static bool
ping_quoted(const struct ping *p, struct ping_event *e, const struct icmp *icmp, unsigned len)
{
	const struct ip *ip = (const struct ip *)(icmp + 1);
	const struct icmp *inner;
	unsigned hlen;

	if (len < sizeof(*ip) || (hlen = (ip->ip_vhl & 15u) * 4) < sizeof(*ip) || len < hlen + sizeof(*inner))
		return false;
	inner = (const struct icmp *)((const uint8_t *)ip + hlen);
	if (ip->ip_p != IPPROTO_ICMP_ || ip->ip_dst != p->p_dst || inner->icmp_type != ICMP_ECHO ||
	    be16_host(inner->icmp_id) != p->p_id)
		return false;
	e->pe_seq = be16_host(inner->icmp_seq);
	return true;
}

static void
ping_input(struct icmp_listener *il, const struct ip *ip, unsigned hlen, unsigned len)
{
	struct ping *p = il->il_arg;
	const struct icmp *icmp = (const struct icmp *)((const uint8_t *)ip + hlen);
	struct ping_event e = { .pe_kind = PING_ERROR, .pe_from = ip->ip_src, .pe_ttl = ip->ip_ttl };

	if (len < hlen + sizeof(*icmp))
		return;
	e.pe_bytes = len - hlen;
	e.pe_type = icmp->icmp_type;
	e.pe_code = icmp->icmp_code;
	if (icmp->icmp_type == ICMP_ECHOREPLY) {
		e.pe_kind = PING_REPLY;
		e.pe_seq = be16_host(icmp->icmp_seq);
		if (be16_host(icmp->icmp_id) == p->p_id)
			ping_reply(p, &e, icmp, e.pe_bytes - (unsigned)sizeof(*icmp));
		return;
	}
	e.pe_mtu = be16_host(icmp->icmp_nextmtu);
	e.pe_gateway = icmp->icmp_gwaddr;
	e.pe_other = !ping_quoted(p, &e, icmp, e.pe_bytes - (unsigned)sizeof(*icmp));
	if (!e.pe_other)
		p->p_errors++;
	if (!e.pe_other || p->p_verbose)
		ping_note(p, &e);
}

/* ---- sending ---- */

static struct mbuf *
ping_make(struct ping *p, uint16_t seq)
{
	uint8_t *data = malloc(sizeof(struct icmp) + p->p_size);
	struct icmp *icmp = (struct icmp *)data;
	struct mbuf *m;
	struct ip *ip;
	uint64_t now = uptime_ns();

	if (data == NULL || (m = m_get()) == NULL) {
		free(data);
		return NULL;
	}
	*icmp = (struct icmp){ .icmp_type = ICMP_ECHO, .icmp_id = host_be16(p->p_id), .icmp_seq = host_be16(seq) };
	for (unsigned i = 0; i < p->p_size; i++)
		data[sizeof(*icmp) + i] = (uint8_t)i;
	if (p->p_size >= PING_STAMP) {
		store64(data + sizeof(*icmp), now);
		store64(data + sizeof(*icmp) + 8, signature(p->p_key, now, seq));
	}
	icmp->icmp_cksum = in_cksum(data, sizeof(*icmp) + p->p_size);
	m->m_len = m->m_pktlen = sizeof(*ip);
	ip = (struct ip *)m->m_data;
	*ip = (struct ip){
		.ip_len = host_be16((uint16_t)(sizeof(*ip) + sizeof(*icmp) + p->p_size)),
		.ip_off = p->p_df ? BE16(IP_DF) : 0,
		.ip_ttl = p->p_ttl,
		.ip_p = IPPROTO_ICMP_,
		.ip_src = p->p_src,
		.ip_dst = p->p_dst,
	};
	if (!m_append(m, data, (uint32_t)sizeof(*icmp) + p->p_size)) {
		m_freem(m);
		m = NULL;
	}
	free(data);
	return m;
}

/* Why ip_send() refused it; the counters say it exactly. */
static const char *
ping_refusal(const struct ping *p)
{
	const struct rtentry *rt = rtable_match(0, p->p_dst);

	if (rt == NULL || !(rt->rt_flags & RTF_UP) || (rt->rt_flags & (RTF_REJECT | RTF_BLACKHOLE)))
		return "No route to host";
	if (rt->rt_flags & (RTF_BROADCAST | RTF_MULTICAST))
		return "Permission denied";
	return p->p_df ? "Message too long" : "No buffer space available";
}

static void
ping_send(struct ping *p)
{
	uint16_t seq = (uint16_t)p->p_sent;
	const char *why = NULL;
	struct mbuf *m;

	net_enter();
	p->p_seen[seq / 8] &= (uint8_t)~(1 << seq % 8);
	if ((m = ping_make(p, seq)) == NULL) {
		why = "No buffer space available";
	} else {
		counter_inc(icps_outecho);
		if (!ip_send(m))
			why = ping_refusal(p);
	}
	net_leave();
	p->p_sent++;
	if (why != NULL && !p->p_out->o_json)
		out_printf(p->p_out, "ping: sendmsg: %s\nping: wrote %s %u chars, ret=-1\n", why, p->p_host,
		    p->p_size + (unsigned)sizeof(struct icmp));
}

/* ---- printing ---- */

static const char *
unreach_text(unsigned code)
{
	static const char *const texts[] = {
		"Destination Net Unreachable", "Destination Host Unreachable", "Destination Protocol Unreachable",
		"Destination Port Unreachable", "frag needed and DF set", "Source Route Failed", "Destination Net Unknown",
		"Destination Host Unknown", "Source Host Isolated", "Communication with Destination Network Prohibited",
		"Communication with Destination Host Prohibited", "Destination Net Unreachable for Type of Service",
		"Destination Host Unreachable for Type of Service", "Communication Administratively Prohibited",
	};

	return code < nitems(texts) ? texts[code] : "Destination Unreachable, Bad Code";
}

static void
print_error(struct out *o, const struct ping_event *e)
{
	char a[IP4_STRLEN];

	out_printf(o, "%u bytes from %s: ", e->pe_bytes, ip4_print(a, e->pe_from));
	switch (e->pe_type) {
	case ICMP_UNREACH:
		out_printf(o, "%s", unreach_text(e->pe_code));
		if (e->pe_code == ICMP_UNREACH_NEEDFRAG && e->pe_mtu != 0)
			out_printf(o, " (MTU %u)", e->pe_mtu);
		break;
	case ICMP_TIMXCEED:
		out_printf(o, "%s", e->pe_code == ICMP_TIMXCEED_REASS ? "Frag reassembly time exceeded" : "Time to live exceeded");
		break;
	case ICMP_REDIRECT:
		out_printf(o, "Redirect %s (New addr: %s)", e->pe_code == ICMP_REDIRECT_HOST ? "Host" : "Network",
		    ip4_print(a, e->pe_gateway));
		break;
	case ICMP_PARAMPROB:
		out_printf(o, "Parameter problem: pointer = 0x%02x", (unsigned)(be32_host(e->pe_gateway) >> 24));
		break;
	default:
		out_printf(o, "ICMP type %u code %u", e->pe_type, e->pe_code);
	}
	out_printf(o, "\n");
}

static void
print_reply(struct out *o, const struct ping *p, const struct ping_event *e)
{
	char a[IP4_STRLEN];

	out_printf(o, "%u bytes from %s: icmp_seq=%u ttl=%u", e->pe_bytes, ip4_print(a, e->pe_from), e->pe_seq, e->pe_ttl);
	if (e->pe_kind == PING_FORGED) {
		out_printf(o, " signature mismatch!\n");
		return;
	}
	if (p->p_size >= PING_STAMP)
		out_printf(o, " time=%llu.%03llu ms", (unsigned long long)(e->pe_us / 1000), (unsigned long long)(e->pe_us % 1000));
	if (e->pe_dup)
		out_printf(o, " (DUP!)");
	if (e->pe_bytes < p->p_size + sizeof(struct icmp))
		out_printf(o, " (TRUNC!)");
	if (e->pe_badat != 0)
		out_printf(o, "\nwrong data byte #%u should be 0x%x but was 0x%x", e->pe_badat - 1, e->pe_want, e->pe_got);
	out_printf(o, "\n");
}

static void
print_events(struct ping *p)
{
	for (; p->p_tail != p->p_head; p->p_tail++) {
		const struct ping_event *e = &p->p_event[p->p_tail % PING_EVENTS];

		if (p->p_quiet || p->p_out->o_json)
			continue;
		if (e->pe_kind == PING_ERROR)
			print_error(p->p_out, e);
		else
			print_reply(p->p_out, p, e);
	}
	out_flush(p->p_out);
}

static uint64_t
square_root(double x)
{
	uint64_t r = 0;

	for (uint64_t bit = (uint64_t)1 << 31; bit != 0; bit >>= 1)
		if ((double)(r | bit) * (double)(r | bit) <= x)
			r |= bit;
	return r;
}

static uint64_t
deviation(const struct ping *p)
{
	double n = (double)p->p_timed, mean = (double)p->p_sum / n, var = p->p_sumsq / n - mean * mean;

	return var > 0 ? square_root(var) : 0;
}

static void
summary_json(struct ping *p)
{
	struct out *o = p->p_out;

	json_open(o, NULL, '{');
	json_str(o, "host", p->p_host);
	json_u64(o, "transmitted", p->p_sent);
	json_u64(o, "received", p->p_received);
	json_u64(o, "duplicates", p->p_dups);
	json_u64(o, "errors", p->p_errors);
	if (p->p_timed > 0) {
		json_u64(o, "min_us", p->p_min);
		json_u64(o, "avg_us", p->p_sum / p->p_timed);
		json_u64(o, "max_us", p->p_max);
		json_u64(o, "stddev_us", deviation(p));
	}
	json_close(o, '}');
}

static void
print_ms(struct out *o, const char *before, uint64_t us)
{
	out_printf(o, "%s%llu.%03llu", before, (unsigned long long)(us / 1000), (unsigned long long)(us % 1000));
}

static void
summary_text(struct ping *p)
{
	struct out *o = p->p_out;
	uint64_t lost = p->p_sent > p->p_received ? p->p_sent - p->p_received : 0;
	uint64_t permille = p->p_sent > 0 ? (lost * 1000 + p->p_sent / 2) / p->p_sent : 0;

	out_printf(o, "\n--- %s ping statistics ---\n%llu packets transmitted, %llu packets received, ", p->p_host,
	    (unsigned long long)p->p_sent, (unsigned long long)p->p_received);
	if (p->p_dups > 0)
		out_printf(o, "+%llu duplicates, ", (unsigned long long)p->p_dups);
	out_printf(o, "%llu.%llu%% packet loss\n", (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
	if (p->p_timed == 0)
		return;
	out_printf(o, "round-trip min/avg/max/std-dev = ");
	print_ms(o, "", p->p_min);
	print_ms(o, "/", p->p_sum / p->p_timed);
	print_ms(o, "/", p->p_max);
	print_ms(o, "/", deviation(p));
	out_printf(o, " ms\n");
}

/* After ^C too: what was counted is shown then. */
static void
summary(struct ping *p)
{
	bool stopped = p->p_out->o_stop;

	p->p_out->o_stop = false;
	if (p->p_out->o_json)
		summary_json(p);
	else
		summary_text(p);
	out_flush(p->p_out);
	p->p_out->o_stop |= stopped;
}

/* ---- the run ---- */

static bool
all_sent(const struct ping *p)
{
	return p->p_count != 0 && p->p_sent >= p->p_count;
}

/* Until all is answered, the last reply is overdue, or ^C. */
static void
ping_run(struct ping *p)
{
	uint64_t next = uptime_ns(), last = next;

	while (!p->p_out->o_stop) {
		uint64_t now = uptime_ns(), until;

		if (!all_sent(p) && now >= next) {
			ping_send(p);
			last = now;
			next = MAX(next + p->p_interval, now);
		}
		print_events(p);
		if (all_sent(p) && (p->p_received + p->p_errors >= p->p_count || now >= last + p->p_maxwait))
			break;
		until = all_sent(p) ? last + p->p_maxwait : next;
		if (p->p_head == p->p_tail && until > now)
			task_sleep(p->p_out, (until - now + 999999) / 1000000);
		else
			task_yield();
	}
}

static int
ping_start(struct ping *p)
{
	char a[IP4_STRLEN];

	random_bytes(p->p_key, sizeof(p->p_key));
	random_bytes(&p->p_id, sizeof(p->p_id));
	p->p_il.il_input = ping_input;
	p->p_il.il_arg = p;
	if (!p->p_out->o_json)
		out_printf(p->p_out, "PING %s (%s): %u data bytes\n", p->p_host, ip4_print(a, p->p_dst), p->p_size);
	out_flush(p->p_out);
	net_enter();
	icmp_listen(&p->p_il);
	net_leave();
	ping_run(p);
	net_enter();
	icmp_unlisten(&p->p_il);
	net_leave();
	summary(p);
	return p->p_received > 0 ? 0 : 1;
}

/* ---- options ---- */

static bool
ping_number(struct out *o, const char *what, const char *s, uint64_t lo, uint64_t hi, uint64_t *v)
{
	char *end;

	*v = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && *end == '\0' && *v >= lo && *v <= hi)
		return true;
	out_printf(o, "ping: bad %s: %s\n", what, s);
	return false;
}

/* Seconds with up to three decimals, to ns. */
static bool
ping_seconds(struct out *o, const char *what, const char *s, uint64_t *ns)
{
	char *end;
	uint64_t ms = strtoull(s, &end, 10) * 1000, unit = 100;
	bool ok = ((*s >= '0' && *s <= '9') || *s == '.') && ms <= 3600 * 1000;

	if (ok && *end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			ms += (uint64_t)(*end - '0') * unit;
	if (!ok || *end != '\0' || ms == 0) {
		out_printf(o, "ping: bad %s: %s\n", what, s);
		return false;
	}
	*ns = ms * 1000000;
	return true;
}

static bool
ping_address(struct out *o, const char *s, be32_t *a)
{
	if (ip4_parse(s, a))
		return true;
	out_printf(o, "ping: %s: no address associated with name\n", s);
	return false;
}

static bool
ping_source(struct ping *p, const char *s)
{
	bool ours = false;

	if (!ping_address(p->p_out, s, &p->p_src))
		return false;
	net_enter();
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			ours |= ifa->ifa_addr == p->p_src && ifp->if_rdomain == 0;
	net_leave();
	if (!ours)
		out_printf(p->p_out, "ping: bind: Can't assign requested address\n");
	return ours;
}

/* One letter with its argument. 0, or the command's status. */
static int
ping_option(struct ping *p, char c, const char *arg)
{
	uint64_t v;
	bool ok;

	switch (c) {
	case 'c':
		ok = ping_number(p->p_out, "number of packets to transmit", arg, 1, UINT32_MAX, &p->p_count);
		break;
	case 'i':
		ok = ping_seconds(p->p_out, "timing interval", arg, &p->p_interval);
		break;
	case 'w':
		ok = ping_seconds(p->p_out, "maxwait value", arg, &p->p_maxwait);
		break;
	case 's':
		if ((ok = ping_number(p->p_out, "packet size", arg, 0, PING_SIZE_MAX, &v)))
			p->p_size = (unsigned)v;
		break;
	case 't':
		if ((ok = ping_number(p->p_out, "ttl value", arg, 1, 255, &v)))
			p->p_ttl = (uint8_t)v;
		break;
	case 'I':
		ok = ping_source(p, arg);
		break;
	default:
		return command_usage(p->p_out, "ping");
	}
	return ok ? 0 : 1;
}

static bool
ping_flag(struct ping *p, char c)
{
	switch (c) {
	case 'D':
		return p->p_df = true;
	case 'q':
		return p->p_quiet = true;
	case 'v':
		return p->p_verbose = true;
	case 'n':
		return true;
	}
	return false;
}

static int
ping_options(struct ping *p, int argc, char **argv)
{
	int i = 1, status;

	for (; i < argc && argv[i][0] == '-'; i++)
		for (const char *c = argv[i] + 1; *c != '\0'; c++) {
			const char *arg;

			if (ping_flag(p, *c))
				continue;
			arg = c[1] != '\0' ? c + 1 : argv[++i];
			if (arg == NULL)
				return command_usage(p->p_out, argv[0]);
			if ((status = ping_option(p, *c, arg)) != 0)
				return status;
			break;
		}
	if (argc - i != 1)
		return command_usage(p->p_out, argv[0]);
	p->p_host = argv[i];
	return ping_address(p->p_out, p->p_host, &p->p_dst) ? 0 : 1;
}

static int
cmd_ping(struct out *o, int argc, char **argv)
{
	struct ping *p = calloc(1, sizeof(*p));
	int status;

	if (p == NULL) {
		out_printf(o, "ping: no memory\n");
		return 1;
	}
	p->p_out = o;
	p->p_size = PING_SIZE;
	p->p_ttl = (uint8_t)ip_defttl;
	p->p_interval = 1000000000u;
	p->p_maxwait = PING_MAXWAIT * 1000000000ull;
	status = ping_options(p, argc, argv);
	if (status == 0)
		status = ping_start(p);
	free(p);
	return status;
}
COMMAND(ping, cmd_ping,
    "ping [-j] [-Dnqv] [-c count] [-I sourceaddr] [-i interval] [-s packetsize]\n"
    "     [-t ttl] [-w maxwait] host",
    "send ICMP ECHO_REQUEST packets to a host",
    "-c count      stop after so many; without it, ^C stops\n"
    "-D            do not fragment\n"
    "-I address    our address to send from\n"
    "-i interval   seconds between packets (1); 0.2 is possible\n"
    "-q            only the summary\n"
    "-s size       bytes of data (56)\n"
    "-t ttl        time to live\n"
    "-v            show other ICMP messages that arrive, too\n"
    "-w maxwait    seconds to wait for the last reply (10)\n"
    "\n"
    "Requests carry the time and a keyed signature; duplicates, wrong data and errors that are\n"
    "about our requests are shown. Status 0: at least one reply came.\n");
