/* sysctl.c - the sysctl command and /etc/sysctl.conf. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "kernel/task.h"
#include "kernel/text.h"

/* The object of /etc/sysctl.conf: what it sets, in its order. */
union sysctl_value { int sv_int; uint8_t sv_key[SYSCTL_KEYSIZE]; };
struct sysctl_set { const struct sysctl *ss_var; union sysctl_value ss_value; };
struct sysctl_conf { unsigned sn_n; struct sysctl_set sn_set[]; };

static const struct sysctl *
sysctl_find(const char *name, size_t len)
{
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (strlen(sc->sc_name) == len && memcmp(sc->sc_name, name, len) == 0)
			return sc;
	return NULL;
}

/* The first variable in the order of the alphabet behind `name` (NULL: of all). */
static const struct sysctl *
sysctl_next(const char *name)
{
	const struct sysctl *best = NULL;

	SET_FOREACH(const struct sysctl, sc, sysctls)
		if ((name == NULL || strcmp(sc->sc_name, name) > 0) &&
		    (best == NULL || strcmp(sc->sc_name, best->sc_name) < 0))
			best = sc;
	return best;
}

/* Of a variable that can be set. buf: at least 2 * SYSCTL_KEYSIZE + 1 bytes. */
static void
sysctl_text(const struct sysctl *sc, const union sysctl_value *v, char *buf, size_t len)
{
	if (sc->sc_int != NULL)
		snprintf(buf, len, "%d", v->sv_int);
	for (unsigned i = 0; sc->sc_key != NULL && i < SYSCTL_KEYSIZE; i++)
		snprintf(buf + 2 * i, len - 2 * i, "%02x", v->sv_key[i]);
}

static union sysctl_value
sysctl_get(const struct sysctl *sc)
{
	union sysctl_value v = { 0 };

	if (sc->sc_key != NULL)
		memcpy(v.sv_key, sc->sc_key, sizeof(v.sv_key));
	else
		v.sv_int = *sc->sc_int;
	return v;
}

static void
sysctl_value(const struct sysctl *sc, char *buf, size_t len)
{
	union sysctl_value v;

	if (sc->sc_print != NULL) {
		sc->sc_print(buf, len);
		return;
	}
	v = sysctl_get(sc);
	sysctl_text(sc, &v, buf, len);
}

/* In the loop or between net_enter and net_leave. */
static void
sysctl_change(const struct sysctl *sc, const union sysctl_value *v)
{
	if (sc->sc_key != NULL ? memcmp(sc->sc_key, v->sv_key, SYSCTL_KEYSIZE) == 0 : *sc->sc_int == v->sv_int)
		return;
	if (sc->sc_key != NULL)
		memcpy(sc->sc_key, v->sv_key, SYSCTL_KEYSIZE);
	else
		*sc->sc_int = v->sv_int;
	if (sc->sc_changed != NULL)
		sc->sc_changed();
}

/* Whether it may be set. */
static bool
sysctl_settable(const struct sysctl *sc)
{
	return sc->sc_print == NULL && !sc->sc_readonly;
}

static void
sysctl_default(const struct sysctl *sc)
{
	union sysctl_value v = { 0 };

	if (sc->sc_int != NULL)
		v.sv_int = sc->sc_default;
	sysctl_change(sc, &v);
}

static bool
sysctl_parse_key(const char *text, uint8_t *key)
{
	if (strlen(text) != 2 * SYSCTL_KEYSIZE || strspn(text, "0123456789abcdefABCDEF") != 2 * SYSCTL_KEYSIZE)
		return false;
	for (unsigned i = 0; i < SYSCTL_KEYSIZE; i++)
		key[i] = (uint8_t)(text_hexdigit(text[2 * i]) << 4 | text_hexdigit(text[2 * i + 1]));
	return true;
}

/* Why text is no value for sc, into `why`; false then. */
static bool
sysctl_parse_value(const struct sysctl *sc, const char *text, union sysctl_value *v, char *why, size_t len)
{
	int64_t n;

	memset(v, 0, sizeof(*v));
	if (!sysctl_settable(sc)) {
		snprintf(why, len, "%s is read only", sc->sc_name);
		return false;
	}
	if (sc->sc_key != NULL) {
		if (sysctl_parse_key(text, v->sv_key))
			return true;
		snprintf(why, len, "%s is %d hexadecimal digits", sc->sc_name, 2 * SYSCTL_KEYSIZE);
		return false;
	}
	if (!text_int(text, sc->sc_min, sc->sc_max, &n)) {
		snprintf(why, len, "%s is a number from %d to %d", sc->sc_name, sc->sc_min, sc->sc_max);
		return false;
	}
	v->sv_int = (int)n;
	return true;
}

void
sysctl_defaults(void)
{
	SET_FOREACH(const struct sysctl, sc, sysctls)
		if (sysctl_settable(sc))
			sysctl_default(sc);
}

/* ---- /etc/sysctl.conf ---- */

static struct sysctl_set *
conf_find(const struct sysctl_conf *conf, const struct sysctl *sc)
{
	for (unsigned i = 0; conf != NULL && i < conf->sn_n; i++)
		if (conf->sn_set[i].ss_var == sc)
			return (struct sysctl_set *)&conf->sn_set[i];
	return NULL;
}

/* A copy with room for one more. NULL: no memory. */
static struct sysctl_conf *
conf_copy(const struct sysctl_conf *conf)
{
	unsigned n = conf != NULL ? conf->sn_n : 0;
	struct sysctl_conf *copy = malloc(sizeof(*copy) + (n + 1) * sizeof(copy->sn_set[0]));

	if (copy == NULL)
		return NULL;
	copy->sn_n = n;
	if (n > 0)
		memcpy(copy->sn_set, conf->sn_set, n * sizeof(conf->sn_set[0]));
	return copy;
}

static void
conf_set(struct sysctl_conf *conf, const struct sysctl *sc, const union sysctl_value *v)
{
	struct sysctl_set *ss = conf_find(conf, sc);

	if (ss == NULL)
		ss = &conf->sn_set[conf->sn_n++];
	*ss = (struct sysctl_set){ sc, *v };
}

/* "name=value", blanks around either allowed. */
static void
conf_line(struct config_err *ce, struct sysctl_conf *conf, const struct text_lines *tl)
{
	const char *s = tl->tl_line, *eq = memchr(s, '=', tl->tl_len), *name_end = eq, *value, *end = s + tl->tl_len;
	const struct sysctl *sc;
	char text[2 * SYSCTL_KEYSIZE + 1], why[160];
	union sysctl_value v;

	if (eq == NULL) {
		config_error(ce, tl->tl_no, "expected name=value");
		return;
	}
	while (name_end > s && (name_end[-1] == ' ' || name_end[-1] == '\t'))
		name_end--;
	for (value = eq + 1; value < end && (*value == ' ' || *value == '\t'); value++)
		continue;
	sc = sysctl_find(s, (size_t)(name_end - s));
	if (sc == NULL) {
		config_error(ce, tl->tl_no, "unknown variable %.*s", (int)MIN(name_end - s, 100), s);
		return;
	}
	if ((size_t)(end - value) >= sizeof(text))
		value = end;
	memcpy(text, value, (size_t)(end - value));
	text[end - value] = '\0';
	if (!sysctl_parse_value(sc, text, &v, why, sizeof(why)))
		config_error(ce, tl->tl_no, "%s", why);
	else
		conf_set(conf, sc, &v);
}

static void *
conf_parse(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	struct sysctl_conf *conf;
	struct text_lines tl;
	unsigned before = ce->ce_errors;

	/* A variable has one entry, however often it is named. */
	conf = malloc(sizeof(*conf) + SET_COUNT(sysctls) * sizeof(conf->sn_set[0]));
	if (conf == NULL) {
		config_error(ce, 0, "out of memory");
		return NULL;
	}
	conf->sn_n = 0;
	text_lines_init(&tl, text, len);
	while (text_line(&tl))
		if (tl.tl_len > 0)
			conf_line(ce, conf, &tl);
	if (ce->ce_errors != before) {
		free(conf);
		return NULL;
	}
	return conf;
}

static bool
conf_apply(struct config_err *ce __unused_arg, const char *name __unused_arg, const void *old __unused_arg, const void *new)
{
	net_enter();
	SET_FOREACH(const struct sysctl, sc, sysctls) {
		const struct sysctl_set *ss = conf_find(new, sc);

		if (ss != NULL)
			sysctl_change(sc, &ss->ss_value);
		else if (sysctl_settable(sc))
			sysctl_default(sc);
	}
	net_leave();
	return true;
}

static void
conf_print(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct sysctl_conf *conf = obj;

	for (unsigned i = 0; i < conf->sn_n; i++) {
		const struct sysctl_set *ss = &conf->sn_set[i];
		char text[2 * SYSCTL_KEYSIZE + 1];

		sysctl_text(ss->ss_var, &ss->ss_value, text, sizeof(text));
		out_printf(o, "%s=%s\n", ss->ss_var->sc_name, text);
	}
}

static const struct config_key sysctl_key = {
	.ck_name = "sysctl.conf",
	.ck_order = 10,
	.ck_parse = conf_parse,
	.ck_apply = conf_apply,
	.ck_print = conf_print,
	.ck_free = free,
};
CONFIG_KEY(sysctl_key);

/* ---- the command ---- */

static void
sysctl_show(struct out *o, const struct sysctl *sc, bool bare)
{
	char value[128];

	sysctl_value(sc, value, sizeof(value));
	if (o->o_json && sc->sc_int != NULL)
		json_i64(o, sc->sc_name, *sc->sc_int);
	else if (o->o_json)
		json_str(o, sc->sc_name, value);
	else if (bare)
		out_printf(o, "%s\n", value);
	else
		out_printf(o, "%s=%s\n", sc->sc_name, value);
}

/* An error: a line of text, or in JSON a member of the object that is open. */
static void __printflike(2, 3)
sysctl_error(struct out *o, const char *fmt, ...)
{
	char buf[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (o->o_json)
		json_str(o, "error", buf);
	else
		out_printf(o, "sysctl: %s\n", buf);
}

/* As sysctl(8) puts it: which level of the name leads nowhere. */
static void
sysctl_unknown(struct out *o, const char *name)
{
	static const char *const level[] = { "top", "second", "third", "fourth", "fifth", "sixth" };
	const char *part = name, *dot;
	unsigned n = 0;
	bool found = true;

	for (;;) {
		dot = part + strcspn(part, ".");
		found = false;
		SET_FOREACH(const struct sysctl, sc, sysctls)
			found |= strncmp(sc->sc_name, name, (size_t)(dot - name)) == 0 &&
			    (sc->sc_name[dot - name] == '.' || sc->sc_name[dot - name] == '\0');
		if (!found || *dot == '\0')
			break;
		part = dot + 1;
		n++;
	}
	sysctl_error(o, "%s level name %.*s in %s is invalid", level[MIN(n, nitems(level) - 1)],
	    (int)(dot - part), part, name);
}

/* All whose name is `name` or lies below it; NULL: all. */
static int
sysctl_show_below(struct out *o, const char *name, bool bare)
{
	size_t len = name != NULL ? strlen(name) : 0;
	unsigned shown = 0;

	for (const struct sysctl *sc = sysctl_next(NULL); sc != NULL; sc = sysctl_next(sc->sc_name)) {
		if (name != NULL && (strncmp(sc->sc_name, name, len) != 0 ||
		    (sc->sc_name[len] != '\0' && sc->sc_name[len] != '.')))
			continue;
		sysctl_show(o, sc, bare);
		shown++;
	}
	if (shown == 0 && name != NULL)
		sysctl_unknown(o, name);
	return shown == 0 && name != NULL;
}

static bool
sysctl_replace(struct out *o, struct sysctl_conf *conf)
{
	struct out text;
	struct config_err ce = { .ce_out = &text };
	bool ok;

	out_init(&text, NULL, NULL);
	ok = config_replace(&ce, "sysctl.conf", conf);
	if (!ok)
		sysctl_error(o, "%.*s", text.o_len > 0 ? (int)text.o_len - 1 : 0, text.o_len > 0 ? text.o_buf : "");
	out_free(&text);
	return ok;
}

static int
sysctl_assign(struct out *o, char *arg, bool bare, bool quiet)
{
	char *eq = strchr(arg, '='), old[128], new[128], why[160];
	const struct sysctl *sc = sysctl_find(arg, (size_t)(eq - arg));
	struct sysctl_conf *conf;
	union sysctl_value v;

	*eq = '\0';
	if (sc == NULL) {
		sysctl_unknown(o, arg);
		return 1;
	}
	if (!sysctl_parse_value(sc, eq + 1, &v, why, sizeof(why))) {
		sysctl_error(o, "%s", why);
		return 1;
	}
	sysctl_value(sc, old, sizeof(old));
	conf = conf_copy(config_running("sysctl.conf"));
	if (conf == NULL) {
		sysctl_error(o, "out of memory");
		return 1;
	}
	conf_set(conf, sc, &v);
	if (!sysctl_replace(o, conf))
		return 1;
	sysctl_value(sc, new, sizeof(new));
	if (quiet)
		return 0;
	if (o->o_json)
		sysctl_show(o, sc, bare);
	else if (bare)
		out_printf(o, "%s\n", new);
	else
		out_printf(o, "%s: %s -> %s\n", sc->sc_name, old, new);
	return 0;
}

static int
cmd_sysctl(struct out *o, int argc, char **argv)
{
	bool bare = false, quiet = false;
	int i, status = 0;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (argv[i][1] == '\0' || argv[i][strspn(argv[i] + 1, "nqa") + 1] != '\0')
			return command_usage(o, argv[0]);
		bare |= strchr(argv[i], 'n') != NULL;
		quiet |= strchr(argv[i], 'q') != NULL;
	}
	if (o->o_json)
		json_open(o, NULL, '{');
	if (i == argc)
		status = sysctl_show_below(o, NULL, bare);
	for (; i < argc && !o->o_stop; i++) {
		if (strchr(argv[i], '=') != NULL)
			status |= sysctl_assign(o, argv[i], bare, quiet);
		else
			status |= sysctl_show_below(o, argv[i], bare);
	}
	if (o->o_json)
		json_close(o, '}');
	return status;
}
COMMAND(sysctl, cmd_sysctl, "sysctl [-j] [-n] [name ...]\nsysctl [-nq] name=value ...", "show or change settings",
    "Without names shows all settings, with a name that one or all below it. -n prints the value\n"
    "alone, -q nothing for a change. A change becomes part of /etc/sysctl.conf in the running\n"
    "configuration (see show config).\n");
