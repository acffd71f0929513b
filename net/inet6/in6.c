/* in6.c - IPv6 addresses as text, and what of them is too long for a header. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/text.h"
#include "net/core/if.h"
#include "net/inet6/in6.h"

const struct in6_addr in6_any = IN6ADDR_ANY_INIT;
const struct in6_addr in6_loopback = IN6ADDR_LOOPBACK_INIT;
const struct in6_addr in6addr_intfacelocal_allnodes = { { { 0xff, 0x01, [15] = 1 } } };
const struct in6_addr in6addr_linklocal_allnodes = { { { 0xff, 0x02, [15] = 1 } } };
const struct in6_addr in6addr_linklocal_allrouters = { { { 0xff, 0x02, [15] = 2 } } };
const struct in6_addr in6addr_linklocal_mldv2 = { { { 0xff, 0x02, [15] = 0x16 } } };

/* ---- bits ---- */

unsigned
in6_common(const struct in6_addr *a, const struct in6_addr *b)
{
	uint64_t d = __builtin_bswap64(a->s6_addr64[0] ^ b->s6_addr64[0]);

	if (d != 0)
		return (unsigned)__builtin_clzll(d);
	d = __builtin_bswap64(a->s6_addr64[1] ^ b->s6_addr64[1]);
	return d != 0 ? 64 + (unsigned)__builtin_clzll(d) : 128;
}

int
in6_masklen(const struct in6_addr *mask)
{
	struct in6_addr ones = in6_mask(128), want;
	unsigned len = in6_common(mask, &ones);

	want = in6_mask(len);
	return in6_equal(mask, &want) ? (int)len : -1;
}

int
in6_cmp(const struct in6_addr *a, const struct in6_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

void
in6_eui64(struct in6_addr *a, const uint8_t *lladdr)
{
	a->s6_addr[8] = lladdr[0] ^ 0x02;
	memcpy(a->s6_addr + 9, lladdr + 1, 2);
	a->s6_addr[11] = 0xff;
	a->s6_addr[12] = 0xfe;
	memcpy(a->s6_addr + 13, lladdr + 3, 3);
}

struct in6_addr
in6_solicited_node(const struct in6_addr *a)
{
	struct in6_addr r = { { { 0xff, 0x02, [11] = 1, [12] = 0xff } } };

	memcpy(r.s6_addr + 13, a->s6_addr + 13, 3);
	return r;
}

/* ---- printing ---- */

/* RFC 5952 4.2: the longest run of two or more zero groups, the first of equals. *len 0: none. */
static int
in6_zeros(const struct in6_addr *a, int *len)
{
	int best = 0, n = 0;

	*len = 0;
	for (int i = 0; i < 8; i++) {
		n = a->s6_addr16[i] == 0 ? n + 1 : 0;
		if (n > *len && n >= 2) {
			*len = n;
			best = i + 1 - n;
		}
	}
	return best;
}

/* Without a zone. RFC 5952 5: the last four bytes of IPv4-mapped addresses are dotted; those of IPv4-compatible ones as well, as OpenBSD does. */
static int
in6_print_bare(char *buf, size_t size, const struct in6_addr *a)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(a) || (IN6_IS_ADDR_V4COMPAT(a) && a->s6_addr16[6] != 0);
	int len, at = in6_zeros(a, &len), n = 0, groups = v4 ? 6 : 8;
	const uint8_t *o = a->s6_addr + 12;

	for (int i = 0; i < groups; i++) {
		if (len > 0 && i == at) {
			n += snprintf(buf + n, size - (size_t)n, "::");
			i += len - 1;
		} else
			n += snprintf(buf + n, size - (size_t)n, "%s%x", i == 0 || (len > 0 && i == at + len) ? "" : ":",
			    be16_host(a->s6_addr16[i]));
	}
	if (v4)
		n += snprintf(buf + n, size - (size_t)n, "%s%u.%u.%u.%u", len > 0 && at + len == 6 ? "" : ":", o[0], o[1], o[2], o[3]);
	return n;
}

static int
in6_print_zone(char *buf, size_t size, uint16_t zone)
{
	const struct ifnet *ifp = if_get(zone);

	if (zone == 0)
		return 0;
	return ifp != NULL ? snprintf(buf, size, "%%%s", ifp->if_xname) : snprintf(buf, size, "%%%u", zone);
}

char *
in6_print(char buf[IN6_STRLEN], const struct in6_addr *a)
{
	struct in6_addr bare = in6_unembed(a);
	int n = in6_print_bare(buf, IN6_STRLEN, &bare);

	in6_print_zone(buf + n, IN6_STRLEN - (size_t)n, in6_zone(a));
	return buf;
}

char *
in6_printnet(char buf[IN6_NETSTRLEN], const struct in6_addr *a, unsigned plen)
{
	if (plen == 0 && in6_is_any(a))
		return strcpy(buf, "default");
	in6_print(buf, a);
	if (plen < 128)
		snprintf(buf + strlen(buf), IN6_NETSTRLEN - strlen(buf), "/%u", plen);
	return buf;
}

char *
af_print(char buf[IN6_STRLEN], unsigned af, const struct in6_addr *a)
{
	return af == AF_IP4 ? ip4_print(buf, a->s6_addr32[0]) : in6_print(buf, a);
}

char *
af_printnet(char buf[IN6_NETSTRLEN], unsigned af, const struct in6_addr *a, unsigned plen)
{
	return af == AF_IP4 ? ip4_printnet(buf, a->s6_addr32[0], plen) : in6_printnet(buf, a, plen);
}

char *
af_printmask(char buf[IN6_STRLEN], unsigned af, unsigned plen)
{
	struct in6_addr mask = in6_mask(plen);

	return af == AF_IP4 ? ip4_print(buf, ip4_mask(plen)) : in6_print(buf, &mask);
}

/* ---- parsing ---- */

/* One to four hex digits. NULL: none, or more; else what follows. */
static const char *
in6_group(const char *s, unsigned *v)
{
	int n = 0, d;

	for (*v = 0; (d = text_hexdigit(*s)) >= 0; s++, n++) {
		if (n == 4)
			return NULL;
		*v = *v << 4 | (unsigned)d;
	}
	return n > 0 ? s : NULL;
}

/* RFC 4291 2.2 (3): the last two groups as IPv4. */
static bool
in6_dotted(const char *s, struct in6_addr *a, int group)
{
	be32_t v4;

	if (group > 6 || !ip4_parse(s, &v4))
		return false;
	store32(a->s6_addr + 2 * group, v4);
	return true;
}

/* The groups behind "::" move to the end. */
static bool
in6_spread(struct in6_addr *a, int n, int gap)
{
	if (gap < 0 || n == 8)
		return n == 8 && gap < 0;	/* "::" stands for one group at least */
	memmove(a->s6_addr + 2 * (8 - n + gap), a->s6_addr + 2 * gap, 2u * (unsigned)(n - gap));
	memset(a->s6_addr + 2 * gap, 0, 2u * (unsigned)(8 - n));
	return true;
}

bool
in6_parse(const char *s, struct in6_addr *out)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;
	int n = 0, gap = -1;
	const char *p;
	unsigned v;

	if (s[0] == ':' && *++s != ':')
		return false;
	while (*s != '\0') {
		if (*s == ':') {		/* the second of two */
			if (gap >= 0)
				return false;
			gap = n;
			s++;
			continue;
		}
		if ((p = in6_group(s, &v)) != NULL && *p == '.') {
			if (!in6_dotted(s, &a, n))
				return false;
			n += 2;
			break;
		}
		if (p == NULL || n == 8 || (*p != ':' && *p != '\0') || (*p == ':' && p[1] == '\0'))
			return false;
		a.s6_addr16[n++] = host_be16((uint16_t)v);
		s = *p == ':' ? p + 1 : p;
	}
	if (!in6_spread(&a, n, gap))
		return false;
	*out = a;
	return true;
}

bool
in6_parse_zone(const char *s, struct in6_addr *out, char *zone)
{
	const char *percent = strchr(s, '%');
	char text[IN6_STRLEN];

	zone[0] = '\0';
	if (percent == NULL)		/* what would pass for a zone is none */
		return in6_parse(s, out) && (!in6_is_scoped(out) || out->s6_addr16[1] == 0);
	if ((size_t)(percent - s) >= sizeof(text) || percent[1] == '\0' || strlen(percent + 1) >= IFNAMSIZ)
		return false;
	memcpy(text, s, (size_t)(percent - s));
	text[percent - s] = '\0';
	strcpy(zone, percent + 1);
	return in6_parse(text, out) && in6_is_scoped(out) && out->s6_addr16[1] == 0;
}

/* An interface's name, or its index. 0: there is no such interface. */
static uint16_t
in6_zone_index(const char *zone)
{
	const struct ifnet *ifp = ifunit(zone);
	char *end;
	unsigned long v;

	if (ifp == NULL && *zone >= '0' && *zone <= '9' && (v = strtoul(zone, &end, 10)) < IF_MAX && *end == '\0')
		ifp = if_get((uint16_t)v);
	return ifp != NULL ? ifp->if_index : 0;
}

bool
in6_parse_scoped(const char *s, struct in6_addr *out)
{
	char zone[IFNAMSIZ];
	uint16_t idx;

	if (!in6_parse_zone(s, out, zone))
		return false;
	if (zone[0] == '\0')
		return true;
	if ((idx = in6_zone_index(zone)) == 0)
		return false;
	*out = in6_embed(out, idx);
	return true;
}

bool
in6_parsenet(const char *s, struct in6_addr *out, uint8_t *plen, char *zone)
{
	const char *slash = strchr(s, '/');
	char text[IN6_STRLEN], none[IFNAMSIZ], *end;
	unsigned long v = 128;

	if (zone == NULL)
		zone = none;
	zone[0] = '\0';
	if (strcmp(s, "default") == 0) {
		*out = in6_any;
		*plen = 0;
		return true;
	}
	if (slash != NULL) {
		v = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || v > 128 || (slash[1] == '0' && end != slash + 2))
			return false;
	} else
		slash = s + strlen(s);
	if ((size_t)(slash - s) >= sizeof(text))
		return false;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = '\0';
	if (!in6_parse_zone(text, out, zone) || (zone == none && none[0] != '\0'))
		return false;
	*plen = (uint8_t)v;
	return true;
}
