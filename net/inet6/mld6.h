/* mld6.h - groups that interfaces have joined, and telling routers of them (RFC 3810, RFC 2710). Core 0. */
#ifndef NET_INET6_MLD6_H
#define NET_INET6_MLD6_H

#include "net/inet6/nd6.h"

struct in6_multi {
	struct in6_multi *i6m_next;
	struct in6_addr	 i6m_addr;	/* without a zone: the interface is it */
	unsigned	 i6m_refs;	/* 0: left, routers are being told */
	uint8_t		 i6m_changes;	/* reports of the change still to be sent */
	bool		 i6m_last;	/* ours was the last report on the link (MLDv1): we say when we leave */
	uint64_t	 i6m_due;	/* uptime_ns of the report to come; 0: none */
};

/* Joins; refcounted. False: no memory. Routers are told when the interface is up, and again whenever it comes up. */
bool	mld6_join(struct ifnet *, const struct in6_addr *group) __must_check;
void	mld6_leave(struct ifnet *, const struct in6_addr *group);
/* ff01::1 and ff02::1 are every interface's that speaks IPv6. */
bool	mld6_member(const struct ifnet *, const struct in6_addr *group);
void	mld6_if_up(struct ifnet *);
void	mld6_if_down(struct ifnet *);
void	mld6_ifdetach(struct ifnet *);

/* mld6.c, for mld6_group.c. */
void	mld6_joined(struct ifnet *, struct in6_multi *);
/* True: somebody is still to be told; mld6_free() follows later. */
bool	mld6_left(struct ifnet *, struct in6_multi *);
/* mld6_group.c, for mld6.c: one that has been left, and everybody knows. */
void	mld6_free(struct ifnet *, struct in6_multi *);

#endif
