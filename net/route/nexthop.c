/* nexthop.c - the objects of nexthop.h: found by (interface, address), counted references, link headers. */
#include <string.h>

#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/pool.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/ether/ether.h"
#include "net/route/nexthop.h"
#include "net/route/rt_msg.h"

#define NEXTHOP_BUCKETS	4096u		/* a power of two */
#define NEXTHOP_MIN	1024u
#define NEXTHOP_MAX	16384u

struct nexthop *nexthop_list;
const struct nexthop_ops *nexthop_ops[AF_COUNT];
static struct nexthop *nexthop_hash[NEXTHOP_BUCKETS];
static uint64_t nexthop_key[2];	/* neighbours choose their addresses, not their bucket */
static struct pool nexthop_pool;
static uint32_t nexthop_count[AF_COUNT][IF_MAX];	/* by if_index */
#define NEXTHOP_IFMAX	8192
static int nexthop_ifmax[AF_COUNT] = { NEXTHOP_IFMAX, NEXTHOP_IFMAX };	/* of an interface */
SYSCTL_INT(net_inet_ip_arpmax, "net.inet.ip.arpmax", &nexthop_ifmax[AF_IP4], NEXTHOP_IFMAX, 16, 16384);
SYSCTL_INT(net_inet6_ip6_neighborgcthresh, "net.inet6.ip6.neighborgcthresh", &nexthop_ifmax[AF_IP6], NEXTHOP_IFMAX, 16, 16384);
#define NEXTHOP_RESERVE	64		/* for gateways and permanent entries */
#define ROOM_PART	8		/* this part of an interface's share is kept free for who comes next */
static uint32_t nexthop_live;		/* all of them; the pool has those besides that wait for an epoch's end */

COUNTER_GROUP(nexthop, 15);
COUNTER(nhs_reclaimed, nexthop, 10, INFO, "neighbour%s forgotten to make room for others");

#define RECLAIM		64u		/* so many go at a time, */
#define PICK_OF		8u		/* each the oldest of so many, */
#define PICK_BUCKETS	512u		/* for which not more than so many buckets are looked at */

/* Who has which number: the slot, and how often that has been given away. The free ones are a stack. */
static struct { struct nexthop *nh; uint32_t generation; } nexthop_slots[NEXTHOP_MAX];
static uint16_t nexthop_free[NEXTHOP_MAX];
static unsigned nexthop_nfree;

/* At most a sixty-fourth of memory; where neighbours lie far apart, each takes a table of the routing tree (4 KB) as well. */
static void
nexthop_init(void)
{
	size_t n = page_total() / 64 * PAGE_SIZE / sizeof(struct nexthop);

	n = MAX(n, (size_t)NEXTHOP_MIN);
	random_bytes(nexthop_key, sizeof(nexthop_key));
	nexthop_key[0] |= 1;
	nexthop_key[1] |= 1;
	for (nexthop_nfree = 0; nexthop_nfree < NEXTHOP_MAX; nexthop_nfree++)
		nexthop_free[nexthop_nfree] = (uint16_t)(NEXTHOP_MAX - 1 - nexthop_nfree);
	pool_init_epoch(&nexthop_pool, "nexthop", sizeof(struct nexthop), 16, MIN((unsigned)n, NEXTHOP_MAX));
}
NET_INIT(nexthop, 10, nexthop_init);

static struct nexthop **
nexthop_bucket(const struct ifnet *ifp, const struct in6_addr *a)
{
	uint64_t h = ((uint64_t)ifp->if_index << 32 ^ a->s6_addr64[0]) * nexthop_key[0];

	h = ((h ^ h >> 32) + a->s6_addr64[1]) * nexthop_key[1];
	return &nexthop_hash[(h ^ h >> 32) * nexthop_key[0] >> 52 & (NEXTHOP_BUCKETS - 1)];
}

static struct nexthop *
nexthop_find_af(struct ifnet *ifp, unsigned af, const struct in6_addr *a)
{
	struct nexthop *nh = *nexthop_bucket(ifp, a);

	while (nh != NULL && (!in6_equal(&nh->nh_addr6, a) || nh->nh_ifp != ifp || nh->nh_af != af))
		nh = nh->nh_hashnext;
	return nh;
}

struct nexthop *
nexthop_find(struct ifnet *ifp, be32_t addr)
{
	struct in6_addr a = in6_of_ip4(addr);

	return nexthop_find_af(ifp, AF_IP4, &a);
}

struct nexthop *
nexthop_find6(struct ifnet *ifp, const struct in6_addr *addr)
{
	struct in6_addr a = in6_unembed(addr);

	return nexthop_find_af(ifp, AF_IP6, &a);
}

uint64_t
nexthop_tag(const struct nexthop *nh)
{
	return (uint64_t)nh->nh_generation << 32 | nh->nh_slot;
}

struct nexthop *
nexthop_tagged(uint64_t tag)
{
	unsigned slot = (uint16_t)tag;

	return nexthop_slots[slot].generation == tag >> 32 ? nexthop_slots[slot].nh : NULL;
}

static void
nexthop_link(struct nexthop *nh)
{
	struct nexthop **bucket = nexthop_bucket(nh->nh_ifp, &nh->nh_addr6);

	KASSERT(nexthop_nfree > 0);
	nh->nh_slot = nexthop_free[--nexthop_nfree];
	nh->nh_generation = nexthop_slots[nh->nh_slot].generation;
	nexthop_slots[nh->nh_slot].nh = nh;
	nh->nh_hashnext = *bucket;
	*bucket = nh;
	if ((nh->nh_next = nexthop_list) != NULL)
		nexthop_list->nh_prevp = &nh->nh_next;
	nexthop_list = nh;
	nh->nh_prevp = &nexthop_list;
	nexthop_count[nh->nh_af][nh->nh_ifp->if_index]++;
	nexthop_live++;
}

static void
nexthop_unlink(struct nexthop *nh)
{
	struct nexthop **p = nexthop_bucket(nh->nh_ifp, &nh->nh_addr6);

	nexthop_slots[nh->nh_slot].nh = NULL;
	nexthop_slots[nh->nh_slot].generation++;
	nexthop_free[nexthop_nfree++] = nh->nh_slot;
	while (*p != nh)
		p = &(*p)->nh_hashnext;
	*p = nh->nh_hashnext;
	if ((*nh->nh_prevp = nh->nh_next) != NULL)
		nh->nh_next->nh_prevp = nh->nh_prevp;
	nexthop_count[nh->nh_af][nh->nh_ifp->if_index]--;
	nexthop_live--;
}

unsigned
nexthop_limit(void)
{
	return nexthop_pool.pr_limit;
}

static uint32_t
nexthop_share(unsigned af)
{
	return MIN((uint32_t)nexthop_ifmax[af], nexthop_pool.pr_limit / 2);
}

bool
nexthop_crowded(const struct ifnet *ifp, unsigned af)
{
	return nexthop_count[af][ifp->if_index] >= nexthop_share(af) || nexthop_pool.pr_nout + NEXTHOP_RESERVE >= nexthop_pool.pr_limit;
}

static bool
nexthop_share_tight(const struct ifnet *ifp, unsigned af)
{
	return nexthop_count[af][ifp->if_index] >= nexthop_share(af) - nexthop_share(af) / ROOM_PART;
}

bool
nexthop_tight(const struct ifnet *ifp, unsigned af)
{
	return nexthop_share_tight(ifp, af) ||
	    nexthop_live + NEXTHOP_RESERVE + nexthop_pool.pr_limit / 2 / ROOM_PART >= nexthop_pool.pr_limit;
}

static struct nexthop *
nexthop_create(struct ifnet *ifp, unsigned af, const struct in6_addr *a)
{
	struct nexthop *nh;

	if ((ifp->if_ether && nexthop_ops[af] == NULL) || (nh = pool_get(&nexthop_pool)) == NULL)
		return NULL;
	nh->nh_ifp = ifp;
	nh->nh_af = (uint8_t)af;
	nh->nh_addr6 = *a;
	nh->nh_rdomain = ifp->if_rdomain;
	nexthop_link(nh);
	if (ifp->if_ether)
		nexthop_ops[af]->no_init(nh);
	else {
		nh->nh_flags = NHF_P2P;
		nh->nh_state = NH_REACHABLE;
		nh->nh_valid = nexthop_if_usable(ifp);
	}
	return nh;
}

struct nexthop *
nexthop_get_af(struct ifnet *ifp, unsigned af, const struct in6_addr *addr)
{
	struct in6_addr a = af == AF_IP4 ? *addr : in6_unembed(addr);
	struct nexthop *nh;

	OWNER(0);
	nh = nexthop_find_af(ifp, af, &a);
	if (nh == NULL && (nh = nexthop_create(ifp, af, &a)) == NULL)
		return NULL;
	nh->nh_refs++;
	return nh;
}

struct nexthop *
nexthop_get(struct ifnet *ifp, be32_t addr)
{
	struct in6_addr a = in6_of_ip4(addr);

	return nexthop_get_af(ifp, AF_IP4, &a);
}

/* No timer, no packets that wait. */
static void
nexthop_quiet(struct nexthop *nh)
{
	nh->nh_valid = false;
	if (!(nh->nh_flags & NHF_P2P))
		nexthop_ops[nh->nh_af]->no_destroy(nh);
}

void
nexthop_put(struct nexthop *nh)
{
	OWNER(0);
	KASSERT(nh->nh_refs > 0);
	if (--nh->nh_refs > 0)
		return;
	nexthop_quiet(nh);
	nexthop_unlink(nh);
	pool_put(&nexthop_pool, nh);
}

/* Destination, our own address, type, right-aligned. Each half is one store: other cores, which copy it at any moment, see the old or the
 * new destination, the old or the new source, and no mixture of either. */
static void
nexthop_header(struct nexthop *nh, const uint8_t *lladdr)
{
	uint64_t half[2] = { 0, 0 }, *hdr = (uint64_t *)nh->nh_hdr;
	struct ether_header *eh = (void *)((uint8_t *)half + NH_HDRSIZE - sizeof(*eh));

	memcpy(eh->ether_dhost, lladdr, ETHER_ADDR_LEN);
	memcpy(eh->ether_shost, nh->nh_ifp->if_lladdr, ETHER_ADDR_LEN);
	eh->ether_type = nh->nh_af == AF_IP4 ? BE16(ETHERTYPE_IP) : BE16(ETHERTYPE_IPV6);
	__atomic_store_n(&hdr[0], half[0], __ATOMIC_RELAXED);
	__atomic_store_n(&hdr[1], half[1], __ATOMIC_RELAXED);
	nh->nh_hdrlen = sizeof(*eh);
}
_Static_assert(NH_HDRSIZE == 16 && ETHER_ADDR_LEN == 6, "the destination is in the first half");

void
nexthop_set_lladdr(struct nexthop *nh, const uint8_t *lladdr)
{
	OWNER(0);
	KASSERT(nh->nh_ifp->if_ether);
	nexthop_header(nh, lladdr);
	nh->nh_state = NH_REACHABLE;
	barrier();			/* the header stands before others may use it */
	nh->nh_valid = nexthop_if_usable(nh->nh_ifp);
	rt_msg_neighbour(nh);
	if (nh->nh_valid)
		nexthop_ops[nh->nh_af]->no_release(nh);
}

void
nexthop_invalidate(struct nexthop *nh)
{
	OWNER(0);
	if (!(nh->nh_flags & NHF_P2P))
		nh->nh_state = NH_INCOMPLETE;
	nexthop_quiet(nh);
}

void
nexthop_if_down(struct ifnet *ifp)
{
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next) {
		if (nh->nh_ifp != ifp)
			continue;
		if (nh->nh_flags & (NHF_STATIC | NHF_P2P))
			nh->nh_valid = false;
		else
			nexthop_invalidate(nh);
	}
}

void
nexthop_if_up(struct ifnet *ifp)
{
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		if (nh->nh_ifp == ifp && NH_RESOLVED(nh))
			nh->nh_valid = true;
}

void
nexthop_if_lladdr_changed(struct ifnet *ifp)
{
	for (struct nexthop *nh = nexthop_list; nh != NULL; nh = nh->nh_next)
		if (nh->nh_ifp == ifp && ifp->if_ether && NH_RESOLVED(nh))
			nexthop_header(nh, nexthop_lladdr(nh));
}

/* ---- room for others ----
 *
 * Anybody on a wire can fill the table, by asking us under many names or by scanning through us, faster than any timer; who came first must not keep
 * it, and who comes next must find room. So some room is kept free: who needs a part of it has others go before the pass is over. What goes comes
 * back with its next packet. */

/* A neighbour that only its own host route refers to, and what it is good for; higher is better. CLASS_STAYS: it is needed. */
enum reclaim_class { CLASS_IDLE, CLASS_ASKED, CLASS_USED, CLASS_STAYS };

static enum reclaim_class
nexthop_class(const struct nexthop *nh)
{
	if (nh->nh_refs > 1 || (nh->nh_flags & (NHF_STATIC | NHF_PUBLISH | NHF_P2P)))
		return CLASS_STAYS;
	if (NH_RESOLVED(nh))
		return nh->nh_used ? CLASS_USED : CLASS_IDLE;
	return nh->nh_state == NH_PROBING ? CLASS_ASKED : CLASS_IDLE;
}

/* The next who may go: one that serves nobody now; or of some who have not answered yet the one asked longest ago, as whoever lives answers at once;
 * or, where any will do, of those in use. NULL: nobody is found soon. */
static struct nexthop *
nexthop_pick(const struct ifnet *ifp, unsigned af, bool any)
{
	static unsigned hand;		/* goes on where it stopped; the hash makes the order a random one */
	struct nexthop *oldest[CLASS_STAYS] = { NULL };
	unsigned asked = 0;

	for (unsigned i = 0; i < PICK_BUCKETS && asked < PICK_OF; i++, hand++)
		for (struct nexthop *nh = nexthop_hash[hand % NEXTHOP_BUCKETS]; nh != NULL; nh = nh->nh_hashnext) {
			enum reclaim_class class = nh->nh_ifp == ifp && nh->nh_af == af ? nexthop_class(nh) : CLASS_STAYS;

			if (class == CLASS_IDLE)
				return nh;
			if (class == CLASS_STAYS)
				continue;
			asked += class == CLASS_ASKED;
			if (oldest[class] == NULL || nh->nh_probed < oldest[class]->nh_probed)
				oldest[class] = nh;
		}
	return oldest[CLASS_ASKED] != NULL || !any ? oldest[CLASS_ASKED] : oldest[CLASS_USED];
}

/* Those in use only when there would be no room at all. */
static void
nexthop_reclaim(const struct ifnet *ifp, unsigned af)
{
	struct nexthop *nh;

	for (unsigned n = 0; n < RECLAIM && (nh = nexthop_pick(ifp, af, nexthop_crowded(ifp, af))) != NULL; n++) {
		counter_inc(nhs_reclaimed);
		nexthop_forget(nh);
	}
}

static const struct ifnet *
nexthop_largest_if(unsigned *af)
{
	const struct ifnet *most = ifnet_list;

	*af = 0;
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		for (unsigned i = 0; i < AF_COUNT; i++)
			if (nexthop_count[i][ifp->if_index] > nexthop_count[*af][most->if_index]) {
				most = ifp;
				*af = i;
			}
	return most;
}

static void nexthop_pass_end(void);
static struct loop_end nexthop_end = { .le_func = nexthop_pass_end };
static struct { uint8_t af; uint16_t ifidx; } nexthop_room;		/* who wanted it last */

void
nexthop_make_room(const struct ifnet *ifp, unsigned af)
{
	OWNER(0);
	nexthop_room.af = (uint8_t)af;
	nexthop_room.ifidx = ifp->if_index;
	loop_at_end(&nexthop_end);
}

/* The end of a pass: no packet is on its way with one of them in m_nh or with its route in m_rt. Whoever has reached his share gives; when memory
 * for all of them is short, who has the most. */
static void
nexthop_pass_end(void)
{
	const struct ifnet *ifp = if_get(nexthop_room.ifidx);
	unsigned af = nexthop_room.af;

	if (ifp == NULL || !nexthop_share_tight(ifp, af))
		ifp = nexthop_largest_if(&af);
	nexthop_reclaim(ifp, af);
}
