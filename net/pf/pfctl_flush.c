/* pfctl_flush.c - pfctl -F: rules, tables, states, statistics, options go. Rules and options are pf.conf's, so it changes through the configuration. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pfctl_engine.h"

static void
say(const struct pfctl *pt, const struct pfctl_args *a, const char *text)
{
	if (!a->a_quiet)
		out_printf(pt->pt_err, "%s\n", text);
}

static int
complain(const struct pfctl *pt, const char *why)
{
	out_printf(pt->pt_err, "pfctl: %s\n", why);
	return 1;
}

/* ---- what is pf.conf's ---- */

/* What is left: text, in the place of pf.conf. Takes nothing over. */
static int
replace(const struct pfctl *pt, const char *text, size_t len)
{
	struct config_err ce = { .ce_out = pt->pt_err };
	void *obj = pf_conf_object(text, len);

	if (obj == NULL)
		return complain(pt, "Cannot allocate memory");
	return config_replace(&ce, PF_CONF_NAME, obj) ? 0 : 1;
}

/* pf.conf without some statements. Where there is none nothing is to go. */
static int
without(const struct pfctl *pt, bool (*go)(void *, enum pf_statement, const char *, unsigned), bool *deeper)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };
	struct pf_source s = { .ps_name = "/etc/" PF_CONF_NAME, .ps_anchor = "" };
	const char *why;
	char *text, *rest = NULL;
	int status = 1;

	if (config_running(PF_CONF_NAME) == NULL)
		return 0;
	if ((text = pt->pt_env->pe_read(pt->pt_env, s.ps_name, &s.ps_len, &why)) == NULL)
		return complain(pt, why);
	s.ps_text = text;
	run.r_env.pe_error = pfctl_error;
	rest = pf_conf_without(&run.r_env, &s, go, deeper, &s.ps_len);
	if (rest == NULL)
		complain(pt, "/etc/pf.conf cannot be read again: nothing has changed");
	else if (*deeper)
		complain(pt, "options stand in included files: nothing has changed");
	else
		status = replace(pt, rest, s.ps_len);
	free(rest);
	free(text);
	return status;
}

static bool
is_rule(void *arg __unused_arg, enum pf_statement kind, const char *name __unused_arg, unsigned depth __unused_arg)
{
	return kind == PF_ST_RULE || kind == PF_ST_ANCHOR || kind == PF_ST_LOAD || kind == PF_ST_INCLUDE;
}

static bool
is_option(void *arg, enum pf_statement kind, const char *name __unused_arg, unsigned depth)
{
	bool *deeper = arg;

	if (kind == PF_ST_OPTION && depth > 1)
		*deeper = true;
	return kind == PF_ST_OPTION;
}

static int
flush_rules(const struct pfctl *pt, const struct pfctl_args *a)
{
	bool deeper = false;
	int status = without(pt, is_rule, &deeper);

	if (status == 0)
		say(pt, a, "rules cleared");
	return status;
}

static int
flush_options(const struct pfctl *pt, const struct pfctl_args *a)
{
	bool deeper = false;
	int status = without(pt, is_option, &deeper);

	if (status != 0)
		return status;
	pf_level = PF_LEVEL_DEFAULT;
	say(pt, a, "limits, timeouts and other options are reset");
	return 0;
}

/* ---- the rest ---- */

static int
flush_states(const struct pfctl *pt, const struct pfctl_args *a)
{
	unsigned n = pfctl_kill_all(a);

	if (!a->a_quiet)
		out_printf(pt->pt_err, "%u states cleared\n", n);
	return 0;
}

static int
flush_info(const struct pfctl *pt, const struct pfctl_args *a)
{
	pfctl_info_clear(a->a_iface);
	say(pt, a, "pf: statistics cleared");
	return 0;
}

static int
flush_sources(const struct pfctl *pt, const struct pfctl_args *a)
{
	pfctl_flush_sources(pt, a->a_quiet);
	return 0;
}

/* There are none to go. */
static int
flush_osfp(const struct pfctl *pt, const struct pfctl_args *a)
{
	say(pt, a, "pf: OS fingerprints cleared");
	return 0;
}

static int
flush_tables(const struct pfctl *pt, const struct pfctl_args *a)
{
	return pfctl_table_kill(pt, a, NULL);
}

/* Tables are counted, as anchors' own have gone by then. */
static int
flush_all(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct pf_ruleset *rs = pf_rules_hold();
	unsigned tables = rs != NULL ? rs->rs_ntables : 0;
	int status;

	pf_rules_put(rs);
	status = config_running(PF_CONF_NAME) != NULL ? replace(pt, "", 0) : 0;
	if (status != 0)
		return status;
	pf_level = PF_LEVEL_DEFAULT;
	say(pt, a, "rules cleared");
	if (!a->a_quiet)
		out_printf(pt->pt_err, "%u tables deleted.\n", tables);
	flush_states(pt, a);
	flush_sources(pt, a);
	return flush_info(pt, a);
}

/* ---- anchors ---- */

/* What pf.conf says of it is overridden by nothing at all; what was loaded for itself goes. */
static int
flush_anchor(const struct pfctl *pt, const struct pf_anchor *an)
{
	struct config_err ce = { .ce_out = pt->pt_err };
	char name[PF_ANCHOR_FILE];
	void *obj = NULL;

	if (an->an_nrules == 0 || !an->an_defined)
		return 0;
	if (!pf_anchor_name(an->an_path, name, sizeof(name)))
		return complain(pt, "the anchor has no name that can be flushed");
	if ((!an->an_apart || an->an_replaced) && (obj = pf_conf_object("", 0)) == NULL)
		return complain(pt, "Cannot allocate memory");
	return config_replace(&ce, name, obj) ? 0 : 1;
}

/* -a: its rules; those of all anchors below it, when it ends in the wildcard. Blocks without a name go with the rules around them. */
static int
flush_anchors(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct pf_ruleset *rs = pf_rules_hold();
	bool wild;
	const struct pf_anchor *top = pfctl_anchor(rs, a->a_anchor, &wild);
	int status = 0;

	if (top == NULL) {
		out_printf(pt->pt_err, "pfctl: Anchor '%s' not found.\n", a->a_anchor);
		status = 1;
	}
	for (const struct pf_anchor *an = top != NULL ? rs->rs_conf.pc_anchors : NULL; an != NULL && status == 0; an = an->an_all) {
		const struct pf_anchor *up = an;

		while (wild && up != top && up->an_parent != NULL)
			up = up->an_parent;
		if (up == top && an->an_parent != NULL && an->an_name[0] != '_' && strstr(an->an_path, "/_") == NULL)
			status = flush_anchor(pt, an);
	}
	pf_rules_put(rs);
	return status;
}

static int
flush_named(const struct pfctl *pt, const struct pfctl_args *a)
{
	size_t n = strlen(a->a_flush);
	bool top = strspn(a->a_anchor, "*/") == strlen(a->a_anchor);	/* the main ruleset, too */
	int status;

	if (strncmp(a->a_flush, "Tables", n) == 0 && !top)
		return flush_tables(pt, a);
	if (strncmp(a->a_flush, "rules", n) != 0 && strncmp(a->a_flush, "all", n) != 0)
		return complain(pt, "-a is for -F rules, Tables and all");
	if ((status = flush_anchors(pt, a)) != 0 || top)
		return status;
	say(pt, a, "rules cleared");
	return 0;
}

/* What it is called in the synopsis' order, of which the first that begins so is meant. */
static const struct { const char *name; int (*fn)(const struct pfctl *, const struct pfctl_args *); } flushes[] = {
	{ "all", flush_all }, { "info", flush_info }, { "osfp", flush_osfp }, { "Reset", flush_options }, { "rules", flush_rules },
	{ "Sources", flush_sources }, { "states", flush_states }, { "Tables", flush_tables },
};

int
pfctl_flush(const struct pfctl *pt, const struct pfctl_args *a)
{
	int status = 0;
	unsigned i = 0;

	while (i < nitems(flushes) && strncmp(a->a_flush, flushes[i].name, strlen(a->a_flush)) != 0)
		i++;
	if (i == nitems(flushes)) {
		out_printf(pt->pt_err, "pfctl: Unknown flush modifier '%s'\n", a->a_flush);
		return 2;
	}
	if (a->a_anchor[0] != '\0')
		status = flush_named(pt, a);
	return status == 0 && strspn(a->a_anchor, "*/") == strlen(a->a_anchor) ? flushes[i].fn(pt, a) : status;
}
