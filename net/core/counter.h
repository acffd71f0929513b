/* counter.h - the counters that netstat -s prints. Each stands in the file that bumps it, its sentence beside it, and is bumped in one
 * place: from the sentence one greps to the line.
 *
 *	COUNTER(ips_badsum, ip, 40, DROP, "bad header checksum%s");
 *	...
 *	M_DROP(m, ips_badsum);
 *
 * The kind says what becomes of a packet, so that the books balance (netstat -s -v, and every test's end):
 *	packets received + CREATED = packets sent + DROP + CONSUMED + those waiting in queues
 * The sentence follows the number, and is the name in netstat's JSON; in it %s stands for the plural's s, %y for y or ies, %es for es. */
#ifndef NET_CORE_COUNTER_H
#define NET_CORE_COUNTER_H

#include "kernel/percore.h"
#include "kernel/set.h"

enum counter_kind {
	COUNTER_INFO,		/* says something, moves nothing */
	COUNTER_DROP,		/* an mbuf ended here, refused */
	COUNTER_CONSUMED,	/* an mbuf ended here, having served */
	COUNTER_CREATED,	/* an mbuf began here */
};

/* 32 bytes on the metal: there are hundreds. */
struct counter {
	const char	*c_group;	/* "ip": its paragraph */
	const char	*c_text;
	uint64_t	*c_value;	/* PERCORE */
	uint16_t	 c_order;	/* within the paragraph */
	uint8_t		 c_kind;	/* enum counter_kind */
#ifdef SLUICE_HOST
	const char	*c_name;	/* "ips_badsum", for tests and traces */
#endif
};
#ifdef SLUICE_HOST
#define COUNTER_NAME(var)	, #var
#else
#define COUNTER_NAME(var)
#endif
SET_DECLARE(const struct counter, counters);

/* A name in JSON has none of these. A constant to gcc alone. */
#ifdef __clang__
#define COUNTER_CHECK(text)
#else
#define COUNTER_CHECK(text)							\
	_Static_assert(__builtin_strchr(text, '"') == 0 && __builtin_strchr(text, '\\') == 0, "a quote or backslash in " text);
#endif

#define COUNTER(var, group, order, kind, text)					\
	static PERCORE uint64_t var;						\
	static const struct counter counter_##var =				\
	    { #group, text, &var, order, COUNTER_##kind COUNTER_NAME(var) };	\
	COUNTER_CHECK(text)							\
	SET_ADD(counters, counter_##var)

#define counter_inc(var)	(percore(var)++)
#define counter_add(var, n)	(percore(var) += (n))

/* The sum over all cores. Core 0. */
uint64_t counter_sum(const struct counter *);
/* "%llu SENTENCE" without the leading tab and the newline. */
void	counter_print(const struct counter *, uint64_t v, char *buf, size_t len);

/* Places where packets wait (queues, wait lists): how many are there now. For the balance of the books. Core 0. */
struct counter_holder { const char *ch_name; uint64_t (*ch_held)(void); };
SET_DECLARE(const struct counter_holder, counter_holders);
#define COUNTER_HOLDER(name, fn)						\
	static const struct counter_holder counter_holder_##name = { #name, fn };	\
	SET_ADD(counter_holders, counter_holder_##name)

/* The books: at rest cb_received + cb_created == cb_sent + cb_dropped + cb_consumed + cb_held. Core 0, inside net_enter. */
struct counter_balance { uint64_t cb_received, cb_created, cb_sent, cb_dropped, cb_consumed, cb_held; };
void	counter_balance(struct counter_balance *);
/* An interface goes, its queues are empty: what it has counted stays in the books. Core 0. */
struct ifnet;
void	counter_retire(const struct ifnet *);

/* A paragraph of netstat -s: the order among the others, and its heading. One per group, in the group's main file. */
struct counter_group { const char *cg_name; int cg_order; };
SET_DECLARE(const struct counter_group, counter_groups);
#define COUNTER_GROUP(name, order)						\
	static const struct counter_group counter_group_##name = { #name, order };	\
	SET_ADD(counter_groups, counter_group_##name)

#endif
