/* pfctl_engine.h - pfctl(8) against the running packet filter. */
#ifndef NET_PF_PFCTL_ENGINE_H
#define NET_PF_PFCTL_ENGINE_H

#include "net/pf/pfctl.h"

int	pfctl_engine(const struct pfctl *, const struct pfctl_args *, const char *text, size_t len);	/* pt_engine */
/* test: what would become of a packet. Exit status. */
int	pfctl_test(const struct pfctl *, const struct pfctl_args *);
/* -s what. False: it cannot be shown. */
bool	pfctl_show(const struct pfctl *, const struct pfctl_args *, const char *what);

#endif
