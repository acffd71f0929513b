/* hostname_var.h - what the files of hostname.if(5) share among themselves: a line being parsed, and IPv6's part of each step. */
#ifndef NET_CORE_HOSTNAME_VAR_H
#define NET_CORE_HOSTNAME_VAR_H

#include "net/core/hostname.h"

#define HN_ADDRS_MAX	1024		/* of each family */

/* One line, or one ifconfig command: at most one address. */
struct words {
	struct hostname	*w_h;
	struct config_err *w_ce;
	unsigned	 w_line;
	bool		 w_file;
	int		 w_argc, w_i;
	char		**w_argv;
	bool		 w_alias, w_delete, w_down;
	bool		 w_has_addr, w_has_broadcast;
	int		 w_plen;			/* -1: not said */
	struct hn_addr	 w_addr;
	bool		 w_inet6, w_has_addr6;		/* the word inet6 was there; an address */
	struct hn_addr6	 w_addr6;
};

/* hostname_parse.c. Always false; the error is told. */
bool	words_bad(struct words *, const char *fmt, ...) __printflike(2, 3);
/* The argument of the word before; NULL after an error. */
char	*words_argument(struct words *, const char *word);
static inline bool words_is_digit(char c) { return c >= '0' && c <= '9'; }

/* hostname_parse4.c. As the functions of words all are: false after an error, which is told. */
bool	words_set_plen(struct words *, int plen, const char *text);	/* of either family; -1: what text says is none */
bool	words_inet(struct words *);				/* what follows "inet" */
/* addr [netmask [broadcast]], each without its keyword: hostname.if(5). */
bool	words_address4(struct words *, const char *addr);
bool	words_netmask(struct words *);
bool	words_prefixlen(struct words *);			/* of either family */
bool	words_broadcast(struct words *);
bool	words_dest(struct words *);
bool	words_finish4(struct words *);				/* the end of a line that said nothing of IPv6 */

/* hostname_parse6.c. */
bool	words_inet6(struct words *);				/* what follows "inet6" */
bool	words_address6(struct words *, const char *);		/* a word with a colon in it */
bool	words_eui64(struct words *);
bool	words_soii(struct words *, bool on);
bool	words_anycast(struct words *);
bool	words_autoconf6(struct words *, bool on);
bool	words_temporary(struct words *, bool on);
bool	words_no_inet6(struct words *);
bool	words_finish6(struct words *);				/* the end of a line that said something of IPv6 */

/* hostname_static.c: the routes of an object in the table. Inside net_enter, which they leave for moments (net_pause); each may be repeated. withdraw:
 * what it does to a route and its other version: static_route_withdraw, or static_route_revert where changed routes may have been applied. */
void	withdraw_routes(struct hostname *old, struct hostname *new, void (*withdraw)(struct static_route *, struct static_route *));
bool	install_routes(struct config_err *, const struct hostname *old, struct hostname *new);
bool	check_routes(struct config_err *, const struct hostname *);
/* A part of those that are not in force; pending_more: not all have had their turn. True: all are in force. */
bool	retry_routes(struct hostname *);

/* hostname_nbr.c: the neighbours of an object in the tables. Inside net_enter; each may be repeated. */
void	withdraw_nbrs(struct hostname *old, struct hostname *new);
bool	install_nbrs(struct config_err *, struct hostname *);
/* For as long as the object is in force they are put back where they belong: hn_nbr_watch. */
void	watch_nbrs(struct hostname *);
bool	check_nbrs(struct config_err *, const struct hostname *);

/* hostname_addr6.c: an interface's IPv6 addresses made what its object says. Inside net_enter; may be repeated. */
void	withdraw_addrs6(struct ifnet *, struct hostname *old, struct hostname *new);
bool	add_addrs6(struct config_err *, struct ifnet *, struct hostname *);
bool	check_addrs6(struct config_err *, const struct ifnet *, const struct hostname *);
/* IPv6 itself: the link-local address, learning from routers. h NULL: as without a file. */
bool	set_inet6(struct config_err *, struct ifnet *, const struct hostname *);

#endif
