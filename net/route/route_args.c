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
	const char	*p_ifa;			/* -ifa */
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

/* Something says what the family is. False: something else has said otherwise. */
static bool
family(struct parse *p, unsigned af, const char *word)
{
	struct route_args *ra = p->p_ra;

	if (ra->ra_has_af && ra->ra_route.sr_af != af)
		return fail(p, "%s: not an address of %s", word, ra->ra_route.sr_af == AF_IP4 ? "IPv4" : "IPv6");
	ra->ra_has_af = true;
	ra->ra_route.sr_af = (uint8_t)af;
	return true;
}

static bool
mod_inet6(struct parse *p)
{
	return family(p, AF_IP6, "-inet6");
}

static bool
mod_unsupported(struct parse *p)
{
	return fail(p, "%s: not supported yet", p->p_argv[p->p_i - 1]);
}

static bool
mod_inet(struct parse *p)
{
	return family(p, AF_IP4, "-inet");
}

static bool
mod_static(struct parse *p __unused_arg)
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
	const char *s = argument(p, "-netmask");
	struct in6_addr mask6;
	be32_t mask;

	if (s == NULL)
		return false;
	if (in6_parse(s, &mask6)) {
		if (!family(p, AF_IP6, "-netmask"))
			return false;
		p->p_plen = in6_masklen(&mask6);
	} else
		p->p_plen = ip4_parse(s, &mask) ? ip4_masklen(mask) : -1;
	return p->p_plen >= 0 || fail(p, "-netmask: bad value \"%s\"", s);
}

static bool
mod_prefixlen(struct parse *p)
{
	unsigned long v;

	if (!number(p, "-prefixlen", 0, 128, &v))
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
mod_mpath(struct parse *p)
{
	p->p_ra->ra_route.sr_flags |= RTF_MPATH;
	return true;
}

/* For route(8) and pf.conf(5); what quotes cannot hold has no place in it. */
static bool
mod_label(struct parse *p)
{
	const char *s = argument(p, "-label");

	if (s == NULL)
		return false;
	if (strlen(s) >= RT_LABEL_MAX)
		return fail(p, "-label: longer than %u bytes", RT_LABEL_MAX - 1);
	for (const char *c = s; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '"')
			return fail(p, "-label: bad character");
	if (*s == '\0')
		return fail(p, "-label: empty");
	p->p_ra->ra_route.sr_label = s;
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
	return (p->p_ifa = argument(p, "-ifa")) != NULL;
}

static const struct modifier {
	const char	*m_name;
	bool		(*m_func)(struct parse *);
} modifiers[] = {
	{ "-inet",	mod_inet },
	{ "-static",	mod_static },
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
	{ "-mpath",	mod_mpath },
	{ "-label",	mod_label },
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

/* An address without a length is a host; behind -net a subnet, RFC 4291 2.5.4. */
static bool
parse_dest6(struct parse *p)
{
	struct static_route *sr = &p->p_ra->ra_route;
	const char *s = p->p_ra->ra_desttext;

	if (!in6_parsenet(s, &sr->sr_dest6, &sr->sr_plen, p->p_ra->ra_destzone))
		return fail(p, "%s: bad address", s);
	if (strchr(s, '/') == NULL && strcmp(s, "default") != 0)
		sr->sr_plen = (uint8_t)(p->p_plen >= 0 ? p->p_plen : p->p_net ? 64 : 128);
	else if (p->p_plen >= 0 && p->p_plen != sr->sr_plen)
		return fail(p, "%s: contradicts the mask", s);
	if (p->p_host && sr->sr_plen != 128)
		return fail(p, "%s: not a host", s);
	if (in6_is_scoped(&sr->sr_dest6) && sr->sr_plen > 16 && p->p_ra->ra_destzone[0] == '\0')
		return fail(p, "%s: a link-local address needs its interface, \"%s%%em0\"", s, s);
	sr->sr_dest6 = in6_masked(&sr->sr_dest6, sr->sr_plen);
	p->p_ra->ra_host = sr->sr_plen == 128 && !p->p_net;
	return true;
}

static bool
parse_dest(struct parse *p)
{
	struct route_args *ra = p->p_ra;
	struct static_route *sr = &ra->ra_route;
	const char *s = ra->ra_desttext;

	if (sr->sr_af == AF_IP6)
		return parse_dest6(p);
	if (p->p_plen > 32)
		return fail(p, "-prefixlen: bad value \"%d\" (0 to 32)", p->p_plen);
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
	struct static_route *sr = &p->p_ra->ra_route;
	const char *s = p->p_ra->ra_gwtext;

	if (sr->sr_af == AF_IP4)
		return ip4_parse(s, &sr->sr_gateway) || fail(p, "%s: bad address", s);
	if (!in6_parse_zone(s, &sr->sr_gateway6, sr->sr_zone) || IN6_IS_ADDR_MULTICAST(&sr->sr_gateway6) ||
	    in6_is_any(&sr->sr_gateway6))
		return fail(p, "%s: bad address", s);
	if (in6_is_scoped(&sr->sr_gateway6) && sr->sr_zone[0] == '\0')
		return fail(p, "%s: a link-local address needs its interface, \"%s%%em0\"", s, s);
	return true;
}

static bool
parse_ifa(struct parse *p)
{
	struct static_route *sr = &p->p_ra->ra_route;
	bool ok = sr->sr_af == AF_IP4 ? ip4_parse(p->p_ifa, &sr->sr_ifa) :
	    in6_parse(p->p_ifa, &sr->sr_ifa6) && !in6_is_scoped(&sr->sr_ifa6);

	return ok || fail(p, "-ifa: bad value \"%s\"", p->p_ifa);
}

/* The address itself, where no word in front has said it. "default" is of the gateway's family. */
static bool
parse_family(struct parse *p)
{
	const char *texts[] = { p->p_ra->ra_desttext, p->p_ra->ra_gwtext };

	for (size_t i = 0; i < nitems(texts); i++)
		if (texts[i] != NULL && strcmp(texts[i], "default") != 0 &&
		    !family(p, strchr(texts[i], ':') != NULL ? AF_IP6 : AF_IP4, texts[i]))
			return false;
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

static bool
flags_fit(struct parse *p, uint32_t flags)
{
	if ((flags & RTF_REJECT) && (flags & RTF_BLACKHOLE))
		return fail(p, "-reject and -blackhole exclude each other");
	if ((flags & RTF_MPATH) && (flags & (RTF_REJECT | RTF_BLACKHOLE)))
		return fail(p, "-mpath: a route that leads nowhere is no way beside others");
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
	if (!flags_fit(&p, ra->ra_route.sr_flags))
		return false;
	if (!parse_family(&p))
		return false;
	if (ra->ra_has_mtu && ra->ra_route.sr_af == AF_IP6 && ra->ra_route.sr_mtu < 1280)	/* RFC 8200 5 */
		return fail(&p, "-mtu: bad value \"%u\" (1280 to 65535)", (unsigned)ra->ra_route.sr_mtu);
	if (ra->ra_desttext != NULL && !parse_dest(&p))
		return false;
	if (ra->ra_has_ifa && !parse_ifa(&p))
		return false;
	if (ra->ra_gwtext != NULL && !parse_gateway(&p))
		return false;
	ra->ra_has_dest = ra->ra_desttext != NULL;
	ra->ra_has_gateway = ra->ra_gwtext != NULL;
	return true;
}

bool
route_args_parse_static(struct route_args *ra, int argc, char **argv, char *err, size_t errlen)
{
	if (!route_args_parse(ra, argc, argv, err, errlen))
		return false;
	if (ra->ra_destzone[0] == '\0')
		return true;
	snprintf(err, errlen, "%s: a link-local network has no routes but its interface's", ra->ra_desttext);
	return false;
}
