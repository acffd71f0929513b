/* pf_parse_rule.c - pass, block, match: the action, and what stands in a fixed order behind it. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

#define ICMP_UNREACH_PORT	(3 << 8 | 3)	/* RFC 792 */
#define ICMP6_UNREACH_PORT	(1 << 8 | 4)	/* RFC 4443 3.1 */

void
pf_def_init(struct pf_def *d)
{
	struct pf_rule *r = &d->d_rule;

	memset(d, 0, sizeof(*d));
	r->r_ifname = r->r_rcvif = r->r_logif = r->r_os = r->r_prob_text = r->r_label = r->r_tag = r->r_match_tag = r->r_anchor = "";
	r->r_queue[0] = r->r_queue[1] = "";
	r->r_rdomain = r->r_rtable = -1;
	r->r_icmp_type = r->r_icmp_code = r->r_tos = r->r_set_tos = -1;
	r->r_prio = r->r_set_prio[0] = r->r_set_prio[1] = -1;
}

/* ---- block's way to answer ---- */

static bool
icmp_code_value(struct pf_parse *p, bool v6, uint16_t *value)
{
	unsigned type = v6 ? 1 : 3;		/* unreachable */
	int code;

	if (pf_at(p, TOK_NUMBER))
		code = p->p_lex.lx_number >= 0 && p->p_lex.lx_number <= 255 ? (int)p->p_lex.lx_number : -1;
	else if (pf_at(p, TOK_STRING))
		code = pf_icmp_code(p->p_lex.lx_text, type, v6);
	else
		return pf_syntax(p);
	if (code < 0)
		return pf_at(p, TOK_NUMBER) ? pf_bad(p, "illegal icmp code %s", p->p_lex.lx_text) :
		    pf_bad(p, "unknown icmp%s code %s", v6 ? "6" : "", p->p_lex.lx_text);
	pf_next(p);
	*value = (uint16_t)(type << 8 | (unsigned)code);
	return true;
}

static bool
return_icmp(struct pf_parse *p, struct pf_rule *r, bool v6)
{
	r->r_return = PF_RETURN_ICMP;
	r->r_return_icmp = ICMP_UNREACH_PORT;
	r->r_return_icmp6 = ICMP6_UNREACH_PORT;
	if (!pf_accept(p, '('))
		return true;
	if (!icmp_code_value(p, v6, v6 ? &r->r_return_icmp6 : &r->r_return_icmp))
		return false;
	if (!v6 && !pf_at(p, ')')) {
		pf_accept(p, ',');
		if (!icmp_code_value(p, true, &r->r_return_icmp6))
			return false;
	}
	return pf_expect(p, ')');
}

static bool
return_rst(struct pf_parse *p, struct pf_rule *r)
{
	int64_t ttl;

	r->r_return = PF_RETURN_RST;
	if (!pf_accept(p, '('))
		return true;
	if (!pf_expect_kw(p, KW_TTL) || !pf_number(p, &ttl))
		return false;
	if (ttl < 0 || ttl > 255)
		return pf_bad(p, "illegal ttl value %lld", (long long)ttl);
	r->r_return_ttl = (uint8_t)ttl;
	return pf_expect(p, ')');
}

static bool
block_how(struct pf_parse *p, struct pf_rule *r)
{
	r->r_return = p->p_conf->pc_options.po_block_return ? PF_RETURN : PF_DROP;
	r->r_return_icmp = ICMP_UNREACH_PORT;
	r->r_return_icmp6 = ICMP6_UNREACH_PORT;
	if (pf_accept_kw(p, KW_DROP))
		r->r_return = PF_DROP;
	else if (pf_accept_kw(p, KW_RETURN))
		r->r_return = PF_RETURN;
	else if (pf_accept_kw(p, KW_RETURN_RST))
		return return_rst(p, r);
	else if (pf_accept_kw(p, KW_RETURN_ICMP))
		return return_icmp(p, r, false);
	else if (pf_accept_kw(p, KW_RETURN_ICMP6))
		return return_icmp(p, r, true);
	return true;
}

/* ---- direction, log, quick, interface, family, protocol, hosts ---- */

static bool
log_option(struct pf_parse *p, void *arg)
{
	struct pf_rule *r = arg;

	if (pf_accept_kw(p, KW_ALL))
		r->r_log |= PF_LOG_ALL;
	else if (pf_accept_kw(p, KW_MATCHES))
		r->r_log |= PF_LOG_MATCHES;
	else if (pf_accept_kw(p, KW_USER))
		r->r_log |= PF_LOG_USER;
	else if (pf_accept_kw(p, KW_TO)) {
		if (!pf_string(p, &r->r_logif))
			return false;
		if (r->r_logif[0] == '\0' || strlen(r->r_logif) >= PF_IFNAME || strspn(r->r_logif, "0123456789") > 0)
			return pf_bad(p, "%s: invalid log interface", r->r_logif);
	} else
		return pf_syntax(p);
	return true;
}

bool
pf_parse_log(struct pf_parse *p, struct pf_rule *r)
{
	if (!pf_accept_kw(p, KW_LOG))
		return true;
	r->r_log |= PF_LOG;
	return !pf_accept(p, '(') || pf_parens(p, log_option, r);
}

static bool
if_item(struct pf_parse *p, void *arg)
{
	struct pn_if ***tail = arg, *n;
	bool any;

	if (pf_at(p, '{'))
		return pf_list(p, if_item, arg);
	if ((n = pf_new(p, sizeof(*n))) == NULL)
		return false;
	n->not = pf_accept(p, '!');
	any = pf_accept_kw(p, KW_ANY);
	if (any)
		n->name = "any";
	else if (!pf_string(p, &n->name))
		return false;
	if (!pf_check_ifname(p, n->name))
		return false;
	**tail = n;
	*tail = &n->next;
	return true;
}

bool
pf_parse_ifspec(struct pf_parse *p, struct pn_if **list)
{
	struct pn_if **tail = list;

	return pf_list(p, if_item, &tail);
}

bool
pf_parse_on(struct pf_parse *p, struct pf_def *d)
{
	int64_t n;
	bool not;

	if (!pf_accept_kw(p, KW_ON))
		return true;
	if (!pf_at_kw(p, KW_RDOMAIN)) {
		if (pf_at(p, '!')) {
			pf_next(p);
			not = true;
			if (!pf_at_kw(p, KW_RDOMAIN)) {
				if (!pf_parse_ifspec(p, &d->d_ifs))
					return false;
				for (struct pn_if *i = d->d_ifs; i != NULL; i = i->next)
					i->not = !i->not;
				return true;
			}
			d->d_rule.r_ifnot = not;
		} else
			return pf_parse_ifspec(p, &d->d_ifs);
	}
	pf_next(p);
	if (!pf_number(p, &n))
		return false;
	if (n < 0 || n > 255)
		return pf_bad(p, "rdomain %lld outside range", (long long)n);
	d->d_rule.r_rdomain = (int)n;
	return true;
}

bool
pf_parse_af(struct pf_parse *p, uint8_t *af)
{
	if (pf_accept_kw(p, KW_INET))
		*af = PF_INET;
	else if (pf_accept_kw(p, KW_INET6))
		*af = PF_INET6;
	else
		return false;
	return true;
}

static bool
proto_item(struct pf_parse *p, void *arg)
{
	struct pn_proto ***tail = arg, *n;
	int number;

	if (pf_at(p, '{'))
		return pf_list(p, proto_item, arg);
	if (pf_at(p, TOK_NUMBER)) {
		if (p->p_lex.lx_number < 0 || p->p_lex.lx_number > 255)
			return pf_bad(p, "protocol outside range");
		number = (int)p->p_lex.lx_number;
	} else if (pf_at(p, TOK_STRING) || pf_at_kw(p, KW_SKIP)) {	/* skip is a protocol, too */
		if ((number = pf_proto_number(p->p_lex.lx_text)) < 0)
			return pf_bad(p, "unknown protocol %s", p->p_lex.lx_text);
	} else
		return pf_syntax(p);
	if (number == 0)
		return pf_bad(p, "proto 0 cannot be used");
	if ((n = pf_new(p, sizeof(*n))) == NULL)
		return false;
	pf_next(p);
	n->number = (uint8_t)number;
	**tail = n;
	*tail = &n->next;
	return true;
}

static bool
os_item(struct pf_parse *p, void *arg)
{
	struct pn_os ***tail = arg, *n;

	if (pf_at(p, '{'))
		return pf_list(p, os_item, arg);
	if ((n = pf_new(p, sizeof(*n))) == NULL || !pf_string(p, &n->name))
		return false;
	if (n->name[0] == '\0')
		return pf_bad(p, "an operating system needs a name");
	**tail = n;
	*tail = &n->next;
	return true;
}

/* The hosts may be left out before their ports. */
static bool
hosts_and_ports(struct pf_parse *p, struct pn_host **hosts, struct pn_cmp **ports)
{
	if (!pf_at_kw(p, KW_PORT) && !pf_parse_hosts(p, hosts))
		return false;
	return !pf_accept_kw(p, KW_PORT) || pf_parse_ports(p, ports);
}

static bool
parse_fromto(struct pf_parse *p, struct pf_def *d)
{
	struct pn_os **os = &d->d_oses;

	if (pf_accept_kw(p, KW_ALL))
		return true;
	if (pf_accept_kw(p, KW_FROM) && !hosts_and_ports(p, &d->d_srcs, &d->d_sports))
		return false;
	if (pf_accept_kw(p, KW_OS) && !pf_list(p, os_item, &os))
		return false;
	return !pf_accept_kw(p, KW_TO) || hosts_and_ports(p, &d->d_dsts, &d->d_dports);
}

bool
pf_parse_head(struct pf_parse *p, struct pf_def *d)
{
	struct pf_rule *r = &d->d_rule;
	struct pn_proto **protos = &d->d_protos;

	if (pf_accept_kw(p, KW_IN))
		r->r_dir = PF_IN;
	else if (pf_accept_kw(p, KW_OUT))
		r->r_dir = PF_OUT;
	r->r_quick = pf_accept_kw(p, KW_QUICK);
	if (!pf_parse_log(p, r))
		return false;
	if (!r->r_quick)
		r->r_quick = pf_accept_kw(p, KW_QUICK);
	if (!pf_parse_on(p, d))
		return false;
	pf_parse_af(p, &r->r_af);
	if (pf_accept_kw(p, KW_PROTO) && !pf_list(p, proto_item, &protos))
		return false;
	return parse_fromto(p, d);
}

bool
pf_parse_rule(struct pf_parse *p)
{
	struct pf_def d;
	struct pf_rule *r = &d.d_rule;

	pf_def_init(&d);
	r->r_action = pf_at_kw(p, KW_PASS) ? PF_PASS : pf_at_kw(p, KW_MATCH) ? PF_MATCH : PF_BLOCK;
	r->r_keep = r->r_action == PF_PASS ? PF_STATE_NORMAL : PF_STATE_NO;
	pf_next(p);
	if (r->r_action == PF_BLOCK && !block_how(p, r))
		return false;
	return pf_parse_head(p, &d) && pf_parse_options(p, &d) && pf_check_def(p, &d) && pf_expand(p, &d);
}
