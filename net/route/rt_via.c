/* rt_via.c - gateway, source address and label of routes, each combination once. Core 0. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/pool.h"
#include "net/core/net_init.h"
#include "net/core/owner.h"
#include "net/route/rt_var.h"

#define VIA_BUCKETS	1024u		/* a power of two */

static struct pool via_pool;
static struct rt_via *via_hash[VIA_BUCKETS];
static uint64_t via_key[2];		/* neighbours may choose their addresses, not their bucket */

static void
rt_via_init(void)
{
	random_bytes(via_key, sizeof(via_key));
	pool_init_epoch(&via_pool, "rtvia", sizeof(struct rt_via), 8, 0);
}
NET_INIT(rt_via, 10, rt_via_init);

static struct rt_via **
via_bucket(const struct in6_addr *gateway, const struct in6_addr *ifa)
{
	uint64_t h = (gateway->s6_addr64[0] ^ via_key[0]) * (via_key[1] | 1);

	h = (h ^ h >> 32 ^ gateway->s6_addr64[1]) * (via_key[0] | 1);
	h = (h ^ h >> 32 ^ ifa->s6_addr64[0]) * (via_key[1] | 1);
	h = (h ^ h >> 32 ^ ifa->s6_addr64[1]) * (via_key[0] | 1);
	return &via_hash[h >> 32 & (VIA_BUCKETS - 1)];
}

struct rt_via *
rt_via_get(const struct in6_addr *gateway, const struct in6_addr *ifa, const char *label)
{
	struct rt_via **head = via_bucket(gateway, ifa), *v = *head;

	OWNER(0);
	while (v != NULL && !(in6_equal(&v->v_gateway6, gateway) && in6_equal(&v->v_ifa6, ifa) && strcmp(v->v_label, label) == 0))
		v = v->v_hashnext;
	if (v == NULL) {
		if ((v = pool_get(&via_pool)) == NULL)
			return NULL;
		v->v_gateway6 = *gateway;
		v->v_ifa6 = *ifa;
		v->v_seed = rt_path_seed(gateway);
		memcpy(v->v_label, label, strlen(label) + 1);
		v->v_hashnext = *head;
		*head = v;
	}
	v->v_refs++;
	return v;
}

void
rt_via_put(struct rt_via *v)
{
	struct rt_via **p = via_bucket(&v->v_gateway6, &v->v_ifa6);

	KASSERT(v->v_refs > 0);
	if (--v->v_refs > 0)
		return;
	while (*p != v)
		p = &(*p)->v_hashnext;
	*p = v->v_hashnext;
	pool_put(&via_pool, v);
}
