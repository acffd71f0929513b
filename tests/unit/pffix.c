/* pffix.c - rulesets from text, in a world of their own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "tests/unit/pffix.h"

const char *pf_anchor = "";
size_t pf_mem_max;
static struct out errors, verbose;
static char text_all[65536];

#define A4(a)	{ { .s6_addr32 = { BE32(a) } } }
#define A6(...)	{ { { __VA_ARGS__ } } }
static const struct pf_ifaddr addrs[] = {
	{ "lo0", PF_INET6, 128, PF_IFA_LOOPBACK, A6([15] = 1), A4(0), A4(0) },
	{ "lo0", PF_INET6, 64, PF_IFA_LOOPBACK, A6(0xfe, 0x80, [15] = 1), A4(0), A4(0) },
	{ "lo0", PF_INET, 8, PF_IFA_LOOPBACK, A4(0x7f000001), A4(0), A4(0) },
	{ "em0", PF_INET, 24, PF_IFA_BROADCAST, A4(0xc0000201), A4(0xc00002ff), A4(0) },
	{ "em0", PF_INET, 24, PF_IFA_BROADCAST, A4(0xc0000209), A4(0xc00002ff), A4(0) },
	{ "em0", PF_INET6, 64, PF_IFA_BROADCAST, A6(0xfe, 0x80, [15] = 2), A4(0), A4(0) },
	{ "em0", PF_INET6, 64, PF_IFA_BROADCAST, A6(0x20, 0x01, 0x0d, 0xb8, [15] = 1), A4(0), A4(0) },
	{ "em1", PF_AF_ANY, 0, PF_IFA_BROADCAST, A4(0), A4(0), A4(0) },
	{ "pppoe0", PF_INET, 32, PF_IFA_POINTOPOINT, A4(0x0a090001), A4(0), A4(0x0a090002) },
};
static const struct { const char *name, *text; } files[] = {
	{ "rules", "pass in quick" },
	{ "addrs", "# some\n10/8 !10.1.2.3 weight 7 em0:network # these\n\n2001:db8:1::/48" },
	{ "self", "pass\ninclude \"self\"\n" },
	{ "bad", "10.0.0.1 10.0.0.256\n" },
	{ "loads", "anchor \"in\" { pass out }\nload anchor \"in/er\" from \"rules\"\n" },
	{ "round", "load anchor x from round\n" },
};

static bool
env_ifaddr(const struct pf_env *env __unused_arg, unsigned i, struct pf_ifaddr *ia)
{
	if (i >= nitems(addrs))
		return false;
	*ia = addrs[i];
	return true;
}

static bool
env_is_if(const struct pf_env *env __unused_arg, const char *name)
{
	for (unsigned i = 0; i < nitems(addrs); i++)
		if (strcmp(addrs[i].ia_ifname, name) == 0)
			return true;
	return strcmp(name, "wan") == 0;
}

static bool
env_in_group(const struct pf_env *env __unused_arg, const char *ifname, const char *group)
{
	return strcmp(ifname, "em0") == 0 && strcmp(group, "wan") == 0;
}

static char *
env_read(const struct pf_env *env __unused_arg, const char *path, size_t *len, const char **why)
{
	for (unsigned i = 0; i < nitems(files); i++)
		if (strcmp(path, files[i].name) == 0) {
			char *text = malloc(*len = strlen(files[i].text));

			if (text == NULL) {
				*why = "no memory";
				return NULL;
			}
			return memcpy(text, files[i].text, *len);
		}
	*why = "No such file or directory";
	return NULL;
}

static void
env_error(const struct pf_env *env __unused_arg, const char *file, unsigned line, const char *text)
{
	if (file != NULL && line != 0)
		out_printf(&errors, "%s:%u: ", file, line);
	else if (file != NULL)
		out_printf(&errors, "%s: ", file);
	out_printf(&errors, "%s\n", text);
}

static const struct pf_env env_base = { .pe_ifaddr = env_ifaddr, .pe_is_if = env_is_if, .pe_in_group = env_in_group, .pe_read = env_read,
    .pe_error = env_error };

static bool
parse(struct pf_conf *pc, const char *text, struct out *v)
{
	static const struct pf_define define = { "cmdline", "em0" };
	struct pf_env env = env_base;
	struct pf_source s = { .ps_name = "t", .ps_text = text, .ps_len = strlen(text), .ps_anchor = pf_anchor, .ps_define = &define, .ps_ndefine = 1 };

	env.pe_verbose = v;
	env.pe_mem_max = pf_mem_max;
	return pf_conf_parse(pc, &env, &s);
}

bool
pf_load(struct pf_conf *pc, const char *text)
{
	bool ok;

	out_init(&errors, NULL, NULL);
	ok = parse(pc, text, NULL);
	out_free(&errors);
	return ok;
}

static void
put(const struct out *o, size_t *n)
{
	if (o->o_len > 0 && *n + o->o_len < sizeof(text_all)) {
		memcpy(text_all + *n, o->o_buf, o->o_len);
		*n += o->o_len;
	}
	text_all[*n] = '\0';
}

static const char *
run(const char *text, bool show)
{
	struct pf_conf pc;
	size_t n = 0;

	out_init(&errors, NULL, NULL);
	out_init(&verbose, NULL, NULL);
	if (parse(&pc, text, &verbose)) {
		for (const struct pf_queue *q = pc.pc_queues; q != NULL; q = q->q_next) {
			pf_print_queue(&verbose, q);
			out_printf(&verbose, "\n");
		}
		pf_print_rules(&verbose, &pc, 0);
	} else
		CHECK(errors.o_len > 0);	/* what is refused says why */
	pf_conf_free(&pc);
	put(&errors, &n);
	if (show)
		put(&verbose, &n);
	out_free(&errors);
	out_free(&verbose);
	return text_all;
}

const char *
pf_text(const char *text)
{
	return run(text, true);
}

const char *
pf_errors(const char *text)
{
	return run(text, false);
}

void
pf_check(const char *file, int line, const char *text, const char *want)
{
	static char first[sizeof(text_all)];

	unit_check_str(file, line, text, pf_text(text), want);
	strcpy(first, text_all);
	unit_check_str(file, line, "the same again", pf_text(first), want);
}

/* ---- in force ---- */

static void
engine_error(const struct pf_env *env __unused_arg, const char *file __unused_arg, unsigned line __unused_arg, const char *text)
{
	CHECK_STR(text, "");
}

static bool
engine_ifaddr(const struct pf_env *env __unused_arg, unsigned i __unused_arg, struct pf_ifaddr *ia __unused_arg)
{
	return false;
}

static bool
engine_is_if(const struct pf_env *env __unused_arg, const char *name __unused_arg)
{
	return true;
}

struct pf_ruleset *
pf_make(const char *text)
{
	struct pf_env env = { .pe_error = engine_error, .pe_ifaddr = engine_ifaddr, .pe_is_if = engine_is_if };
	struct pf_source s = { .ps_name = "t", .ps_text = text, .ps_len = strlen(text), .ps_anchor = "" };
	struct pf_ruleset *rs = pf_ruleset_read(&env, &s);

	CHECK(rs != NULL);
	return rs;
}

void
pf_start(const char *text)
{
	CHECK(pf_install(pf_make(text)));
	CHECK(pf_enable(true));
}
