/* test_soii.c - stable opaque identifiers (RFC 7217): what they depend on, what is done about duplicates, and their key. */
#include <stdio.h>
#include <string.h>

#include "kernel/siphash.h"
#include "net/inet6/slaac.h"
#include "tests/unit/cmdfix.h"
#include "tests/unit/netfix6.h"

#define KEY	"# /etc/sysctl.conf\nnet.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0f\n"
#define OTHER	"# /etc/sysctl.conf\nnet.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0e\n"

static struct pkt p;
static const uint8_t other[6] = { 2, 0, 0, 0, 0, 0x66 };

/* The vectors that come with the reference implementation, of no and of eight bytes. */
TEST(siphash_vectors)
{
	const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

	CHECK_EQ(siphash(key, NULL, 0), 0x726fdb47dd0e0e31u);
	CHECK_EQ(siphash(key, key, 1), 0x93f5f5799a932462u);
}

/* The only address of the interface with that prefix. */
static struct in6_ifaddr *
only(struct wire *w, const char *prefix)
{
	struct in6_addr net = addr6(prefix);
	struct in6_ifaddr *found = NULL;

	net = in6_embed(&net, w->w_if.if_index);
	for (struct in6_ifaddr *ia = w->w_if.if_addrs6; ia != NULL; ia = ia->ia_next)
		if (in6_covers(&net, 64, &ia->ia_addr)) {
			CHECK(found == NULL);
			found = ia;
		}
	CHECK(found != NULL);
	return found;
}

static uint64_t
iid(struct wire *w, const char *prefix)
{
	return only(w, prefix)->ia_addr.s6_addr64[1];
}

static uint64_t
eui64(const struct wire *w)
{
	struct in6_addr a = in6_any;

	in6_eui64(&a, w->w_if.if_lladdr);
	return a.s6_addr64[1];
}

static void
ra_send(const char *prefix)
{
	struct { struct nd_ra ra; struct nd_opt_prefix op; } msg = {
		.ra = { .ra_type = ICMP6_RA, .ra_lifetime = BE16(1800) },
		.op = { .op_type = ND_OPT_PREFIX, .op_len = 4, .op_plen = 64, .op_flags = PI_ONLINK | PI_AUTO, .op_valid = BE32(86400),
		    .op_preferred = BE32(86400), .op_prefix = addr6(prefix) },
	};

	pkt6_icmp(&p, "fe80::aa", "ff02::1", 255, &msg, sizeof(msg));
	wire_rx(&t0, &p);
}

TEST(soii_link_local)
{
	uint64_t a, b;

	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n"), "");
	CHECK_EQ(iid(&t0, "fe80::"), eui64(&t0));			/* no key */
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet6 eui64\nup\n" KEY), "");
	CHECK((a = iid(&t0, "fe80::")) != eui64(&t0));
	CHECK_STR(cmd_load(""), "");
	CHECK_STR(cmd_load(KEY "# /etc/hostname.t0\ninet6 eui64\nup\n# /etc/hostname.t1\ninet6 eui64\n"), "");
	CHECK_EQ(iid(&t0, "fe80::"), a);				/* stable */
	CHECK(iid(&t1, "fe80::") != a && iid(&t1, "fe80::") != eui64(&t1));
	CHECK_STR(cmd("sysctl net.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0e"), "net.inet6.ip6.soiikey: "
	    "000102030405060708090a0b0c0d0e0f -> 000102030405060708090a0b0c0d0e0e\n");
	CHECK((b = iid(&t0, "fe80::")) != a && b != eui64(&t0));	/* another key */
	CHECK_STR(cmd("ndp -s fe80::9%t0 2:0:0:0:0:9"), "");
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0d"), "");
	CHECK_IN(cmd("ndp -n fe80::9%t0"), "02:00:00:00:00:09      t0 permanent R \n");	/* it stays a neighbour */
	CHECK_STR(cmd("sysctl -q net.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0e"), "");
	CHECK_STR(cmd("ndp -d fe80::9%t0"), "fe80::9%t0 (fe80::9%t0) deleted\n");
	CHECK_STR(cmd("ifconfig t0 inet6 -soii"), "");
	CHECK_EQ(iid(&t0, "fe80::"), eui64(&t0));
	CHECK(iid(&t1, "fe80::") != eui64(&t1));
	CHECK_IN(cmd("ifconfig t0"), "INET6_NOSOII");
	CHECK_STR(cmd_config(), OTHER "# /etc/hostname.t0\ninet6 eui64\ninet6 -soii\nup\n# /etc/hostname.t1\ninet6 eui64\n");
	CHECK_STR(cmd("ifconfig t0 inet6 soii"), "");
	CHECK_EQ(iid(&t0, "fe80::"), b);
	CHECK_STR(cmd("ifconfig t0 lladdr 2:0:0:0:0:77"), "");		/* another card in its place */
	CHECK(iid(&t0, "fe80::") != b && iid(&t0, "fe80::") != eui64(&t0));
	cmd_end();
}

TEST(soii_autoconf)
{
	uint64_t a;

	cmd_start();
	CHECK_STR(cmd_load(KEY "# /etc/hostname.t0\ninet6 autoconf -temporary\n"), "");
	ra_send("2001:db8:1::");
	ra_send("2001:db8:2::");
	a = iid(&t0, "2001:db8:1::");
	CHECK(a != eui64(&t0) && a != iid(&t0, "2001:db8:2::") && a != iid(&t0, "fe80::"));	/* of the prefix, too */
	ra_send("2001:db8:1::");
	CHECK_EQ(iid(&t0, "2001:db8:1::"), a);
	CHECK_STR(cmd_load(OTHER "# /etc/hostname.t0\ninet6 autoconf -temporary\n"), "");
	CHECK(iid(&t0, "2001:db8:1::") != a && iid(&t0, "2001:db8:1::") != eui64(&t0));		/* at once */
	CHECK_STR(cmd_load(KEY "# /etc/hostname.t0\ninet6 autoconf -temporary -soii\n"), "");
	CHECK_EQ(iid(&t0, "2001:db8:1::"), eui64(&t0));
	CHECK_STR(cmd_load(KEY "# /etc/hostname.t0\ninet6 autoconf -temporary\n"), "");
	CHECK_EQ(iid(&t0, "2001:db8:1::"), a);
	cmd_end();
}

/* Somebody else asks for the address while we do. */
static void
claim(const struct in6_ifaddr *ia)
{
	struct in6_addr a = in6_unembed(&ia->ia_addr), group = in6_solicited_node(&a);
	char target[IN6_STRLEN], dst[IN6_STRLEN];

	pkt6_ns(&p, "::", in6_print(dst, &group), in6_print(target, &a), NULL);
	memcpy(p.p_b + 6, other, 6);
	wire_rx(&t0, &p);
}

/* RFC 7217 6: a duplicate is followed by another one, three times. */
TEST(soii_duplicates)
{
	static const char *const prefix[] = { "2001:db8:1::", "fe80::" };

	cmd_start();
	for (unsigned which = 0; which < nitems(prefix); which++) {
		uint64_t seen[SOII_TRIES + 1];

		CHECK_STR(cmd_load(KEY "# /etc/hostname.t0\ninet6 autoconf -temporary\n"), "");
		ra_send("2001:db8:1::");
		for (unsigned n = 0; n <= SOII_TRIES; n++) {
			struct in6_ifaddr *ia = only(&t0, prefix[which]);

			CHECK_EQ(ia->ia_flags & (IN6_IFF_TENTATIVE | IN6_IFF_DUPLICATED), IN6_IFF_TENTATIVE);
			seen[n] = ia->ia_addr.s6_addr64[1];
			for (unsigned i = 0; i < n; i++)
				CHECK(seen[i] != seen[n]);
			claim(ia);
			CHECK(ia->ia_flags & IN6_IFF_DUPLICATED);
			host_run(n == 0 && which == 0 ? 2100 : 2010);
			if (only(&t0, prefix[which])->ia_flags & IN6_IFF_DUPLICATED)
				CHECK_EQ(n, SOII_TRIES);
			else
				nd6_dad_start(only(&t0, prefix[which]));	/* it may have gone well meanwhile */
		}
		CHECK(only(&t0, prefix[which])->ia_flags & IN6_IFF_DUPLICATED);
		host_run(60000);
		CHECK_EQ(iid(&t0, prefix[which]), seen[SOII_TRIES]);	/* that was all */
		CHECK_STR(cmd_load(""), "");
	}
	cmd_end();
}

TEST(soii_key)
{
	cmd_start();
	CHECK_STR(cmd("sysctl -n net.inet6.ip6.soiikey"), "00000000000000000000000000000000\n");
	CHECK_STR(cmd("sysctl net.inet6.ip6.soiikey=1"), "sysctl: net.inet6.ip6.soiikey is 32 hexadecimal digits\n");
	CHECK_STR(cmd("sysctl net.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0g"),
	    "sysctl: net.inet6.ip6.soiikey is 32 hexadecimal digits\n");
	CHECK_STR(cmd_load("# /etc/sysctl.conf\nnet.inet6.ip6.soiikey=000102030405060708090a0b0c0d0e0f0\n"),
	    "/etc/sysctl.conf:1: net.inet6.ip6.soiikey is 32 hexadecimal digits\n");
	CHECK_STR(cmd("sysctl -j net.inet6.ip6.soiikey=FF0102030405060708090a0b0c0d0e0f"),
	    "{\"net.inet6.ip6.soiikey\":\"ff0102030405060708090a0b0c0d0e0f\"}\n");
	CHECK_STR(cmd_config(), "# /etc/sysctl.conf\nnet.inet6.ip6.soiikey=ff0102030405060708090a0b0c0d0e0f\n");
	CHECK_STR(cmd_load(""), "");
	CHECK_STR(cmd("sysctl -n net.inet6.ip6.soiikey"), "00000000000000000000000000000000\n");
	cmd_end();
}
