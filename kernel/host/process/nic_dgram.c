/* nic_dgram.c - unix datagram sockets: one frame a datagram, as QEMU's -netdev dgram. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kernel/host/process/process.h"

static void
address(struct sockaddr_un *sun, const char *path, size_t len)
{
	if (len == 0 || len >= sizeof(sun->sun_path))
		die(EXIT_USAGE, "dgram: a path is missing or too long");
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(sun->sun_path, path, len);
}

static void
dgram_open(struct pnic *pn, const char *arg)
{
	struct sockaddr_un own, *peer = malloc(sizeof(*peer));
	const char *comma = strchr(arg, ',');

	if (comma == NULL || peer == NULL)
		die(EXIT_USAGE, "dgram:%s: not PATH,PEER", arg);
	address(&own, arg, (size_t)(comma - arg));
	address(peer, comma + 1, strlen(comma + 1));
	unlink(own.sun_path);
	pn->pn_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (pn->pn_fd == -1 || bind(pn->pn_fd, (struct sockaddr *)&own, sizeof(own)) == -1)
		die(EXIT_SETUP, "dgram:%s: %s", arg, strerror(errno));
	pn->pn_arg = peer;
}

static size_t
dgram_recv(struct pnic *pn, void *buf, size_t size)
{
	ssize_t n = recv(pn->pn_fd, buf, size, MSG_TRUNC);

	return n > 0 ? (size_t)n : 0;
}

/* Where nobody listens, frames are lost. */
static bool
dgram_send(struct pnic *pn, const void *frame, size_t len)
{
	return sendto(pn->pn_fd, frame, len, 0, pn->pn_arg, sizeof(struct sockaddr_un)) != -1 ||
	    (errno != EAGAIN && errno != ENOBUFS);
}

static const struct backend dgram = { "dgram", "dgram:PATH,PEER", dgram_open, dgram_recv, dgram_send };
BACKEND(dgram);
