/* fibs.h - structures for look-ups in IPv4 that ours is compared with, of our own making from the papers, for tests/bench/structures.c alone. They
 * find a next hop's number (0: none), as in the papers, or (with an r) the route's, as ours does.
 *
 * All are made from the same list of prefixes, and brought up to date when one of it has changed. */
#ifndef TESTS_BENCH_FIBS_H
#define TESTS_BENCH_FIBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which lines of memory a look-up reads: told to this, if it is not NULL. Compilers leave it out where a walk is made with NULL. */
typedef void touch_fn(const void *);

/* Sorted by address, then length. One whose next hop is 0 is not there at present. */
struct prefix { uint32_t p_addr; uint8_t p_plen; uint16_t p_nh; };
extern struct prefix *prefixes;
extern unsigned nprefixes;
/* The first whose address is addr or more. */
unsigned prefixes_from(uint32_t addr);
/* The longest shorter than plen that holds addr; NULL: none. */
const struct prefix *prefixes_shorter(uint32_t addr, unsigned plen);

/* Gupta, Lin, McKeown: Routing Lookups in Hardware at Memory Access Speeds, 1998: an array by the first 24 bits, and blocks of 256 for what is longer. */
void	 dir24_make(void);
uint32_t dir24_find(uint32_t addr);
uint32_t dir24_find_told(uint32_t addr, touch_fn *);
void	 dir24_changed(const struct prefix *);
size_t	 dir24_memory(void);		/* bytes that look-ups read */
size_t	 dir24_more(void);		/* bytes that only changes need */
void	 dir24r_make(void);
uint32_t dir24r_find(uint32_t addr);
uint32_t dir24r_find_told(uint32_t addr, touch_fn *);
void	 dir24r_changed(const struct prefix *);
size_t	 dir24r_memory(void);
size_t	 dir24r_more(void);

/* Asai, Ohara: Poptrie: A Compressed Trie with Population Count for Fast and Scalable Software IP Routing Table Lookup, 2015: an array by the first 18
 * bits, then nodes of 64, whose children and leaves lie side by side in two arrays. */
void	 poptrie_make(void);
uint32_t poptrie_find(uint32_t addr);
uint32_t poptrie_find_told(uint32_t addr, touch_fn *);
void	 poptrie_changed(const struct prefix *);
size_t	 poptrie_memory(void);
void	 poptrier_make(void);
uint32_t poptrier_find(uint32_t addr);
uint32_t poptrier_find_told(uint32_t addr, touch_fn *);
void	 poptrier_changed(const struct prefix *);
size_t	 poptrier_memory(void);

#endif
