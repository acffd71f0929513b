/* route_args.c - the words of route(8): modifiers, destination, gateway. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/inet/ip.h"
#include "net/route/route_args.h"

struct parse {
	struct route_args *p_ra;
	char		**p_argv;
	int		 p_argc, p_i;
	bool		 p_net, p_host;		/* -net, -host */
	int		 p_plen;		/* -netmask, -prefixlen; -1: not said */
	char		*p_err;
	size_t		 p_errlen;
};

static bool __printflike(2, 3)
fail(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->p_err, p->p_errlen, fmt, ap);
	va_end(ap);
	return false;
}

/* The argument of modifier `mod`; NULL after an error. */
static const char *
argument(struct parse *p, const char *mod)
{
	if (p->p_i < p->p_argc)
		return p->p_argv[p->p_i++];
	fail(p, "%s: missing argument", mod);
	return NULL;
}

static bool
number(struct parse *p, const char *mod, unsigned long lo, unsigned long hi, unsigned long *v)
{
	const char *s = argument(p, mod);
	char *end;

	if (s == NULL)
		return false;
	*v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || *v < lo || *v > hi)
		return fail(p, "%s: bad value \"%s\" (%lu to %lu)", mod, s, lo, hi);
	return true;
}

static bool
address(struct parse *p, const char *mod, be32_t *a)
{
	const char *s = argument(p, mod);

	if (s == NULL)
		return false;
	return ip4_parse(s, a) || fail(p, "%s: bad value \"%s\"", mod, s);
}

static bool
mod_inet6(struct parse *p)
{
	return fail(p, "IPv6 is not supported yet");
}

static bool
mod_unsupported(struct parse *p)
{
	return fail(p, "%s: not supported yet", p->p_argv[p->p_i - 1]);
}

static bool
mod_inet(struct parse *p __unused_arg)
{
	return true;
}

static bool
mod_net(struct parse *p)
{
	p->p_net = true;
	return true;
}

static bool
mod_host(struct parse *p)
{
	p->p_host = true;
	return true;
}

static bool
mod_netmask(struct parse *p)
{
	be32_t mask;

	if (!address(p, "-netmask", &mask))
		return false;
	p->p_plen = ip4_masklen(mask);
	return p->p_plen >= 0 || fail(p, "-netmask: bad value \"%s\"", p->p_argv[p->p_i - 1]);
}

static bool
mod_prefixlen(struct parse *p)
{
	unsigned long v;

	if (!number(p, "-prefixlen", 0, 32, &v))
		return false;
	p->p_plen = (int)v;
	return true;
}

static bool
mod_reject(struct parse *p)
{
	p->p_ra->ra_route.sr_flags |= RTF_REJECT;
	return true;
}

static bool
mod_blackhole(struct parse *p)
{
	p->p_ra->ra_route.sr_flags |= RTF_BLACKHOLE;
	return true;
}

static bool
mod_priority(struct parse *p)
{
	unsigned long v;

	if (!number(p, "-priority", 1, RTP_MAX, &v))
		return false;
	p->p_ra->ra_route.sr_priority = (uint8_t)v;
	p->p_ra->ra_has_priority = true;
	return true;
}

static bool
mod_mtu(struct parse *p)
{
	unsigned long v;

	if (!number(p, "-mtu", 68, IP_MAXPACKET, &v))
		return false;
	p->p_ra->ra_route.sr_mtu = (uint32_t)v;
	p->p_ra->ra_has_mtu = true;
	return true;
}

static bool
mod_ifa(struct parse *p)
{
	p->p_ra->ra_has_ifa = true;
	return address(p, "-ifa", &p->p_ra->ra_route.sr_ifa);
}

static const struct modifier {
	const char	*m_name;
	bool		(*m_func)(struct parse *);
} modifiers[] = {
	{ "-inet",	mod_inet },
	{ "-static",	mod_inet },
	{ "-inet6",	mod_inet6 },
	{ "-net",	mod_net },
	{ "-host",	mod_host },
	{ "-netmask",	mod_netmask },
	{ "-prefixlen",	mod_prefixlen },
	{ "-reject",	mod_reject },
	{ "-blackhole",	mod_blackhole },
	{ "-priority",	mod_priority },
	{ "-mtu",	mod_mtu },
	{ "-ifa",	mod_ifa },
	{ "-mpath",	mod_unsupported },
	{ "-label",	mod_unsupported },
	{ "-iface",	mod_unsupported },
	{ "-interface",	mod_unsupported },
	{ "-ifp",	mod_unsupported },
	{ "-mpls",	mod_unsupported },
	{ "-cloning",	mod_unsupported },
	{ "-llinfo",	mod_unsupported },
	{ "-expire",	mod_unsupported },
};

static bool
parse_modifier(struct parse *p, const char *word)
{
	for (size_t i = 0; i < nitems(modifiers); i++)
		if (strcmp(word, modifiers[i].m_name) == 0)
			return modifiers[i].m_func(p);
	return fail(p, "%s: unknown modifier", word);
}

/* One to four octets, those that are missing zero; returns how many, 0 when it is not that. */
static int
parse_octets(const char *s, uint32_t *addr)
{
	int n = 0;

	for (*addr = 0; n < 4; s++) {
		char *end;
		unsigned long v = strtoul(s, &end, 10);

		if (*s < '0' || *s > '9' || end - s > 3 || v > 255)
			return 0;
		*addr |= (uint32_t)v << (24 - 8 * n++);
		s = end;
		if (*s != '.')
			return *s == '\0' ? n : 0;
	}
	return 0;
}

/* The prefix length that an address had before there were masks: RFC 791 2.3. */
static int
classful_plen(uint32_t a)
{
	return a < 0x80000000u ? 8 : a < 0xc0000000u ? 16 : 24;
}

/* route(8), "Address notation": a network where the local part of the class is zero or where -net says so. */
static bool
parse_bare_dest(struct parse *p, const char *s)
{
	struct static_route *sr = &p->p_ra->ra_route;
	uint32_t a;
	int n = parse_octets(s, &a), plen = p->p_plen;

	if (n == 0)
		return fail(p, "%s: bad address", s);
	if (plen < 0) {
		int class = classful_plen(a);

		if (n < 4 && !p->p_net)
			return fail(p, "%s: give a prefix length", s);
		plen = !p->p_host && (p->p_net || (a & (0xffffffffu >> class)) == 0) ? class : 32;
		if (n < 4 && plen < 8 * n)
			plen = 8 * n;
	}
	sr->sr_dest = host_be32(a);
	sr->sr_plen = (uint8_t)plen;
	return true;
}

static bool
parse_dest(struct parse *p)
{
	struct route_args *ra = p->p_ra;
	struct static_route *sr = &ra->ra_route;
	const char *s = ra->ra_desttext;

	if (strchr(s, ':') != NULL)
		return mod_inet6(p);
	if (strchr(s, '/') != NULL || strcmp(s, "default") == 0) {
		if (!ip4_parsenet(s, &sr->sr_dest, &sr->sr_plen))
			return fail(p, "%s: bad address", s);
		if (p->p_plen >= 0 && p->p_plen != sr->sr_plen)
			return fail(p, "%s: contradicts the mask", s);
	} else if (!parse_bare_dest(p, s))
		return false;
	if (p->p_host && sr->sr_plen != 32)
		return fail(p, "%s: not a host", s);
	sr->sr_dest &= ip4_mask(sr->sr_plen);
	ra->ra_host = sr->sr_plen == 32 && !p->p_net;
	return true;
}

static bool
parse_gateway(struct parse *p)
{
	const char *s = p->p_ra->ra_gwtext;

	if (strchr(s, ':') != NULL)
		return mod_inet6(p);
	if (!ip4_parse(s, &p->p_ra->ra_route.sr_gateway))
		return fail(p, "%s: bad address", s);
	return true;
}

static bool
parse_words(struct parse *p)
{
	struct route_args *ra = p->p_ra;

	while (p->p_i < p->p_argc) {
		const char *word = p->p_argv[p->p_i++];

		if (word[0] == '-') {
			if (!parse_modifier(p, word))
				return false;
		} else if (ra->ra_desttext == NULL) {
			ra->ra_desttext = word;
		} else if (ra->ra_gwtext == NULL) {
			ra->ra_gwtext = word;
		} else {
			return fail(p, "%s: too many arguments", word);
		}
	}
	return true;
}

bool
route_args_parse(struct route_args *ra, int argc, char **argv, char *err, size_t errlen)
{
	struct parse p = { .p_ra = ra, .p_argc = argc, .p_argv = argv, .p_plen = -1, .p_err = err, .p_errlen = errlen };

	memset(ra, 0, sizeof(*ra));
	ra->ra_route.sr_priority = RTP_STATIC;
	if (!parse_words(&p))
		return false;
	if ((ra->ra_route.sr_flags & (RTF_REJECT | RTF_BLACKHOLE)) == (RTF_REJECT | RTF_BLACKHOLE))
		return fail(&p, "-reject and -blackhole exclude each other");
	if (ra->ra_desttext != NULL && !parse_dest(&p))
		return false;
	if (ra->ra_gwtext != NULL && !parse_gateway(&p))
		return false;
	ra->ra_has_dest = ra->ra_desttext != NULL;
	ra->ra_has_gateway = ra->ra_gwtext != NULL;
	return true;
}
