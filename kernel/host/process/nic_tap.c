/* nic_tap.c - a tap device of Linux as the other side. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/host/process/process.h"

static void
tap_open(struct pnic *pn, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (*name == '\0' || strlen(name) >= sizeof(ifr.ifr_name))
		die(EXIT_USAGE, "tap:%s: not a device's name", name);
	strcpy(ifr.ifr_name, name);
	pn->pn_fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (pn->pn_fd == -1 || ioctl(pn->pn_fd, TUNSETIFF, &ifr) == -1)
		die(EXIT_SETUP, "tap:%s: %s", name, strerror(errno));
}

static size_t
tap_recv(struct pnic *pn, void *buf, size_t size)
{
	ssize_t n = read(pn->pn_fd, buf, size);

	return n > 0 ? (size_t)n : 0;
}

/* A device that is down refuses (EIO): a cable that nobody is at loses frames, too. */
static bool
tap_send(struct pnic *pn, const void *frame, size_t len)
{
	return write(pn->pn_fd, frame, len) != -1 || errno != EAGAIN;
}

static const struct backend tap = { "tap", "tap:NAME", tap_open, tap_recv, tap_send };
BACKEND(tap);
