/* pf_names.h - the words of pf.conf(5) that stand for numbers, both ways: protocols(5), services(5), icmp(4), icmp6(4), users and groups, tos,
 * timeouts, limits. Sluice has no files for them: what stands here is what there is. */
#ifndef NET_PF_PF_NAMES_H
#define NET_PF_PF_NAMES_H

#include "kernel/cdefs.h"
#include "net/pf/pf_rule.h"

/* Each: -1 when there is no such name. */
int	pf_proto_number(const char *);
int	pf_service_port(const char *);		/* tcp's, else udp's */
long	pf_user_id(const char *);
long	pf_group_id(const char *);
int	pf_tos_value(const char *);
int	pf_timeout_index(const char *);		/* enum pf_timeout */
int	pf_limit_index(const char *);		/* enum pf_limit */
int	pf_debug_level(const char *);		/* as syslog(3) numbers them */
int	pf_icmp_type(const char *, bool v6);
int	pf_icmp_code(const char *, unsigned type, bool v6);

/* Each: NULL when the number has no name. */
const char *pf_proto_name(unsigned);
const char *pf_service_name(unsigned port);
const char *pf_timeout_name(unsigned);
const char *pf_limit_name(unsigned);
const char *pf_debug_name(int level);
const char *pf_icmp_type_name(unsigned type, bool v6);
const char *pf_icmp_code_name(unsigned type, unsigned code, bool v6);

#endif
