/* pf_once.c - rules for one packet: who has them, and what of that outlives the ruleset. */
#include <string.h>

#include "net/pf/pf_once.h"

/* Rules are their ruleset's, which is const to packets but for this. One exchange decides among the cores; such rules are rare, and so are their
 * packets. */
bool
pf_once_take(const struct pf_krule *kr)
{
	return !__atomic_exchange_n(&((struct pf_krule *)kr)->kr_spent, true, __ATOMIC_ACQ_REL);
}

void
pf_once_return(const struct pf_krule *kr)
{
	__atomic_store_n(&((struct pf_krule *)kr)->kr_spent, false, __ATOMIC_RELEASE);
}

static const struct pf_krules *
list_of(const struct pf_ruleset *rs, const char *path)
{
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		if (strcmp(an->an_path, path) == 0)
			return &rs->rs_list[an->an_index];
	return NULL;
}

static bool
has_any(const struct pf_krules *ks)
{
	for (unsigned i = 0; i < ks->ks_n; i++)
		if (ks->ks_rule[i].kr_once)
			return true;
	return false;
}

/* At the same place of the same text. */
static bool
is_same(const struct pf_rule *r, const struct pf_rule *was)
{
	return r->r_source != 0 && r->r_source == was->r_source && r->r_line == was->r_line && r->r_once && was->r_once;
}

void
pf_once_keep(struct pf_ruleset *rs, const struct pf_ruleset *old)
{
	const struct pf_krules *list;

	if (rs == NULL || old == NULL)
		return;
	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all) {
		const struct pf_krules *ks = &rs->rs_list[an->an_index];

		if (!has_any(ks) || (list = list_of(old, an->an_path)) == NULL)
			continue;
		for (unsigned i = 0; i < MIN(ks->ks_n, list->ks_n); i++)
			if (list->ks_rule[i].kr_spent && is_same(ks->ks_rule[i].kr_rule, list->ks_rule[i].kr_rule))
				pf_once_take(&ks->ks_rule[i]);
	}
}
