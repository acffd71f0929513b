/* flow_ip4.c - the fused stage for IPv4: ether_input, ip_input, ip_forward, ip_output and ether_output of a packet that has nothing odd. */
#include "net/core/flow_var.h"
#include "net/inet/icmp.h"
#include "net/pf/pf_flow.h"

#define AT_IP	14u			/* in the frame */
#define AT_OFF	(AT_IP + 6)
#define AT_TTL	(AT_IP + 8)		/* with protocol and checksum */
#define AT_PROTO (AT_IP + 9)
#define AT_SUM	(AT_IP + 10)
#define AT_ADDRS (AT_IP + 12)
#define AT_PORTS (AT_IP + 20)
#define MIN_LEN	24u			/* header and ports */
#define MIN_LEN_PF 28u			/* and what UDP has behind them */

/* ether_type, version, header length; the offset with MF, and the protocol: a fragment's key is nobody's. */
#define KIND_MASK	BE32(0xffffff00)
#define KIND		BE32(0x08004500)
#define KEY_MASK	BE32(0x3fff00ff)
#define KEY_OFF		((uint64_t)BE32(0x3fff0000) << 32)
#define KEY_ICMP	BE32(PROTO_ICMP)

/* Flags and TTL leave ten bits of the key free. */
static inline uint64_t
flow_ifkey4(const struct ifnet *ifp)
{
	return (uint64_t)(ifp->if_index & 0xff) << 48 | (uint64_t)(ifp->if_index >> 8) << 38;
}
_Static_assert(IF_MAX <= 1024, "ten bits");

static __inline_fn size_t
flow_pick4_any(struct flow_pass *fs, size_t i, size_t end, bool pf)
{
	const struct flow_table *ft = fs->fs_table;
	uint64_t ifkey = flow_ifkey4(fs->fs_ifp), secret[2] = { ft->ft_secret[0], ft->ft_secret[1] };
	struct mbuf *const *mp = fs->fs_b->b_m;

	for (; i < end; i++) {
		const uint8_t *p = mp[i]->m_data;
		uint32_t proto, ports;
		uint64_t key, hash;

		if ((load32(p + AT_IP - 2) & KIND_MASK) != KIND)
			break;
		proto = load32(p + AT_OFF) & KEY_MASK;
		ports = load32(p + AT_PORTS);
		if (pf && unlikely(proto == KEY_ICMP))
			ports = flow_echo_ports(p + AT_PORTS);
		key = (uint64_t)proto << 32 | ports | ifkey;
		hash = flow_hash4(secret, load64(p + AT_ADDRS), key);
		fs->fs_key[i] = key;
		fs->fs_flow[i] = flow_home(ft, hash);
		__builtin_prefetch(fs->fs_flow[i]);
	}
	return i;
}

static size_t
flow_pick4(struct flow_pass *fs, size_t i, size_t end)
{
	return flow_pick4_any(fs, i, end, false);
}

static size_t
flow_pick4_pf(struct flow_pass *fs, size_t i, size_t end)
{
	return flow_pick4_any(fs, i, end, true);
}

static struct rtentry *
flow_route4(const struct ifnet *ifp, const struct flow_id *id)
{
	return ip_flow_route(ifp, (be32_t)id->id_addr[0], (be32_t)(id->id_addr[0] >> 32));
}

static bool
flow_is_echo4(const struct ip *ip, uint32_t len)
{
	const struct icmp *icmp = (const struct icmp *)(ip + 1);

	return ip->ip_p == PROTO_ICMP && len >= MIN_LEN_PF && (icmp->icmp_type == ICMP_ECHO || icmp->icmp_type == ICMP_ECHOREPLY) && icmp->icmp_code == 0;
}

/* The frame is good, and one of a flow. */
static __rare_fn bool
flow_mend4(struct flow_pass *fs, size_t i)
{
	struct mbuf *m = fs->fs_b->b_m[i];
	const struct ip *ip = (const struct ip *)(m->m_data + AT_IP);
	uint64_t addrs = load64(&ip->ip_src);
	struct flow_id id = { fs->fs_key[i], { addrs, (addrs & 0xffffffff) + (addrs >> 32), 0, 0 } };
	uint32_t len = be16_host(ip->ip_len);
	struct flow *fl;

	if (flow_station(m->m_data) != fs->fs_our || m->m_len < AT_IP + MIN_LEN || m->m_next != NULL || len < MIN_LEN ||
	    len + AT_IP > m->m_pktlen || (ip->ip_off & BE16(IP_MF | IP_OFFMASK)) || ip->ip_ttl <= 1 || !ip_hdrsum_ok(ip) ||
	    !(flow_proto(ip->ip_p) || (fs->fs_states != NULL && m->m_len >= AT_IP + MIN_LEN_PF && flow_is_echo4(ip, len))))
		return false;
	if ((fl = (fs->fs_states == NULL ? flow_entry : pf_flow_entry)(fs, fs->fs_flow[i], &id, flow_route4,
	    fs->fs_states == NULL ? MIN_LEN : MIN_LEN_PF)) == NULL)
		return false;
	fs->fs_flow[i] = fl;
	m->m_lens = flow_lens(len + AT_IP);		/* the link's padding */
	return true;
}

static inline bool
flow_is4(const struct flow *fl, const uint8_t *p, uint64_t key)
{
	return load64(p + AT_ADDRS) == fl->fl_addr[0] && key == fl->fl_key;
}

/* It is not at home. NULL: nor near. */
static __rare_fn struct flow *
flow_beside4(struct flow *home, const uint8_t *p, uint64_t key)
{
	for (unsigned i = 1; i < FLOW_BUCKET; i++)
		if (flow_is4(flow_near(home, i), p, key))
			return flow_near(home, i);
	return NULL;
}

/* It is plain, good, and may pass; *iplen: its length. Twelve octets of the header are added to what the entry has of the addresses; that the sum of
 * words of any size is a multiple of 65535 is what RFC 1071 asks for. It does not overflow: the octet of highest value is the offset's, zero. */
static inline bool
flow_takes4(const struct flow_pass *fs, const struct mbuf *m, const uint8_t *p, const struct flow *fl, uint32_t min, uint64_t *iplen)
{
	uint64_t ttl_sum = load32(p + AT_TTL);
	uint32_t len = (uint32_t)(*iplen = load_be16(p + AT_IP + 2));

	return flow_station(p) == fs->fs_our && fl->fl_generation == fs->fs_generation && m->m_len == len + AT_IP && m->m_pktlen == len + AT_IP &&
	    (uint16_t)(len - min) <= fl->fl_most &&
	    (load64(p + AT_IP) + ttl_sum + fl->fl_addr[1]) * fs->fs_inverse <= fs->fs_quotients && (ttl_sum & 0xfe) != 0;
}

/* The TTL becomes one less, the checksum in the upper half one more, with end-around carry (RFC 1624). */
static inline void
flow_decttl(uint8_t *p)
{
	uint32_t x = load32(p + AT_TTL);

	if (unlikely(__builtin_add_overflow(x, 0xffff, &x))) {
		__asm__("" : "+r" (x));	/* a branch that is hardly ever taken costs less than moves for both cases */
		x += 0x10000;
	}
	store32(p + AT_TTL, x);
}

/* A header's checksum is zero. As pf_translate() and the decrement of the TTL leave it, in the order in which the ordinary stages come to them: changed
 * on the way out, behind that, it is 0. */
static __rare_fn void
flow_zero_sum(const struct flow_pass *fs, const struct flow *fl, uint8_t *p)
{
	if (fl->fl_nat.fn_addrs != fl->fl_addrs[0] && (pf_flow_peer(fs, fl)->pe_flags & PF_PEER_XOUT))
		store16(p + AT_SUM, 0);
}

/* The checksum of ICMP covers no addresses. */
static __rare_fn void
flow_translate_echo(const struct flow_nat *fn, uint8_t *icmp)
{
	uint16_t id = (uint16_t)(fn->fn_ports >> 16);

	if (load16(icmp + 4) == id)
		return;
	store16(icmp + 4, id);
	flow_change_sum0(icmp + 2, fn->fn_proto);
}

/* What pf_translate() does on both ways; the TTL is one less already. */
static inline void
flow_translate(const struct flow_pass *fs, const struct flow *fl, uint8_t *p)
{
	const struct flow_nat *fn = &fl->fl_nat;

	store64(p + AT_ADDRS, fn->fn_addrs);
	flow_change_sum(p + AT_SUM, fn->fn_ip);
	if (unlikely(load16(p + AT_SUM) == 0xffff))
		flow_zero_sum(fs, fl, p);
	if (p[AT_PROTO] == PROTO_TCP) {
		store32(p + AT_PORTS, fn->fn_ports);
		flow_change_sum0(p + AT_PORTS + 16, fn->fn_proto);
		return;
	}
	barrier();			/* compared with what stands there, not with what it was */
	if (unlikely(p[AT_PROTO] == PROTO_ICMP)) {
		flow_translate_echo(fn, p + AT_PORTS);
		return;
	}
	store32(p + AT_PORTS, fn->fn_ports);
	if (load16(p + AT_PORTS + 6) != 0)	/* RFC 768: 0 says that there is none, 0xffff that it is zero */
		flow_change_sum(p + AT_PORTS + 6, fn->fn_proto);
}

static __inline_fn size_t
flow_run4_any(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop, bool pf)
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
		uint8_t *p;
		uint64_t len;

		if (pf)
			barrier();		/* few registers are left: what the loop needs once a packet is read from memory */
		m = pf ? fs->fs_b->b_m[i] : mp[i];
		fl = fs->fs_flow[i];
		p = m->m_data;

		if (unlikely(!flow_is4(fl, p, fs->fs_key[i]))) {
			if ((fl = flow_beside4(fl, p, fs->fs_key[i])) == NULL)
				break;
			fs->fs_flow[i] = fl;
		}
		if (unlikely(!flow_takes4(fs, m, p, fl, pf ? MIN_LEN_PF : MIN_LEN, &len) || fl->fl_rt != (pf ? fs->fs_rt : rt)))
			break;
		if (pf && unlikely(!pf_flow_takes(fs, fl, pf_flow_peer(fs, fl), p + AT_PORTS, p + AT_PROTO, AT_PORTS - AT_IP, len)))
			break;
		if (pf)
			fs->fs_bytes += len;
		store64(p, hdr0);
		store64(p + 6, hdr1);
		flow_decttl(p);
		if (pf && fl->fl_nat.fn_addrs != 0) {
			barrier();		/* it is but compared with 0 for the others */
			flow_translate(fs, fl, p);
		}
		fl->fl_seen = now;
	}
	return i;
}

static size_t
flow_run4(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop)
{
	return flow_run4_any(fs, i, end, hop, false);
}

static size_t
flow_run4_pf(struct flow_pass *fs, size_t i, size_t end, const struct flow_hop *hop)
{
	return flow_run4_any(fs, i, end, hop, true);
}

/* A key of pf's has the wire's side first: the source, which stands first in memory, too. */
static __apart_fn size_t
flow_strangers4(struct flow_pass *fs, size_t i, size_t end)
{
	const struct pf_states *ps = percore_ptr(pf_states);
	unsigned rdomain = fs->fs_ifp->if_rdomain;
	uint32_t here = pf_stranger_here();

	if (ps->ps_bucket == NULL)
		return i;
	for (; i < end; i++) {
		struct mbuf *m = fs->fs_b->b_m[i];
		uint64_t key = fs->fs_key[i], addrs = load64(m->m_data + AT_ADDRS);
		uint32_t hash;

		if (fs->fs_flow[i]->fl_key == key || (key & KEY_OFF) != 0 || !flow_proto(key >> 56) || m->m_len < AT_IP + MIN_LEN_PF)
			break;
		hash = pf_key_hash4(addrs << 32 | addrs >> 32, pf_key_rest((uint32_t)key, PF_INET, (unsigned)(key >> 56), rdomain));
		if (!pf_hash_is_free(ps, hash))
			break;
		m->m_tag = pf_stranger_tag(ps, here, hash);
	}
	return i;
}

const struct flow_family flow_ip4 = { flow_pick4, flow_run4, flow_mend4, NULL };
const struct flow_family flow_ip4_pf = { flow_pick4_pf, flow_run4_pf, flow_mend4, flow_strangers4 };
