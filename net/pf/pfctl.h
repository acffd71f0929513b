/* pfctl.h - pfctl(8)'s command line, the same in the console command and in build/host/pfctl: they differ in what they bring. */
#ifndef NET_PF_PFCTL_H
#define NET_PF_PFCTL_H

#include "net/pf/pf_conf.h"

#define PFCTL_DEFINES_MAX 64
struct pfctl_args {
	unsigned	 a_verbose;
	bool		 a_noaction, a_quiet, a_enable, a_disable, a_zero;
	bool		 a_ports, a_more;	/* -P; -g */
	bool		 a_numeric, a_resolve;	/* -N, -r: nobody resolves names here, so neither changes what is printed */
	const char	*a_iface, *a_level;	/* -i, -x; NULL: not said */
	const char	*a_device;		/* -p */
	int		 a_rdomain;		/* -V; -1: not said */
	const char	*a_file, *a_anchor;	/* NULL: no -f; "" */
	const char	*a_show, *a_flush;	/* NULL: not said */
	const char	*a_kill[2];		/* NULL: no -k; one */
	const char	*a_killsrc[2];		/* the same of -K */
	struct pf_define a_define[PFCTL_DEFINES_MAX];
	unsigned	 a_ndefine;
	const char	*a_table, *a_tcommand;	/* NULL: not said; both or none */
	bool		 a_load;		/* -T load: only the tables of a_file */
	char		**a_word;		/* what it is about */
	int		 a_nword;
	char		**a_test;		/* the words behind "test"; NULL: not said */
	int		 a_ntest;
};

struct pfctl {
	const struct pf_env *pt_env;		/* without pe_error and pe_verbose */
	struct out	*pt_out, *pt_err;	/* may be the same */
	/* The text of standard input, malloc()ed; NULL: there is none, and *why. */
	char		*(*pt_stdin)(const struct pfctl *, size_t *len, const char **why);
	/* All but -n; `text` is that of -f, len bytes, in the packet filter's place, or NULL. Exit status. NULL: there is no packet filter here. */
	int		(*pt_engine)(const struct pfctl *, const struct pfctl_args *, const char *text, size_t len);
};
/* Exit status: 0, 1 an error in the file, 2 usage, which the caller prints. argv as main() has it. */
int	pfctl_run(const struct pfctl *, int argc, char **argv);

/* Says what is wrong in a ruleset as pfctl does; for pe_error of an environment that lies in front. */
struct pfctl_run { struct pf_env r_env; struct out *r_err; };
void	pfctl_error(const struct pf_env *, const char *file, unsigned line, const char *text);

#define PFCTL_SYNOPSIS	"pfctl -n [-Pv] [-a anchor] [-D macro=value] [-o level] -f file"

#endif
