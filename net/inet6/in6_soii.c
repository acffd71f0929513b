/* in6_soii.c - stable and opaque interface identifiers (RFC 7217): the same on the same network as long as the key is, telling nobody the
 * Ethernet address.
 *
 * OpenBSD makes a key at its first boot and keeps it on the disk. There is none here that is ours, so the key is configuration: sysctl.conf's
 * net.inet6.ip6.soiikey, 32 hexadecimal digits. Without one addresses are made of the Ethernet address, as after "-soii". */
#include <string.h>

#include "kernel/siphash.h"
#include "kernel/sysctl.h"
#include "net/core/pending.h"
#include "net/inet6/in6_ifaddr.h"

static void soii_changed(void);
static uint8_t soii_key[SYSCTL_KEYSIZE];
SYSCTL_KEY(net_inet6_ip6_soiikey, "net.inet6.ip6.soiikey", soii_key, soii_changed);

/* Addresses made of the key before are made anew; what an admin has said about their networks is put back. */
static void
soii_changed(void)
{
	for (struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		in6_if_changed(ifp);
	pending_retry();
}

static bool
soii_key_set(void)
{
	static const uint8_t none[SYSCTL_KEYSIZE];

	return memcmp(soii_key, none, sizeof(none)) != 0;
}

bool
in6_soii(const struct ifnet *ifp)
{
	return soii_key_set() && !(ifp->if_xflags & IFXF_INET6_NOSOII);
}

/* RFC 5453: the subnet routers' anycast address, and those above fdff:ffff:ffff:ff80. */
static bool
iid_reserved(uint64_t iid)
{
	uint64_t v = __builtin_bswap64(iid);

	return v == 0 || (v >= 0xfdffffffffffff80u && v <= 0xfdffffffffffffffu) || v >> 24 == 0x02005efffeu;
}

/* RFC 7217 5: F() is a keyed hash of the prefix, the Ethernet address as Net_Iface, and DAD_Counter; there is no Network_ID. */
void
in6_make_iid(struct in6_addr *a, const struct ifnet *ifp, unsigned dad)
{
	uint64_t key[2], words[3] = { a->s6_addr64[0], 0, dad }, iid;

	if (!in6_soii(ifp)) {
		in6_eui64(a, ifp->if_lladdr);
		return;
	}
	memcpy(key, soii_key, sizeof(key));
	memcpy(&words[1], ifp->if_lladdr, 6);
	do {
		iid = siphash(key, words, nitems(words));
		words[2] += 0x100;			/* another one, not another DAD_Counter's */
	} while (iid_reserved(iid));
	a->s6_addr64[1] = iid;
}
