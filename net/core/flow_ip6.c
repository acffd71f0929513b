/* flow_ip6.c - the fused stage for IPv6: ether_input, ip6_input, ip6_forward, ip6_output and ether_output of a packet that has nothing odd. */
#include "net/core/flow_var.h"
#include "net/inet6/icmp6.h"
#include "net/pf/pf_flow.h"

#define AT_IP	14u			/* in the frame */
#define AT_PLEN	(AT_IP + 4)
#define AT_NXT	(AT_IP + 6)
#define AT_HLIM	(AT_IP + 7)
#define AT_SRC	(AT_IP + 8)
#define AT_DST	(AT_IP + 24)
#define AT_PORTS (AT_IP + 40)
#define HDR	((uint32_t)sizeof(struct ip6_hdr))
#define MIN_PLEN 4u			/* ports */
#define MIN_PLEN_PF 8u			/* and what UDP has behind them */

/* ether_type and version. */
#define KIND_MASK	BE32(0xfffff000)
#define KIND		BE32(0x86dd6000)

/* Bits that IPv4 has for the offset, which is zero there; those of its interface are zero here: no key is one of both families. */
static inline uint64_t
flow_ifkey6(const struct ifnet *ifp)
{
	return (uint64_t)(ifp->if_index & 0xff) << 40 | (uint64_t)(ifp->if_index >> 8) << 32;
}

static __inline_fn size_t
flow_pick6_any(struct flow_pass *fs, size_t i, size_t end, bool pf)
{
	const struct flow_table *ft = fs->fs_table;
	uint64_t ifkey = flow_ifkey6(fs->fs_ifp);
	struct mbuf *const *mp = fs->fs_b->b_m;

	for (; i < end; i++) {
		const uint8_t *p = mp[i]->m_data;
		uint32_t ports;
		uint64_t key;

		if ((load32(p + AT_IP - 2) & KIND_MASK) != KIND)
			break;
		ports = load32(p + AT_PORTS);
		if (pf && unlikely(p[AT_NXT] == PROTO_ICMPV6))
			ports = flow_echo_ports(p + AT_PORTS);
		key = (uint64_t)p[AT_NXT] << 56 | ports | ifkey;
		fs->fs_key[i] = key;
		fs->fs_flow[i] = flow_home(ft, flow_hash6(ft->ft_secret, load64(p + AT_SRC), load64(p + AT_SRC + 8), load64(p + AT_DST),
		    load64(p + AT_DST + 8), key));
		__builtin_prefetch(fs->fs_flow[i]);
	}
	return i;
}

static size_t
flow_pick6(struct flow_pass *fs, size_t i, size_t end)
{
	return flow_pick6_any(fs, i, end, false);
}

static size_t
flow_pick6_pf(struct flow_pass *fs, size_t i, size_t end)
{
	return flow_pick6_any(fs, i, end, true);
}

static struct rtentry *
flow_route6(const struct ifnet *ifp, const struct flow_id *id)
{
	return ip6_flow_route(ifp, (const struct in6_addr *)&id->id_addr[0], (const struct in6_addr *)&id->id_addr[2]);
}

static bool
flow_is_echo6(const uint8_t *p, uint32_t plen)
{
	const uint8_t *h = p + AT_PORTS;

	return p[AT_NXT] == PROTO_ICMPV6 && plen >= MIN_PLEN_PF && (h[0] == ICMP6_ECHO || h[0] == ICMP6_ECHOREPLY) && h[1] == 0;
}

/* As flow_mend4(). */
static __rare_fn bool
flow_mend6(struct flow_pass *fs, size_t i)
{
	struct mbuf *m = fs->fs_b->b_m[i];
	const uint8_t *p = m->m_data;
	struct flow_id id = { fs->fs_key[i], { load64(p + AT_SRC), load64(p + AT_SRC + 8), load64(p + AT_DST), load64(p + AT_DST + 8) } };
	uint32_t plen = be16_host(load16(p + AT_PLEN));
	struct flow *fl;

	if (flow_station(p) != fs->fs_our || m->m_len < AT_IP + HDR + MIN_PLEN || m->m_next != NULL || plen < MIN_PLEN ||
	    plen + HDR + AT_IP > m->m_pktlen || p[AT_HLIM] <= 1 ||
	    !(flow_proto(p[AT_NXT]) || (fs->fs_states != NULL && m->m_len >= AT_IP + HDR + MIN_PLEN_PF && flow_is_echo6(p, plen))))
		return false;
	if ((fl = (fs->fs_states == NULL ? flow_entry : pf_flow_entry)(fs, fs->fs_flow[i], &id, flow_route6,
	    HDR + (fs->fs_states == NULL ? MIN_PLEN : MIN_PLEN_PF))) == NULL)
		return false;
	fs->fs_flow[i] = fl;
	m->m_lens = flow_lens(plen + HDR + AT_IP);	/* the link's padding */
	return true;
}

static inline bool
flow_is6(const struct flow *fl, const uint8_t *p, uint64_t key)
{
	return load64(p + AT_SRC) == fl->fl_addr[0] && load64(p + AT_SRC + 8) == fl->fl_addr[1] && load64(p + AT_DST) == fl->fl_addr[2] &&
	    load64(p + AT_DST + 8) == fl->fl_addr[3] && key == fl->fl_key;
}

/* It is not at home. NULL: nor near. */
static __rare_fn struct flow *
flow_beside6(struct flow *home, const uint8_t *p, uint64_t key)
{
	for (unsigned i = 1; i < FLOW_BUCKET; i++)
		if (flow_is6(flow_near(home, i), p, key))
			return flow_near(home, i);
	return NULL;
}

/* It is plain and may pass; *iplen: its length. */
static inline bool
flow_takes6(const struct flow_pass *fs, const struct mbuf *m, const uint8_t *p, const struct flow *fl, uint32_t min, uint64_t *iplen)
{
	uint64_t plen = load_be16(p + AT_PLEN);
	uint32_t len = (uint32_t)plen + HDR + AT_IP;

	*iplen = plen + HDR;
	return flow_station(p) == fs->fs_our && fl->fl_generation == fs->fs_generation && m->m_len == len && m->m_pktlen == len &&
	    (uint16_t)(plen - min) <= fl->fl_most && p[AT_HLIM] > 1;
}

/* All of a as words, modulo 65535: 16 bits, not zero if one of them is not. */
static inline uint32_t
flow_fold(unsigned __int128 a)
{
	uint64_t s = (uint64_t)a + (uint64_t)(a >> 64);

	s += s < (uint64_t)a;
	s = (s & 0xffffffff) + (s >> 32);
	for (unsigned i = 0; i < 3; i++)
		s = (s & 0xffff) + (s >> 16);
	return (uint32_t)s;
}

/* A word of an address; what the sum that stands for the checksums comes to be. */
static inline unsigned __int128
flow_new_word(uint8_t *at, const void *to, unsigned __int128 by)
{
	uint64_t was = load64(at), is = load64(to);

	store64(at, is);
	return by + was + ~is;
}

/* What pf_translate() does on both ways. That of the checksums which is to be added: the words that were there less those that come, which is plus
 * their complements. */
static __apart_fn void
flow_translate6(const struct pf_peer *peer, uint8_t *p)
{
	const struct pf_key *k = pf_flow_last(peer);
	uint8_t *h = p + AT_PORTS;
	unsigned __int128 by = 0;

	by = flow_new_word(p + AT_SRC, &k->k_addr[1].s6_addr32[0], by);
	by = flow_new_word(p + AT_SRC + 8, &k->k_addr[1].s6_addr32[2], by);
	by = flow_new_word(p + AT_DST, &k->k_addr[0].s6_addr32[0], by);
	by = flow_new_word(p + AT_DST + 8, &k->k_addr[0].s6_addr32[2], by);
	if (p[AT_NXT] == PROTO_ICMPV6) {
		be16_t id = host_be16(k->k_port[h[0] == ICMP6_ECHO]);

		by += load16(h + 4) + (uint32_t)(uint16_t)~id;
		store16(h + 4, id);
		flow_change_sum0(h + 2, flow_fold(by));
		return;
	}
	by += load32(h);
	store32(h, __builtin_bswap32((uint32_t)k->k_port[1] << 16 | k->k_port[0]));
	by += ~load32(h);
	if (p[AT_NXT] == PROTO_TCP)
		flow_change_sum0(h + 16, flow_fold(by));
	else if (load16(h + 6) != 0)
		flow_change_sum(h + 6, flow_fold(by));
}

static __inline_fn size_t
flow_run6_any(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop, bool pf)
{
	struct mbuf *const *mp = fs->fs_b->b_m;
	const struct rtentry *rt = hop->fh_rt;
	uint64_t hdr0 = hop->fh_hdr[0], hdr1 = hop->fh_hdr[1];
	uint16_t now = fs->fs_now;

	if (pf) {
		fs->fs_rt = rt;
		fs->fs_end = end;
	}
	for (; i < (pf ? fs->fs_end : end); i++) {
		const struct mbuf *m;
		struct flow *fl;
		struct pf_peer *peer;
		uint8_t *p;
		uint64_t len;

		if (pf)
			barrier();		/* as flow_run4_any() */
		m = pf ? fs->fs_b->b_m[i] : mp[i];
		fl = fs->fs_flow[i];
		p = m->m_data;
		if (unlikely(!flow_is6(fl, p, fs->fs_key[i]))) {
			if ((fl = flow_beside6(fl, p, fs->fs_key[i])) == NULL)
				break;
			fs->fs_flow[i] = fl;
		}
		if (unlikely(!flow_takes6(fs, m, p, fl, pf ? MIN_PLEN_PF : MIN_PLEN, &len) || fl->fl_rt != (pf ? fs->fs_rt : rt)))
			break;
		peer = pf ? pf_flow_peer(fs, fl) : NULL;
		if (pf && unlikely(!pf_flow_takes(fs, fl, peer, p + AT_PORTS, p + AT_NXT, HDR, len)))
			break;
		if (pf)
			fs->fs_bytes += len;
		store64(p, hdr0);
		store64(p + 6, hdr1);
		p[AT_HLIM]--;
		if (pf && unlikely(peer->pe_flags & PF_PEER_XLATE6))
			flow_translate6(peer, p);
		fl->fl_seen = now;
	}
	return i;
}

static size_t
flow_run6(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop)
{
	return flow_run6_any(fs, i, end, hop, false);
}

static size_t
flow_run6_pf(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop)
{
	return flow_run6_any(fs, i, end, hop, true);
}

/* As flow_strangers4(). */
static __apart_fn size_t
flow_strangers6(struct flow_pass *fs, size_t i, size_t end)
{
	const struct pf_states *ps = percore_ptr(pf_states);
	unsigned rdomain = fs->fs_ifp->if_rdomain;
	uint32_t here = pf_stranger_here();

	if (ps->ps_bucket == NULL)
		return i;
	for (; i < end; i++) {
		struct mbuf *m = fs->fs_b->b_m[i];
		const uint8_t *p = m->m_data;
		uint64_t key = fs->fs_key[i];
		uint32_t hash;

		if (fs->fs_flow[i]->fl_key == key || !flow_proto(key >> 56) || m->m_len < AT_IP + HDR + MIN_PLEN_PF)
			break;
		hash = pf_key_hash6(load64(p + AT_SRC), load64(p + AT_SRC + 8), load64(p + AT_DST), load64(p + AT_DST + 8),
		    pf_key_rest((uint32_t)key, PF_INET6, (unsigned)(key >> 56), rdomain));
		if (!pf_hash_is_free(ps, hash))
			break;
		m->m_tag = pf_stranger_tag(ps, here, hash);
	}
	return i;
}

const struct flow_family flow_ip6 = { flow_pick6, flow_run6, flow_mend6, NULL };
const struct flow_family flow_ip6_pf = { flow_pick6_pf, flow_run6_pf, flow_mend6, flow_strangers6 };
