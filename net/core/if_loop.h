/* if_loop.h - the loopback interface. */
#ifndef NET_CORE_IF_LOOP_H
#define NET_CORE_IF_LOOP_H

struct nexthop;
/* The way to ourselves, always valid; no reference is taken. Any core. */
struct nexthop *loop_nexthop(void);

#endif
