/* pfctl_engine.c - pfctl(8) changes the running packet filter: on and off, loading. What it changes of pf.conf it changes through the configuration. */
#include <string.h>

#include "kernel/config.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_names.h"
#include "net/pf/pfctl_engine.h"

/* ---- -f ---- */

static struct pf_ruleset *
try_ruleset(const struct pfctl *pt, const struct pf_source *s)
{
	struct pfctl_run run = { *pt->pt_env, pt->pt_err };

	run.r_env.pe_error = pfctl_error;
	return pf_ruleset_read(&run.r_env, s);
}

/* It becomes the running configuration's pf.conf, when it can be loaded. */
static int
load(const struct pfctl *pt, const struct pfctl_args *a, const char *text, size_t len)
{
	struct pf_source s = { .ps_name = strcmp(a->a_file, "-") == 0 ? "stdin" : a->a_file, .ps_text = text, .ps_len = len, .ps_anchor = "" };
	struct config_err ce = { .ce_out = pt->pt_err };
	struct pf_ruleset *rs;
	void *obj;

	if (a->a_anchor[0] != '\0' || a->a_ndefine > 0) {
		out_printf(pt->pt_err, "pfctl: -a and -D are supported with -n only\n");
		return 1;
	}
	if ((rs = try_ruleset(pt, &s)) == NULL) {
		out_printf(pt->pt_err, "pfctl: Syntax error in config file: pf rules not loaded\n");
		return 1;
	}
	pf_ruleset_free(rs);
	if ((obj = pf_conf_object(text, len)) == NULL) {
		out_printf(pt->pt_err, "pfctl: Cannot allocate memory\n");
		return 1;
	}
	return config_replace(&ce, PF_CONF_NAME, obj) ? 0 : 1;
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
	if (a->a_kill[0] != NULL && (status = pfctl_kill(pt, a)) != 0)
		return status;
	if (text != NULL && (status = load(pt, a, text, len)) != 0)
		return status;
	if (a->a_show != NULL && (status = pfctl_show(pt, a)) != 0)
		return status;
	if (a->a_zero && (status = zero_rules(pt, a->a_quiet)) != 0)
		return status;
	if (a->a_level != NULL && (status = set_level(pt, a)) != 0)
		return status;
	if (a->a_table != NULL)
		return pfctl_table(pt, a);
	if (a->a_test != NULL)
		return pfctl_test(pt, a);
	return a->a_enable ? enable(pt, true, a->a_quiet) : status;
}
