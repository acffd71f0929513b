/* pf_log.h - log: packets as rules saw them, on a pflog interface, for who listens there (pflog(4)). */
#ifndef NET_PF_PF_LOG_H
#define NET_PF_PF_LOG_H

#include "net/core/tap.h"
#include "net/pf/pf_engine.h"

#define PFLOG_RULESET	16		/* bytes of an anchor's name */
#define PFLOG_NOBODY	UINT32_MAX	/* no user, no process, no number */

/* In front of each packet, as pflog(4) has it; numbers in network order. */
struct pflog_hdr {
	uint8_t		 pl_length, pl_af, pl_action, pl_reason;	/* pl_length: without pl_pad2 */
	char		 pl_ifname[IFNAMSIZ], pl_ruleset[PFLOG_RULESET];
	be32_t		 pl_rulenr, pl_subrulenr;
	be32_t		 pl_uid, pl_pid, pl_rule_uid, pl_rule_pid;
	uint8_t		 pl_dir, pl_rewritten, pl_naf, pl_pad;
	struct in6_addr	 pl_saddr, pl_daddr;		/* when pl_rewritten: what it has become */
	be16_t		 pl_sport, pl_dport;
};
_Static_assert(sizeof(struct pflog_hdr) == 100, "pflog(4)");
/* As others know them. */
#define PFLOG_AF_INET	2
#define PFLOG_AF_INET6	24
enum pflog_action { PFLOG_PASS = 0, PFLOG_BLOCK = 1, PFLOG_MATCH = 12 };
#define PFLOG_DIR_IN	1
#define PFLOG_DIR_OUT	2

/* The packet, with what the rule (enum pf_action) made of it and why, when somebody listens where the rule logs to. Any core. */
void	pf_log_packet(const struct pf_krule *, const struct pf_pdesc *, unsigned action, enum pf_reason);
static inline void
pf_log(const struct pf_krule *kr, const struct pf_pdesc *pd, unsigned action, enum pf_reason why)
{
	if (unlikely(tap_ifidx != 0))
		pf_log_packet(kr, pd, action, why);
}
/* All that the verdict says is to be logged; action and why are those of the rule that decided. */
void	pf_log_verdict(const struct pf_verdict *, const struct pf_pdesc *, unsigned action, enum pf_reason why);

#endif
