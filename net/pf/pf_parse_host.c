/* pf_parse_host.c - from and to: hosts, ports; users and groups, which are compared as ports are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

#define HOST_TEXT	264		/* longer than any address or name can be */

/* ---- hosts ---- */

/* "/ N" behind an address, into the text. */
static bool
host_slash(struct pf_parse *p, char *text, size_t size)
{
	size_t len = strlen(text);

	if (!pf_accept(p, '/'))
		return true;
	if (!pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	snprintf(text + len, size - len, "/%s", p->p_lex.lx_text);
	pf_next(p);
	return true;
}

/* STRING [ / N ], NUMBER / N, STRING - STRING */
static bool
host_literal(struct pf_parse *p, struct pn_host ***tail)
{
	bool number = pf_at(p, TOK_NUMBER);
	char text[HOST_TEXT];
	size_t len;

	snprintf(text, sizeof(text), "%s", p->p_lex.lx_text);
	pf_next(p);
	if (number && !pf_at(p, '/'))
		return pf_syntax(p);
	if (!number && pf_accept(p, '-')) {
		if (!pf_at(p, TOK_STRING))
			return pf_syntax(p);
		len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "-%s", p->p_lex.lx_text);
		pf_next(p);
	} else if (!host_slash(p, text, sizeof(text)))
		return false;
	return pf_resolve(p, text, tail) || pf_bad(p, "could not parse host specification");
}

/* (em0:network) [ / N ] */
static bool
host_dynamic(struct pf_parse *p, struct pf_addr *a)
{
	const char *text;
	int64_t plen;

	pf_next(p);
	if (!pf_string(p, &text) || !pf_expect(p, ')'))
		return false;
	if (!pf_accept(p, '/'))
		return pf_dynaddr(p, text, a);
	if (!pf_number(p, &plen))
		return false;
	if (plen < 0 || plen > 128)
		return pf_bad(p, "bit number too big");
	if (!pf_dynaddr(p, text, a))
		return false;
	a->pa_plen = (uint8_t)plen;
	return true;
}

static bool
host_route(struct pf_parse *p, struct pf_addr *a)
{
	pf_next(p);
	a->pa_type = PF_ADDR_RTLABEL;
	if (!pf_string(p, &a->pa_name))
		return false;
	if (a->pa_name[0] == '\0')
		return pf_bad(p, "a route label cannot be empty");
	return strlen(a->pa_name) < PF_RTLABEL || pf_bad(p, "route label '%s' too long", a->pa_name);
}

/* What is no literal. *other: it was none of these. */
static bool
host_special(struct pf_parse *p, struct pf_addr *a, bool *other)
{
	*a = (struct pf_addr){ 0 };
	*other = false;
	if (pf_at(p, '<')) {
		a->pa_type = PF_ADDR_TABLE;
		return pf_parse_table_name(p, &a->pa_name);
	}
	if (pf_at(p, '('))
		return host_dynamic(p, a);
	if (pf_at_kw(p, KW_ROUTE))
		return host_route(p, a);
	if (pf_accept_kw(p, KW_NO_ROUTE))
		a->pa_type = PF_ADDR_NOROUTE;
	else if (pf_accept_kw(p, KW_URPF_FAILED))
		a->pa_type = PF_ADDR_URPF;
	else
		*other = true;
	return true;
}

static bool
host_weight(struct pf_parse *p, struct pn_host *h)
{
	int64_t n;

	if (!pf_accept_kw(p, KW_WEIGHT))
		return true;
	if (!pf_number(p, &n))
		return false;
	if (n < 1 || n > 65535)
		return pf_bad(p, "weight out of range");
	for (; h != NULL; h = h->next)
		h->addr.pa_weight = (uint16_t)n;
	return true;
}

bool
pf_parse_host(struct pf_parse *p, struct pn_host ***tail)
{
	struct pn_host **first = *tail, *h;
	bool not = pf_accept(p, '!'), other;
	struct pf_addr a;

	if (!host_special(p, &a, &other))
		return false;
	if (other) {
		if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
			return pf_syntax(p);
		if (!host_literal(p, tail))
			return false;
	} else {
		if ((h = pf_new(p, sizeof(*h))) == NULL)
			return false;
		h->addr = a;
		**tail = h;
		*tail = &h->next;
	}
	for (h = *first; h != NULL; h = h->next)
		h->not = not;
	return host_weight(p, *first);
}

struct host_list { struct pn_host **tail; bool any; };

/* One of a list: a host, or a list again. What has "any" in it is any. */
static bool
host_item(struct pf_parse *p, void *arg)
{
	struct host_list *hl = arg;

	if (pf_at(p, '{'))
		return pf_list(p, host_item, hl);
	if (!pf_accept_kw(p, KW_ANY))
		return pf_parse_host(p, &hl->tail);
	hl->any = true;
	return true;
}

bool
pf_parse_hosts(struct pf_parse *p, struct pn_host **hosts)
{
	struct host_list hl = { hosts, false };

	*hosts = NULL;
	if (!pf_list(p, host_item, &hl))
		return false;
	if (hl.any)
		*hosts = NULL;
	return true;
}

/* ---- comparisons ---- */

struct cmp_list { struct pn_cmp **tail; bool (*value)(struct pf_parse *, const char *, uint32_t *); const char *who; };	/* who NULL: ports */

static bool
cmp_value(struct pf_parse *p, const struct cmp_list *cl, uint32_t *v)
{
	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	if (!cl->value(p, p->p_lex.lx_text, v))
		return false;
	pf_next(p);
	return true;
}

/* "lo:hi", as one word. */
static bool
cmp_range(struct pf_parse *p, const struct cmp_list *cl, struct pf_cmp *c)
{
	char *colon = strchr(p->p_lex.lx_text, ':');

	*colon = '\0';
	c->pc_op = PF_OP_RRG;
	if (!cl->value(p, p->p_lex.lx_text, &c->pc_lo) || !cl->value(p, colon + 1, &c->pc_hi))
		return false;
	pf_next(p);
	return true;
}

static enum pf_op
unary_op(const struct pf_parse *p)
{
	switch (p->p_lex.lx_tok) {
	case '=':
		return PF_OP_EQ;
	case TOK_NE:
		return PF_OP_NE;
	case '<':
		return PF_OP_LT;
	case TOK_LE:
		return PF_OP_LE;
	case '>':
		return PF_OP_GT;
	case TOK_GE:
		return PF_OP_GE;
	default:
		return PF_OP_NONE;
	}
}

static bool
cmp_parse(struct pf_parse *p, const struct cmp_list *cl, struct pf_cmp *c)
{
	if ((c->pc_op = (uint8_t)unary_op(p)) != PF_OP_NONE) {
		pf_next(p);
		return cmp_value(p, cl, &c->pc_lo);
	}
	if (cl->who == NULL && pf_at(p, TOK_STRING) && strchr(p->p_lex.lx_text, ':') != NULL)
		return cmp_range(p, cl, c);
	if (!cmp_value(p, cl, &c->pc_lo))
		return false;
	if (!pf_at(p, TOK_IRG) && !pf_at(p, TOK_XRG)) {
		c->pc_op = PF_OP_EQ;
		return true;
	}
	c->pc_op = pf_at(p, TOK_IRG) ? PF_OP_IRG : PF_OP_XRG;
	pf_next(p);
	return cmp_value(p, cl, &c->pc_hi);
}

static bool
cmp_item(struct pf_parse *p, void *arg)
{
	struct cmp_list *cl = arg;
	struct pn_cmp *n;

	if (pf_at(p, '{'))
		return pf_list(p, cmp_item, arg);
	if ((n = pf_new(p, sizeof(*n))) == NULL || !cmp_parse(p, cl, &n->cmp))
		return false;
	if (cl->who != NULL && (n->cmp.pc_lo == PF_UID_UNKNOWN || n->cmp.pc_hi == PF_UID_UNKNOWN) &&
	    n->cmp.pc_op != PF_OP_EQ && n->cmp.pc_op != PF_OP_NE)
		return pf_bad(p, "%s unknown requires operator = or !=", cl->who);
	*cl->tail = n;
	cl->tail = &n->next;
	return true;
}

/* ---- ports ---- */

bool
pf_parse_port(struct pf_parse *p, const char *s, uint16_t *port)
{
	char *end;
	long n = strtol(s, &end, 0);

	if (*s != '\0' && *end == '\0') {
		if (n < 0 || n > 65535)
			return pf_bad(p, "illegal port value %s", s);
	} else if ((n = pf_service_port(s)) < 0)
		return pf_bad(p, "unknown port %s", s);
	*port = (uint16_t)n;
	return true;
}

static bool
port_value(struct pf_parse *p, const char *s, uint32_t *v)
{
	uint16_t port = 0;

	if (!pf_parse_port(p, s, &port))
		return false;
	*v = port;
	return true;
}

bool
pf_parse_ports(struct pf_parse *p, struct pn_cmp **list)
{
	struct cmp_list cl = { list, port_value, NULL };

	return pf_list(p, cmp_item, &cl);
}

/* ---- users and groups ---- */

static bool
id_value(struct pf_parse *p, const char *s, uint32_t *v, long (*find)(const char *), const char *what)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (strcmp(s, "unknown") == 0) {
		*v = PF_UID_UNKNOWN;
		return true;
	}
	if (*s == '\0' || *end != '\0')
		n = find(s);
	if (*s != '\0' && *end == '\0' && (n < 0 || n >= (long)UINT32_MAX))
		return pf_bad(p, "illegal %s value %s", what, s);
	if (n < 0)
		return pf_bad(p, "unknown %s %s", what, s);
	*v = (uint32_t)n;
	return true;
}

static bool
uid_value(struct pf_parse *p, const char *s, uint32_t *v)
{
	return id_value(p, s, v, pf_user_id, "user");
}

static bool
gid_value(struct pf_parse *p, const char *s, uint32_t *v)
{
	return id_value(p, s, v, pf_group_id, "group");
}

/* What is said later stands first. */
bool
pf_parse_ids(struct pf_parse *p, struct pn_cmp **list, bool group)
{
	struct pn_cmp *new = NULL;
	struct cmp_list cl = { &new, group ? gid_value : uid_value, group ? "group" : "user" };

	if (!pf_list(p, cmp_item, &cl))
		return false;
	*cl.tail = *list;
	*list = new;
	return true;
}
