/* pf_tcp_opt.c - a TCP header's list of options (RFC 9293 3.2), which may be anything. */
#include "net/pf/pf_tcp.h"

unsigned
pf_tcp_option(const uint8_t *th, unsigned hlen, unsigned at)
{
	while (at < hlen && th[at] == TCPOPT_NOP)
		at++;
	if (at + 1 >= hlen || th[at] == TCPOPT_EOL || th[at + 1] < 2 || at + th[at + 1] > hlen)
		return 0;
	return at;
}

unsigned
pf_tcp_find(const uint8_t *th, unsigned hlen, uint8_t kind, uint8_t len)
{
	unsigned at = pf_tcp_option(th, hlen, sizeof(struct tcphdr));

	while (at != 0 && (th[at] != kind || th[at + 1] != len))
		at = pf_tcp_option(th, hlen, at + th[at + 1]);
	return at != 0 ? at + 2 : 0;
}
