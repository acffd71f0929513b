/* sysctl.h - named settings, as sysctl(8). A feature registers its own beside the variable:
 *
 *	int ip_forwarding;
 *	SYSCTL_INT(net_inet_ip_forwarding, "net.inet.ip.forwarding", &ip_forwarding, 0, 0, 1);
 *
 * /etc/sysctl.conf sets them declaratively: a variable that it does not name has its default. Written by core 0 only. */
#ifndef KERNEL_SYSCTL_H
#define KERNEL_SYSCTL_H

#include "kernel/cdefs.h"
#include "kernel/set.h"

#define SYSCTL_KEYSIZE	16
struct sysctl {
	const char	*sc_name;
	int		*sc_int;			/* or NULL with one of: */
	uint8_t		*sc_key;			/* SYSCTL_KEYSIZE bytes, hexadecimal in text; zeroes unless set */
	void		(*sc_print)(char *buf, size_t len);	/* a value that is read only; text */
	int		 sc_default, sc_min, sc_max;
	bool		 sc_readonly;
	void		(*sc_changed)(void);		/* after a change; may be NULL */
};
SET_DECLARE(const struct sysctl, sysctls);

#define SYSCTL_INT(id, name, var, def, min, max)				\
	static const struct sysctl sysctl_##id = { .sc_name = name, .sc_int = var,	\
	    .sc_default = def, .sc_min = min, .sc_max = max };			\
	SET_ADD(sysctls, sysctl_##id)
#define SYSCTL_INT_CHANGED(id, name, var, def, min, max, changed)		\
	static const struct sysctl sysctl_##id = { .sc_name = name, .sc_int = var,	\
	    .sc_default = def, .sc_min = min, .sc_max = max, .sc_changed = changed };	\
	SET_ADD(sysctls, sysctl_##id)
#define SYSCTL_KEY(id, name, var, changed)				\
	static const struct sysctl sysctl_##id = { .sc_name = name, .sc_key = var, .sc_changed = changed }; \
	SET_ADD(sysctls, sysctl_##id)
#define SYSCTL_STRING_RO(id, name, printfn)					\
	static const struct sysctl sysctl_##id = { .sc_name = name, .sc_print = printfn, \
	    .sc_readonly = true };						\
	SET_ADD(sysctls, sysctl_##id)

/* Every variable to its default; config_boot() calls it before anything is loaded. */
void	sysctl_defaults(void);

#endif
