/* nic.c - the option -n, and the cards that come of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/host/process/process.h"
#include "net/ether/ether.h"

struct pnic *pnics;

static size_t
recv_frame(void *arg, unsigned queue __unused_arg, void *buf, size_t size)
{
	struct pnic *pn = arg;

	return pn->pn_backend->be_recv(pn, buf, size);
}

static bool
send_frame(void *arg, unsigned queue __unused_arg, const void *frame, size_t len)
{
	struct pnic *pn = arg;
	bool ok = pn->pn_backend->be_send(pn, frame, len);

	pn->pn_blocked |= !ok;
	return ok;
}

static const struct host_nic_ops ops = { recv_frame, send_frame };

static struct host_nic_conf *confs;
static unsigned nconfs;

/* NAME[@MAC] */
static void
parse_name(char *s, struct pnic *pn, struct host_nic_conf *c)
{
	char *at = strchr(s, '@');

	memcpy(c->hnc_lladdr, (uint8_t[]){ 0x52, 0x54, 0, 0, 0, (uint8_t)(0x0a + nconfs) }, ETHER_ADDR_LEN);
	if (at != NULL) {
		*at = '\0';
		if (!ether_parse(at + 1, c->hnc_lladdr) || (c->hnc_lladdr[0] & 1))
			die(EXIT_USAGE, "%s: not an Ethernet address of a card", at + 1);
	}
	if (*s == '\0' || strlen(s) >= sizeof(pn->pn_name))
		die(EXIT_USAGE, "%s: not an interface's name", s);
	strcpy(pn->pn_name, s);
	c->hnc_name = pn->pn_name;
	c->hnc_ops = &ops;
	c->hnc_arg = pn;
}

void
pnic_option(const char *option)
{
	char *text = strdup(option), *kind, *arg;
	struct pnic *pn = calloc(1, sizeof(*pn)), **end = &pnics;

	confs = realloc(confs, (nconfs + 1) * sizeof(*confs));
	if (text == NULL || pn == NULL || confs == NULL)
		die(EXIT_SETUP, "no memory");
	if ((kind = strchr(text, '=')) == NULL)
		die(EXIT_USAGE, "%s: not of the form NAME=KIND:...", option);
	*kind++ = '\0';
	memset(&confs[nconfs], 0, sizeof(*confs));
	parse_name(text, pn, &confs[nconfs]);
	nconfs++;
	if ((arg = strchr(kind, ':')) != NULL)
		*arg++ = '\0';
	SET_FOREACH(const struct backend, be, backends)
		if (strcmp(be->be_kind, kind) == 0)
			pn->pn_backend = be;
	if (pn->pn_backend == NULL)
		die(EXIT_USAGE, "%s: no such kind of other side", kind);
	pn->pn_fd = -1;
	pn->pn_backend->be_open(pn, arg != NULL ? arg : "");
	free(text);
	while (*end != NULL)
		end = &(*end)->pn_next;
	*end = pn;
}

void
pnics_attach(void)
{
	unsigned i = 0;

	for (struct pnic *pn = pnics; pn != NULL; pn = pn->pn_next, i++) {
		pn->pn_nic = host_nic_attach(&confs[i]);
		if (pn->pn_nic == NULL)
			die(EXIT_SETUP, "%s: cannot attach: is the name there twice?", pn->pn_name);
		host_nic_link(pn->pn_nic, true);
	}
}

void
pnics_usage(void)
{
	fprintf(stderr, "nic: NAME[@MAC]=KIND, KIND one of\n");
	SET_FOREACH(const struct backend, be, backends)
		fprintf(stderr, "\t%s\n", be->be_usage);
}
