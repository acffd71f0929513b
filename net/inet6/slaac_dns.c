/* slaac_dns.c - name servers and search domains that routers tell of (RFC 8106): kept as long as they say, shown as /etc/resolv.conf. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/task.h"
#include "net/inet6/slaac.h"

#define LABEL_MAX	63		/* RFC 1035 2.3.4 */
#define SEARCH_CHARS	1024		/* of a search line: resolv.conf(5) */

COUNTER(nd6s_rdnssbad, nd6, 76, INFO, "name server option%s ignored");
COUNTER(nd6s_rdnssaddr, nd6, 77, INFO, "name server%s ignored for their address");
COUNTER(nd6s_rdnssmany, nd6, 78, INFO, "name server%s not believed because there are too many");
COUNTER(nd6s_dnsslbad, nd6, 79, INFO, "search list option%s ignored");
COUNTER(nd6s_dnsslname, nd6, 80, INFO, "search domain%s ignored for their name");
COUNTER(nd6s_dnsslmany, nd6, 81, INFO, "search domain%s not believed because there are too many");

/* ---- what is known: items of a kind, each its end and what it is ---- */

struct ra_list { uint8_t *l_first; unsigned *l_n, l_max; size_t l_size; };

static struct ra_list
list_servers(struct slaac *sl)
{
	return (struct ra_list){ (uint8_t *)sl->sl_dns, &sl->sl_ndns, SLAAC_DNS, sizeof(struct ra_dns) };
}

static struct ra_list
list_search(struct slaac *sl)
{
	return (struct ra_list){ (uint8_t *)sl->sl_search, &sl->sl_nsearch, SLAAC_SEARCH, sizeof(struct ra_search) };
}

static void
list_remove(struct ra_list l, uint8_t *item)
{
	--*l.l_n;
	memmove(item, item + l.l_size, (size_t)(l.l_first + *l.l_n * l.l_size - item));
}

/* RFC 8106 6.2 lets a new one push out the one that ends first; here those that are known stay, so that a flood brings nothing. what: as an item
 * has it behind its end. False: there are too many. */
static bool
list_learn(struct ra_list l, const void *what, uint32_t lifetime)
{
	uint8_t *item = l.l_first, *end = item + *l.l_n * l.l_size;
	uint64_t until = slaac_until(lifetime);

	while (item < end && memcmp(item + sizeof(until), what, l.l_size - sizeof(until)) != 0)
		item += l.l_size;
	if (lifetime == 0) {				/* 5.1: no longer to be used */
		if (item < end)
			list_remove(l, item);
		return true;
	}
	if (item == end) {
		if (*l.l_n == l.l_max)
			return false;
		memcpy(item + sizeof(until), what, l.l_size - sizeof(until));
		++*l.l_n;
	}
	memcpy(item, &until, sizeof(until));
	return true;
}

static void
list_expire(struct ra_list l, uint64_t now)
{
	uint64_t until;

	for (unsigned i = *l.l_n; i-- > 0; ) {
		memcpy(&until, l.l_first + i * l.l_size, sizeof(until));
		if (until <= now)
			list_remove(l, l.l_first + i * l.l_size);
	}
}

void
slaac_dns_expire(struct slaac *sl, uint64_t now)
{
	list_expire(list_servers(sl), now);
	list_expire(list_search(sl), now);
}

/* ---- RFC 8106 5.1: name servers ---- */

/* Where a question could be sent. */
static bool
server_usable(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_MULTICAST(a) && !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) && !IN6_IS_ADDR_V4MAPPED(a);
}

/* 8 bytes with the lifetime, then addresses; 5.3.1: with another length all of it is ignored. */
void
slaac_dns_servers(struct slaac *sl, const struct nd_opt *opt)
{
	const uint8_t *p = (const uint8_t *)opt;
	unsigned len = opt->ndo_len * 8u;

	if (opt->ndo_len < 3 || opt->ndo_len % 2 == 0) {
		counter_inc(nd6s_rdnssbad);
		return;
	}
	for (unsigned i = 8; i < len; i += (unsigned)sizeof(struct in6_addr)) {
		struct in6_addr server = in6_embed((const struct in6_addr *)(p + i), sl->sl_ifp->if_index);

		if (!server_usable(&server))
			counter_inc(nd6s_rdnssaddr);
		else if (!list_learn(list_servers(sl), &server, be32_host(load32(p + 4))))
			counter_inc(nd6s_rdnssmany);
	}
}

/* ---- 5.2: search domains ---- */

/* A byte of a label: lower case (RFC 4343), a blank for what would change the text's form. */
static char
name_char(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c == '.' || c == '\0' ? ' ' : c);
}

/* A name as RFC 1035 3.1 has it, not compressed, of at most len bytes, to text. Returns its bytes; 0: it is none, or longer than names are. */
static unsigned
name_text(const uint8_t *p, unsigned len, char text[SLAAC_DOMAIN])
{
	unsigned i = 0, n = 0;

	memset(text, 0, SLAAC_DOMAIN);
	while (i < len && p[i] != 0) {
		unsigned label = p[i++];

		if (label > LABEL_MAX || label >= len - i || n + label + 1 >= SLAAC_DOMAIN)
			return 0;
		if (n > 0)
			text[n++] = '.';
		for (; label > 0; label--, i++)
			text[n++] = name_char(p[i]);
	}
	return i < len && n > 0 && i < SLAAC_DOMAIN - 1 ? i + 1 : 0;
}

/* What hosts are named with (RFC 1123 2.1, RFC 2181 11 for '_'); no other byte gets into a file or onto a terminal. */
static bool
name_plain(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	for (; *s != '\0'; s += s[0] == '.') {
		size_t n = strspn(s, plain);

		if (n == 0 || *s == '-' || s[n - 1] == '-' || (s[n] != '\0' && s[n] != '.'))
			return false;
		s += n;
	}
	return true;
}

static void
search_learn(struct slaac *sl, const char name[SLAAC_DOMAIN], uint32_t lifetime)
{
	if (!name_plain(name))
		counter_inc(nd6s_dnsslname);
	else if (!list_learn(list_search(sl), name, lifetime))
		counter_inc(nd6s_dnsslmany);
}

/* Names, then zeros up to the end. learn: what they are is remembered. False: it has another form. */
static bool
search_walk(struct slaac *sl, const struct nd_opt *opt, bool learn)
{
	const uint8_t *p = (const uint8_t *)opt;
	unsigned i = 8, len = opt->ndo_len * 8u, n;
	char name[SLAAC_DOMAIN];

	for (; i < len && p[i] != 0; i += n) {
		if ((n = name_text(p + i, len - i, name)) == 0)
			return false;
		if (learn)
			search_learn(sl, name, be32_host(load32(p + 4)));
	}
	if (i == 8)
		return false;
	while (i < len && p[i] == 0)
		i++;
	return i == len;
}

void
slaac_dns_search(struct slaac *sl, const struct nd_opt *opt)
{
	if (opt->ndo_len < 2 || !search_walk(sl, opt, false))	/* 5.3.1: all of it is ignored */
		counter_inc(nd6s_dnsslbad);
	else
		search_walk(sl, opt, true);
}

/* ---- /etc/resolv.conf ---- */

/* As resolvd(8) writes it. */
static bool
print_servers(struct out *o)
{
	bool any = false;
	char a[IN6_STRLEN];

	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct slaac *sl = slaac_of(ifp);

		for (unsigned i = 0; sl != NULL && i < sl->sl_ndns; i++) {
			out_printf(o, "nameserver %s # resolvd: %s\n", in6_print(a, &sl->sl_dns[i].rd_addr), ifp->if_xname);
			any = true;
		}
	}
	return any;
}

/* One line for all links, as only one counts; with so much as resolv.conf(5) allows, each name once. */
static bool
print_search(struct out *o)
{
	const char *said[SLAAC_SEARCH];
	size_t chars = 0;
	unsigned n = 0, k;

	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct slaac *sl = slaac_of(ifp);

		for (unsigned i = 0; sl != NULL && i < sl->sl_nsearch && n < SLAAC_SEARCH; i++) {
			const char *name = sl->sl_search[i].rs_name;

			for (k = 0; k < n && strcmp(said[k], name) != 0; k++)
				continue;
			if (k < n || chars + strlen(name) + 1 > SEARCH_CHARS)
				continue;
			out_printf(o, n == 0 ? "search %s" : " %s", name);
			chars += strlen(name) + 1;
			said[n++] = name;
		}
	}
	if (n > 0)
		out_printf(o, "\n");
	return n > 0;
}

static bool
resolv_conf_print(struct out *o)
{
	bool any;

	net_enter();
	any = print_servers(o);
	any |= print_search(o);
	net_leave();
	return any;
}
static const struct learned_file resolv_conf = { "/etc/resolv.conf", resolv_conf_print };
LEARNED_FILE(resolv_conf);
