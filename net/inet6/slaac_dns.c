/* slaac_dns.c - name servers that routers tell of (RFC 8106): kept as long as they say, shown as /etc/resolv.conf. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/task.h"
#include "net/inet6/slaac.h"

COUNTER(nd6s_rdnssbad, nd6, 76, INFO, "name server option%s ignored");
COUNTER(nd6s_rdnssaddr, nd6, 77, INFO, "name server%s ignored for their address");
COUNTER(nd6s_rdnssmany, nd6, 78, INFO, "name server%s not believed because there are too many");

static void
slaac_dns_remove(struct slaac *sl, struct ra_dns *rd)
{
	unsigned behind = --sl->sl_ndns - (unsigned)(rd - sl->sl_dns);

	memmove(rd, rd + 1, behind * sizeof(*rd));
}

/* RFC 8106 6.2 lets a new one push out the one that ends first; here those that are known stay, so that a flood brings nothing. */
static void
slaac_dns_learn(struct slaac *sl, const struct in6_addr *server, uint32_t lifetime)
{
	struct ra_dns *rd = sl->sl_dns, *end = rd + sl->sl_ndns;

	while (rd < end && !in6_equal(&rd->rd_addr, server))
		rd++;
	if (lifetime == 0) {				/* 5.1: no longer to be used */
		if (rd < end)
			slaac_dns_remove(sl, rd);
	} else if (rd < end)
		rd->rd_expire = slaac_until(lifetime);
	else if (sl->sl_ndns == SLAAC_DNS)
		counter_inc(nd6s_rdnssmany);
	else
		sl->sl_dns[sl->sl_ndns++] = (struct ra_dns){ *server, slaac_until(lifetime) };
}

/* Where a question could be sent. */
static bool
slaac_dns_usable(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_MULTICAST(a) && !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) && !IN6_IS_ADDR_V4MAPPED(a);
}

/* 5.1: 8 bytes with the lifetime, then addresses; 5.3.1: with another length all of it is ignored. */
void
slaac_dns_option(struct slaac *sl, const struct nd_opt *opt)
{
	const uint8_t *p = (const uint8_t *)opt;
	unsigned len = opt->ndo_len * 8u;

	if (opt->ndo_len < 3 || opt->ndo_len % 2 == 0) {
		counter_inc(nd6s_rdnssbad);
		return;
	}
	for (unsigned i = 8; i < len; i += (unsigned)sizeof(struct in6_addr)) {
		struct in6_addr server = in6_embed((const struct in6_addr *)(p + i), sl->sl_ifp->if_index);

		if (slaac_dns_usable(&server))
			slaac_dns_learn(sl, &server, be32_host(load32(p + 4)));
		else
			counter_inc(nd6s_rdnssaddr);
	}
}

void
slaac_dns_expire(struct slaac *sl, uint64_t now)
{
	for (unsigned i = sl->sl_ndns; i-- > 0; )
		if (sl->sl_dns[i].rd_expire <= now)
			slaac_dns_remove(sl, &sl->sl_dns[i]);
}

/* As resolvd(8) writes it. */
static bool
resolv_conf_print(struct out *o)
{
	bool any = false;
	char a[IN6_STRLEN];

	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		const struct slaac *sl = slaac_of(ifp);

		for (unsigned i = 0; sl != NULL && i < sl->sl_ndns; i++) {
			out_printf(o, "nameserver %s # resolvd: %s\n", in6_print(a, &sl->sl_dns[i].rd_addr), ifp->if_xname);
			any = true;
		}
	}
	net_leave();
	return any;
}
static const struct learned_file resolv_conf = { "/etc/resolv.conf", resolv_conf_print };
LEARNED_FILE(resolv_conf);
