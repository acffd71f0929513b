/* pf.c - target pf: a pf.conf(5). What must hold for any bytes:
 *	- a ruleset that is refused says why, and one that says something is wrong is refused;
 *	- what is printed of one that is not can be read, and prints the same again;
 *	- nothing stays in memory, also when it runs out.
 * The input: a byte of faults, the ruleset, 0xff, the text of the file "f" (included, loaded, an address file). */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_conf.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX	4096
#define PRINTED_MAX	(256u * 1024)	/* more is not read again: time */
#define MEM_MAX		(2u << 20)

struct world { struct pf_env w_env; const uint8_t *w_file; size_t w_len; unsigned w_errors; bool w_order; };

static bool
world_ifaddr(const struct pf_env *env __unused_arg, unsigned i, struct pf_ifaddr *ia)
{
	static const struct pf_ifaddr addrs[] = {
		{ "lo0", PF_INET6, 128, PF_IFA_LOOPBACK, { { { [15] = 1 } } }, { { { 0 } } }, { { { 0 } } } },
		{ "lo0", PF_INET6, 64, PF_IFA_LOOPBACK, { { { 0xfe, 0x80, [15] = 1 } } }, { { { 0 } } }, { { { 0 } } } },
		{ "lo0", PF_INET, 8, PF_IFA_LOOPBACK, { { { 127, 0, 0, 1 } } }, { { { 0 } } }, { { { 0 } } } },
		{ "em0", PF_INET, 24, PF_IFA_BROADCAST, { { { 192, 0, 2, 1 } } }, { { { 192, 0, 2, 255 } } }, { { { 0 } } } },
		{ "em1", PF_AF_ANY, 0, 0, { { { 0 } } }, { { { 0 } } }, { { { 0 } } } },
	};

	if (i >= nitems(addrs))
		return false;
	*ia = addrs[i];
	return true;
}

static bool
world_is_if(const struct pf_env *env __unused_arg, const char *name)
{
	return strcmp(name, "lo0") == 0 || strncmp(name, "em", 2) == 0;
}

static bool
world_in_group(const struct pf_env *env __unused_arg, const char *ifname, const char *group)
{
	return strcmp(group, "em") == 0 && strncmp(ifname, "em", 2) == 0;
}

static char *
world_read(const struct pf_env *env, const char *path, size_t *len, const char **why)
{
	const struct world *w = container_of(env, const struct world, w_env);
	char *text = strcmp(path, "f") == 0 ? malloc(w->w_len + 1) : NULL;

	*why = "no such file";
	if (text == NULL)
		return NULL;
	memcpy(text, w->w_file, w->w_len);
	*len = w->w_len;
	return text;
}

static void
world_error(const struct pf_env *env, const char *file __unused_arg, unsigned line __unused_arg, const char *text)
{
	struct world *w = container_of(env, struct world, w_env);

	CHECK(text[0] != '\0');
	w->w_errors++;
}

/* Reads it; true: it was accepted, and o (unless NULL) has all that -nv prints. */
static bool
ruleset(struct world *w, const char *text, size_t len, struct out *o)
{
	struct pf_source s = { .ps_name = "fuzz", .ps_text = text, .ps_len = len, .ps_anchor = "" };
	struct pf_conf pc;
	bool ok;

	w->w_errors = 0;
	w->w_env.pe_verbose = o;
	ok = pf_conf_parse(&pc, &w->w_env, &s);
	if (!host.malloc_limited)
		CHECK_EQ(ok, w->w_errors == 0);
	if (ok && o != NULL) {
		for (const struct pf_queue *q = pc.pc_queues; q != NULL; q = q->q_next) {
			pf_print_queue(o, q);
			out_printf(o, "\n");
		}
		pf_print_rules(o, &pc, 0);
	}
	/* What is said of states later holds for rules before it when all is read again. */
	w->w_order = pc.pc_options.po_if_bound || pc.pc_options.po_state_defaults_set;
	pf_conf_free(&pc);
	return ok;
}

static bool
has(const char *text, size_t len, const char *part)
{
	size_t n = strlen(part);

	for (size_t i = 0; i + n <= len; i++)
		if (memcmp(text + i, part, n) == 0)
			return true;
	return false;
}

/* Anchors that are loaded print beside the rules and not where they belong; a label may come to look like a macro. */
static bool
prints_again(const char *text, size_t len, const struct out *o)
{
	return o->o_len > 0 && o->o_len < PRINTED_MAX && !has(text, len, "load") && !has(o->o_buf, o->o_len, "$");
}

static void
pf_run(struct fuzz_in *in)
{
	struct world w = { .w_env = { .pe_ifaddr = world_ifaddr, .pe_is_if = world_is_if, .pe_in_group = world_in_group, .pe_read = world_read,
	    .pe_error = world_error, .pe_mem_max = MEM_MAX } };
	uint8_t faults = fuzz_u8(in);
	const char *text = (const char *)in->p;
	const uint8_t *cut = memchr(in->p, 0xff, in->n);
	size_t len = cut != NULL ? (size_t)(cut - in->p) : in->n;
	struct out first, again;

	w.w_file = cut != NULL ? cut + 1 : in->p;
	w.w_len = cut != NULL ? in->n - len - 1 : 0;
	out_init(&first, NULL, NULL);
	out_init(&again, NULL, NULL);
	if (ruleset(&w, text, len, &first) && !w.w_order && prints_again(text, len, &first)) {
		if (!ruleset(&w, first.o_buf, first.o_len, &again))
			unit_fail(__FILE__, __LINE__, "what was printed is refused: %.*s", (int)first.o_len, first.o_buf);
		if (again.o_len != first.o_len || memcmp(again.o_buf, first.o_buf, first.o_len) != 0)
			unit_fail(__FILE__, __LINE__, "printed:\n%.*s--- then:\n%.*s", (int)first.o_len, first.o_buf, (int)again.o_len, again.o_buf);
	}
	out_free(&first);
	out_free(&again);
	if (faults & 1) {
		host.malloc_limited = true;
		host.malloc_left = faults >> 1;
		ruleset(&w, text, len, NULL);
		host.malloc_limited = false;
	}
}
FUZZ_TARGET(pf, TEXT_MAX, NULL, pf_run);
