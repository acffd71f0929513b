/* pf_ctl.h - the packet filter as a whole: on and off, one ruleset for another, states by the table. Tasks of core 0, outside net_enter(). */
#ifndef NET_PF_PF_CTL_H
#define NET_PF_PF_CTL_H

#include "net/pf/pf_state.h"

/* Puts rs into force on all cores, whole: each packet is judged by the old or by the new. Takes it over. States stay, with the rules that made them.
 * False: no memory for what it allows: rs is freed, nothing has changed. */
bool	pf_install(struct pf_ruleset *rs);
/* No ruleset any more, no states, nothing is tested. */
void	pf_uninstall(void);
/* Nothing passes but what stays on lo0, until rules are in force. False: no memory, nothing has changed. */
bool	pf_close(void);
bool	pf_is_closed(void);
/* True: it was not so before. On without a ruleset: one is made that passes everything; without memory it stays off. */
bool	pf_enable(bool on);
/* How much is logged, as syslog(3) numbers it: set debug, pfctl -x. */
#define PF_LEVEL_DEFAULT	3
#define PF_LEVEL_NOTICE		5
#define PF_LEVEL_MAX		7
extern int pf_level;
uint32_t pf_since(void);			/* seconds of uptime when it was last switched; 0: never */

/* What any core has read before, it uses no more. Core 0's loop does not run within net_enter(), and keeps no pointer outside its passes. */
void	pf_pass_all(void);

/* Holds the ruleset of now: it stays as it is until it is put back. NULL: there is none. */
struct pf_ruleset *pf_rules_hold(void);
void	pf_rules_put(struct pf_ruleset *);

/* Calls fn for copies of all states, core by core, in no order. It may take its time. False from it: enough. */
struct pf_state_copy { struct pf_state sc_state; struct pf_state_when sc_when; };	/* s_rule points nowhere */
void	pf_states_foreach(bool (*fn)(const struct pf_state_copy *, void *), void *arg);
/* Calls fn for all states, each on its core's loop; some at a time. It may take its time. */
void	pf_states_each(void (*fn)(struct pf_state *, void *), void *arg);
/* Removes those that match() says yes to; NULL: all. It is called on each core's loop, a state at a time. How many. */
unsigned pf_states_kill(bool (*match)(const struct pf_state *, const void *), const void *arg);

/* What all rules have counted, by kr_index, the default rule's last: malloc()ed, NULL: no memory. It may take its time. */
struct pf_rcount *pf_rcounts(const struct pf_ruleset *);

/* From now on they count from zero, but for the states that there are. False: no memory. */
bool	pf_rcounts_zero(struct pf_ruleset *);

struct pf_totals { uint64_t pt_states, pt_halfopen, pt_searches, pt_inserts, pt_removals; };
void	pf_totals(struct pf_totals *);

/* A ruleset from text: parsed against the interfaces of now, made for the engine. NULL: errors have been said to the function of env. */
struct pf_ruleset *pf_ruleset_read(const struct pf_env *, const struct pf_source *);

#define PF_CONF_NAME	"pf.conf"
/* The object of the configuration for a pf.conf of this text (copied); NULL: no memory. */
void	*pf_conf_object(const char *text, size_t len);
/* The rules of an anchor that were loaded for themselves: file PF_ANCHORS_NAME "web/one" of the configuration. */
#define PF_ANCHORS_NAME	"pf.anchors/"
/* Addresses, one after the other, that a table of pf.conf's has by: file "/etc/pf.tables/bad". */
#define PF_TABLES_NAME	"pf.tables/"
/* That file's name, from the anchor's path as it was typed. False: no rules can be loaded into such an anchor. */
#define PF_ANCHOR_FILE	128
bool	pf_anchor_name(const char *path, char *name, size_t len);
/* The ruleset of the configuration, with this in the place of pf.conf or, when ps_anchor says so, of the anchor's; NULL: as it is. Messages as
 * pf_ruleset_read() has them. */
struct pf_ruleset *pf_config_read(const struct pf_env *, const struct pf_source *instead);

#endif
