/* main.c - the generator's options. bench.py starts it; its output is one line of JSON. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gen.h"

struct options opt = { .flows = 1, .seed = 1, .size = 60, .window = 256, .packets = 200, .patience = 60 };

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void
nap_us(unsigned us)
{
	const struct timespec ts = { 0, us * 1000l };

	nanosleep(&ts, NULL);
}

void
die(const char *fmt, ...)
{
	va_list ap;

	printf("{\"error\": \"");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\"}\n");
	exit(1);
}

static void
usage(void)
{
	fprintf(stderr, "usage: gen -a SOCKET -b SOCKET -q QEMU-PID -m boot|bulk|burst|lat [-c COUNTERS] [-6] [-f FLOWS [-K | [-T] [-B] [-X]] | -N]\n"
	    "\t[-d PREFIXES] [-s FRAME-SIZE] [-n PACKETS] [-w WINDOW] [-l] [-A] [-x [-S PREFIXES]] [-p PATIENCE] [-r SEED] [-t T0]\n");
	exit(2);
}

static double
number(const char *s, double min, double max)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(s, &end);
	if (errno != 0 || end == s || *end != '\0' || v < min || v > max)
		usage();
	return v;
}

static void
option(int c, const char **mode)
{
	switch (c) {
	case 'A': opt.neighbour = true; break;
	case 'B': opt.both = true; break;
	case 'a': opt.path[0] = optarg; break;
	case 'b': opt.path[1] = optarg; break;
	case 'c': opt.count_file = optarg; break;
	case 'd': opt.dsts = optarg; break;
	case 'f': opt.flows = (uint32_t)number(optarg, 1, FLOWS_MAX); break;
	case 'K': opt.known = true; break;
	case 'l': opt.lines = true; break;
	case 'm': *mode = optarg; break;
	case 'n': opt.packets = (uint64_t)number(optarg, 1, 1e9); break;
	case 'N': opt.new_flows = true; break;
	case 'p': opt.patience = number(optarg, 0, 1e5); break;
	case 'q': opt.qemu = (int)number(optarg, 1, 1e9); break;
	case 'r': opt.seed = (uint32_t)number(optarg, 0, 4e9); break;
	case 'S': opt.drop_srcs = optarg; break;
	case 's': opt.size = (unsigned)number(optarg, 60, FRAME_MAX); break;
	case 'T': opt.tcp = opt.both = true; break;
	case 't': opt.t0 = number(optarg, 0, 1e12); break;
	case 'w': opt.window = (unsigned)number(optarg, 1, 65536); break;
	case 'X': opt.nat = true; break;
	case 'x': opt.drops = true; break;
	case '6': opt.ip6 = true; break;
	default: usage();
	}
}

int
main(int argc, char **argv)
{
	const char *mode = NULL;
	int c;

	while ((c = getopt(argc, argv, "Aa:Bb:c:d:f:Klm:n:Np:q:r:S:s:Tt:w:Xx6")) != -1)
		option(c, &mode);
	if (optind != argc || mode == NULL || opt.path[0] == NULL || opt.path[1] == NULL || opt.qemu == 0)
		usage();
	if ((opt.both || opt.nat) && (opt.new_flows || opt.known || opt.drops))
		usage();
	packet_init();
	ports_init();
	pace_init();
	mode_run(mode);
	return 0;
}
