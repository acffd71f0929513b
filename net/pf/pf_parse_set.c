/* pf_parse_set.c - set ...: each option is printed as it is read (-v) and kept in pc_options. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

#define say(p, ...) do {							\
	if ((p)->p_env->pe_verbose != NULL)					\
		out_printf((p)->p_env->pe_verbose, __VA_ARGS__);		\
	} while (0)

static void
say_word(struct pf_parse *p, const char *s)
{
	if (p->p_env->pe_verbose != NULL && strcmp(s, "any") == 0)
		out_printf(p->p_env->pe_verbose, "any");
	else if (p->p_env->pe_verbose != NULL)
		pf_print_word(p->p_env->pe_verbose, s);
}

static bool
set_timeout_item(struct pf_parse *p, void *arg __unused_arg)
{
	struct pf_options *o = &p->p_conf->pc_options;
	const char *name;
	uint32_t n;
	int i = pf_named_number(p, "timeout", pf_timeout_index, INT32_MAX, &name, &n);

	if (i < 0)
		return false;
	o->po_timeout[i] = n;
	o->po_timeout_set |= 1u << i;
	say(p, "set timeout %s %u\n", name, (unsigned)n);
	return true;
}

static bool
set_limit_item(struct pf_parse *p, void *arg __unused_arg)
{
	struct pf_options *o = &p->p_conf->pc_options;
	const char *name;
	uint32_t n;
	int i = pf_named_number(p, "limit", pf_limit_index, UINT32_MAX, &name, &n);

	if (i < 0)
		return false;
	o->po_limit[i] = n;
	o->po_limit_set |= 1u << i;
	say(p, "set limit %s %u\n", name, (unsigned)n);
	return true;
}

static bool
set_timeout(struct pf_parse *p)
{
	return pf_list(p, set_timeout_item, NULL);
}

static bool
set_limit(struct pf_parse *p)
{
	return pf_list(p, set_limit_item, NULL);
}

static bool
set_loginterface(struct pf_parse *p)
{
	const char *name;

	if (!pf_string(p, &name))
		return false;
	if (strlen(name) >= PF_IFNAME || name[0] == '\0')
		return pf_bad(p, "interface name '%s' too long", name);
	p->p_conf->pc_options.po_loginterface = strcmp(name, "none") == 0 ? NULL : name;
	say(p, "set loginterface ");
	say_word(p, name);
	say(p, "\n");
	return true;
}

/* Decimal, or 0x. */
static bool
set_hostid(struct pf_parse *p)
{
	unsigned long long id = 0;
	char *end = NULL;

	if (!pf_at(p, TOK_NUMBER) && !pf_at(p, TOK_STRING))
		return pf_syntax(p);
	id = strtoull(p->p_lex.lx_text, &end, pf_at(p, TOK_NUMBER) ? 10 : 0);
	if (*end != '\0' || end == p->p_lex.lx_text || id > UINT32_MAX)
		return pf_bad(p, "invalid hostid %s", p->p_lex.lx_text);
	pf_next(p);
	if (id == 0)
		return pf_bad(p, "hostid must be non-zero");
	p->p_conf->pc_options.po_hostid = (uint32_t)id;
	say(p, "set hostid 0x%08x\n", (unsigned)id);
	return true;
}

static bool
set_optimization(struct pf_parse *p)
{
	static const struct { const char *name; uint8_t value; } t[] = {
		{ "default", PF_OPT_NORMAL }, { "normal", PF_OPT_NORMAL }, { "high-latency", PF_OPT_SATELLITE }, { "satellite", PF_OPT_SATELLITE },
		{ "aggressive", PF_OPT_AGGRESSIVE }, { "conservative", PF_OPT_CONSERVATIVE },
	};

	if (!pf_at(p, TOK_STRING) && !pf_at_kw(p, KW_DEFAULT))
		return pf_syntax(p);
	for (unsigned i = 0; i < nitems(t); i++)
		if (strcmp(p->p_lex.lx_text, t[i].name) == 0) {
			p->p_conf->pc_options.po_optimization = t[i].value;
			say(p, "set optimization %s\n", t[i].name);
			pf_next(p);
			return true;
		}
	return pf_bad(p, "unknown optimization %s", p->p_lex.lx_text);
}

/* Accepted: the engine compiles any ruleset, so there is nothing to choose. */
static bool
set_ruleset_optimization(struct pf_parse *p)
{
	const char *s;

	if (!pf_string(p, &s))
		return false;
	if (strcmp(s, "none") != 0 && strcmp(s, "basic") != 0 && strcmp(s, "profile") != 0)
		return pf_bad(p, "unknown ruleset-optimization %s", s);
	return true;
}

static bool
set_block_policy(struct pf_parse *p)
{
	bool ret = pf_accept_kw(p, KW_RETURN);

	if (!ret && !pf_expect_kw(p, KW_DROP))
		return false;
	p->p_conf->pc_options.po_block_return = ret;
	say(p, "set block-policy %s\n", ret ? "return" : "drop");
	return true;
}

static bool
set_state_policy(struct pf_parse *p)
{
	bool bound = pf_accept_kw(p, KW_IF_BOUND);

	if (!bound && !pf_expect_kw(p, KW_FLOATING))
		return false;
	p->p_conf->pc_options.po_if_bound = bound;
	say(p, "set state-policy %s\n", bound ? "if-bound" : "floating");
	return true;
}

static bool
set_reassemble(struct pf_parse *p)
{
	struct pf_options *o = &p->p_conf->pc_options;
	bool yes = pf_string_is(p, "yes");

	if (!yes && !pf_at_kw(p, KW_NO) && !pf_string_is(p, "no"))
		return pf_syntax(p);
	pf_next(p);
	o->po_reassemble = yes;
	o->po_reassemble_nodf = pf_accept_kw(p, KW_NO_DF);
	say(p, "set reassemble %s %s\n", yes ? "yes" : "no", o->po_reassemble_nodf ? "no-df" : "");
	return true;
}

static bool
set_debug(struct pf_parse *p)
{
	int level;

	if (!pf_at(p, TOK_STRING) && !pf_at_kw(p, KW_DEBUG))
		return pf_syntax(p);
	if ((level = pf_debug_level(p->p_lex.lx_text)) < 0)
		return pf_bad(p, "unknown debug level \"%s\"", p->p_lex.lx_text);
	pf_next(p);
	p->p_conf->pc_options.po_debug = level;
	say(p, "set debug %s\n", pf_debug_name(level));
	return true;
}

static bool
set_fingerprints(struct pf_parse *p)
{
	if (!pf_string(p, &p->p_conf->pc_options.po_fingerprints))
		return false;
	say(p, "set fingerprints ");
	if (p->p_env->pe_verbose != NULL)
		pf_print_quoted(p->p_env->pe_verbose, p->p_conf->pc_options.po_fingerprints);
	say(p, "\n");
	return true;
}

static bool
set_skip(struct pf_parse *p)
{
	struct pf_skip *sk, **tail = &p->p_conf->pc_options.po_skip;
	struct pn_if *ifs = NULL;

	if (!pf_expect_kw(p, KW_ON) || !pf_parse_ifspec(p, &ifs))
		return false;
	while (*tail != NULL)
		tail = &(*tail)->sk_next;
	say(p, "set skip on {");
	for (; ifs != NULL; ifs = ifs->next) {
		say(p, ifs->not ? " ! " : " ");
		say_word(p, ifs->name);
		if ((sk = pf_new(p, sizeof(*sk))) == NULL)
			return false;
		*sk = (struct pf_skip){ NULL, ifs->name, ifs->not };
		*tail = sk;
		tail = &sk->sk_next;
	}
	say(p, " }\n");
	return true;
}

static bool
set_state_defaults(struct pf_parse *p)
{
	struct pf_options *o = &p->p_conf->pc_options;

	if (o->po_state_defaults_set)
		return pf_bad(p, "cannot redefine state-defaults");
	o->po_state_defaults_set = true;
	if (!pf_parse_state_list(p, &o->po_state_defaults))
		return false;
	o->po_state_defaults.so_floats = o->po_state_defaults.so_bound == PF_BOUND_FLOATING;
	if (p->p_env->pe_verbose != NULL) {
		out_printf(p->p_env->pe_verbose, "set state-defaults ");
		pf_print_state_opts(p->p_env->pe_verbose, &o->po_state_defaults, ", ");
		out_printf(p->p_env->pe_verbose, "\n");
	}
	return true;
}

/* (start N%, end N%) */
static bool
syncookie_mark(struct pf_parse *p, uint8_t *start, uint8_t *stop)
{
	bool first = pf_string_is(p, "start");
	char *end;
	unsigned long n;

	if (!first && !pf_string_is(p, "end"))
		return pf_syntax(p);
	pf_next(p);
	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	n = strtoul(p->p_lex.lx_text, &end, 10);
	if (end == p->p_lex.lx_text || strcmp(end, "%") != 0 || n > 100)
		return pf_bad(p, "illegal syncookie percentage %s", p->p_lex.lx_text);
	pf_next(p);
	*(first ? start : stop) = (uint8_t)n;
	return true;
}

static bool
syncookie_marks(struct pf_parse *p, struct pf_options *o)
{
	uint8_t start = 0, stop = 0;

	do {
		if (!syncookie_mark(p, &start, &stop))
			return false;
		pf_accept(p, ',');
	} while (!pf_accept(p, ')'));
	if (start <= stop)
		return pf_bad(p, "start must be higher than end");
	o->po_syncookies_start = start;
	o->po_syncookies_end = stop;
	return true;
}

static bool
set_syncookies(struct pf_parse *p)
{
	static const char *const modes[] = { "never", "always", "adaptive" };
	struct pf_options *o = &p->p_conf->pc_options;
	unsigned i;

	for (i = 0; i < nitems(modes) && !pf_string_is(p, modes[i]); i++)
		;
	if (i == nitems(modes))
		return pf_at(p, TOK_STRING) ? pf_bad(p, "illegal value for syncookies") : pf_syntax(p);
	pf_next(p);
	o->po_syncookies = (uint8_t)i;
	o->po_syncookies_start = 25;
	o->po_syncookies_end = 12;
	if (i == PF_SYNCOOKIES_ADAPTIVE && pf_accept(p, '(') && !syncookie_marks(p, o))
		return false;
	say(p, "set syncookies %s", modes[i]);
	if (i == PF_SYNCOOKIES_ADAPTIVE)
		say(p, " (start %u%%, end %u%%)", o->po_syncookies_start, o->po_syncookies_end);
	say(p, "\n");
	return true;
}

bool
pf_parse_set(struct pf_parse *p)
{
	static const struct { enum pf_keyword kw; bool (*fn)(struct pf_parse *); } t[] = {
		{ KW_TIMEOUT, set_timeout }, { KW_LIMIT, set_limit }, { KW_LOGINTERFACE, set_loginterface }, { KW_HOSTID, set_hostid },
		{ KW_OPTIMIZATION, set_optimization }, { KW_RULESET_OPTIMIZATION, set_ruleset_optimization }, { KW_BLOCK_POLICY, set_block_policy },
		{ KW_STATE_POLICY, set_state_policy }, { KW_REASSEMBLE, set_reassemble }, { KW_DEBUG, set_debug }, { KW_FINGERPRINTS, set_fingerprints },
		{ KW_SKIP, set_skip }, { KW_STATE_DEFAULTS, set_state_defaults }, { KW_SYNCOOKIES, set_syncookies },
	};

	pf_next(p);
	for (unsigned i = 0; i < nitems(t); i++)
		if (pf_accept_kw(p, t[i].kw))
			return t[i].fn(p);
	return pf_syntax(p);
}
