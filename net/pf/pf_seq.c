/* pf_seq.c - modulate state (pf.conf(5)): others see an end's sequence numbers with an offset that makes its first one hard to guess (RFC 6528). It is
 * the same as long as the state is there, so that a SYN which is sent again is the same, too. */
#include <string.h>

#include "kernel/machine.h"
#include "kernel/siphash.h"
#include "net/core/net_init.h"
#include "net/inet/ip.h"
#include "net/pf/pf_ext.h"
#include "net/pf/pf_nat.h"
#include "net/pf/pf_tcp.h"

static uint64_t secret[2];

static void
pf_seq_init(void)
{
	random_bytes(secret, sizeof(secret));
}
NET_INIT(pf_seq, 30, pf_seq_init);

uint32_t
pf_seq_secret(const struct pf_state *s, unsigned peer, unsigned what)
{
	uint64_t words[sizeof(struct pf_key) / 8 + 1];

	memcpy(words, &s->s_sk[0].sk_key, sizeof(struct pf_key));
	words[nitems(words) - 1] = peer | (uint64_t)s->s_dir << 8 | (uint64_t)what << 16;
	return (uint32_t)siphash(secret, words, nitems(words));
}

/* RFC 6528 3: a clock of 4 us, and a keyed hash of the connection and the end. */
void
pf_seq_choose(struct pf_state *s, unsigned peer, uint32_t seq)
{
	struct pf_ext_tcp *et = pf_ext_tcp(s);

	if (et != NULL && et->et_modulates)
		et->et_seq[peer] = pf_seq_secret(s, peer, 0) + (uint32_t)(uptime_ns() / 4000) - seq;
}

/* RFC 2018 3: edges of blocks that are acknowledged. */
static void
add_sack(uint8_t *h, unsigned hlen, uint32_t n, const struct pf_sums *s)
{
	unsigned at = pf_tcp_option(h, hlen, sizeof(struct tcphdr));

	for (; at != 0; at = pf_tcp_option(h, hlen, at + h[at + 1]))
		if (h[at] == TCPOPT_SACK && h[at + 1] % 8 == 2)
			for (unsigned i = 2; i < h[at + 1]; i += 4)
				pf_add(h, at + i, n, s);
}

/* The header, of which n bytes are there, 8 at least: what it sends and what it acknowledges. */
static void
shift(uint8_t *h, unsigned n, uint32_t seq, uint32_t ack, const struct pf_sums *s)
{
	const struct tcphdr *th = (const struct tcphdr *)h;

	pf_add(h, offsetof(struct tcphdr, th_seq), seq, s);
	if (n < sizeof(*th) || !(th->th_flags & PF_TH_ACK))
		return;
	pf_add(h, offsetof(struct tcphdr, th_ack), ack, s);
	if (pf_tcp_hlen(th) <= n)
		add_sack(h, pf_tcp_hlen(th), ack, s);
}

/* back: what the end has sent becomes what it was. An error is about what the other end has sent, as it was behind us. */
static bool
modulate(const struct pf_state *s, struct pf_pdesc *pd, bool back)
{
	unsigned from = pd->pd_dir != s->s_dir, off = pd->pd_error ? pd->pd_qoff : pd->pd_off;
	const struct pf_ext_tcp *et = pf_ext_tcp(s);
	struct pf_sums sums = { 0 };
	uint8_t *h;
	unsigned n;

	if (et == NULL || !et->et_modulates)
		return true;
	if (!pf_writable(pd, MIN(pd->pd_m->m_pktlen, off + TCP_MAXHLEN)))
		return false;
	h = pd->pd_m->m_data + off;
	n = pd->pd_m->m_len - off;
	sums.s_l4 = pf_l4_sum(h, IPPROTO_TCP_, n);
	if (pd->pd_error) {
		sums.s_outer = pd->pd_m->m_data + pd->pd_off + 2;
		from = !from;
		back = true;
	}
	if (back)
		shift(h, n, -et->et_seq[from], et->et_seq[!from], &sums);
	else
		shift(h, n, et->et_seq[from], -et->et_seq[!from], &sums);
	return true;
}

bool
pf_modulate(const struct pf_state *s, struct pf_pdesc *pd)
{
	return modulate(s, pd, false);
}

bool
pf_unmodulate(const struct pf_state *s, struct pf_pdesc *pd)
{
	return modulate(s, pd, true);
}
