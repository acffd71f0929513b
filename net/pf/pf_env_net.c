/* pf_env_net.c - interfaces, addresses and files of the running system for the parser of pf.conf(5). */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/task.h"
#include "net/core/if_group.h"
#include "net/inet6/in6_ifaddr.h"
#include "net/pf/pf_env_net.h"

static uint8_t
if_flags(const struct ifnet *ifp)
{
	return (uint8_t)((ifp->if_flags & IFF_LOOPBACK ? PF_IFA_LOOPBACK : 0) | (ifp->if_flags & IFF_POINTOPOINT ? PF_IFA_POINTOPOINT : 0) |
	    (ifp->if_flags & IFF_BROADCAST ? PF_IFA_BROADCAST : 0));
}

/* Copies; room was made before. */
static void
put(struct pf_env_net *en, const struct ifnet *ifp, const struct pf_ifaddr *ia)
{
	struct pf_env_ifaddr *ea;
	const char *group;

	if (en->en_n == en->en_cap)
		return;
	ea = &en->en_addr[en->en_n++];
	ea->ea_ifaddr = *ia;
	ea->ea_ifaddr.ia_flags = if_flags(ifp);
	memcpy(ea->ea_ifname, ifp->if_xname, sizeof(ea->ea_ifname));
	for (unsigned i = 0, n = 0; (group = if_group(ifp, &i)) != NULL;)
		strncpy(ea->ea_group[n++], group, IFNAMSIZ - 1);
}

static unsigned
count(void)
{
	unsigned n = 0;

	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		n++;
		for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
			n++;
		for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
			n++;
	}
	return n;
}

static void
put_interface(struct pf_env_net *en, const struct ifnet *ifp)
{
	if (ifp->if_addrs == NULL && ifp->if_addrs6 == NULL)
		put(en, ifp, &(struct pf_ifaddr){ 0 });
	for (const struct ifaddr *ifa = ifp->if_addrs; ifa != NULL; ifa = ifa->ifa_next)
		put(en, ifp, &(struct pf_ifaddr){ .ia_af = PF_INET, .ia_plen = ifa->ifa_plen, .ia_addr = in6_of_ip4(ifa->ifa_addr),
		    .ia_broadcast = in6_of_ip4(ifa->ifa_broadcast), .ia_peer = in6_of_ip4(ifa->ifa_broadcast) });
	for (const struct in6_ifaddr *ia = ifp->if_addrs6; ia != NULL; ia = ia->ia_next)
		put(en, ifp, &(struct pf_ifaddr){ .ia_af = PF_INET6, .ia_plen = ia->ia_plen, .ia_addr = in6_unembed(&ia->ia_addr) });
}

/* ---- what the parser asks ---- */

static bool
env_ifaddr(const struct pf_env *env, unsigned i, struct pf_ifaddr *ia)
{
	const struct pf_env_net *en = env->pe_arg;

	if (i >= en->en_n)
		return false;
	*ia = en->en_addr[i].ea_ifaddr;
	ia->ia_ifname = en->en_addr[i].ea_ifname;
	return true;
}

static bool
in_group(const struct pf_env_ifaddr *ea, const char *group)
{
	for (unsigned i = 0; i < nitems(ea->ea_group) && ea->ea_group[i][0] != '\0'; i++)
		if (strcmp(ea->ea_group[i], group) == 0)
			return true;
	return false;
}

static bool
env_in_group(const struct pf_env *env, const char *ifname, const char *group)
{
	const struct pf_env_net *en = env->pe_arg;

	for (unsigned i = 0; i < en->en_n; i++)
		if (strcmp(en->en_addr[i].ea_ifname, ifname) == 0)
			return in_group(&en->en_addr[i], group);
	return false;
}

static bool
env_is_if(const struct pf_env *env, const char *name)
{
	const struct pf_env_net *en = env->pe_arg;

	for (unsigned i = 0; i < en->en_n; i++)
		if (name[0] != '\0' && (strcmp(en->en_addr[i].ea_ifname, name) == 0 || in_group(&en->en_addr[i], name)))
			return true;
	return false;
}

/* Files are those of the configuration. */
static char *
env_read(const struct pf_env *env __unused_arg, const char *path, size_t *len, const char **why)
{
	struct out o;
	char *text;

	out_init(&o, NULL, NULL);
	if (!config_print_coming(&o, path)) {
		*why = "No such file or directory";
		out_free(&o);
		return NULL;
	}
	*len = o.o_len;
	text = o.o_failed ? NULL : realloc(o.o_buf, o.o_len + 1);
	if (text == NULL) {
		*why = "Cannot allocate memory";
		out_free(&o);
	}
	return text;
}

bool
pf_env_net_init(struct pf_env_net *en)
{
	unsigned n;

	*en = (struct pf_env_net){ .en_env = { .pe_ifaddr = env_ifaddr, .pe_is_if = env_is_if, .pe_in_group = env_in_group, .pe_read = env_read,
	    .pe_arg = en } };
	net_enter();
	n = count();
	net_leave();
	n += n / 2 + 16;		/* more may have come until the copy */
	if ((en->en_addr = calloc(n, sizeof(*en->en_addr))) == NULL)
		return false;
	en->en_cap = n;
	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		put_interface(en, ifp);
	net_leave();
	return true;
}

void
pf_env_net_free(struct pf_env_net *en)
{
	free(en->en_addr);
	en->en_addr = NULL;
}
