/* pffix.h - rulesets in unit tests: text in, what pfctl -nv prints out, on a router with
 *	lo0	::1/128, fe80::1/64, 127.0.0.1/8
 *	em0	192.0.2.1/24, 192.0.2.9/24, fe80::2/64, 2001:db8::1/64; group wan
 *	em1	no address
 *	pppoe0	10.9.0.1 to 10.9.0.2, point to point
 * and the files "rules" ("pass in quick"), "addrs", "self" (includes itself), "bad". */
#ifndef TESTS_UNIT_PFFIX_H
#define TESTS_UNIT_PFFIX_H

#include "net/pf/pf_engine.h"
#include "tests/unit/unit.h"

/* Errors, one a line, then what -v prints while reading, then queues and rules. Valid until the next call. */
const char *pf_text(const char *text);
/* The rules of text are these, and print so again. */
void	pf_check(const char *file, int line, const char *text, const char *want);
#define PF_IS(text, want)	pf_check(__FILE__, __LINE__, text, want)
/* The errors alone. */
const char *pf_errors(const char *text);
extern const char *pf_anchor;			/* as -a; "" */
extern size_t pf_mem_max;			/* 0: the default */
/* The ruleset itself; pf_conf_free() is due. */
bool	pf_load(struct pf_conf *, const char *text);
/* As the engine has it, any interface named; pf_ruleset_free() is due. */
struct pf_ruleset *pf_make(const char *text);
/* This ruleset is in force, the packet filter on. pf_uninstall() ends it. */
void	pf_start(const char *text);

/* The longest prefix that holds the address is there and not negated. */
static inline bool
prefixes_match(const struct pf_prefixes *ps, unsigned af, const struct in6_addr *a)
{
	const struct pf_prefix *p = pf_prefixes_find(ps, af, a);

	return p != NULL && !p->px_not;
}

#endif
