/* myname.h - this machine's name: /etc/myname, the hostname command, kern.hostname. */
#ifndef KERNEL_MYNAME_H
#define KERNEL_MYNAME_H

#include "kernel/cdefs.h"

#define MYNAME_MAX	255		/* bytes of a name: RFC 1035 2.3.4 */

const char *myname(void);		/* never empty; "sluice" when none is configured */

#endif
