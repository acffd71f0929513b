/* load.c - in the Linux guest: its routes, a prefix a line of IPv4 on standard input, all by one gateway. A thousand messages a send, and one answer.
 *
 *	load GATEWAY INTERFACE < prefixes */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH	1000u		/* messages: less than half of a socket's buffer */

/* rtnetlink(7): RTM_NEWROUTE with the attributes that it needs. */
struct message {
	struct nlmsghdr	m_nl;
	struct rtmsg	m_rt;
	struct rtattr	m_dst_attr;
	struct in_addr	m_dst;
	struct rtattr	m_gw_attr;
	struct in_addr	m_gw;
	struct rtattr	m_oif_attr;
	uint32_t	m_oif;
};
_Static_assert(sizeof(struct message) == NLMSG_SPACE(sizeof(struct rtmsg)) + 3 * RTA_SPACE(4), "no holes");

static struct message batch[BATCH];
static uint32_t loaded;

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	printf("load: after %u routes: ", loaded);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

static void
message_init(struct message *m, struct in_addr gw, unsigned oif)
{
	m->m_nl = (struct nlmsghdr){ .nlmsg_len = sizeof(*m), .nlmsg_type = RTM_NEWROUTE, .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL };
	m->m_rt = (struct rtmsg){ .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT,
	    .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
	m->m_dst_attr = (struct rtattr){ RTA_LENGTH(4), RTA_DST };
	m->m_gw_attr = (struct rtattr){ RTA_LENGTH(4), RTA_GATEWAY };
	m->m_oif_attr = (struct rtattr){ RTA_LENGTH(4), RTA_OIF };
	m->m_gw = gw;
	m->m_oif = oif;
}

static void
prefix_parse(char *line, struct message *m)
{
	char *slash = strchr(line, '/');

	line[strcspn(line, "\n")] = '\0';
	if (slash == NULL)
		die("no prefix: %s", line);
	*slash = '\0';
	m->m_rt.rtm_dst_len = (unsigned char)atoi(slash + 1);
	if (inet_pton(AF_INET, line, &m->m_dst) != 1)
		die("no address: %s", line);
}

/* Sends n of them. The last is answered; another only when the kernel refuses it. */
static void
batch_send(int fd, unsigned n)
{
	union { struct nlmsghdr h; char bytes[4096]; } in;
	const struct nlmsgerr *e = NLMSG_DATA(&in.h);

	batch[n - 1].m_nl.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, batch, n * sizeof(*batch), 0) != (ssize_t)(n * sizeof(*batch)))
		die("send: %s", strerror(errno));
	if (recv(fd, &in, sizeof(in), 0) < (ssize_t)NLMSG_LENGTH(sizeof(*e)) || in.h.nlmsg_type != NLMSG_ERROR)
		die("no answer: %s", strerror(errno));
	if (e->error != 0)
		die("route %u of %u: %s", e->msg.nlmsg_seq, n, strerror(-e->error));
	batch[n - 1].m_nl.nlmsg_flags &= (unsigned short)~NLM_F_ACK;
	loaded += n;
}

int
main(int argc, char **argv)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	unsigned n = 0, oif = argc == 3 ? if_nametoindex(argv[2]) : 0;
	struct in_addr gw;
	char line[64];

	if (oif == 0 || inet_pton(AF_INET, argv[1], &gw) != 1)
		die("usage: load GATEWAY INTERFACE < prefixes");
	if (fd == -1)
		die("socket: %s", strerror(errno));
	for (unsigned i = 0; i < BATCH; i++) {
		message_init(&batch[i], gw, oif);
		batch[i].m_nl.nlmsg_seq = i + 1;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		prefix_parse(line, &batch[n++]);
		if (n == BATCH) {
			batch_send(fd, n);
			n = 0;
		}
	}
	if (n > 0)
		batch_send(fd, n);
	printf("load: %u routes\n", loaded);
	return 0;
}
