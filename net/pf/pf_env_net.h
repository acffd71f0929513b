/* pf_env_net.h - the running system as a pf.conf(5) is read against it: its interfaces and addresses of now, the configuration's files. */
#ifndef NET_PF_PF_ENV_NET_H
#define NET_PF_PF_ENV_NET_H

#include "net/core/if.h"
#include "net/pf/pf_env.h"

struct pf_env_ifaddr { struct pf_ifaddr ea_ifaddr; char ea_ifname[IFNAMSIZ], ea_group[IF_GROUPS + 2][IFNAMSIZ]; };
struct pf_env_net {
	struct pf_env	 en_env;		/* without pe_error */
	struct pf_env_ifaddr *en_addr;		/* malloc()ed */
	unsigned	 en_n, en_cap;
};
/* Looks at the interfaces once. False: no memory. Task context; pf_env_net_free() is due in any case. */
bool	pf_env_net_init(struct pf_env_net *);
void	pf_env_net_free(struct pf_env_net *);

#endif
