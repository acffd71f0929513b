/* rad_msg.c - an advertisement: RFC 4861 4.2, 6.2.3; RFC 8106. */
#include <string.h>

#include "net/inet6/rad.h"

#define MESSAGE_MAX	(IP6_MINMTU - sizeof(struct ip6_hdr))

/* Room for an option of n bytes (a multiple of 8), zeroed, type and length set; NULL: none. */
static uint8_t *
rad_option(uint8_t *buf, unsigned *len, uint8_t type, unsigned n)
{
	uint8_t *p = buf + *len;

	if (*len + n > MESSAGE_MAX || n > 255 * 8)
		return NULL;
	memset(p, 0, n);
	p[0] = type;
	p[1] = (uint8_t)(n / 8);
	*len += n;
	return p;
}

static void
rad_add_prefix(uint8_t *buf, unsigned *len, const struct in6_addr *net, unsigned plen, const struct rad_prefix *how)
{
	struct nd_opt_prefix *op = (struct nd_opt_prefix *)rad_option(buf, len, ND_OPT_PREFIX, sizeof(*op));

	if (op == NULL)
		return;
	op->op_plen = (uint8_t)plen;
	op->op_flags = (uint8_t)((rad_prefix_opt(how, RAD_ONLINK) ? PI_ONLINK : 0) | (rad_prefix_opt(how, RAD_AUTONOMOUS) ? PI_AUTO : 0));
	op->op_valid = host_be32(rad_prefix_opt(how, RAD_VALID));
	op->op_preferred = host_be32(rad_prefix_opt(how, RAD_PREFERRED));
	op->op_prefix = *net;
}

static bool
rad_has_prefix(const struct rad_block *rb, const struct in6_addr *net, unsigned plen)
{
	for (unsigned i = 0; i < rb->rb_nprefixes; i++)
		if (rb->rb_prefix[i].rp_plen == plen && in6_equal(&rb->rb_prefix[i].rp_addr, net))
			return true;
	return false;
}

/* The prefixes of the interface's addresses, each once, but for those that the block names itself, and what was learned from other routers. */
static void
rad_auto_prefixes(uint8_t *buf, unsigned *len, const struct rad_block *rb, const struct rad_prefix *how, const struct ifnet *ifp)
{
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next) {
		struct in6_addr net = in6_masked(&ia->ia_addr, ia->ia_plen);
		const struct in6_ifaddr *before = ifp->if_addrs6;

		if (IN6_IS_ADDR_LINKLOCAL(&net) || ia->ia_plen == 128 || (ia->ia_flags & IN6_IFF_AUTOCONF) || rad_has_prefix(rb, &net, ia->ia_plen))
			continue;
		while (before != ia && !(before->ia_plen == ia->ia_plen && in6_covers(&before->ia_addr, ia->ia_plen, &net)))
			before = before->ia_next;
		if (before == ia)
			rad_add_prefix(buf, len, &net, ia->ia_plen, how);
	}
}

static void
rad_servers(uint8_t *buf, unsigned *len, const struct rad_block *rb, uint32_t lifetime)
{
	uint8_t *p = rb->rb_nservers > 0 ? rad_option(buf, len, ND_OPT_RDNSS, 8 + rb->rb_nservers * 16) : NULL;

	if (p == NULL)
		return;
	store32(p + 4, host_be32(lifetime));
	memcpy(p + 8, rb->rb_server, rb->rb_nservers * 16);
}

/* RFC 8106 5.2: names as in RFC 1035 3.1. */
static void
rad_search(uint8_t *buf, unsigned *len, const struct rad_block *rb, uint32_t lifetime)
{
	uint8_t names[RAD_SEARCH * (RAD_DOMAIN + 2)], *p;
	unsigned n = 0;

	for (unsigned i = 0; i < rb->rb_nsearch; i++) {
		for (const char *s = rb->rb_search[i]; *s != '\0'; s += *s == '.') {
			size_t label = strcspn(s, ".");

			names[n++] = (uint8_t)label;
			memcpy(names + n, s, label);
			n += (unsigned)label;
			s += label;
		}
		names[n++] = 0;
	}
	if (n == 0 || (p = rad_option(buf, len, ND_OPT_DNSSL, (8 + n + 7) & ~7u)) == NULL)
		return;
	store32(p + 4, host_be32(lifetime));
	memcpy(p + 8, names, n);
}

unsigned
rad_message(uint8_t buf[IP6_MINMTU], const struct rad_conf *rc, const struct rad_block *rb, const struct ifnet *ifp, bool final)
{
	bool router = !final && ip6_forwarding && rad_opt(rc, rb, RAD_DEFAULT_ROUTER);
	const struct rad_block *dns = rb->rb_nservers > 0 || rb->rb_nsearch > 0 ? rb : &rc->rc_block[0];
	uint32_t mtu = rad_opt(rc, rb, RAD_MTU), dnslife = final ? 0 : rad_opt(rc, rb, RAD_DNS_LIFETIME);
	unsigned len = sizeof(struct nd_ra);
	uint8_t *p;

	*(struct nd_ra *)buf = (struct nd_ra){ .ra_type = ICMP6_RA, .ra_hlim = (uint8_t)rad_opt(rc, rb, RAD_HOP_LIMIT),
	    .ra_flags = (uint8_t)((rad_opt(rc, rb, RAD_MANAGED) ? RA_MANAGED : 0) | (rad_opt(rc, rb, RAD_OTHER) ? RA_OTHER : 0)),
	    .ra_lifetime = host_be16(router ? (uint16_t)rad_opt(rc, rb, RAD_LIFETIME) : 0),
	    .ra_reachable = host_be32(rad_opt(rc, rb, RAD_REACHABLE)), .ra_retrans = host_be32(rad_opt(rc, rb, RAD_RETRANS)) };
	if ((p = rad_option(buf, &len, ND_OPT_SLLA, 8)) != NULL)
		memcpy(p + 2, ifp->if_lladdr, ETHER_ADDR_LEN);
	if (mtu != 0 && (p = rad_option(buf, &len, ND_OPT_MTU, 8)) != NULL)
		store32(p + 4, host_be32(mtu));
	for (unsigned i = 0; i < rb->rb_nprefixes; i++)
		rad_add_prefix(buf, &len, &rb->rb_prefix[i].rp_addr, rb->rb_prefix[i].rp_plen, &rb->rb_prefix[i]);
	if (rad_opt(rc, rb, RAD_AUTO_PREFIX))
		rad_auto_prefixes(buf, &len, rb, rb->rb_opt[RAD_AUTO_PREFIX].rv_set ? &rb->rb_auto : &rc->rc_block[0].rb_auto, ifp);
	rad_servers(buf, &len, dns, dnslife);
	rad_search(buf, &len, dns, dnslife);
	return len;
}
