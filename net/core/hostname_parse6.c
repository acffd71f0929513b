/* hostname_parse6.c - the grammar of hostname.if(5) and ifconfig(8): IPv6. */
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_var.h"

/* A number and nothing else. */
static bool
is_number(const char *s)
{
	return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* inet6 addr[%zone][/prefixlen], or the prefix length as a word of its own: hostname.if(5). */
bool
words_address6(struct words *w, const char *s)
{
	char zone[IFNAMSIZ];
	uint8_t plen;

	if (w->w_has_addr || w->w_has_addr6)
		return words_bad(w, "%s: a second address on the line", s);
	if (!in6_parsenet(s, &w->w_addr6.h6_addr, &plen, zone))
		return words_bad(w, "inet6: bad address \"%s\"", s);
	if (zone[0] != '\0' && strcmp(zone, w->w_h->hn_ifname) != 0)
		return words_bad(w, "inet6 %s: an address of %s", s, w->w_h->hn_ifname);
	w->w_has_addr6 = w->w_inet6 = true;
	if (strchr(s, '/') != NULL)
		return words_set_plen(w, plen, s);
	if (w->w_i < w->w_argc && is_number(w->w_argv[w->w_i])) {
		s = w->w_argv[w->w_i++];
		return words_set_plen(w, atoi(s), s);
	}
	return true;
}

bool
words_inet6(struct words *w)
{
	w->w_inet6 = true;
	if (w->w_i < w->w_argc && strcmp(w->w_argv[w->w_i], "alias") == 0) {
		w->w_alias = true;
		w->w_i++;
	}
	if (w->w_i == w->w_argc)
		return words_bad(w, "inet6: missing argument");
	return true;
}

bool
words_eui64(struct words *w)
{
	w->w_inet6 = true;
	if (w->w_has_addr6)
		w->w_addr6.h6_eui64 = true;
	else
		w->w_h->hn_linklocal = true;
	return true;
}

bool
words_soii(struct words *w, bool on)
{
	w->w_inet6 = true;
	w->w_h->hn_no_soii = !on;
	return true;
}

bool
words_anycast(struct words *w)
{
	if (!w->w_has_addr6)
		return words_bad(w, "anycast: missing address");
	w->w_addr6.h6_anycast = true;
	return true;
}

bool
words_autoconf6(struct words *w, bool on)
{
	if (!on && w->w_file)
		return words_bad(w, "-autoconf: a file says what is to be, it deletes nothing");
	w->w_h->hn_autoconf6 = on;
	if (!on)
		w->w_h->hn_no_temporary = false;
	return true;
}

bool
words_temporary(struct words *w, bool on)
{
	w->w_inet6 = true;
	w->w_h->hn_no_temporary = !on;
	return true;
}

bool
words_no_inet6(struct words *w)
{
	if (w->w_file)
		return words_bad(w, "-inet6: a file says what is to be, it deletes nothing");
	w->w_h->hn_naddrs6 = 0;
	w->w_h->hn_linklocal = w->w_h->hn_autoconf6 = w->w_h->hn_no_temporary = w->w_h->hn_no_soii = false;
	return true;
}

/* What no interface may be called. NULL: fine. */
static const char *
host_address6_error(const struct hostname *h, const struct hn_addr6 *ha)
{
	const struct in6_addr *a = &ha->h6_addr;

	if (IN6_IS_ADDR_MULTICAST(a))
		return "multicast address";			/* RFC 4291 2.7 */
	if (IN6_IS_ADDR_LOOPBACK(a) && !hostname_loopback(h->hn_ifname))
		return "loopback address";			/* 2.5.3 */
	if (IN6_IS_ADDR_V4MAPPED(a) || IN6_IS_ADDR_V4COMPAT(a))
		return "IPv4-mapped address";			/* 2.5.5 */
	if (ha->h6_eui64)
		return ha->h6_plen == 64 ? NULL : "eui64: the prefix length must be 64";	/* 2.5.1 */
	if (IN6_IS_ADDR_UNSPECIFIED(a))
		return "unspecified address";			/* 2.5.2 */
	if (IN6_IS_ADDR_LINKLOCAL(a) && ha->h6_plen < 32)
		return "a link-local address needs a prefix length of 32 or more";	/* 2.5.6: 64 */
	return NULL;
}

static bool
delete_address6(struct words *w)
{
	struct hn_addr6 *ha;
	char a[IN6_STRLEN];

	if (!w->w_has_addr6)
		return words_bad(w, "inet6: missing address");
	if ((ha = hostname_find_addr6(w->w_h, &w->w_addr6.h6_addr)) == NULL)
		return words_bad(w, "inet6 %s: Can't assign requested address", in6_print(a, &w->w_addr6.h6_addr));
	hostname_remove_addr6(w->w_h, ha);
	return true;
}

/* ifconfig(8): an IPv6 address never takes the place of another one, with "alias" or without. */
static bool
place_address6(struct words *w)
{
	struct hostname *h = w->w_h;
	struct hn_addr6 *same = hostname_find_addr6(h, &w->w_addr6.h6_addr);
	char a[IN6_STRLEN];

	if (same != NULL && w->w_file)
		return words_bad(w, "inet6 %s: duplicate address", in6_print(a, &w->w_addr6.h6_addr));
	if (same != NULL) {
		*same = w->w_addr6;
		return true;
	}
	if (h->hn_naddrs6 >= HN_ADDRS_MAX)
		return words_bad(w, "more than %d addresses", HN_ADDRS_MAX);
	return hostname_add_addr6(h, &w->w_addr6) || words_bad(w, "no memory");
}

/* What eui64 fills in is not said. */
static bool
add_address6(struct words *w)
{
	struct hn_addr6 *ha = &w->w_addr6;
	char a[IN6_STRLEN];
	const char *why;

	ha->h6_line = w->w_line;
	ha->h6_plen = (uint8_t)(w->w_plen >= 0 ? w->w_plen : IN6_IS_ADDR_LOOPBACK(&ha->h6_addr) ? 128 : 64);
	if (ha->h6_eui64)
		ha->h6_addr.s6_addr64[1] = 0;
	if ((why = host_address6_error(w->w_h, ha)) != NULL)
		return words_bad(w, "inet6 %s: %s", in6_print(a, &ha->h6_addr), why);
	return place_address6(w);
}

bool
words_finish6(struct words *w)
{
	if (w->w_plen > 128)
		return words_bad(w, "prefixlen: bad value \"%d\"", w->w_plen);
	if (w->w_has_broadcast || w->w_addr.ha_dest)
		return words_bad(w, "inet6: there is no broadcast, and no dest yet");
	if (w->w_delete)
		return delete_address6(w);
	if (!w->w_has_addr6 && (w->w_alias || w->w_plen >= 0))
		return words_bad(w, "inet6: missing address");
	if (w->w_has_addr6 && !add_address6(w))
		return false;
	if (!w->w_file && !w->w_down && w->w_h->hn_updown == HN_DOWN && hostname_inet6(w->w_h))
		w->w_h->hn_updown = HN_DEFAULT;		/* ifconfig(8): an address brings the interface up */
	return true;
}
