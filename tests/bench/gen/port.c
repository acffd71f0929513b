/* port.c - the two sockets of QEMU's NICs, and the neighbours that the router asks for there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gen.h"

#define BUF		(1u << 20)
#define PENDING		(1u << 17)		/* more than a batch of the longest frames */

_Static_assert(BATCH * RECORD_MAX <= PENDING, "a batch");

struct port {
	int		 fd;
	uint8_t		 in[BUF];
	size_t		 in_len;
	uint8_t		 out[PENDING];		/* records on their way into the socket, from out_pos on */
	size_t		 out_pos, out_len;
	uint8_t		 answers[PENDING];	/* neighbours' answers, for when that is done */
	size_t		 answers_len;
};

const uint8_t guest_mac[2][6] = { "\x52\x54\0\0\0\x0a", "\x52\x54\0\0\0\x0b" };
uint8_t our_mac[2][6] = { "\2\0\0\0\0\xaa", "\2\0\0\0\0\xbb" };
static struct port ports[2];
bool ports_both;
static uint32_t next_seq = 1, next_flow[2];

static int
port_connect(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	uint64_t until = now_ns() + 20000000000ull;
	int fd, size = 1 << 20;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	for (;;) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd != -1 && connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
			break;
		close(fd);
		if (now_ns() > until)
			die("cannot connect to %s: %s", path, strerror(errno));
		nap_us(1000);
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void
ports_init(void)
{
	for (unsigned i = 0; i < 2; i++)
		ports[i].fd = port_connect(opt.path[i]);
}

/* ---- neighbours ---- */

static void
answer(struct port *p, const uint8_t *frame, size_t len)
{
	if (p->answers_len + 4 + len > PENDING)
		return;			/* it asks again */
	put32(p->answers + p->answers_len, (uint32_t)len);
	memcpy(p->answers + p->answers_len + 4, frame, len);
	p->answers_len += 4 + len;
}

/* RFC 826: whatever is asked for on a port is us. */
static void
arp_input(struct port *p, const uint8_t *f, size_t len)
{
	const uint8_t *me = our_mac[p - ports], *a = f + 14;
	uint8_t o[60] = { 0 };

	if (len < 42 || get16(a + 6) != 1 || get32(a + 14) == 0 || memcmp(a + 14, a + 24, 4) == 0)
		return;			/* no question, or one about its own address */
	memcpy(o, f + 6, 6);
	memcpy(o + 6, me, 6);
	put16(o + 12, 0x0806);
	memcpy(o + 14, "\0\1\x8\0\6\4\0\2", 8);
	memcpy(o + 22, me, 6);
	memcpy(o + 28, a + 24, 4);
	memcpy(o + 32, a + 8, 10);
	answer(p, o, sizeof(o));
}

bool
port_is_ours(unsigned side, const uint8_t *mac)
{
	return memcmp(mac, our_mac[side], 5) == 0 && (mac[5] ^ our_mac[side][5]) <= (side == 1 && opt.neighbour);
}

/* RFC 5227 3: an announcement is a request about the address that sends it. */
void
port_change(void)
{
	uint8_t o[60] = { 0 };

	our_mac[1][5] ^= 1;
	memset(o, 0xff, 6);
	memcpy(o + 6, our_mac[1], 6);
	put16(o + 12, 0x0806);
	memcpy(o + 14, "\0\1\x8\0\6\4\0\1", 8);
	memcpy(o + 22, our_mac[1], 6);
	memcpy(o + 28, "\xa\0\1\2", 4);
	memcpy(o + 38, "\xa\0\1\2", 4);
	answer(&ports[1], o, sizeof(o));
}

/* RFC 4861 4.3, 4.4: a neighbour solicitation, other than for duplicates, gets a solicited, overriding advertisement. */
static void
nd_input(struct port *p, const uint8_t *f, size_t len)
{
	static const uint8_t unspecified[16];
	const uint8_t *me = our_mac[p - ports], *ip = f + 14, *icmp = ip + 40;
	uint8_t o[86] = { 0 }, *oip = o + 14, *na = oip + 40;
	uint16_t sum;

	if (len < 14 + 40 + 24 || icmp[0] != 135 || memcmp(ip + 8, unspecified, 16) == 0)
		return;
	memcpy(o, f + 6, 6);
	memcpy(o + 6, me, 6);
	put16(o + 12, 0x86dd);
	oip[0] = 0x60;
	put16(oip + 4, 32);
	oip[6] = 58;
	oip[7] = 255;
	memcpy(oip + 8, icmp + 8, 16);
	memcpy(oip + 24, ip + 8, 16);
	na[0] = 136;
	na[4] = 0x60;
	memcpy(na + 8, icmp + 8, 16);
	na[24] = 2;
	na[25] = 1;
	memcpy(na + 26, me, 6);
	sum = checksum(sum16(na, 32, sum16(oip + 8, 32, 0)) + sum16("\0\x20\0\x3a", 4, 0));
	memcpy(na + 2, &sum, 2);
	answer(p, o, sizeof(o));
}

static void
port_input(struct port *p, const uint8_t *f, size_t len)
{
	if (len < 14)
		return;
	if (get16(f + 12) == 0x0806)
		arp_input(p, f, len);
	else if (get16(f + 12) == 0x86dd && len >= 14 + 40 && f[14 + 6] == 58)
		nd_input(p, f, len);
	else
		packet_check((unsigned)(p - ports), f, len);
}

/* ---- in and out ---- */

static void
port_records(struct port *p)
{
	size_t o = 0;

	while (p->in_len - o >= 4) {
		uint32_t len = get32(p->in + o);

		if (len > BUF / 2)
			die("QEMU sends what is no record");
		if (p->in_len - o < 4 + len)
			break;
		port_input(p, p->in + o + 4, len);
		o += 4 + len;
	}
	memmove(p->in, p->in + o, p->in_len - o);
	p->in_len -= o;
}

static size_t
port_read(struct port *p)
{
	size_t all = 0;
	ssize_t n;

	for (;;) {
		n = recv(p->fd, p->in + p->in_len, BUF - p->in_len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return all;
		if (n <= 0)
			die("QEMU has closed its socket");
		p->in_len += (size_t)n;
		all += (size_t)n;
		port_records(p);
	}
}

/* What waits for room, then the answers that came behind. */
static void
port_write(struct port *p)
{
	ssize_t n;

	do {
		if (p->out_pos == p->out_len) {
			memcpy(p->out, p->answers, p->answers_len);
			p->out_len = p->answers_len;
			p->out_pos = p->answers_len = 0;
		}
		if (p->out_len == 0)
			return;
		n = send(p->fd, p->out + p->out_pos, p->out_len - p->out_pos, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			die("QEMU has closed its socket");
		p->out_pos += n > 0 ? (size_t)n : 0;
		if (p->out_pos == p->out_len)
			p->out_pos = p->out_len = 0;
	} while (p->out_len == 0 && p->answers_len > 0);
}

size_t
ports_serve(void)
{
	size_t n = port_read(&ports[1]) + port_read(&ports[0]);

	port_write(&ports[0]);
	port_write(&ports[1]);
	return n;
}

bool
port_busy(void)
{
	return ports[0].out_len > 0 || (ports_both && ports[1].out_len > 0);
}

static uint32_t
pick_flow(unsigned side)
{
	uint32_t k = next_flow[side]++;

	if (!opt.new_flows && next_flow[side] == opt.flows)
		next_flow[side] = 0;
	return k;
}

void
ports_restart(void)
{
	next_flow[0] = next_flow[1] = 0;
}

static void
add_packet(struct port *p)
{
	unsigned side = (unsigned)(p - ports);
	size_t len = packet_make(p->out + p->out_len + 4, side, pick_flow(side), next_seq++);

	put32(p->out + p->out_len, (uint32_t)len);
	p->out_len += 4 + len;
	tally.sent++;
}

unsigned
port_send(unsigned n)
{
	static unsigned next;
	const unsigned from = opt.tcp && tcp_stage == TCP_SYN_ACK;

	for (unsigned i = 0; i < 2; i++) {
		port_write(&ports[i]);
		if ((ports_both || i == from) && ports[i].out_len > 0)
			return 0;
	}
	n = n < BATCH ? n : BATCH;
	for (unsigned i = 0; i < n; i++)
		add_packet(&ports[ports_both ? next++ & 1 : from]);
	port_write(&ports[0]);
	port_write(&ports[1]);
	return n;
}
