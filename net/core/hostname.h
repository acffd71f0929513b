/* hostname.h - the object of a hostname.if(5) file: what an admin wants of one interface, its static routes and neighbours
 * included. One parser serves the file's lines and the words of ifconfig(8). Task context, core 0. */
#ifndef NET_CORE_HOSTNAME_H
#define NET_CORE_HOSTNAME_H

#include "kernel/config.h"
#include "net/core/hostname_routes.h"
#include "net/core/if.h"
#include "net/core/pending.h"
#include "net/route/route_args.h"

#define HOSTNAME_PREFIX	"hostname."

struct hn_addr {
	be32_t		ha_addr;
	be32_t		ha_broadcast;	/* or the other end with ha_dest; 0: none */
	unsigned	ha_line;	/* of the file, for messages; 0: a command's. The same below */
	uint8_t		ha_plen;
	bool		ha_dest;
	bool		ha_installed;	/* the interface has it because of this object; hostname_apply's own */
};

struct hn_addr6 {
	struct in6_addr	h6_addr;	/* without a zone; eui64: the last 64 bits are zero */
	struct in6_addr	h6_effective;	/* with h6_installed: as the interface has it */
	unsigned	h6_line;
	uint8_t		h6_plen;
	bool		h6_eui64, h6_anycast;
	bool		h6_installed;	/* as ha_installed */
};

struct hn_nbr {			/* of either family: "!arp -s", "!ndp -s" */
	union { struct in6_addr hp_addr6; be32_t hp_addr; };	/* without a zone: of link scope it is the file's interface */
	unsigned	hp_line;
	uint8_t		hp_af;		/* enum af */
	uint8_t		hp_lladdr[6];
	bool		hp_pub;
	bool		hp_installed;	/* the table has it because of this object; hostname_apply's own */
};

enum hn_updown { HN_DEFAULT, HN_UP, HN_DOWN };	/* DEFAULT: up when there is an address */

struct hostname {
	char		 hn_ifname[IFNAMSIZ];
	enum hn_updown	 hn_updown;
	bool		 hn_debug, hn_media, hn_has_lladdr;
	bool		 hn_linklocal;			/* "inet6 eui64": a link-local address even without any other */
	bool		 hn_autoconf6, hn_no_temporary;	/* "inet6 autoconf", "inet6 -temporary" */
	bool		 hn_no_soii;			/* "inet6 -soii" */
	uint8_t		 hn_lladdr[6];
	uint32_t	 hn_mtu;			/* 0: the interface's own */
	unsigned	 hn_mtu_line, hn_lladdr_line;
	char		 hn_description[IFDESCRSIZE];
	unsigned	 hn_ngroups;
	char		 hn_group[IF_GROUPS][IFNAMSIZ];	/* sorted by name */
	unsigned	 hn_naddrs, hn_naddrs6, hn_nnbrs;
	struct hn_addr	*hn_addrs;			/* the first is the primary */
	struct hn_addr6	*hn_addrs6;			/* as the file has them */
	struct hn_routes hn_routes;
	struct hn_nbr	*hn_nbrs;			/* sorted by family, then address */
	struct hn_retry { unsigned t_next; bool t_got, t_failed; } hn_retry;	/* of this round: the route whose turn is next; what became of the others */
	struct pending	 hn_pending, hn_nbr_watch;	/* hostname_apply.c's */
	bool		 hn_absent;			/* applied, but there is no such interface */
};

/* NULL: no memory. */
struct hostname *hostname_new(const char *ifname);
struct hostname *hostname_copy(const struct hostname *);	/* for a command: knows no lines */
void	hostname_free(void *);
bool	hostname_equal(const struct hostname *, const struct hostname *);
bool	hostname_up(const struct hostname *);		/* what hn_updown and the addresses come to */
bool	hostname_inet6(const struct hostname *);	/* it is to speak IPv6 */
bool	hostname_loopback(const char *ifname);		/* "lo0", "lo1" */

/* The running object of an interface, or NULL. "hostname.vio0" into buf. */
const struct hostname *hostname_running(const char *ifname);
#define HOSTNAME_KEYSIZE (sizeof(HOSTNAME_PREFIX) + IFNAMSIZ)
const char *hostname_key(char buf[HOSTNAME_KEYSIZE], const char *ifname);

/* Each false: no memory, or the thing is there already (add), or not there (remove). */
bool	hostname_add_nbr(struct hostname *, const struct hn_nbr *);
bool	hostname_remove_nbr(struct hostname *, const struct hn_nbr *);
const struct hn_nbr *hostname_find_nbr(const struct hostname *, const struct hn_nbr *key);
struct hn_addr *hostname_find_addr(const struct hostname *, be32_t);
bool	hostname_add_addr(struct hostname *, const struct hn_addr *);		/* at the end */
void	hostname_remove_addr(struct hostname *, struct hn_addr *);
struct hn_addr6 *hostname_find_addr6(const struct hostname *, const struct in6_addr *);
bool	hostname_add_addr6(struct hostname *, const struct hn_addr6 *);
void	hostname_remove_addr6(struct hostname *, struct hn_addr6 *);

/* Applies the words of one line to h. file: the line stands in a file (an address does not replace, nothing is
 * deleted); else they are ifconfig's. False after config_error(). */
bool	hostname_words(struct hostname *h, struct config_err *, unsigned line, bool file, int argc, char **argv);
/* The words behind "arp -s" and, by the family, "ndp -s": address, Ethernet address, "pub" or "proxy", "permanent", "temp" (not in a file). zone:
 * that of an address of link scope, "" when it is not said. False: the reason is in err. */
bool	nbr_args_parse(struct hn_nbr *, unsigned af, char zone[IFNAMSIZ], bool *temp, int argc, char **argv, char *err, size_t errlen);

void	*hostname_parse(struct config_err *, const char *name, const char *text, size_t len);
bool	hostname_apply(struct config_err *, const char *name, const void *old, const void *new);
bool	hostname_apply_late(struct config_err *, const char *name, const void *old, const void *new);
bool	hostname_check(struct config_err *, const char *name, const void *obj);
/* Files whose interface does not exist: what cannot be reached then may be reachable through it, and is no error. */
extern unsigned hostname_absentees;

#endif
