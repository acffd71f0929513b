/* pf_env.h - what reading a pf.conf(5) needs to know of the machine: its interfaces, files, host names. The console command, the configuration and
 * build/host/pfctl each bring their own. */
#ifndef NET_PF_PF_ENV_H
#define NET_PF_PF_ENV_H

#include "kernel/out.h"
#include "net/pf/pf_rule.h"

#define PF_IFA_LOOPBACK		0x01
#define PF_IFA_POINTOPOINT	0x02
#define PF_IFA_BROADCAST	0x04
struct pf_ifaddr {			/* an address of an interface; without one when ia_af is PF_AF_ANY */
	const char	*ia_ifname;
	uint8_t		 ia_af, ia_plen, ia_flags;	/* PF_IFA_* of the interface */
	struct in6_addr	 ia_addr, ia_broadcast, ia_peer;
};

struct pf_env {
	/* The i-th address of all interfaces, interface by interface in the order of the addresses; an interface without any comes once. False: no more. */
	bool	(*pe_ifaddr)(const struct pf_env *, unsigned i, struct pf_ifaddr *);
	bool	(*pe_is_if)(const struct pf_env *, const char *name);	/* there may be such an interface or group, with or without addresses */
	bool	(*pe_in_group)(const struct pf_env *, const char *ifname, const char *group);
	/* malloc()ed text, or NULL and the reason ("No such file or directory"). NULL: no files here. */
	char	*(*pe_read)(const struct pf_env *, const char *path, size_t *len, const char **why);
	/* The i-th address of a host name; false: no more. NULL: names are not resolved. localhost needs none. */
	bool	(*pe_resolve)(const struct pf_env *, const char *name, unsigned i, unsigned *af, struct in6_addr *);
	/* Is told what is wrong: "FILE:LINE: text", or the text alone when file is NULL. */
	void	(*pe_error)(const struct pf_env *, const char *file, unsigned line, const char *text);
	void	*pe_arg;			/* of whoever brings the environment: others work with copies of this struct */
	struct out *pe_verbose;		/* -v: macros, options and tables are printed as they are read; NULL: not */
	size_t	 pe_mem_max;		/* of the ruleset; 0: PF_MEM_MAX */
};
#define PF_MEM_MAX	(64u << 20)

#endif
