/* pf_state_show.c - a state as pfctl -ss prints it. */
#include "net/pf/pf_names.h"
#include "net/pf/pf_state.h"

static const char *
peer_name(const struct pf_state *s, unsigned i, char buf[8])
{
	static const char *const tcp[PFT_COUNT] = { "CLOSED", "SYN_SENT", "ESTABLISHED", "CLOSING", "FIN_WAIT_2", "TIME_WAIT" };
	static const char *const other[] = { "NO_TRAFFIC", "SINGLE", "MULTIPLE" };
	uint8_t proto = s->s_sk[0].sk_key.k_proto, state = s->s_peer[i].pe_state;

	if (proto == IPPROTO_TCP_ && state < PFT_COUNT)
		return tcp[state];
	if (proto != IPPROTO_ICMP_ && proto != IPPROTO_ICMPV6_ && state < nitems(other))
		return other[state];
	buf[0] = (char)('0' + state);
	buf[1] = '\0';
	return buf;
}

static void
print_host(struct out *o, const struct pf_key *k, unsigned i)
{
	char text[IN6_STRLEN];

	out_printf(o, "%s", af_print(text, pf_af(k->k_af), &k->k_addr[i]));
	if (k->k_port[i] != 0 || k->k_proto == IPPROTO_TCP_ || k->k_proto == IPPROTO_UDP_)
		out_printf(o, k->k_af == PF_INET ? ":%u" : "[%u]", k->k_port[i]);
}

static void
print_time(struct out *o, const char *what, uint64_t s)
{
	out_printf(o, "%s%02u:%02u:%02u", what, (unsigned)(s / 3600), (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

static void
print_window(struct out *o, const struct pf_peer *p, const struct pf_peer *q, uint32_t seq)
{
	out_printf(o, "[%u + %u]", p->pe_end, p->pe_maxend - p->pe_end);
	if (seq != 0)
		out_printf(o, "(+%u)", seq);
	if (p->pe_flags & q->pe_flags & PF_PEER_SCALE)
		out_printf(o, " wscale %u", p->pe_scale);
}

/* As it went on, and as it was before. */
static void
print_side(struct out *o, const struct pf_state *s, unsigned i)
{
	const struct pf_key *was = &s->s_sk[0].sk_key, *is = &s->s_sk[s->s_translated].sk_key;

	print_host(o, is, i);
	if (was->k_port[i] == is->k_port[i] && in6_equal(&was->k_addr[i], &is->k_addr[i]))
		return;
	out_printf(o, " (");
	print_host(o, was, i);
	out_printf(o, ")");
}

/* The line names our side of the interface first, as an arrow's end. */
static void
print_line(struct out *o, const struct pf_state *s)
{
	const struct pf_key *k = &s->s_sk[0].sk_key;
	const struct ifnet *ifp = if_get(s->s_ifidx);
	const char *proto = pf_proto_name(k->k_proto);
	bool in = s->s_dir == PF_IN;
	char b0[8], b1[8];

	out_printf(o, "%s ", s->s_ifidx == 0 ? "all" : ifp != NULL ? ifp->if_xname : "-");
	if (proto != NULL)
		out_printf(o, "%s ", proto);
	else
		out_printf(o, "%u ", k->k_proto);
	print_side(o, s, 1);
	out_printf(o, in ? " <- " : " -> ");
	print_side(o, s, 0);
	out_printf(o, "       %s:%s\n", peer_name(s, in ? 1 : 0, b0), peer_name(s, in ? 0 : 1, b1));
}

void
pf_state_print(struct out *o, const struct pf_state *s, const struct pf_state_when *w, unsigned verbose)
{
	unsigned l = s->s_dir == PF_IN;
	const struct pf_peer *left = &s->s_peer[l], *right = &s->s_peer[!l];

	static const char *const rt_names[] = { [PF_RT_ROUTETO] = "route-to", [PF_RT_REPLYTO] = "reply-to", [PF_RT_DUPTO] = "dup-to" };
	char text[IN6_STRLEN];

	print_line(o, s);
	if (verbose == 0)
		return;
	if (s->s_sk[0].sk_key.k_proto == IPPROTO_TCP_) {
		out_printf(o, "   ");
		print_window(o, left, right, w->sw_seq[l]);
		out_printf(o, "  ");
		print_window(o, right, left, w->sw_seq[!l]);
		out_printf(o, "\n");
	}
	print_time(o, "   age ", w->sw_now - s->s_created);
	print_time(o, ", expires in ", w->sw_expires > w->sw_now ? w->sw_expires - w->sw_now : 0);
	out_printf(o, ", %llu:%llu pkts, %llu:%llu bytes", (unsigned long long)s->s_side[0].sd_packets, (unsigned long long)s->s_side[1].sd_packets,
	    (unsigned long long)s->s_side[0].sd_bytes, (unsigned long long)s->s_side[1].sd_bytes);
	if (w->sw_rule >= 0)
		out_printf(o, ", rule %d", w->sw_rule);
	out_printf(o, s->s_sloppy ? ", sloppy\n" : "\n");
	if (verbose <= 1)
		return;
	out_printf(o, "   id: %016llx creatorid: 00000000\n", (unsigned long long)pf_state_id(s));
	if (w->sw_rt != PF_RT_NONE)
		out_printf(o, "   %s: %s\n", rt_names[w->sw_rt], af_print(text, pf_af(s->s_sk[0].sk_key.k_af), &w->sw_gateway));
}
