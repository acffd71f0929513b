/* hostname_parse.c - the grammar of hostname.if(5) and ifconfig(8): the words of a line into a struct hostname. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_var.h"
#include "net/core/if_group.h"
#include "net/ether/ether.h"
#include "net/inet/ip.h"

bool
words_bad(struct words *w, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config_error(w->w_ce, w->w_line, "%s", text);
	return false;
}

/* The argument of the word before; NULL after an error. */
static char *
argument(struct words *w, const char *word)
{
	if (w->w_i < w->w_argc)
		return w->w_argv[w->w_i++];
	words_bad(w, "%s: missing argument", word);
	return NULL;
}

bool
words_set_plen(struct words *w, int plen, const char *text)
{
	if (plen < (w->w_inet6 ? 0 : 1))
		return words_bad(w, "netmask: bad value \"%s\"", text);
	if (w->w_plen >= 0 && w->w_plen != plen)
		return words_bad(w, "netmask: \"%s\" contradicts the prefix length %d", text, w->w_plen);
	w->w_plen = plen;
	return true;
}

/* Dotted or 0xhex, the ones in front. -1: neither. */
static int
parse_netmask(const char *s)
{
	be32_t mask;
	unsigned long v;
	char *end;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		v = strtoul(s + 2, &end, 16);
		if (end == s + 2 || end - s > 10 || *end != '\0')
			return -1;
		mask = host_be32((uint32_t)v);
	} else if (!ip4_parse(s, &mask)) {
		return -1;
	}
	return ip4_masklen(mask);
}

static bool
word_netmask(struct words *w)
{
	const char *s = argument(w, "netmask");

	return s != NULL && words_set_plen(w, parse_netmask(s), s);
}

static bool
word_prefixlen(struct words *w)
{
	const char *s = argument(w, "prefixlen");
	char *end;
	unsigned long v;

	if (s == NULL)
		return false;
	v = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || *end != '\0' || v > (w->w_inet6 ? 128 : 32))
		return words_bad(w, "prefixlen: bad value \"%s\"", s);
	return words_set_plen(w, (int)v, s);
}

static bool
set_broadcast(struct words *w, const char *s)
{
	if (strcmp(s, "NONE") == 0)
		return true;
	if (!ip4_parse(s, &w->w_addr.ha_broadcast))
		return words_bad(w, "broadcast: bad address \"%s\"", s);
	w->w_has_broadcast = true;
	return true;
}

static bool
word_broadcast(struct words *w)
{
	const char *s = argument(w, "broadcast");

	return s != NULL && set_broadcast(w, s);
}

static bool
word_dest(struct words *w)
{
	const char *s = argument(w, "dest");

	if (s == NULL)
		return false;
	if (!ip4_parse(s, &w->w_addr.ha_broadcast))
		return words_bad(w, "dest: bad address \"%s\"", s);
	w->w_addr.ha_dest = true;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* hostname.if(5): addr [netmask [broadcast]], each without its keyword. */
static bool
address(struct words *w, const char *s)
{
	uint8_t plen;

	if (w->w_has_addr || w->w_has_addr6)
		return words_bad(w, "%s: a second address on the line", s);
	if (strchr(s, '/') != NULL) {
		if (!ip4_parsenet(s, &w->w_addr.ha_addr, &plen))
			return words_bad(w, "inet: bad address \"%s\"", s);
		if (!words_set_plen(w, plen, s))
			return false;
	} else if (!ip4_parse(s, &w->w_addr.ha_addr)) {
		return words_bad(w, "inet: bad address \"%s\"", s);
	}
	w->w_has_addr = true;
	if (w->w_i < w->w_argc && is_digit(w->w_argv[w->w_i][0])) {
		s = w->w_argv[w->w_i++];
		if (!words_set_plen(w, parse_netmask(s), s))
			return false;
		if (w->w_i < w->w_argc && is_digit(w->w_argv[w->w_i][0]))
			return set_broadcast(w, w->w_argv[w->w_i++]);
	}
	if (w->w_i < w->w_argc && strcmp(w->w_argv[w->w_i], "NONE") == 0)
		w->w_i++;
	return true;
}

static bool
word_inet(struct words *w)
{
	const char *s;

	if (w->w_i < w->w_argc && strcmp(w->w_argv[w->w_i], "alias") == 0) {
		w->w_alias = true;
		w->w_i++;
	}
	if (w->w_i < w->w_argc && !is_digit(w->w_argv[w->w_i][0])) {
		s = w->w_argv[w->w_i];
		if (strcmp(s, "autoconf") == 0)
			return words_bad(w, "inet autoconf: not supported yet");
		if (strcmp(s, "-alias") == 0 || strcmp(s, "delete") == 0)
			return true;
		return words_bad(w, "inet: bad address \"%s\"", s);
	}
	if ((s = argument(w, "inet")) == NULL)
		return false;
	return address(w, s);
}

static bool
word_alias(struct words *w)
{
	w->w_alias = true;
	return true;
}

static bool
word_delete(struct words *w)
{
	if (w->w_file)
		return words_bad(w, "%s: a file says what is to be, it deletes nothing", w->w_argv[w->w_i - 1]);
	w->w_delete = true;
	return true;
}

static bool
word_no_inet(struct words *w)
{
	if (w->w_file)
		return word_delete(w);
	w->w_h->hn_naddrs = 0;
	return true;
}

static bool
word_up(struct words *w)
{
	w->w_h->hn_updown = HN_UP;
	return true;
}

static bool
word_down(struct words *w)
{
	w->w_h->hn_updown = HN_DOWN;
	w->w_down = true;
	return true;
}

static bool
word_mtu(struct words *w)
{
	const char *s = argument(w, "mtu");
	char *end;
	unsigned long v;

	if (s == NULL)
		return false;
	v = strtoul(s, &end, 10);
	if (!is_digit(*s) || *end != '\0')
		return words_bad(w, "mtu: bad value \"%s\"", s);
	if (v < 68 || v > IP_MAXPACKET)		/* RFC 791: every link carries 68 bytes */
		return words_bad(w, "mtu: %s is out of range (68 to %u)", s, IP_MAXPACKET);
	w->w_h->hn_mtu = (uint32_t)v;
	w->w_h->hn_mtu_line = w->w_line;
	return true;
}

static bool
word_description(struct words *w)
{
	const char *s = argument(w, "description");

	if (s == NULL)
		return false;
	if (strlen(s) >= IFDESCRSIZE)
		return words_bad(w, "description: longer than %d bytes", IFDESCRSIZE - 1);
	if (strchr(s, '"') != NULL && strchr(s, '\'') != NULL)
		return words_bad(w, "description: both kinds of quotes in it");
	for (const char *c = s; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return words_bad(w, "description: control character in it");
	snprintf(w->w_h->hn_description, IFDESCRSIZE, "%s", s);
	return true;
}

static bool
word_no_description(struct words *w)
{
	w->w_h->hn_description[0] = '\0';
	return true;
}

/* Where the name stands among the sorted ones, or would. True: it is there. */
static bool
find_group(const struct hostname *h, const char *name, unsigned *at)
{
	int c = 1;

	for (*at = 0; *at < h->hn_ngroups && (c = strcmp(h->hn_group[*at], name)) < 0; (*at)++)
		;
	return *at < h->hn_ngroups && c == 0;
}

static bool
word_group(struct words *w)
{
	const char *s = argument(w, "group");
	struct hostname *h = w->w_h;
	unsigned at;

	if (s == NULL)
		return false;
	if (!if_group_name_ok(s))
		return words_bad(w, "group %s: a name of up to %d letters and digits without a digit at its end is wanted", s, IFNAMSIZ - 1);
	if (find_group(h, s, &at))
		return words_bad(w, "group %s: %s", s, w->w_file ? "duplicate" : "it is in it already");
	if (h->hn_ngroups == IF_GROUPS)
		return words_bad(w, "group %s: more than %d", s, IF_GROUPS);
	memmove(h->hn_group[at + 1], h->hn_group[at], (h->hn_ngroups++ - at) * sizeof(h->hn_group[0]));
	strncpy(h->hn_group[at], s, IFNAMSIZ);
	return true;
}

static bool
word_no_group(struct words *w)
{
	const char *s = w->w_file ? NULL : argument(w, "-group");
	struct hostname *h = w->w_h;
	unsigned at;

	if (s == NULL)
		return w->w_file ? word_delete(w) : false;
	if (!find_group(h, s, &at))
		return words_bad(w, "-group %s: it is not in it", s);
	memmove(h->hn_group[at], h->hn_group[at + 1], (--h->hn_ngroups - at) * sizeof(h->hn_group[0]));
	memset(h->hn_group[h->hn_ngroups], 0, sizeof(h->hn_group[0]));
	return true;
}

static bool
word_lladdr(struct words *w)
{
	const char *s = argument(w, "lladdr");
	uint8_t a[6];

	if (s == NULL)
		return false;
	if (!ether_parse(s, a))
		return words_bad(w, "lladdr: bad address \"%s\"", s);
	if (a[0] & 1)
		return words_bad(w, "lladdr: %s is a group address", s);
	if (memcmp(a, "\0\0\0\0\0", 6) == 0)
		return words_bad(w, "lladdr: %s is no address", s);
	memcpy(w->w_h->hn_lladdr, a, 6);
	w->w_h->hn_has_lladdr = true;
	w->w_h->hn_lladdr_line = w->w_line;
	return true;
}

static bool
word_debug(struct words *w)
{
	w->w_h->hn_debug = true;
	return true;
}

static bool
word_no_debug(struct words *w)
{
	w->w_h->hn_debug = false;
	return true;
}

static bool
word_media(struct words *w)
{
	const char *s = argument(w, "media");

	if (s == NULL)
		return false;
	if (strcmp(s, "autoselect") != 0)
		return words_bad(w, "media %s: not supported yet", s);
	w->w_h->hn_media = true;
	return true;
}

static bool
word_rdomain(struct words *w)
{
	const char *s = argument(w, "rdomain");

	return s != NULL && (strcmp(s, "0") == 0 || words_bad(w, "rdomain %s: not supported yet", s));
}

static bool
word_unsupported(struct words *w)
{
	return words_bad(w, "%s: not supported yet", w->w_argv[w->w_i - 1]);
}

/* Of the family that was said last; "inet autoconf" is DHCP. */
static bool
word_autoconf(struct words *w)
{
	return w->w_inet6 ? words_autoconf6(w, true) : word_unsupported(w);
}

static bool
word_no_autoconf(struct words *w)
{
	return w->w_inet6 ? words_autoconf6(w, false) : word_unsupported(w);
}

static bool
word_temporary(struct words *w)
{
	return words_temporary(w, true);
}

static bool
word_no_temporary(struct words *w)
{
	return words_temporary(w, false);
}

static bool
word_soii(struct words *w)
{
	return words_soii(w, true);
}

static bool
word_no_soii(struct words *w)
{
	return words_soii(w, false);
}

static const struct word {
	const char	*w_name;
	bool		(*w_func)(struct words *);
} word_table[] = {
	{ "inet",		word_inet },
	{ "alias",		word_alias },
	{ "-alias",		word_delete },
	{ "delete",		word_delete },
	{ "-inet",		word_no_inet },
	{ "netmask",		word_netmask },
	{ "prefixlen",		word_prefixlen },
	{ "broadcast",		word_broadcast },
	{ "dest",		word_dest },
	{ "dstaddr",		word_dest },
	{ "up",			word_up },
	{ "down",		word_down },
	{ "mtu",		word_mtu },
	{ "description",	word_description },
	{ "descr",		word_description },
	{ "desc",		word_description },
	{ "-description",	word_no_description },
	{ "-descr",		word_no_description },
	{ "-desc",		word_no_description },
	{ "lladdr",		word_lladdr },
	{ "debug",		word_debug },
	{ "-debug",		word_no_debug },
	{ "media",		word_media },
	{ "rdomain",		word_rdomain },
	{ "-rdomain",		word_unsupported },
	{ "inet6",		words_inet6 },
	{ "-inet6",		words_no_inet6 },
	{ "eui64",		words_eui64 },
	{ "soii",		word_soii },
	{ "-soii",		word_no_soii },
	{ "anycast",		words_anycast },
	{ "temporary",		word_temporary },
	{ "-temporary",		word_no_temporary },
	{ "dhcp",		word_unsupported },
	{ "autoconf",		word_autoconf },
	{ "-autoconf",		word_no_autoconf },
	{ "rtsol",		word_unsupported },
	{ "group",		word_group },
	{ "-group",		word_no_group },
	{ "priority",		word_unsupported },
	{ "llprio",		word_unsupported },
	{ "mediaopt",		word_unsupported },
	{ "create",		word_unsupported },
	{ "destroy",		word_unsupported },
};

static bool
one_word(struct words *w)
{
	char *s = w->w_argv[w->w_i++];

	if (strchr(s, ':') != NULL)
		return words_address6(w, s);
	if (is_digit(s[0]))
		return address(w, s);
	for (size_t i = 0; i < nitems(word_table); i++)
		if (strcmp(s, word_table[i].w_name) == 0)
			return word_table[i].w_func(w);
	return words_bad(w, "%s: unknown word", s);
}

/* RFC 1122 3.2.1.3: what no single host may be called. NULL: fine. */
static const char *
host_address_error(const struct hostname *h, be32_t a, int plen)
{
	be32_t hostpart = a & ~ip4_mask((unsigned)plen);

	if (ip4_is_zeronet(a))
		return "address of \"this network\"";
	if (ip4_is_loopback(a) && !hostname_loopback(h->hn_ifname))
		return "loopback address";
	if (ip4_is_multicast(a))
		return "multicast address";
	if (ip4_is_experimental(a))
		return "reserved address";
	if (plen < 31 && hostpart == 0)		/* RFC 3021: a /31 has two hosts and nothing else */
		return "address of the network itself";
	if (plen < 31 && hostpart == ~ip4_mask((unsigned)plen))
		return "broadcast address of the network";
	return NULL;
}

static bool
check_broadcast(struct words *w)
{
	struct hn_addr *ha = &w->w_addr;
	be32_t mask = ip4_mask(ha->ha_plen);
	char a[IP4_STRLEN];

	if (ha->ha_dest) {
		const char *why = host_address_error(w->w_h, ha->ha_broadcast, 32);

		return why == NULL || words_bad(w, "dest %s: %s", ip4_print(a, ha->ha_broadcast), why);
	}
	if (!w->w_has_broadcast)
		ha->ha_broadcast = ha->ha_plen < 31 ? ha->ha_addr | ~mask : 0;
	else if ((ha->ha_broadcast & mask) != (ha->ha_addr & mask))
		return words_bad(w, "broadcast %s: not in the network", ip4_print(a, ha->ha_broadcast));
	return true;
}

/* The mask that an address had before there were masks: ifconfig(8) still takes it when none is given. */
static int
classful_plen(be32_t a)
{
	uint32_t v = be32_host(a);

	return v < 0x80000000u ? 8 : v < 0xc0000000u ? 16 : 24;
}

static bool
delete_address(struct words *w)
{
	struct hostname *h = w->w_h;
	struct hn_addr *ha = h->hn_naddrs > 0 ? &h->hn_addrs[0] : NULL;
	char a[IP4_STRLEN];

	if (w->w_has_addr)
		ha = hostname_find_addr(h, w->w_addr.ha_addr);
	if (ha == NULL)
		return words_bad(w, "inet %s: Can't assign requested address", w->w_has_addr ?
		    ip4_print(a, w->w_addr.ha_addr) : "delete");
	hostname_remove_addr(h, ha);
	return true;
}

/* ifconfig(8): without "alias" an address takes the place of the first one. */
static bool
place_address(struct words *w)
{
	struct hostname *h = w->w_h;
	struct hn_addr *same = hostname_find_addr(h, w->w_addr.ha_addr);
	char a[IP4_STRLEN];

	if (same != NULL && w->w_file)
		return words_bad(w, "inet %s: duplicate address", ip4_print(a, w->w_addr.ha_addr));
	if (same != NULL) {
		*same = w->w_addr;
		return true;
	}
	if (!w->w_alias && h->hn_naddrs > 0) {
		if (w->w_file)
			return words_bad(w, "inet %s: a second address needs \"alias\"", ip4_print(a, w->w_addr.ha_addr));
		h->hn_addrs[0] = w->w_addr;
		return true;
	}
	if (h->hn_naddrs >= HN_ADDRS_MAX)
		return words_bad(w, "more than %d addresses", HN_ADDRS_MAX);
	return hostname_add_addr(h, &w->w_addr) || words_bad(w, "no memory");
}

static bool
add_address(struct words *w)
{
	struct hostname *h = w->w_h;
	const char *why;
	char a[IP4_STRLEN];

	w->w_addr.ha_line = w->w_line;
	w->w_addr.ha_plen = (uint8_t)(w->w_plen >= 0 ? w->w_plen : w->w_addr.ha_dest ? 32 : classful_plen(w->w_addr.ha_addr));
	if ((why = host_address_error(h, w->w_addr.ha_addr, w->w_addr.ha_plen)) != NULL)
		return words_bad(w, "inet %s: %s", ip4_print(a, w->w_addr.ha_addr), why);
	if (!check_broadcast(w) || !place_address(w))
		return false;
	if (!w->w_file && !w->w_down && h->hn_updown == HN_DOWN)
		h->hn_updown = HN_DEFAULT;	/* ifconfig(8): an address brings the interface up */
	return true;
}

bool
hostname_words(struct hostname *h, struct config_err *ce, unsigned line, bool file, int argc, char **argv)
{
	struct words w = { .w_h = h, .w_ce = ce, .w_line = line, .w_file = file, .w_argc = argc, .w_argv = argv, .w_plen = -1 };

	while (w.w_i < w.w_argc)
		if (!one_word(&w))
			return false;
	if (w.w_inet6)
		return words_finish6(&w);
	if (w.w_delete)
		return delete_address(&w);
	if (w.w_has_addr)
		return add_address(&w);
	if (w.w_alias || w.w_plen >= 0 || w.w_has_broadcast || w.w_addr.ha_dest)
		return words_bad(&w, "missing address");
	return true;
}

static bool
nbr_address_ok(struct hn_nbr *n, char zone[IFNAMSIZ], const char *s)
{
	struct in6_addr *a = &n->hp_addr6;

	zone[0] = '\0';
	if (n->hp_af == AF_IP4)
		return ip4_parse(s, &n->hp_addr) && !ip4_is_multicast(n->hp_addr) && !ip4_is_zeronet(n->hp_addr) &&
		    !ip4_is_experimental(n->hp_addr);
	return in6_parse_zone(s, a, zone) && !IN6_IS_ADDR_MULTICAST(a) && !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) &&
	    !IN6_IS_ADDR_V4MAPPED(a);
}

bool
nbr_args_parse(struct hn_nbr *n, unsigned af, char zone[IFNAMSIZ], bool *temp, int argc, char **argv, char *err, size_t errlen)
{
	memset(n, 0, sizeof(*n));
	n->hp_af = (uint8_t)af;
	*temp = false;
	if (argc < 2) {
		snprintf(err, errlen, "missing %s", argc < 1 ? "address" : "Ethernet address");
		return false;
	}
	if (!nbr_address_ok(n, zone, argv[0])) {
		snprintf(err, errlen, "%s: bad address", argv[0]);
		return false;
	}
	if (!ether_parse(argv[1], n->hp_lladdr) || (n->hp_lladdr[0] & 1)) {
		snprintf(err, errlen, "%s: invalid Ethernet address", argv[1]);
		return false;
	}
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], af == AF_IP4 ? "pub" : "proxy") == 0) {
			n->hp_pub = true;
		} else if (strcmp(argv[i], "temp") == 0) {
			*temp = true;
		} else if (strcmp(argv[i], "permanent") != 0) {
			snprintf(err, errlen, "%s: unknown word", argv[i]);
			return false;
		}
	}
	return true;
}
