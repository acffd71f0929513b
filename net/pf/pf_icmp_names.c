/* pf_icmp_names.c - the names of ICMP types and codes, as icmp(4) and icmp6(4) list them. Of two names for one number the first is printed. */
#include <string.h>

#include "net/pf/pf_names.h"

struct type { const char *t_name; uint8_t t_type; };
struct code { const char *c_name; uint8_t c_type, c_code; };

static const struct type types4[] = {
	{ "echoreq", 8 }, { "echorep", 0 }, { "unreach", 3 }, { "squench", 4 }, { "redir", 5 }, { "althost", 6 }, { "routeradv", 9 },
	{ "routersol", 10 }, { "timex", 11 }, { "paramprob", 12 }, { "timereq", 13 }, { "timerep", 14 }, { "inforeq", 15 }, { "inforep", 16 },
	{ "maskreq", 17 }, { "maskrep", 18 }, { "trace", 30 }, { "dataconv", 31 }, { "mobredir", 32 }, { "ipv6-where", 33 }, { "ipv6-here", 34 },
	{ "mobregreq", 35 }, { "mobregrep", 36 }, { "skip", 39 }, { "photuris", 40 },
};
static const struct type types6[] = {
	{ "unreach", 1 }, { "toobig", 2 }, { "timex", 3 }, { "paramprob", 4 }, { "echoreq", 128 }, { "echorep", 129 }, { "groupqry", 130 },
	{ "listqry", 130 }, { "grouprep", 131 }, { "listenrep", 131 }, { "groupterm", 132 }, { "listendone", 132 }, { "routersol", 133 },
	{ "routeradv", 134 }, { "neighbrsol", 135 }, { "neighbradv", 136 }, { "redir", 137 }, { "routrrenum", 138 }, { "wrureq", 139 },
	{ "fqdnreq", 139 }, { "niqry", 139 }, { "wrurep", 140 }, { "fqdnrep", 140 }, { "nirep", 140 }, { "mtraceresp", 200 }, { "mtrace", 201 },
};
static const struct code codes4[] = {
	{ "net-unr", 3, 0 }, { "host-unr", 3, 1 }, { "proto-unr", 3, 2 }, { "port-unr", 3, 3 }, { "needfrag", 3, 4 }, { "srcfail", 3, 5 },
	{ "net-unk", 3, 6 }, { "host-unk", 3, 7 }, { "isolate", 3, 8 }, { "net-prohib", 3, 9 }, { "host-prohib", 3, 10 }, { "net-tos", 3, 11 },
	{ "host-tos", 3, 12 }, { "filter-prohib", 3, 13 }, { "host-preced", 3, 14 }, { "cutoff-preced", 3, 15 },
	{ "redir-net", 5, 0 }, { "redir-host", 5, 1 }, { "redir-tos-net", 5, 2 }, { "redir-tos-host", 5, 3 },
	{ "normal-adv", 9, 0 }, { "common-adv", 9, 16 }, { "transit", 11, 0 }, { "reassemb", 11, 1 },
	{ "badhead", 12, 0 }, { "optmiss", 12, 1 }, { "badlen", 12, 2 }, { "unknown-ind", 40, 1 }, { "auth-fail", 40, 2 }, { "decrypt-fail", 40, 3 },
};
static const struct code codes6[] = {
	{ "noroute-unr", 1, 0 }, { "admin-unr", 1, 1 }, { "beyond-unr", 1, 2 }, { "notnbr-unr", 1, 2 }, { "addr-unr", 1, 3 }, { "port-unr", 1, 4 },
	{ "transit", 3, 0 }, { "reassemb", 3, 1 }, { "badhead", 4, 0 }, { "nxthdr", 4, 1 }, { "redironlink", 137, 0 }, { "redirrouter", 137, 1 },
};

static const struct type *
types(bool v6, size_t *n)
{
	*n = v6 ? nitems(types6) : nitems(types4);
	return v6 ? types6 : types4;
}

static const struct code *
codes(bool v6, size_t *n)
{
	*n = v6 ? nitems(codes6) : nitems(codes4);
	return v6 ? codes6 : codes4;
}

int
pf_icmp_type(const char *name, bool v6)
{
	size_t n;
	const struct type *t = types(v6, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(t[i].t_name, name) == 0)
			return t[i].t_type;
	return -1;
}

int
pf_icmp_code(const char *name, unsigned type, bool v6)
{
	size_t n;
	const struct code *c = codes(v6, &n);

	for (size_t i = 0; i < n; i++)
		if (c[i].c_type == type && strcmp(c[i].c_name, name) == 0)
			return c[i].c_code;
	return -1;
}

const char *
pf_icmp_type_name(unsigned type, bool v6)
{
	size_t n;
	const struct type *t = types(v6, &n);

	for (size_t i = 0; i < n; i++)
		if (t[i].t_type == type)
			return t[i].t_name;
	return NULL;
}

const char *
pf_icmp_code_name(unsigned type, unsigned code, bool v6)
{
	size_t n;
	const struct code *c = codes(v6, &n);

	for (size_t i = 0; i < n; i++)
		if (c[i].c_type == type && c[i].c_code == code)
			return c[i].c_name;
	return NULL;
}
