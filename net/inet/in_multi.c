/* in_multi.c - groups joined, with how many have asked for each, and the card's filter. */
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/inet/in_multi.h"

static struct pool in_multi_pool;

static void
in_multi_init(void)
{
	pool_init_epoch(&in_multi_pool, "inmulti", sizeof(struct in_multi), 8, 4096);
}
NET_INIT(in_multi, 10, in_multi_init);

struct in_multi *
in_multi_find(const struct ifnet *ifp, be32_t group)
{
	struct in_multi *im = __atomic_load_n(&ifp->if_groups, __ATOMIC_ACQUIRE);

	while (im != NULL && im->im_addr != group)
		im = __atomic_load_n(&im->im_next, __ATOMIC_ACQUIRE);
	return im;
}

/* RFC 1112 6.4: the group's lower 23 bits. */
static void
in_multi_lladdr(uint8_t *lladdr, be32_t group)
{
	uint32_t g = be32_host(group) & 0x7fffff;

	store16(lladdr, BE16(0x0100));
	store32(lladdr + 2, host_be32(0x5e000000 | g));
}

const char *
in_addmulti(struct ifnet *ifp, be32_t group)
{
	struct in_multi *im = in_multi_find(ifp, group);
	uint8_t lladdr[6];

	OWNER(0);
	if (!ip4_is_multicast(group) || !(ifp->if_flags & IFF_MULTICAST))
		return "Can't assign requested address";
	if (im == NULL) {
		in_multi_lladdr(lladdr, group);
		if ((im = pool_get(&in_multi_pool)) == NULL)
			return "Cannot allocate memory";
		if (ifp->if_ether && !if_addmulti(ifp, lladdr)) {
			pool_put(&in_multi_pool, im);
			return "Cannot allocate memory";
		}
		im->im_ifp = ifp;
		im->im_addr = group;
		im->im_next = ifp->if_groups;
		__atomic_store_n(&ifp->if_groups, im, __ATOMIC_RELEASE);
	}
	if (im->im_refs++ == 0)
		igmp_joined(im);
	return NULL;
}

void
in_delmulti(struct ifnet *ifp, be32_t group)
{
	struct in_multi *im = in_multi_find(ifp, group);

	OWNER(0);
	if (im != NULL && im->im_refs > 0 && --im->im_refs == 0)
		igmp_left(im);
}

void
in_multi_free(struct in_multi *im)
{
	struct in_multi **p = &im->im_ifp->if_groups;
	uint8_t lladdr[6];

	igmp_forget(im);
	in_multi_lladdr(lladdr, im->im_addr);
	if (im->im_ifp->if_ether)
		if_delmulti(im->im_ifp, lladdr);
	while (*p != im)
		p = &(*p)->im_next;
	__atomic_store_n(p, im->im_next, __ATOMIC_RELEASE);
	pool_put(&in_multi_pool, im);
}

void
in_multi_purge(struct ifnet *ifp)
{
	while (ifp->if_groups != NULL)
		in_multi_free(ifp->if_groups);
	igmp_if_gone(ifp);
}
