/* in_multi.h - IPv4 groups that we listen to, by interface (RFC 1112). Core 0 joins and leaves; every core looks. */
#ifndef NET_INET_IN_MULTI_H
#define NET_INET_IN_MULTI_H

#include "net/core/if.h"
#include "net/inet/ip.h"

#define IP4_ALLHOSTS	BE32(0xe0000001)	/* 224.0.0.1 */
#define IP4_ALLROUTERS	BE32(0xe0000002)
#define IP4_IGMPV3	BE32(0xe0000016)	/* 224.0.0.22: RFC 3376 4.2.14 */

#define IGMP_SOURCES	16		/* of a question that are kept for the answer; more: the answer says all */

struct in_multi {
	struct in_multi	*im_next;		/* on the interface */
	struct ifnet	*im_ifp;
	be32_t		 im_addr;
	volatile uint32_t im_refs;		/* who has joined; 0: left, but that has not been told often enough yet */

	/* igmp.c's */
	struct timeout	 im_answer;		/* to a question */
	struct timeout	 im_change;		/* the next time that a join or leave is told */
	uint8_t		 im_changes;		/* how often it still must be */
	bool		 im_told;		/* v1, v2: we were the last who answered for it */
	uint8_t		 im_nsources;		/* that were asked about; 0: the group as such */
	be32_t		 im_sources[IGMP_SOURCES];
};

/* Joins; as often as it is left. NULL: done, else the reason. */
const char *in_addmulti(struct ifnet *, be32_t group);
void	in_delmulti(struct ifnet *, be32_t group);
struct in_multi *in_multi_find(const struct ifnet *, be32_t group);	/* one that was left, too; NULL: none */
void	in_multi_free(struct in_multi *);	/* im_refs is 0, and it has been told */
void	in_multi_purge(struct ifnet *);		/* the interface goes */
/* Any core. */
static inline bool
in_multi_joined(const struct ifnet *ifp, be32_t group)
{
	const struct in_multi *im = in_multi_find(ifp, group);

	return im != NULL && im->im_refs > 0;
}

/* ---- igmp.c: telling routers ---- */
void	igmp_joined(struct in_multi *);
void	igmp_left(struct in_multi *);		/* frees it, at once or in a while */
void	igmp_forget(struct in_multi *);		/* no timer of it is pending afterwards */
void	igmp_if_up(struct ifnet *);		/* all joined groups are told anew */
void	igmp_if_gone(struct ifnet *);

/* ip_mcast.c. Sends a whole IP packet (checksum and link header are added) to a group, or to all (M_BCAST), of this wire. Takes the mbuf,
 * which must be contiguous up to the header's end. False: dropped, counted. */
bool	ip_send_link(struct ifnet *, struct mbuf *);

#endif
