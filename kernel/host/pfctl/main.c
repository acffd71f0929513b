/* main.c - pfctl as a Linux program: checks a ruleset on a laptop or in CI, with the product's own parser (net/pf/).
 *
 * The interfaces are those of the router, not of this machine: lo0 as every router has it, and what -I says: -I em0=192.0.2.1/24,2001:db8::1/64.
 * Any other name that looks like an interface's is one without addresses. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/pf/pfctl.h"

#define ADDRS_MAX	256

static struct pf_ifaddr addrs[ADDRS_MAX];
static unsigned naddrs;

/* ---- interfaces ---- */

static bool
add_address(char *ifname, char *text, unsigned flags)
{
	struct pf_ifaddr *ia = &addrs[naddrs];
	be32_t v4;

	if (naddrs == ADDRS_MAX)
		return false;
	*ia = (struct pf_ifaddr){ .ia_ifname = ifname, .ia_flags = (uint8_t)flags };
	if (text != NULL && ip4_parsenet(text, &v4, &ia->ia_plen)) {
		ia->ia_af = PF_INET;
		ia->ia_addr = in6_of_ip4(v4);
		ia->ia_broadcast = in6_of_ip4(v4 | ~ip4_mask(ia->ia_plen));
	} else if (text != NULL && in6_parsenet(text, &ia->ia_addr, &ia->ia_plen, NULL))
		ia->ia_af = PF_INET6;
	else if (text != NULL)
		return false;
	naddrs++;
	return true;
}

/* NAME, or NAME=ADDRESS[/N],... */
static bool
add_interface(char *arg)
{
	char *list = strchr(arg, '='), *text;

	if (list != NULL)
		*list++ = '\0';
	if (arg[0] == '\0' || strlen(arg) >= PF_IFNAME)
		return false;
	if (list == NULL)
		return add_address(arg, NULL, PF_IFA_BROADCAST);
	for (text = strtok(list, ","); text != NULL; text = strtok(NULL, ","))
		if (!add_address(arg, text, PF_IFA_BROADCAST))
			return false;
	return true;
}

static bool
env_ifaddr(const struct pf_env *env __unused_arg, unsigned i, struct pf_ifaddr *ia)
{
	if (i >= naddrs)
		return false;
	*ia = addrs[i];
	return true;
}

/* Letters, then digits: a driver's name and its number. */
static size_t
driver_len(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz");

	return name[n] != '\0' && strspn(name + n, "0123456789") == strlen(name + n) ? n : 0;
}

static bool
env_is_if(const struct pf_env *env __unused_arg, const char *name)
{
	return driver_len(name) > 0;
}

/* Each interface is in the group of its driver. */
static bool
env_in_group(const struct pf_env *env __unused_arg, const char *ifname, const char *group)
{
	size_t n = driver_len(ifname);

	return n > 0 && strlen(group) == n && memcmp(ifname, group, n) == 0;
}

/* ---- files ---- */

static char *
read_stream(FILE *f, size_t *len, const char **why)
{
	char *text = NULL, *more;
	size_t cap = 0, n;

	*len = 0;
	do {
		if (*len == cap) {
			cap = cap == 0 ? 65536 : cap * 2;
			if ((more = realloc(text, cap)) == NULL) {
				*why = strerror(ENOMEM);
				free(text);
				return NULL;
			}
			text = more;
		}
		*len += n = fread(text + *len, 1, cap - *len, f);
	} while (n > 0);
	if (!ferror(f))
		return text;
	*why = strerror(errno);
	free(text);
	return NULL;
}

static char *
env_read(const struct pf_env *env __unused_arg, const char *path, size_t *len, const char **why)
{
	FILE *f = fopen(path, "r");
	char *text;

	if (f == NULL) {
		*why = strerror(errno);
		return NULL;
	}
	text = read_stream(f, len, why);
	fclose(f);
	return text;
}

static char *
read_stdin(const struct pfctl *pt __unused_arg, size_t *len, const char **why)
{
	return read_stream(stdin, len, why);
}

/* ---- the program ---- */

static void
sink(struct out *o, const char *s, size_t n)
{
	if (fwrite(s, 1, n, o->o_arg) != n)
		exit(1);
}

/* -I belongs to this program alone: takes it out of the arguments. */
static bool
take_interfaces(int *argc, char **argv)
{
	int to = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "-I") != 0) {
			argv[to++] = argv[i];
			continue;
		}
		if (++i == *argc)
			return false;
		if (!add_interface(argv[i])) {
			fprintf(stderr, "pfctl: -I %s: not an interface, or its addresses are wrong or too many\n", argv[i]);
			return false;
		}
	}
	*argc = to;
	argv[to] = NULL;
	return true;
}

int
main(int argc, char **argv)
{
	static char lo0[] = "lo0", v6[] = "::1/128", local[] = "fe80::1/64", v4[] = "127.0.0.1/8";
	struct pf_env env = { .pe_ifaddr = env_ifaddr, .pe_is_if = env_is_if, .pe_in_group = env_in_group, .pe_read = env_read };
	struct out out, err;
	struct pfctl pt = { &env, &out, &err, read_stdin, NULL };
	int status = 2;

	out_init(&out, sink, stdout);
	out_init(&err, sink, stderr);
	if (add_address(lo0, v6, PF_IFA_LOOPBACK) && add_address(lo0, local, PF_IFA_LOOPBACK) && add_address(lo0, v4, PF_IFA_LOOPBACK) &&
	    take_interfaces(&argc, argv))
		status = pfctl_run(&pt, argc, argv);
	if (status == 2)
		out_printf(&err, "usage: %s [-I interface[=address,...]]\n", PFCTL_SYNOPSIS);
	out_flush(&err);
	out_flush(&out);
	out_free(&err);
	out_free(&out);
	return fflush(stdout) != 0 ? 1 : status;
}
