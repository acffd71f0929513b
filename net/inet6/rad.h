/* rad.h - router advertisements as a router: the object of /etc/rad.conf (rad.conf(5)), and who sends what it says. */
#ifndef NET_INET6_RAD_H
#define NET_INET6_RAD_H

#include "kernel/config.h"
#include "net/inet6/slaac.h"

#define RAD_IFS		256		/* interface blocks of a file */
#define RAD_PREFIXES	16		/* of an interface */
#define RAD_NAMESERVERS	8
#define RAD_SEARCH	4
#define RAD_DOMAIN	64		/* bytes of a domain's name with its NUL */

/* What is a number or yes and no. */
enum rad_opt { RAD_DEFAULT_ROUTER, RAD_HOP_LIMIT, RAD_MANAGED, RAD_OTHER, RAD_LIFETIME, RAD_REACHABLE, RAD_RETRANS, RAD_MTU, RAD_AUTO_PREFIX,
	RAD_DNS_LIFETIME, RAD_NOPTS };
enum rad_prefix_opt { RAD_VALID, RAD_PREFERRED, RAD_ONLINK, RAD_AUTONOMOUS, RAD_NPOPTS };

struct rad_value { uint32_t rv_value; bool rv_set; };
struct rad_prefix {
	struct in6_addr	 rp_addr;
	uint8_t		 rp_plen;
	struct rad_value rp_opt[RAD_NPOPTS];
};
/* A block: an interface's, or what stands outside of all. */
struct rad_block {
	char		 rb_ifname[IFNAMSIZ];	/* "": outside */
	struct rad_value rb_opt[RAD_NOPTS];
	struct rad_prefix rb_auto;		/* how prefixes of addresses are advertised */
	unsigned	 rb_nprefixes, rb_nservers, rb_nsearch;
	struct rad_prefix rb_prefix[RAD_PREFIXES];
	struct in6_addr	 rb_server[RAD_NAMESERVERS];
	char		 rb_search[RAD_SEARCH][RAD_DOMAIN];
};
struct rad_conf {
	struct rad_block *rc_block;		/* the first is what stands outside */
	unsigned	 rc_nblocks;
};

/* rad_conf.c. What holds for a block: its own word, the outside's, the default. */
uint32_t rad_opt(const struct rad_conf *, const struct rad_block *, enum rad_opt);
uint32_t rad_prefix_opt(const struct rad_prefix *, enum rad_prefix_opt);
void	*rad_parse(struct config_err *, const char *name, const char *text, size_t len);
void	rad_print(struct out *, const char *name, const void *obj);
void	rad_free(void *);

/* rad_msg.c. The advertisement of a block for its interface into buf; final: the last one, we are a router no longer. Returns its length, at most
 * what fits a packet of 1280 bytes. */
unsigned rad_message(uint8_t buf[IP6_MINMTU], const struct rad_conf *, const struct rad_block *, const struct ifnet *, bool final);

#endif
