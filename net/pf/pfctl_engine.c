/* pfctl_engine.c - pfctl(8) changes the running packet filter: on and off, loading, flushing, killing. What it changes of pf.conf it changes through the
 * configuration. */
#include <string.h>

#include "kernel/config.h"
#include "net/pf/pf.h"
#include "net/pf/pf_ctl.h"
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

/* ---- -F ---- */

static int
flush_rules(const struct pfctl *pt)
{
	struct config_err ce = { .ce_out = pt->pt_err };
	void *obj = pf_conf_object("", 0);

	return obj != NULL && config_replace(&ce, PF_CONF_NAME, obj) ? 0 : 1;
}

static int
flush(const struct pfctl *pt, const char *what, bool quiet)
{
	size_t n = strlen(what);
	bool all = n > 0 && strncmp(what, "all", n) == 0, rules = n > 0 && strncmp(what, "rules", n) == 0;
	bool states = n > 0 && strncmp(what, "states", n) == 0;
	unsigned killed;

	if (!all && !rules && !states) {
		out_printf(pt->pt_err, "pfctl: Unknown flush modifier '%s'\n", what);
		return 2;
	}
	if ((all || rules) && flush_rules(pt) != 0)
		return 1;
	if ((all || rules) && !quiet)
		out_printf(pt->pt_err, "rules cleared\n");
	if (all || states) {
		killed = pf_states_kill(NULL, NULL);
		if (!quiet)
			out_printf(pt->pt_err, "%u states cleared\n", killed);
	}
	return 0;
}

/* ---- -k ---- */

bool
pfctl_prefix(const char *s, struct pf_tentry *e)
{
	be32_t v4;

	*e = (struct pf_tentry){ .te_af = PF_INET6 };
	if (strchr(s, ':') != NULL)
		return in6_parsenet(s, &e->te_addr, &e->te_plen, NULL);
	if (!ip4_parsenet(s, &v4, &e->te_plen))
		return false;
	e->te_af = PF_INET;
	e->te_addr = in6_of_ip4(v4);
	return true;
}

struct kill { struct pf_tentry k_host[2]; unsigned k_n; };

/* From the first host, to the second: as the connection was opened. */
static bool
is_between(const struct pf_state *s, const void *arg)
{
	const struct kill *kill = arg;
	const struct pf_key *k = &s->s_sk[0].sk_key;

	for (unsigned i = 0; i < kill->k_n; i++) {
		const struct pf_tentry *h = &kill->k_host[i];
		unsigned side = s->s_dir == PF_IN ? i : !i;

		if (h->te_plen > 0 && (h->te_af != k->k_af || !in6_covers(&h->te_addr, h->te_plen, &k->k_addr[side])))
			return false;
	}
	return true;
}

static int
kill_states(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct kill kill = { .k_n = a->a_kill[1] != NULL ? 2 : 1 };
	unsigned n;

	for (unsigned i = 0; i < kill.k_n; i++)
		if (!pfctl_prefix(a->a_kill[i], &kill.k_host[i])) {
			out_printf(pt->pt_err, "pfctl: no IP address found for %s\n", a->a_kill[i]);
			return 1;
		}
	n = pf_states_kill(is_between, &kill);
	if (!a->a_quiet)
		out_printf(pt->pt_err, "killed %u states from %u sources and %u destinations\n", n, 1, kill.k_n - 1);
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
	if (a->a_flush != NULL && (status = flush(pt, a->a_flush, a->a_quiet)) != 0)
		return status;
	if (a->a_kill[0] != NULL && (status = kill_states(pt, a)) != 0)
		return status;
	if (text != NULL && (status = load(pt, a, text, len)) != 0)
		return status;
	if (a->a_show != NULL && !pfctl_show(pt, a, a->a_show)) {
		out_printf(pt->pt_err, "pfctl: Unknown show modifier '%s'\n", a->a_show);
		return 2;
	}
	if (a->a_zero && (status = zero_rules(pt, a->a_quiet)) != 0)
		return status;
	if (a->a_table != NULL)
		return pfctl_table(pt, a);
	if (a->a_test != NULL)
		return pfctl_test(pt, a);
	return a->a_enable ? enable(pt, true, a->a_quiet) : status;
}
