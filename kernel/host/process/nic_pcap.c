/* nic_pcap.c - frames from a capture file (pcap, Ethernet, either byte order), as fast as the router takes them, then silence; what
 * the router sends goes into another one. And the card that nobody is at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/endian.h"
#include "kernel/host/process/process.h"

#define PCAP_US		0xa1b2c3d4u
#define PCAP_NS		0xa1b23c4du
#define PCAP_ETHERNET	1
#define PCAP_SNAPLEN	262144u

struct pcap {
	FILE	*pc_in, *pc_out;
	bool	 pc_swapped;
};

static uint32_t
field(const struct pcap *pc, uint32_t v)
{
	return pc->pc_swapped ? __builtin_bswap32(v) : v;
}

static void
pcap_open_in(struct pcap *pc, const char *path)
{
	uint32_t head[6];

	if ((pc->pc_in = fopen(path, "r")) == NULL)
		die(EXIT_SETUP, "%s: %s", path, strerror(errno));
	if (fread(head, sizeof(head), 1, pc->pc_in) != 1)
		die(EXIT_SETUP, "%s: too short for a pcap file", path);
	pc->pc_swapped = head[0] == __builtin_bswap32(PCAP_US) || head[0] == __builtin_bswap32(PCAP_NS);
	head[0] = field(pc, head[0]);
	if (head[0] != PCAP_US && head[0] != PCAP_NS)
		die(EXIT_SETUP, "%s: not a pcap file", path);
	if (field(pc, head[5]) != PCAP_ETHERNET)
		die(EXIT_SETUP, "%s: not of Ethernet", path);
}

static void
pcap_open_out(struct pcap *pc, const char *path)
{
	const uint32_t head[6] = { PCAP_NS, 0x00040002, 0, 0, PCAP_SNAPLEN, PCAP_ETHERNET };

	if ((pc->pc_out = fopen(path, "w")) == NULL || fwrite(head, sizeof(head), 1, pc->pc_out) != 1)
		die(EXIT_SETUP, "%s: %s", path, strerror(errno));
}

static void
pcap_open(struct pnic *pn, const char *arg)
{
	struct pcap *pc = calloc(1, sizeof(*pc));
	char *in = strdup(arg), *out;

	if (pc == NULL || in == NULL || *in == '\0')
		die(EXIT_USAGE, "pcap:%s: not IN[,OUT]", arg);
	if ((out = strchr(in, ',')) != NULL)
		*out++ = '\0';
	if (*in != '\0')
		pcap_open_in(pc, in);
	if (out != NULL)
		pcap_open_out(pc, out);
	free(in);
	pn->pn_arg = pc;
}

/* The file's end, and anything that makes no sense: silence from there on. */
static size_t
pcap_recv(struct pnic *pn, void *buf, size_t size)
{
	struct pcap *pc = pn->pn_arg;
	uint32_t rec[4], len;

	if (pc->pc_in == NULL)
		return 0;
	do {
		if (fread(rec, sizeof(rec), 1, pc->pc_in) != 1 || (len = field(pc, rec[2])) > PCAP_SNAPLEN ||
		    fread(buf, 1, MIN((size_t)len, size), pc->pc_in) != MIN((size_t)len, size) ||
		    (len > size && fseek(pc->pc_in, (long)(len - size), SEEK_CUR) != 0)) {
			fclose(pc->pc_in);
			pc->pc_in = NULL;
			return 0;
		}
	} while (len == 0);
	return len;
}

static bool
pcap_send(struct pnic *pn, const void *frame, size_t len)
{
	struct pcap *pc = pn->pn_arg;
	struct timespec ts;
	uint32_t rec[4];

	if (pc->pc_out == NULL)
		return true;
	clock_gettime(CLOCK_REALTIME, &ts);
	rec[0] = (uint32_t)ts.tv_sec;
	rec[1] = (uint32_t)ts.tv_nsec;
	rec[2] = rec[3] = (uint32_t)len;
	if (fwrite(rec, sizeof(rec), 1, pc->pc_out) != 1 || fwrite(frame, len, 1, pc->pc_out) != 1 || fflush(pc->pc_out) != 0)
		die(EXIT_SETUP, "%s: the capture file cannot be written: %s", pn->pn_name, strerror(errno));
	return true;
}

static const struct backend pcap = { "pcap", "pcap:IN[,OUT]", pcap_open, pcap_recv, pcap_send };
BACKEND(pcap);

static void
null_open(struct pnic *pn __unused_arg, const char *arg)
{
	if (*arg != '\0')
		die(EXIT_USAGE, "null:%s: takes no argument", arg);
}

static size_t
null_recv(struct pnic *pn __unused_arg, void *buf __unused_arg, size_t size __unused_arg)
{
	return 0;
}

static bool
null_send(struct pnic *pn __unused_arg, const void *frame __unused_arg, size_t len __unused_arg)
{
	return true;
}

static const struct backend nothing = { "null", "null", null_open, null_recv, null_send };
BACKEND(nothing);
