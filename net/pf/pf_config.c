/* pf_config.c - /etc/pf.conf in the configuration, /etc/pf.anchors/PATH: the rules of an anchor that pfctl -a has loaded, and /etc/pf.tables/NAME:
 * addresses. The texts are what is kept, so that they print as their author wrote them. They are read, as one ruleset, when all else of a
 * configuration is in force, for rules name interfaces and what addresses they have; when it cannot be loaded, all goes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/log.h"
#include "net/pf/pf_ctl.h"
#include "net/pf/pf_env_net.h"

#define PF_CONF_PATH	"/etc/" PF_CONF_NAME

/* pf_number: another for each text, so that what is in force can be compared with what is to be. */
struct pf_file { uint64_t pf_number; size_t pf_len; char pf_text[]; };

/* What is to be in force; anchors in the order of their paths, so that one comes before those in it. */
struct piece { char p_path[PF_ANCHOR_FILE]; const struct pf_file *p_file; };
static struct { const struct pf_file *w_main; struct piece *w_anchor; unsigned w_n, w_cap; } want;
static uint64_t table_files;		/* the numbers of all files of tables' addresses, together */
static uint64_t in_force;		/* want_number() of what is; 0: something else is, or nothing */
static bool loading;			/* a bundle: all its files are told before one is to be in force */

void *
pf_conf_object(const char *text, size_t len)
{
	struct pf_file *pf = malloc(sizeof(*pf) + len + 1);

	if (pf == NULL)
		return NULL;
	random_bytes(&pf->pf_number, sizeof(pf->pf_number));
	pf->pf_len = len;
	memcpy(pf->pf_text, text, len);
	pf->pf_text[len] = '\0';
	return pf;
}

bool
pf_anchor_name(const char *s, char *name, size_t len)
{
	char *to = name + strlen(PF_ANCHORS_NAME), *end = name + MIN(len, (size_t)PF_ANCHOR_FILE - sizeof("/etc/")) - 1;

	strcpy(name, PF_ANCHORS_NAME);
	for (s += strspn(s, "/"); *s != '\0'; s += strspn(s, "/")) {
		size_t n = strcspn(s, "/");

		if (*s == '_' || n >= PF_ANCHOR_NAME || n + 1 > (size_t)(end - to) || memchr(s, '*', n) != NULL)
			return false;
		if (to[-1] != '/')
			*to++ = '/';
		for (; n > 0; n--, s++) {
			if (*s <= ' ' || *s > '~')
				return false;
			*to++ = *s;
		}
	}
	*to = '\0';
	return to[-1] != '/';
}

/* ---- what is to be in force ---- */

static uint64_t
want_number(void)
{
	uint64_t n = table_files ^ (want.w_main != NULL ? want.w_main->pf_number : 0);

	for (unsigned i = 0; i < want.w_n; i++)
		n ^= want.w_anchor[i].p_file->pf_number;
	return n;
}

static bool
want_room(void)
{
	struct piece *grown;

	if (want.w_n < want.w_cap)
		return true;
	if ((grown = realloc(want.w_anchor, (2 * want.w_cap + 4) * sizeof(*grown))) == NULL)
		return false;
	want.w_anchor = grown;
	want.w_cap = 2 * want.w_cap + 4;
	return true;
}

/* The anchor's rules are those; NULL: there are none. False: no memory. */
static bool
want_anchor(const char *name, const struct pf_file *pf)
{
	const char *path = name + strlen(PF_ANCHORS_NAME);
	unsigned i = 0;
	int c = 1;

	while (i < want.w_n && (c = strcmp(want.w_anchor[i].p_path, path)) < 0)
		i++;
	if (i < want.w_n && c == 0) {
		if (pf != NULL)
			want.w_anchor[i].p_file = pf;
		else
			memmove(&want.w_anchor[i], &want.w_anchor[i + 1], (--want.w_n - i) * sizeof(*want.w_anchor));
		return true;
	}
	if (pf == NULL)
		return true;
	if (!want_room())
		return false;
	memmove(&want.w_anchor[i + 1], &want.w_anchor[i], (want.w_n++ - i) * sizeof(*want.w_anchor));
	snprintf(want.w_anchor[i].p_path, sizeof(want.w_anchor[i].p_path), "%s", path);
	want.w_anchor[i].p_file = pf;
	return true;
}

/* ---- reading all of it ---- */

static void
overlay(struct pf_overlay *po, char name[PF_ANCHOR_FILE + 8], const struct piece *p)
{
	snprintf(name, PF_ANCHOR_FILE + 8, "/etc/" PF_ANCHORS_NAME "%s", p->p_path);
	*po = (struct pf_overlay){ p->p_path, name, p->p_file->pf_text, p->p_file->pf_len, p->p_file->pf_number ^ table_files };
}

struct pf_ruleset *
pf_config_read(const struct pf_env *env, const struct pf_source *instead)
{
	struct pf_source s = { .ps_name = PF_CONF_PATH, .ps_text = "", .ps_anchor = "" };
	const char *anchor = instead != NULL ? instead->ps_anchor : "";
	struct pf_overlay *po = calloc(want.w_n + 1, sizeof(*po));
	char (*name)[PF_ANCHOR_FILE + 8] = calloc(want.w_n + 1, sizeof(*name));
	struct pf_ruleset *rs = NULL;
	unsigned n = 0;

	if (instead != NULL && anchor[0] == '\0')
		s = *instead;
	else if (want.w_main != NULL) {
		s.ps_text = want.w_main->pf_text;
		s.ps_len = want.w_main->pf_len;
		s.ps_number = want.w_main->pf_number ^ table_files;	/* what they say is part of it */
	}
	for (unsigned i = 0; po != NULL && name != NULL && i <= want.w_n; i++) {
		int c = anchor[0] == '\0' ? 1 : i < want.w_n ? strcmp(anchor, want.w_anchor[i].p_path) : -1;

		if (c <= 0 && anchor[0] != '\0') {
			po[n++] = (struct pf_overlay){ instead->ps_anchor, instead->ps_name, instead->ps_text, instead->ps_len, 0 };
			anchor = "";
		}
		if (i < want.w_n && c != 0) {
			overlay(&po[n], name[n], &want.w_anchor[i]);
			n++;
		}
	}
	s.ps_overlay = po;
	s.ps_noverlay = n;
	if (po != NULL && name != NULL)
		rs = pf_ruleset_read(env, &s);
	else
		env->pe_error(env, "", 0, "not enough memory for the ruleset");
	free(name);
	free(po);
	return rs;
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

	if (file == NULL || file[0] == '\0' || strcmp(file, ce->ce_file) == 0)
		config_error(ce, line, "%s", text);
	else
		config_error(ce, 0, "%s:%u: %s", file, line, text);
}

/* What is wanted comes into force. */
static bool
load(struct config_err *ce)
{
	struct pf_ruleset *rs = NULL;
	struct pf_env_net en;
	struct read_env re;
	unsigned rules;
	int level;

	if (pf_env_net_init(&en)) {
		re.re_env = en.en_env;
		re.re_env.pe_error = read_error;
		re.re_ce = ce;
		rs = pf_config_read(&re.re_env, NULL);
	} else
		config_error(ce, 0, "no memory");
	pf_env_net_free(&en);
	if (rs == NULL)
		return false;
	level = rs->rs_conf.pc_options.po_debug;
	rules = rs->rs_nrules;
	if (!pf_install(rs)) {
		config_error(ce, 0, "not enough memory for the states");
		return false;
	}
	in_force = want_number();
	pf_level = level >= 0 ? level : PF_LEVEL_DEFAULT;
	if (pf_level >= PF_LEVEL_NOTICE)
		log_printf("pf: %u rules are in force\n", rules);
	return true;
}

/* The same, when it is not. Without a pf.conf anchors have nobody who asks for them. */
static bool
load_if_due(struct config_err *ce)
{
	return want.w_main == NULL || in_force == want_number() || load(ce);
}

/* A bundle that says the same again changes nothing; a command that does has what the text names looked up anew. */
static void
keep_number(const struct pf_file *old, const struct pf_file *new)
{
	if (loading && old != NULL && old->pf_len == new->pf_len && memcmp(old->pf_text, new->pf_text, new->pf_len) == 0)
		((struct pf_file *)new)->pf_number = old->pf_number;
}

static void
uninstall(void)
{
	pf_uninstall();
	in_force = 0;
}

/* A router that is to have a filter is closed until it has: from before its first interface comes up, and when the configuration cannot be loaded,
 * until another is. */
static bool
pf_conf_begin(struct config_err *ce, bool named)
{
	loading = true;
	if (!named || pf_rules != NULL || pf_close())
		return true;
	config_error(ce, 0, "no memory");
	return false;
}

/* What pfctl -d or -e has switched by hand is again as the configuration has it. */
static void
pf_conf_end(bool named, bool ok)
{
	struct config_err ce = { .ce_file = PF_CONF_PATH };
	struct out o;

	loading = false;
	if (ok && named)
		pf_enable(true);
	else if (ok ? pf_rules != NULL : pf_is_closed() && config_loaded)
		uninstall();
	if (ok || pf_is_closed() || in_force == 0)
		return;
	out_init(&o, NULL, NULL);		/* what had come into force before something else failed goes back */
	ce.ce_out = &o;
	if (!load_if_due(&ce))
		log_printf("pf: could not go back to the former ruleset: %.*s", (int)o.o_len, o.o_buf);
	out_free(&o);
}

/* What goes when a first configuration fails leaves it closed. */
static bool
pf_conf_apply(struct config_err *ce, const char *name __unused_arg, const void *old, const void *new)
{
	if (new != NULL) {
		keep_number(old, new);
		want.w_main = new;
		return true;
	}
	if (config_loaded)
		uninstall();
	else if (!pf_is_closed() && !pf_close()) {
		config_error(ce, 0, "no memory");
		return false;
	}
	in_force = 0;
	want.w_main = NULL;
	return true;
}

static bool
pf_conf_apply_late(struct config_err *ce, const char *name __unused_arg, const void *old, const void *new)
{
	if (new == NULL)
		return true;
	want.w_main = new;			/* when it goes back, the first turn comes after this one */
	if (!load_if_due(ce))
		return false;
	if (old == NULL)
		pf_enable(true);
	return true;
}

/* An anchor that went while pf.conf stayed as it is. */
static bool
pf_conf_in_force(struct config_err *ce, const char *name __unused_arg, const void *obj __unused_arg)
{
	return load_if_due(ce);
}

/* ---- anchors ---- */

static void *
pf_anchor_read(struct config_err *ce, const char *name, const char *text, size_t len)
{
	char path[PF_ANCHOR_FILE];

	if (pf_anchor_name(name + strlen(PF_ANCHORS_NAME), path, sizeof(path)) && strcmp(path, name) == 0)
		return pf_conf_read(ce, name, text, len);
	config_error(ce, 0, "that is no name of an anchor");
	return NULL;
}

static bool
pf_anchor_apply(struct config_err *ce, const char *name, const void *old, const void *new)
{
	if (new != NULL)
		keep_number(old, new);
	if (!want_anchor(name, new)) {
		config_error(ce, 0, "no memory");
		return false;
	}
	if (new != NULL || loading || load_if_due(ce))
		return true;
	want_anchor(name, old);			/* has room: it was there */
	return false;
}

static bool
pf_anchor_apply_late(struct config_err *ce, const char *name, const void *old __unused_arg, const void *new)
{
	if (want_anchor(name, new))
		return new == NULL || load_if_due(ce);
	config_error(ce, 0, "no memory");
	return false;
}

static void
pf_conf_text(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct pf_file *pf = obj;

	out_write(o, pf->pf_text, pf->pf_len);
}

/* ---- files of addresses, which a table of pf.conf's names; whether they are any is seen when it is read ---- */

static bool
pf_table_file_apply(struct config_err *ce, const char *name __unused_arg, const void *old, const void *new)
{
	const struct pf_file *was = old, *is = new;
	uint64_t before = table_files;

	if (is != NULL)
		keep_number(was, is);
	table_files ^= (was != NULL ? was->pf_number : 0) ^ (is != NULL ? is->pf_number : 0);
	if (loading || load_if_due(ce))
		return true;
	table_files = before;
	return false;
}

static bool
pf_table_file_apply_late(struct config_err *ce, const char *name __unused_arg, const void *old __unused_arg, const void *new)
{
	return new == NULL || load_if_due(ce);
}

static const struct config_key pf_conf_key = {
	.ck_name = PF_CONF_NAME,
	.ck_order = 300,
	.ck_parse = pf_conf_read,
	.ck_begin = pf_conf_begin,
	.ck_end = pf_conf_end,
	.ck_apply = pf_conf_apply,
	.ck_apply_late = pf_conf_apply_late,
	.ck_check = pf_conf_in_force,
	.ck_print = pf_conf_text,
	.ck_free = free,
};
CONFIG_KEY(pf_conf_key);

static const struct config_key pf_anchor_key = {
	.ck_name = PF_ANCHORS_NAME "*",
	.ck_order = 300,
	.ck_parse = pf_anchor_read,
	.ck_apply = pf_anchor_apply,
	.ck_apply_late = pf_anchor_apply_late,
	.ck_print = pf_conf_text,
	.ck_free = free,
};
CONFIG_KEY(pf_anchor_key);

static const struct config_key pf_table_key = {
	.ck_name = PF_TABLES_NAME "*",
	.ck_order = 300,
	.ck_parse = pf_conf_read,
	.ck_apply = pf_table_file_apply,
	.ck_apply_late = pf_table_file_apply_late,
	.ck_print = pf_conf_text,
	.ck_free = free,
};
CONFIG_KEY(pf_table_key);
