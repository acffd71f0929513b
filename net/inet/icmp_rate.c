/* icmp_rate.c - how many ICMP errors we send, in all and to one host (RFC 1812 4.3.2.8).
 *
 * Whoever can see when a limit is reached learns what we send to others, ports of a resolver for example (CVE-2020-25705). So there is a
 * limit for each host, and each second's limits are a random number of up to an eighth lower. */
#include "kernel/machine.h"
#include "kernel/sysctl.h"
#include "net/core/net_init.h"
#include "net/inet/icmp_var.h"

#define RATE_SETS	256u		/* a power of two */
#define RATE_WAYS	4u		/* hosts of a set; a fifth takes the place of who has had least */
#define RATE_TOTAL	1000
#define RATE_HOST	100

static int icmp_errppslimit = RATE_TOTAL;
SYSCTL_INT(net_inet_icmp_errppslimit, "net.inet.icmp.errppslimit", &icmp_errppslimit, RATE_TOTAL, -1, 1000000);
static int icmp_errppshost = RATE_HOST;
SYSCTL_INT(net_inet_icmp_errppshost, "net.inet.icmp.errppshost", &icmp_errppshost, RATE_HOST, -1, 1000000);

struct rate {
	be32_t		r_host;
	uint32_t	r_second;	/* of uptime, from 1; 0: unused */
	int		r_left;
	int		r_sent;
};
static struct rate rate_total, rate_hosts[RATE_SETS][RATE_WAYS];
static uint64_t rate_key;

static void
rate_init(void)
{
	random_bytes(&rate_key, sizeof(rate_key));
	rate_key |= 1;
}
NET_INIT(icmp_rate, 20, rate_init);

/* One more of this second's. */
static bool
rate_take(struct rate *r, uint32_t second, int limit)
{
	if (limit < 0)
		return true;
	if (r->r_second != second) {
		uint32_t rnd;

		random_bytes(&rnd, sizeof(rnd));
		r->r_second = second;
		r->r_sent = 0;
		r->r_left = limit - (int)(rnd % ((unsigned)limit / 8 + 1));
	}
	if (r->r_left <= 0)
		return false;
	r->r_left--;
	r->r_sent++;
	return true;
}

static struct rate *
rate_find(be32_t host, uint32_t second)
{
	uint64_t h = (host ^ rate_key >> 32) * rate_key;
	struct rate *set = rate_hosts[(h ^ h >> 29) * rate_key >> 56 & (RATE_SETS - 1)], *least = set;

	for (struct rate *r = set; r < set + RATE_WAYS; r++) {
		if (r->r_host == host && r->r_second != 0)
			return r;
		if (least->r_second == second && (r->r_second != second || r->r_sent < least->r_sent))
			least = r;
	}
	*least = (struct rate){ .r_host = host };
	return least;
}

bool
icmp_rate(be32_t host)
{
	uint32_t second = (uint32_t)(uptime_ns() / 1000000000) + 1;

	return rate_take(rate_find(host, second), second, icmp_errppshost) && rate_take(&rate_total, second, icmp_errppslimit);
}
