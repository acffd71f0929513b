/* pf_parse_antispoof.c - antispoof for IF: what has an address of a network of IF but does not come from there is blocked; and, but for loopback
 * interfaces, what has IF's own address. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_parse.h"

struct as_if { struct as_if *next; const char *name; bool dynamic; };

/* NAME, or (NAME) for the addresses that it has at the time. */
static bool
as_item(struct pf_parse *p, void *arg)
{
	struct as_if ***tail = arg, *n;

	if (pf_at(p, '{'))
		return pf_list(p, as_item, arg);
	if ((n = pf_new(p, sizeof(*n))) == NULL)
		return false;
	n->dynamic = pf_accept(p, '(');
	if (pf_at(p, '!'))
		return pf_syntax(p);
	if (!pf_string(p, &n->name) || (n->dynamic && !pf_expect(p, ')')))
		return false;
	if (!pf_check_ifname(p, n->name))
		return false;
	**tail = n;
	*tail = &n->next;
	return true;
}

/* The addresses "NAME:network" or "NAME", static or dynamic. None is no error. */
static bool
as_hosts(struct pf_parse *p, const struct as_if *i, bool network, struct pn_host **hosts)
{
	struct pn_host **tail = hosts;
	struct pf_ifaddr ia;
	char text[PF_IFNAME + 8];
	bool any = false;

	snprintf(text, sizeof(text), "%s%s", i->name, network ? ":network" : "");
	*hosts = NULL;
	if (i->dynamic)
		return (*hosts = pf_new(p, sizeof(**hosts))) != NULL && pf_dynaddr(p, text, &(*hosts)->addr);
	for (unsigned k = 0; p->p_env->pe_ifaddr(p->p_env, k, &ia); k++)
		any |= ia.ia_af != PF_AF_ANY &&
		    (strcmp(ia.ia_ifname, i->name) == 0 || p->p_env->pe_in_group(p->p_env, ia.ia_ifname, i->name));
	if (!any && p->p_env->pe_is_if(p->p_env, i->name))
		return true;
	return pf_resolve(p, text, &tail) || pf_bad(p, "could not parse host specification");
}

static bool
is_loopback(const struct pf_env *env, const char *name)
{
	struct pf_ifaddr ia;

	for (unsigned i = 0; env->pe_ifaddr(env, i, &ia); i++)
		if (strcmp(ia.ia_ifname, name) == 0)
			return ia.ia_flags & PF_IFA_LOOPBACK;
	return false;
}

/* The rules for one interface. */
static bool
as_expand(struct pf_parse *p, const struct pf_def *base, const struct as_if *i)
{
	struct pn_if from = { .name = i->name, .not = true };
	struct pf_def d = *base;

	d.d_ifs = &from;
	if (!as_hosts(p, i, true, &d.d_srcs))
		return false;
	if (d.d_srcs != NULL && !pf_expand(p, &d))
		return false;
	if (is_loopback(p->p_env, i->name))
		return true;
	d.d_ifs = NULL;
	if (!as_hosts(p, i, false, &d.d_srcs))
		return false;
	return d.d_srcs == NULL || pf_expand(p, &d);
}

bool
pf_parse_antispoof(struct pf_parse *p)
{
	struct as_if *ifs = NULL, **tail = &ifs;
	struct pf_def d;

	pf_def_init(&d);
	d.d_rule.r_action = PF_BLOCK;
	d.d_rule.r_dir = PF_IN;
	d.d_rule.r_return = p->p_conf->pc_options.po_block_return ? PF_RETURN : PF_DROP;
	pf_next(p);
	d.d_rule.r_quick = pf_accept_kw(p, KW_QUICK);
	if (!pf_parse_log(p, &d.d_rule))
		return false;
	if (!d.d_rule.r_quick)
		d.d_rule.r_quick = pf_accept_kw(p, KW_QUICK);
	if (!pf_expect_kw(p, KW_FOR) || !pf_list(p, as_item, &tail))
		return false;
	pf_parse_af(p, &d.d_rule.r_af);
	if (pf_accept_kw(p, KW_LABEL) && !pf_string(p, &d.d_label))
		return false;
	if (!pf_check_def(p, &d))
		return false;
	for (; ifs != NULL; ifs = ifs->next)
		if (!as_expand(p, &d, ifs))
			return false;
	return true;
}
