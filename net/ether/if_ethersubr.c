/* if_ethersubr.c - what all Ethernet interfaces share: attach, and addresses as text. */
#include <stdio.h>

#include "kernel/text.h"
#include "net/ether/ether.h"

bool
ether_ifattach(struct ifnet *ifp)
{
	ifp->if_flags |= IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST;
	ifp->if_ether = true;
	if (ifp->if_mtu == 0)
		ifp->if_mtu = ETHERMTU;
	if (ifp->if_hardmtu == 0)
		ifp->if_hardmtu = ETHERMTU;
	if (ifp->if_media == NULL)
		ifp->if_media = "Ethernet autoselect";
	ifp->if_input = ether_input;
	return if_attach(ifp);
}

char *
ether_print(char *buf, const uint8_t *a)
{
	snprintf(buf, ETHER_STRLEN, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
	return buf;
}

bool
ether_parse(const char *s, uint8_t *out)
{
	for (int i = 0; i < ETHER_ADDR_LEN; i++) {
		int hi = text_hexdigit(*s), lo;

		if (hi < 0)
			return false;
		lo = text_hexdigit(*++s);
		if (lo >= 0)
			s++;
		out[i] = (uint8_t)(lo >= 0 ? hi << 4 | lo : hi);
		if (*s++ != (i < ETHER_ADDR_LEN - 1 ? ':' : '\0'))
			return false;
	}
	return true;
}
