/* slaacfix.c - slaacfix.h's. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/slaacfix.h"

uint8_t ra_buf[700];
unsigned ra_len;

void
slaac_start(const char *words)
{
	char bundle[200];

	cmd_start();
	snprintf(bundle, sizeof(bundle), "# /etc/hostname.t0\n%s\n", words);
	CHECK_STR(cmd_load(bundle), "");
	wires_forget();
	counter_mark();
}

void
ra_from(unsigned lifetime, unsigned flags, uint8_t mac)
{
	memset(ra_buf, 0, sizeof(ra_buf));
	*(struct nd_ra *)ra_buf = (struct nd_ra){ .ra_type = ICMP6_RA, .ra_hlim = 64, .ra_flags = (uint8_t)flags,
	    .ra_lifetime = host_be16((uint16_t)lifetime) };
	ra_len = sizeof(struct nd_ra);
	if (mac == 0)
		return;
	ra_buf[ra_len] = ND_OPT_SLLA;
	ra_buf[ra_len + 1] = 1;
	memcpy(ra_buf + ra_len + 2, (const uint8_t[]){ 2, 0, 0, 0, 0, mac }, 6);
	ra_len += 8;
}

void
ra_prefix(const char *prefix, unsigned plen, unsigned flags, uint32_t valid, uint32_t preferred)
{
	*(struct nd_opt_prefix *)(ra_buf + ra_len) = (struct nd_opt_prefix){ .op_type = ND_OPT_PREFIX, .op_len = 4, .op_plen = (uint8_t)plen,
	    .op_flags = (uint8_t)flags, .op_valid = host_be32(valid), .op_preferred = host_be32(preferred), .op_prefix = addr6(prefix) };
	ra_len += 32;
}

void
ra_send(const char *from)
{
	static struct pkt p;

	pkt6_icmp(&p, from, "ff02::1", 255, ra_buf, ra_len);
	wire_rx(&t0, &p);
}

unsigned
addrs_with(unsigned flag)
{
	unsigned n = 0;

	for (const struct in6_ifaddr *ia = t0.w_if.if_addrs6; ia != NULL; ia = ia->ia_next)
		n += !!(ia->ia_flags & flag);
	return n;
}
