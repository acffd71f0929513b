/* mutate.h - good packets of which one field is changed, in every state of a neighbour and of the fragments that wait: what must hold after each. */
#ifndef TESTS_UNIT_MUTATE_H
#define TESTS_UNIT_MUTATE_H

#include "tests/unit/fields.h"
#include "tests/unit/netfix6.h"

struct sample {
	const char	*sp_name;
	void		(*sp_make)(struct pkt *);
	struct wire	*sp_wire;		/* where it comes in */
	uint16_t	 sp_icmp6;		/* where in the frame an ICMPv6 header begins, whose checksum follows; 0: none */
	bool		 sp_teaches;		/* it may tell a neighbour's link address */
	struct header	 sp_headers[SAMPLE_HEADERS];
};

/* The neighbour that the states are of: 10.0.1.9, and (mutate_neighbour6) fd00:b::9 or another, on t1 with mutate_mac. */
enum mut_state { MS_ABSENT, MS_ASKED, MS_REACHABLE, MS_DOWN, MS_PERMANENT, MS_PUBLISHED, MS_PROXIED, MS_STALE, MS_DELAY, MS_PROBE, MS_COUNT };
#define MS_COUNT4	MS_STALE		/* ARP has no more */
extern const uint8_t mutate_mac[6];
void	mutate_neighbour6(const char *text);		/* with its zone */

/* What comes before each change: state_put(state) brings it about, when it is not so already. */
struct mutate_states { const char *ms_what; const char *const *ms_names; unsigned ms_count; void (*ms_put)(unsigned state); };
extern const struct mutate_states mutate_neighbours4, mutate_neighbours6;

/* Each change of each field of the sample, in each state: one of {forwarded, answered, consumed, dropped and counted once, waiting}, the books
 * balance, what comes out is well formed, what an admin has set stands, and good packets of both families go through. */
void	mutate(const struct sample *, const struct mutate_states *);
/* How often which became of them, since the beginning; a test that sees one of them never has tried little. */
struct mutate_tally { unsigned long mt_all, mt_dropped, mt_consumed, mt_passed, mt_waiting, mt_answered; };
extern struct mutate_tally mutate_tally;
void	mutate_fix_sums(struct pkt *, unsigned icmp6);	/* as far as the frame goes */
/* One packet of each family goes through; where IPv6 is not forwarded one of it is answered. One mode for a test. */
void	mutate_honest(void);

#endif
