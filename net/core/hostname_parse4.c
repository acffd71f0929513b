/* hostname_parse4.c - the grammar of hostname.if(5) and ifconfig(8): IPv4. */
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_var.h"

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

bool
words_netmask(struct words *w)
{
	const char *s = words_argument(w, "netmask");

	return s != NULL && words_set_plen(w, parse_netmask(s), s);
}

bool
words_prefixlen(struct words *w)
{
	const char *s = words_argument(w, "prefixlen");
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

bool
words_broadcast(struct words *w)
{
	const char *s = words_argument(w, "broadcast");

	return s != NULL && set_broadcast(w, s);
}

bool
words_dest(struct words *w)
{
	const char *s = words_argument(w, "dest");

	if (s == NULL)
		return false;
	if (!ip4_parse(s, &w->w_addr.ha_broadcast))
		return words_bad(w, "dest: bad address \"%s\"", s);
	w->w_addr.ha_dest = true;
	return true;
}

bool
words_address4(struct words *w, const char *s)
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
	if (w->w_i < w->w_argc && words_is_digit(w->w_argv[w->w_i][0])) {
		s = w->w_argv[w->w_i++];
		if (!words_set_plen(w, parse_netmask(s), s))
			return false;
		if (w->w_i < w->w_argc && words_is_digit(w->w_argv[w->w_i][0]))
			return set_broadcast(w, w->w_argv[w->w_i++]);
	}
	if (w->w_i < w->w_argc && strcmp(w->w_argv[w->w_i], "NONE") == 0)
		w->w_i++;
	return true;
}

bool
words_inet(struct words *w)
{
	const char *s;

	if (w->w_i < w->w_argc && strcmp(w->w_argv[w->w_i], "alias") == 0) {
		w->w_alias = true;
		w->w_i++;
	}
	if (w->w_i < w->w_argc && !words_is_digit(w->w_argv[w->w_i][0])) {
		s = w->w_argv[w->w_i];
		if (strcmp(s, "autoconf") == 0)
			return words_bad(w, "inet autoconf: not supported yet");
		if (strcmp(s, "-alias") == 0 || strcmp(s, "delete") == 0)
			return true;
		return words_bad(w, "inet: bad address \"%s\"", s);
	}
	if ((s = words_argument(w, "inet")) == NULL)
		return false;
	return words_address4(w, s);
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
words_finish4(struct words *w)
{
	if (w->w_delete)
		return delete_address(w);
	if (w->w_has_addr)
		return add_address(w);
	if (w->w_alias || w->w_plen >= 0 || w->w_has_broadcast || w->w_addr.ha_dest)
		return words_bad(w, "missing address");
	return true;
}
