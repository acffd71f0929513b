/* hostname_parse_nbr.c - the grammar of arp(8)'s and ndp(8)'s -s, in files and commands. */
#include <stdio.h>
#include <string.h>

#include "net/core/hostname.h"
#include "net/ether/ether.h"

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
