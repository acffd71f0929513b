/* pfctl_engine.c - pfctl(8) changes the running packet filter: on and off, loading. What it changes of pf.conf it changes through the configuration. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_names.h"
#include "net/pf/pfctl_engine.h"

/* ---- -f ---- */

/* What is loaded: s as it was given, and where it goes. */
struct loading {
	const struct pfctl *l_pt;
	struct pf_source l_source;
	char		 l_name[PF_ANCHOR_FILE];	/* of the configuration's file */
};

static int
complain(const struct pfctl *pt, const char *why)
{
	out_printf(pt->pt_err, "pfctl: %s\n", why);
	return 1;
}

static bool
is_overridden(void *arg, enum pf_statement kind, const char *name, unsigned depth __unused_arg)
{
	const struct pf_source *s = arg;

	for (unsigned i = 0; i < s->ps_ndefine && kind == PF_ST_MACRO; i++)
		if (strcmp(s->ps_define[i].d_name, name) == 0)
			return true;
	return false;
}

/* The text as the configuration keeps it: -D's definitions stand in front, in the place of its own. */
static void *
object(struct loading *l, const struct pf_env *env)
{
	struct pf_source *s = &l->l_source;
	struct out o;
	char *text;
	size_t len;
	void *obj;

	if (s->ps_ndefine == 0)
		return pf_conf_object(s->ps_text, s->ps_len);
	if ((text = pf_conf_without(env, s, is_overridden, s, &len)) == NULL)
		return NULL;
	out_init(&o, NULL, NULL);
	for (unsigned i = 0; i < s->ps_ndefine; i++) {
		out_printf(&o, "%s = ", s->ps_define[i].d_name);
		pf_print_quoted(&o, s->ps_define[i].d_value);
		out_printf(&o, "\n");
	}
	out_write(&o, text, len);
	obj = o.o_failed ? NULL : pf_conf_object(o.o_buf, o.o_len);
	out_free(&o);
	free(text);
	return obj;
}

/* A ruleset that was loaded into an anchor for itself gives way to what a new pf.conf says of that anchor. */
static void
forget_replaced(const struct pf_ruleset *rs, struct config_err *ce)
{
	char name[PF_ANCHOR_FILE];

	for (const struct pf_anchor *an = rs->rs_conf.pc_anchors; an != NULL; an = an->an_all)
		if (an->an_apart && an->an_replaced && pf_anchor_name(an->an_path, name, sizeof(name)))
			config_replace(ce, name, NULL);
}

static struct pf_ruleset *
try_ruleset(const struct loading *l, struct pfctl_run *run)
{
	struct pf_ruleset *rs;

	*run = (struct pfctl_run){ *l->l_pt->pt_env, l->l_pt->pt_err };
	run->r_env.pe_error = pfctl_error;
	if ((rs = pf_config_read(&run->r_env, &l->l_source)) == NULL)
		out_printf(l->l_pt->pt_err, "pfctl: Syntax error in config file: pf rules not loaded\n");
	return rs;
}

/* It becomes the running configuration's pf.conf or, with -a, its file for the anchor, when it can be loaded. */
static int
load(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct loading l = { .l_pt = pt, .l_name = PF_CONF_NAME, .l_source = { .ps_name = strcmp(a->a_file, "-") == 0 ? "stdin" : a->a_file,
	    .ps_text = text, .ps_len = len, .ps_anchor = "", .ps_define = a->a_define, .ps_ndefine = a->a_ndefine } };
	struct config_err ce = { .ce_out = pt->pt_err };
	struct pfctl_run run;
	struct pf_ruleset *rs;
	bool ok = false;
	void *obj;

	if (a->a_anchor[0] != '\0') {
		if (!pf_anchor_name(a->a_anchor, l.l_name, sizeof(l.l_name)))
			return complain(pt, "invalid anchor name");
		l.l_source.ps_anchor = l.l_name + strlen(PF_ANCHORS_NAME);
	}
	if ((rs = try_ruleset(&l, &run)) == NULL)
		return 1;
	if ((obj = object(&l, &run.r_env)) == NULL)
		complain(pt, "Cannot allocate memory");
	else
		ok = config_replace(&ce, l.l_name, obj);
	if (ok && a->a_anchor[0] == '\0')
		forget_replaced(rs, &ce);
	pf_ruleset_free(rs);
	return ok ? 0 : 1;
}

/* ---- -e, -d ---- */

static int
enable(const struct pfctl *pt, bool on, bool quiet)
{
	if (!pf_enable(on)) {
		out_printf(pt->pt_err, "pfctl: pf %s\n", on && pf_rules == NULL ? "cannot be enabled: Cannot allocate memory" : on ? "already enabled" :
		    "not enabled");
		return 1;
	}
	if (!quiet)
		out_printf(pt->pt_err, "pf %s\n", on ? "enabled" : "disabled");
	return 0;
}

/* ---- -x ---- */

static int
set_level(const struct pfctl *pt, const struct pfctl_args *a)
{
	int level = -1;
	size_t n = strlen(a->a_level);

	for (int i = 0; i <= PF_LEVEL_MAX && level < 0; i++)
		if (strncmp(pf_debug_name(i), a->a_level, n) == 0)
			level = i;
	if (level < 0) {
		out_printf(pt->pt_err, "pfctl: unknown debug level '%s'\n", a->a_level);
		return 1;
	}
	pf_level = level;
	if (!a->a_quiet)
		out_printf(pt->pt_err, "debug level set to '%s'\n", pf_debug_name(level));
	return 0;
}

/* ---- -z ---- */

static int
zero_rules(const struct pfctl *pt, bool quiet)
{
	struct pf_ruleset *rs = pf_rules_hold();
	bool ok = rs == NULL || pf_rcounts_zero(rs);

	pf_rules_put(rs);
	if (!ok)
		out_printf(pt->pt_err, "pfctl: Cannot allocate memory\n");
	else if (!quiet)
		out_printf(pt->pt_err, "pf: rule counters cleared\n");
	return ok ? 0 : 1;
}

/* ---- all of it, in pfctl's order ---- */

int
pfctl_engine(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	int status = 0;

	if (a->a_enable && a->a_disable)
		return 2;
	if (a->a_disable && (status = enable(pt, false, a->a_quiet)) != 0)
		return status;
	if (a->a_flush != NULL && (status = pfctl_flush(pt, a)) != 0)
		return status;
	if (a->a_killsrc[0] != NULL && (status = pfctl_kill_sources(pt, a)) != 0)
		return status;
	if (a->a_kill[0] != NULL && (status = pfctl_kill(pt, a)) != 0)
		return status;
	if (text != NULL && a->a_table == NULL && (status = (a->a_load ? pfctl_tables_load : load)(pt, a, text, len)) != 0)
		return status;
	if (a->a_show != NULL && (status = pfctl_show(pt, a)) != 0)
		return status;
	if (a->a_zero && (status = zero_rules(pt, a->a_quiet)) != 0)
		return status;
	if (a->a_level != NULL && (status = set_level(pt, a)) != 0)
		return status;
	if (a->a_table != NULL)
		return pfctl_table(pt, a, text, len);
	if (a->a_test != NULL)
		return pfctl_test(pt, a);
	return a->a_enable ? enable(pt, true, a->a_quiet) : status;
}
