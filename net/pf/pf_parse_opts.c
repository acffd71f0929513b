/* pf_parse_opts.c - what may follow a rule's hosts in any order: flags, types, labels, limits, diversion, routing. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

/* ---- flags ---- */

/* "SA"; -1: another letter. */
static int
tcp_flags(const char *s)
{
	static const char letters[] = "FSRPAUEW";
	const char *c;
	int flags = 0;

	for (; *s != '\0'; s++) {
		if ((c = strchr(letters, *s)) == NULL)
			return -1;
		flags |= 1 << (c - letters);
	}
	return flags;
}

static bool
flag_set(struct pf_parse *p, uint8_t *flags)
{
	int f;

	if (!pf_at(p, TOK_STRING))
		return pf_syntax(p);
	if ((f = tcp_flags(p->p_lex.lx_text)) < 0)
		return pf_bad(p, "bad flags %s", p->p_lex.lx_text);
	pf_next(p);
	*flags = (uint8_t)f;
	return true;
}

static bool
opt_flags(struct pf_parse *p, struct pf_def *d)
{
	struct pf_rule *r = &d->d_rule;

	if (d->d_said & PF_SAID_FLAGS)
		return pf_bad(p, "flags cannot be redefined");
	d->d_said |= PF_SAID_FLAGS;
	if (pf_accept_kw(p, KW_ANY))
		return r->r_flags_any = true;
	return (pf_at(p, '/') || flag_set(p, &r->r_flags)) && pf_expect(p, '/') && flag_set(p, &r->r_flagset);
}

/* ---- icmp-type ---- */

struct icmp_list { struct pn_icmp **tail; bool v6; };

static bool
icmp_value(struct pf_parse *p, const char *what, int named, int16_t *value)
{
	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER) && !pf_at_kw(p, KW_SKIP))
		return pf_syntax(p);
	if (pf_at(p, TOK_NUMBER)) {
		if (p->p_lex.lx_number < 0 || p->p_lex.lx_number > 255)
			return pf_bad(p, "illegal %s %s", what, p->p_lex.lx_text);
		named = (int)p->p_lex.lx_number;
	} else if (named < 0)
		return pf_bad(p, "unknown %s %s", what, p->p_lex.lx_text);
	pf_next(p);
	*value = (int16_t)named;
	return true;
}

static bool
icmp_item(struct pf_parse *p, void *arg)
{
	struct icmp_list *il = arg;
	struct pn_icmp *n;
	const char *text = p->p_lex.lx_text;

	if (pf_at(p, '{'))
		return pf_list(p, icmp_item, arg);
	if ((n = pf_new(p, sizeof(*n))) == NULL)
		return false;
	n->v6 = il->v6;
	n->code = -1;
	if (!icmp_value(p, il->v6 ? "icmp6-type" : "icmp-type", pf_icmp_type(text, il->v6), &n->type))
		return false;
	if (pf_accept_kw(p, KW_CODE) &&
	    !icmp_value(p, il->v6 ? "icmp6-code" : "icmp-code", pf_icmp_code(text, (unsigned)n->type, il->v6), &n->code))
		return false;
	*il->tail = n;
	il->tail = &n->next;
	return true;
}

bool
pf_parse_icmp(struct pf_parse *p, struct pf_def *d, bool v6)
{
	struct icmp_list il = { &d->d_icmps, v6 };

	if (d->d_said & PF_SAID_ICMP)
		return pf_bad(p, "icmp-type cannot be redefined");
	d->d_said |= PF_SAID_ICMP;
	return pf_list(p, icmp_item, &il);
}

static bool
opt_icmp(struct pf_parse *p, struct pf_def *d)
{
	return pf_parse_icmp(p, d, false);
}

static bool
opt_icmp6(struct pf_parse *p, struct pf_def *d)
{
	return pf_parse_icmp(p, d, true);
}

/* ---- numbers and words ---- */

bool
pf_parse_tos(struct pf_parse *p, int16_t *tos)
{
	char *end;
	long n;

	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	n = pf_tos_value(p->p_lex.lx_text);
	if (n < 0) {
		n = strtol(p->p_lex.lx_text, &end, 0);
		if (*end != '\0' || n < 0 || n > 255)
			return pf_bad(p, "illegal tos value %s", p->p_lex.lx_text);
	}
	pf_next(p);
	*tos = (int16_t)n;
	return true;
}

static bool
opt_tos(struct pf_parse *p, struct pf_def *d)
{
	if (d->d_said & PF_SAID_TOS)
		return pf_bad(p, "tos cannot be redefined");
	d->d_said |= PF_SAID_TOS;
	return pf_parse_tos(p, &d->d_rule.r_tos);
}

static bool
opt_prio(struct pf_parse *p, struct pf_def *d)
{
	int64_t n;

	if (!pf_number(p, &n))
		return false;
	if (n < 0 || n > 7)
		return pf_bad(p, "prio must be 0 - 7");
	if (d->d_rule.r_prio >= 0)
		return pf_bad(p, "prio cannot be redefined");
	d->d_rule.r_prio = (int8_t)n;
	return true;
}

static bool
opt_user(struct pf_parse *p, struct pf_def *d)
{
	return pf_parse_ids(p, &d->d_uids, false);
}

static bool
opt_group(struct pf_parse *p, struct pf_def *d)
{
	return pf_parse_ids(p, &d->d_gids, true);
}

static bool
opt_fragment(struct pf_parse *p __unused_arg, struct pf_def *d)
{
	return d->d_rule.r_fragment = true;
}

static bool
opt_allow_opts(struct pf_parse *p, struct pf_def *d)
{
	if (d->d_rule.r_allow_opts)
		return pf_bad(p, "allow-opts cannot be redefined");
	return d->d_rule.r_allow_opts = true;
}

static bool
opt_once(struct pf_parse *p __unused_arg, struct pf_def *d)
{
	return d->d_rule.r_once = true;
}

static bool
opt_label(struct pf_parse *p, struct pf_def *d)
{
	if (d->d_label != NULL)
		return pf_bad(p, "label cannot be redefined");
	return pf_string(p, &d->d_label);
}

static bool
tag_name(struct pf_parse *p, const char **tag)
{
	if (!pf_string(p, tag))
		return false;
	return **tag != '\0' || pf_bad(p, "a tag cannot be empty");
}

static bool
opt_tag(struct pf_parse *p, struct pf_def *d)
{
	return tag_name(p, &d->d_tag);
}

static bool
opt_tagged(struct pf_parse *p, struct pf_def *d)
{
	d->d_rule.r_tagnot = false;
	return tag_name(p, &d->d_match_tag);
}

static bool
opt_received_on(struct pf_parse *p, struct pf_def *d)
{
	if (d->d_rule.r_rcvif[0] != '\0')
		return pf_bad(p, "cannot respecify received-on");
	if (pf_accept_kw(p, KW_ANY)) {
		d->d_rule.r_rcvif = "any";
		return true;
	}
	if (!pf_string(p, &d->d_rule.r_rcvif))
		return false;
	return pf_check_ifname(p, d->d_rule.r_rcvif);
}

static bool
opt_max_pkt_rate(struct pf_parse *p, struct pf_def *d)
{
	int64_t n, s;

	if (d->d_rule.r_pktrate != 0)
		return pf_bad(p, "cannot respecify max-pkt-rate");
	if (!pf_number(p, &n) || !pf_expect(p, '/') || !pf_number(p, &s))
		return false;
	if (n < 1 || n > UINT32_MAX / 1000 || s < 1 || s > UINT32_MAX / 1000)
		return pf_bad(p, "only positive values permitted");
	d->d_rule.r_pktrate = (uint32_t)n;
	d->d_rule.r_pktrate_seconds = (uint32_t)s;
	return true;
}

/* "20%", "0.5%", or a part of 1: in units of 10^-9. -1: no such number, or none from a millionth of a percent up to 1. */
static int64_t
parse_part(const char *s)
{
	int64_t v = 0, unit = 1000000000;
	bool digits = false;

	for (; *s >= '0' && *s <= '9' && v <= 100; s++, digits = true)
		v = v * 10 + (*s - '0');
	if (v > 100)
		return -1;
	v *= unit;
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++, digits = true)
			v += (*s - '0') * (unit /= 10);
	if (*s == '%') {
		v /= 100;
		s++;
	}
	return digits && *s == '\0' && v >= 10 && v <= 1000000000 ? v : -1;
}

static bool
opt_probability(struct pf_parse *p, struct pf_def *d)
{
	int64_t part;

	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	if ((part = parse_part(p->p_lex.lx_text)) < 0)
		return pf_bad(p, "invalid probability: %s", p->p_lex.lx_text);
	d->d_rule.r_prob = (uint32_t)(((uint64_t)part * UINT32_MAX + 500000000) / 1000000000);
	if (d->d_rule.r_prob == 0)
		d->d_rule.r_prob = 1;
	pf_next(p);
	return true;
}

static bool
opt_rtable(struct pf_parse *p, struct pf_def *d)
{
	int64_t n;

	if (!pf_number(p, &n))
		return false;
	if (n < 0 || n > 255)
		return pf_bad(p, "invalid rtable id");
	if (d->d_rule.r_rtable >= 0)
		return pf_bad(p, "rtable cannot be redefined");
	d->d_rule.r_rtable = (int)n;
	return true;
}

/* ---- divert ---- */

static bool
divert_port(struct pf_parse *p, struct pf_rule *r)
{
	if (!pf_expect_kw(p, KW_PORT))
		return false;
	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	if (!pf_parse_port(p, p->p_lex.lx_text, &r->r_divert_port))
		return false;
	if (r->r_divert_port == 0)
		return pf_bad(p, "invalid divert port: %s", p->p_lex.lx_text);
	pf_next(p);
	return true;
}

static bool
divert_once(struct pf_parse *p, struct pf_rule *r, enum pf_divert how)
{
	if (r->r_divert != PF_DIVERT_NONE)
		return pf_bad(p, "more than one divert option");
	r->r_divert = (uint8_t)how;
	return true;
}

static bool
opt_divert_to(struct pf_parse *p, struct pf_def *d)
{
	struct pn_host *h = NULL, **tail = &h;

	if (!divert_once(p, &d->d_rule, PF_DIVERT_TO) || !pf_parse_host(p, &tail))
		return false;
	if (h->addr.pa_type != PF_ADDR_NET || h->addr.pa_plen != pf_af_bits(h->addr.pa_af))
		return pf_bad(p, "invalid divert address");
	d->d_rule.r_divert_addr = h->addr;
	return divert_port(p, &d->d_rule);
}

static bool
opt_divert_reply(struct pf_parse *p, struct pf_def *d)
{
	return divert_once(p, &d->d_rule, PF_DIVERT_REPLY);
}

static bool
opt_divert_packet(struct pf_parse *p, struct pf_def *d)
{
	return divert_once(p, &d->d_rule, PF_DIVERT_PACKET) && divert_port(p, &d->d_rule);
}

/* ---- translation and routing ---- */

static bool
redir_once(struct pf_parse *p, struct pf_redir *rd, const char *what)
{
	if (rd->rd_set)
		return pf_bad(p, "%s cannot be redefined", what);
	return rd->rd_set = true;
}

static bool
opt_nat_to(struct pf_parse *p, struct pf_def *d)
{
	return redir_once(p, &d->d_nat, "nat-to") && pf_parse_redir(p, &d->d_nat, true);
}

static bool
opt_rdr_to(struct pf_parse *p, struct pf_def *d)
{
	return redir_once(p, &d->d_rdr, "rdr-to") && pf_parse_redir(p, &d->d_rdr, true);
}

static bool
opt_binat_to(struct pf_parse *p, struct pf_def *d)
{
	return redir_once(p, &d->d_binat, "binat-to") && pf_parse_redir(p, &d->d_binat, true);
}

static bool
opt_af_to(struct pf_parse *p, struct pf_def *d)
{
	if (d->d_rule.r_naf != 0)
		return pf_bad(p, "af-to cannot be redefined");
	if (!pf_parse_af(p, &d->d_rule.r_naf))
		return pf_syntax(p);
	if (!pf_expect_kw(p, KW_FROM) || !redir_once(p, &d->d_nat, "nat-to") || !pf_parse_redir(p, &d->d_nat, false))
		return false;
	return !pf_accept_kw(p, KW_TO) || (redir_once(p, &d->d_rdr, "rdr-to") && pf_parse_redir(p, &d->d_rdr, false));
}

static bool
route_option(struct pf_parse *p, struct pf_def *d, enum pf_rt rt)
{
	d->d_rule.r_rt = (uint8_t)rt;
	return redir_once(p, &d->d_route, "route-to, reply-to, dup-to") && pf_parse_redir(p, &d->d_route, false);
}

static bool
opt_route_to(struct pf_parse *p, struct pf_def *d)
{
	return route_option(p, d, PF_RT_ROUTETO);
}

static bool
opt_reply_to(struct pf_parse *p, struct pf_def *d)
{
	return route_option(p, d, PF_RT_REPLYTO);
}

static bool
opt_dup_to(struct pf_parse *p, struct pf_def *d)
{
	return route_option(p, d, PF_RT_DUPTO);
}

/* ---- all of them ---- */

typedef bool opt_fn(struct pf_parse *, struct pf_def *);
static const struct { enum pf_keyword kw; opt_fn *fn; } options[] = {
	{ KW_FLAGS, opt_flags }, { KW_ICMP_TYPE, opt_icmp }, { KW_ICMP6_TYPE, opt_icmp6 }, { KW_TOS, opt_tos }, { KW_PRIO, opt_prio },
	{ KW_USER, opt_user }, { KW_GROUP, opt_group }, { KW_FRAGMENT, opt_fragment }, { KW_ALLOW_OPTS, opt_allow_opts }, { KW_ONCE, opt_once },
	{ KW_LABEL, opt_label }, { KW_TAG, opt_tag }, { KW_TAGGED, opt_tagged }, { KW_RECEIVED_ON, opt_received_on },
	{ KW_MAX_PKT_RATE, opt_max_pkt_rate }, { KW_PROBABILITY, opt_probability }, { KW_RTABLE, opt_rtable }, { KW_DIVERT_TO, opt_divert_to },
	{ KW_DIVERT_REPLY, opt_divert_reply }, { KW_DIVERT_PACKET, opt_divert_packet }, { KW_SET, pf_parse_set_options }, { KW_SCRUB, pf_parse_scrub },
	{ KW_NAT_TO, opt_nat_to }, { KW_RDR_TO, opt_rdr_to }, { KW_BINAT_TO, opt_binat_to }, { KW_AF_TO, opt_af_to }, { KW_ROUTE_TO, opt_route_to },
	{ KW_REPLY_TO, opt_reply_to }, { KW_DUP_TO, opt_dup_to },
};

/* ! tagged, ! received-on */
static bool
negated(struct pf_parse *p, struct pf_def *d)
{
	if (pf_accept_kw(p, KW_TAGGED))
		return opt_tagged(p, d) && (d->d_rule.r_tagnot = true);
	if (pf_accept_kw(p, KW_RECEIVED_ON))
		return opt_received_on(p, d) && (d->d_rule.r_rcvifnot = true);
	return pf_syntax(p);
}

static bool
option(struct pf_parse *p, struct pf_def *d)
{
	if (pf_accept(p, '!'))
		return negated(p, d);
	switch (p->p_lex.lx_kw) {
	case KW_NO:
	case KW_KEEP:
	case KW_MODULATE:
	case KW_SYNPROXY:
		return pf_parse_keep(p, d);
	default:
		break;
	}
	for (unsigned i = 0; i < nitems(options); i++)
		if (pf_accept_kw(p, options[i].kw))
			return options[i].fn(p, d);
	return pf_syntax(p);
}

bool
pf_parse_options(struct pf_parse *p, struct pf_def *d)
{
	while (!pf_at(p, '\n') && !pf_at(p, TOK_EOF) && !pf_at(p, '{') && !pf_at(p, '}')) {
		if (!option(p, d))
			return false;
		pf_accept(p, ',');
	}
	return true;
}
