/* ping_print.c - what ping(8) says. */
#include "net/inet/ping.h"

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
}

static void
print_reply(struct out *o, const struct ping *p, const struct ping_event *e)
{
	char a[IN6_STRLEN];

	out_printf(o, "%u bytes from %s: icmp_seq=%u %s=%u", e->pe_bytes, af_print(a, p->p_af, &e->pe_from6), e->pe_seq,
	    p->p_af == AF_IP4 ? "ttl" : "hlim", e->pe_ttl);
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

void
ping_print_events(struct ping *p)
{
	char a[IN6_STRLEN];

	for (; p->p_tail != p->p_head; p->p_tail++) {
		const struct ping_event *e = &p->p_event[p->p_tail % PING_EVENTS];

		if (p->p_quiet || p->p_out->o_json)
			continue;
		if (e->pe_kind == PING_ERROR) {
			out_printf(p->p_out, "%u bytes from %s: ", e->pe_bytes, af_print(a, p->p_af, &e->pe_from6));
			if (p->p_af == AF_IP4)
				print_error(p->p_out, e);
			else
				ping6_print_error(p->p_out, e);
			out_printf(p->p_out, "\n");
		} else
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
void
ping_print_summary(struct ping *p)
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
