/* pf_config.c - /etc/pf.conf in the configuration. The text is what is kept, so that it prints as its author wrote it. It is read when all else of
 * a configuration is in force, for its rules name interfaces and what addresses they have; when it cannot be loaded, all goes back. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/log.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_env_net.h"

#define PF_CONF_PATH	"/etc/" PF_CONF_NAME

struct pf_file { size_t pf_len; char pf_text[]; };

void *
pf_conf_object(const char *text, size_t len)
{
	struct pf_file *pf = malloc(sizeof(*pf) + len + 1);

	if (pf == NULL)
		return NULL;
	pf->pf_len = len;
	memcpy(pf->pf_text, text, len);
	pf->pf_text[len] = '\0';
	return pf;
}

static void *
pf_conf_read(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	void *obj = pf_conf_object(text, len);

	if (obj == NULL)
		config_error(ce, 0, "no memory");
	return obj;
}

/* pe_error's argument lies behind the environment. */
struct read_env { struct pf_env re_env; struct config_err *re_ce; };

static void
read_error(const struct pf_env *env, const char *file, unsigned line, const char *text)
{
	struct config_err *ce = container_of(env, const struct read_env, re_env)->re_ce;

	if (file == NULL || file[0] == '\0' || strcmp(file, PF_CONF_PATH) == 0)
		config_error(ce, line, "%s", text);
	else
		config_error(ce, 0, "%s:%u: %s", file, line, text);
}

static bool
load(struct config_err *ce, const struct pf_file *pf)
{
	struct pf_source s = { .ps_name = PF_CONF_PATH, .ps_text = pf->pf_text, .ps_len = pf->pf_len, .ps_anchor = "" };
	struct pf_ruleset *rs = NULL;
	struct pf_env_net en;
	struct read_env re;
	unsigned rules;
	int level;

	if (pf_env_net_init(&en)) {
		re.re_env = en.en_env;
		re.re_env.pe_error = read_error;
		re.re_ce = ce;
		rs = pf_ruleset_read(&re.re_env, &s);
	} else
		config_error(ce, 0, "no memory");
	pf_env_net_free(&en);
	if (rs == NULL)
		return false;
	level = rs->rs_conf.pc_options.po_debug;
	rules = rs->rs_nrules;
	if (pf_install(rs)) {
		pf_level = level >= 0 ? level : PF_LEVEL_DEFAULT;
		if (pf_level >= PF_LEVEL_NOTICE)
			log_printf("pf: %u rules are in force\n", rules);
		return true;
	}
	config_error(ce, 0, "not enough memory for the states");
	return false;
}

/* A router that is to have a filter is closed until it has: from before its first interface comes up, and when the configuration cannot be loaded, until
 * another is. */
static bool
pf_conf_begin(struct config_err *ce, bool named)
{
	if (!named || pf_rules != NULL || pf_close())
		return true;
	config_error(ce, 0, "no memory");
	return false;
}

/* What pfctl -d or -e has switched by hand is again as the configuration has it. */
static void
pf_conf_end(bool named, bool in_force)
{
	if (in_force && named)
		pf_enable(true);
	else if (in_force ? pf_rules != NULL : pf_is_closed() && config_loaded)
		pf_uninstall();
}

/* What goes when a first configuration fails leaves it closed. */
static bool
pf_conf_apply(struct config_err *ce, const char *name __unused_arg, const void *old __unused_arg, const void *new)
{
	if (new != NULL)
		return true;
	if (config_loaded)
		pf_uninstall();
	else if (!pf_is_closed() && !pf_close()) {
		config_error(ce, 0, "no memory");
		return false;
	}
	return true;
}

static bool
pf_conf_apply_late(struct config_err *ce, const char *name __unused_arg, const void *old, const void *new)
{
	const struct pf_file *was = old, *pf = new;

	if (pf == NULL || (was != NULL && pf_rules != NULL && was->pf_len == pf->pf_len && memcmp(was->pf_text, pf->pf_text, pf->pf_len) == 0))
		return true;
	if (!load(ce, pf))
		return false;
	if (was == NULL)
		pf_enable(true);
	return true;
}

static void
pf_conf_text(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct pf_file *pf = obj;

	out_write(o, pf->pf_text, pf->pf_len);
}

static const struct config_key pf_conf_key = {
	.ck_name = PF_CONF_NAME,
	.ck_order = 300,
	.ck_parse = pf_conf_read,
	.ck_begin = pf_conf_begin,
	.ck_end = pf_conf_end,
	.ck_apply = pf_conf_apply,
	.ck_apply_late = pf_conf_apply_late,
	.ck_print = pf_conf_text,
	.ck_free = free,
};
CONFIG_KEY(pf_conf_key);
