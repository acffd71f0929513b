/* pfctl.h - pfctl(8)'s command line, the same in the console command and in build/host/pfctl: they differ in what they bring. */
#ifndef NET_PF_PFCTL_H
#define NET_PF_PFCTL_H

#include "net/pf/pf_conf.h"

struct pfctl {
	const struct pf_env *pt_env;		/* without pe_error and pe_verbose */
	struct out	*pt_out, *pt_err;	/* may be the same */
	/* The text of standard input, malloc()ed; NULL: there is none, and *why. */
	char		*(*pt_stdin)(const struct pfctl *, size_t *len, const char **why);
};
/* Exit status: 0, 1 an error in the file, 2 usage (nothing was printed). argv as main() has it. */
int	pfctl_run(const struct pfctl *, int argc, char **argv);

#define PFCTL_SYNOPSIS	"pfctl -n [-v] [-a anchor] [-D macro=value] [-o level] -f file"

#endif
