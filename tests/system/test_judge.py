"""Every kind of message that ours sends of its own, provoked frame by frame, and judged from outside: tshark finds nothing malformed, no warning, and
no wrong checksum in any of them."""
import os
import re
import subprocess
import time

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption
from scapy.layers.inet6 import (HBHOptUnknown, ICMPv6EchoRequest, ICMPv6MLQuery, ICMPv6MLQuery2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN, RouterAlert)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from scapy.utils import wrpcap
from dual import until
from wire import BROADCAST

pytestmark = pytest.mark.sluice

CONF = '''# /etc/myname
judged.example
# /etc/hostname.vio0
inet 10.0.1.1/24
inet6 fd00:a::1 64
!route add 10.8.0.0/24 10.0.1.3
!route add -inet6 fd00:8::/64 fe80::3%vio0
# /etc/hostname.vio1
inet 10.0.2.1/24
inet6 fd00:b::1 64
mtu 1400
# /etc/sysctl.conf
net.inet.ip.forwarding=1
net.inet6.ip6.forwarding=1
net.inet.icmp.tstamprepl=1
# /etc/rad.conf
interface vio0 {
	mtu 1400
	dns {
		nameserver fd00:a::53
		search example.org
	}
}
'''
MAC = '52:54:00:00:00:0a'               # of vio0
LL = 'fe80::2'                          # a's link-local address
SIX = {'a': 'fd00:a::2', 'b': 'fd00:b::2'}


class Judged:
    """Two hosts of both families; keeps each frame that comes."""

    def __init__(self, x):
        self.x, self.frames = x, []
        x.a.answers |= {'10.0.1.3'}
        self.known = {SIX['a']: x.a, SIX['b']: x.b, LL: x.a, 'fe80::3': x.a}

    def pump(self, seconds=0.05):
        """Takes what has come, and answers questions about addresses that are known."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            came = False
            for p in (self.x.a, self.x.b):
                while (raw := p.recv_raw()) is not None:
                    came = True
                    self.take(p, raw)
            if not came:
                time.sleep(min(left, 0.005))

    def take(self, p, raw):
        self.frames.append(raw)
        f = Ether(raw)
        if ARP in f:
            p._arp(f)
        elif ICMPv6ND_NS in f and self.known.get(f[ICMPv6ND_NS].tgt) is p and f[IPv6].src != '::':
            tgt = f[ICMPv6ND_NS].tgt
            p.send(Ether(dst=f.src, src=p.mac) / IPv6(src=tgt, dst=f[IPv6].src, hlim=255) /
                   ICMPv6ND_NA(tgt=tgt, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=p.mac))

    def from_a(self, packet, dst=MAC):
        self.x.a.send(Ether(dst=dst, src=self.x.a.mac) / packet)
        self.pump()

    def kinds(self):
        """What is there: ('icmp', type, code), ('icmp6', type, code), 'arp request', 'fragment', ... of those from our interfaces."""
        got = set()
        for raw in self.frames:
            f = Ether(raw)
            if ARP in f:
                got.add(('arp', f[ARP].op))
            elif IP in f:
                got.add('fragment' if f[IP].frag or f[IP].flags.MF else ('icmp', f[ICMP].type, f[ICMP].code) if ICMP in f else 'other')
            elif IPv6 in f:
                nh, off = raw[20], 54
                while nh in (0, 60, 43):
                    nh, off = raw[off], off + 8 + raw[off + 1] * 8
                got.add('fragment6' if nh == 44 else ('icmp6', raw[off], raw[off + 1]) if nh == 58 else 'other6')
        return got


ECHO6 = ICMPv6EchoRequest(id=7, seq=1, data=b'x' * 32)


def provoke4(j):
    a, b, ip = '10.0.1.2', '10.0.2.2', lambda **kw: IP(src='10.0.1.2', **kw)  # noqa: E731
    j.from_a(ARP(op=1, hwsrc=j.x.a.mac, psrc=a, pdst='10.0.1.1'), BROADCAST)
    j.from_a(ip(dst='10.0.1.1') / ICMP(id=7) / Raw(b'x' * 32))
    j.from_a(ip(dst='10.0.1.1') / ICMP(type=13, id=7))
    for piece in ip(dst='10.0.1.1', id=9) / ICMP(id=8) / Raw(b'y' * 3000), ip(dst=b, id=10) / UDP(sport=1, dport=2) / Raw(b'z' * 3000):
        for f in piece.fragment(1440):
            j.from_a(f)
    j.from_a(ip(dst=b, ttl=1) / UDP(sport=1, dport=2) / Raw(b'late'))
    j.from_a(ip(dst=b, flags='DF') / UDP(sport=1, dport=2) / Raw(b'w' * 1440))
    j.from_a(ip(dst='192.0.2.1') / UDP(sport=1, dport=2) / Raw(b'nowhere'))
    j.from_a(ip(dst='10.0.2.77') / UDP(sport=1, dport=2) / Raw(b'nobody'))
    j.from_a(ip(dst='10.0.1.1') / UDP(sport=1, dport=2) / Raw(b'no port'))
    j.from_a(ip(dst='10.0.1.1', proto=200) / Raw(b'no protocol'))
    j.from_a(ip(dst='10.8.0.1') / UDP(sport=1, dport=2) / Raw(b'the longer way'))
    j.from_a(ip(dst=b, options=IPOption(b'\x07\x01\x04\x00')) / UDP(sport=1, dport=2) / Raw(b'a bad option'))
    j.from_a(ip(dst=b, options=IPOption(b'\x83\x07\x04\x0a\x00\x02\x02\x00')) / UDP(sport=1, dport=2) / Raw(b'a source route'))


def provoke6(j):
    ip = lambda dst, src=SIX['a'], **kw: IPv6(src=src, dst=dst, **kw)  # noqa: E731
    ours = 'fd00:a::1'
    j.from_a(ip('ff02::1:ff00:1', hlim=255) / ICMPv6ND_NS(tgt=ours) / ICMPv6NDOptSrcLLAddr(lladdr=j.x.a.mac), '33:33:ff:00:00:01')
    j.from_a(ip(ours) / ECHO6)
    whole = bytes(ip(ours) / ICMPv6EchoRequest(id=8, seq=1, data=b'y' * 2900))[40:]
    for off in (0, 1400, 2800):
        part = whole[off:off + 1400]
        j.from_a(ip(ours) / IPv6ExtHdrFragment(nh=58, offset=off // 8, m=off + 1400 < len(whole), id=5) / Raw(part))
    j.from_a(ip(SIX['b'], hlim=1) / ECHO6)
    j.from_a(ip(SIX['b']) / UDP(sport=1, dport=2) / Raw(b'w' * 1440))
    j.from_a(ip('2001:db8::1') / ECHO6)
    j.from_a(ip('fd00:b::77') / ECHO6)
    j.from_a(ip(ours) / UDP(sport=1, dport=2) / Raw(b'no port'))
    j.from_a(ip(ours, nh=200) / Raw(b'no protocol'))
    j.from_a(ip(ours) / IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0x9e, optdata=b'abcd')]) / ECHO6)
    j.from_a(ip('fd00:8::1') / ECHO6)
    j.from_a(ip('ff02::2', src=LL, hlim=255) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=j.x.a.mac), '33:33:00:00:00:02')


def membership(j):
    """Asked in version 2, then in version 1; a group is joined and left meanwhile."""
    query = lambda body: IPv6(src=LL, dst='ff02::1', hlim=1) / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b'')]) / body  # noqa: E731
    j.from_a(query(ICMPv6MLQuery2(mrd=100)), '33:33:00:00:00:01')
    assert until(lambda: j.pump() or ('icmp6', 143, 0) in j.kinds(), 5), j.kinds()
    j.from_a(query(ICMPv6MLQuery(mrd=100)), '33:33:00:00:00:01')
    assert until(lambda: j.pump() or ('icmp6', 131, 0) in j.kinds(), 5), j.kinds()
    for word in ('alias', 'delete'):
        j.x.router.cmd(f'ifconfig vio0 inet6 fd00:a::42:1 64 {word}')
        j.pump(0.1)


def typed(j, line):
    """A command at the console, while its packets are answered."""
    con = j.x.router.con
    con.drain(quiet=0)
    con.send(line + '\r')
    end = time.monotonic() + 15
    while not con.PROMPT.search(con.buf):
        assert time.monotonic() < end, line
        con.fill(0)
        j.pump(0.02)
    con.buf = ''


def of_our_own(j):
    """What we send when nobody has asked."""
    for line in ('ping -n -c 1 -w 1 10.0.1.2', 'ping -n -c 1 -w 1 -s 3000 10.0.1.2', 'ping6 -n -c 1 -w 1 -s 3000 fd00:a::2', 'traceroute -n -q 1 -w 1 -m 1 10.0.2.2',
                 'ifconfig vio1 inet6 autoconf'):
        typed(j, line)


EXPECTED = {
    ('arp', 1), ('arp', 2), 'fragment', 'fragment6', ('icmp', 0, 0), ('icmp', 8, 0), ('icmp', 14, 0), ('icmp', 11, 0), ('icmp', 3, 0), ('icmp', 3, 1),
    ('icmp', 3, 2), ('icmp', 3, 4), ('icmp', 3, 5), ('icmp', 5, 1), ('icmp', 12, 0),
    ('icmp6', 129, 0), ('icmp6', 1, 0), ('icmp6', 1, 3), ('icmp6', 2, 0), ('icmp6', 3, 0), ('icmp6', 4, 1), ('icmp6', 4, 2),
    ('icmp6', 131, 0), ('icmp6', 132, 0), ('icmp6', 133, 0), ('icmp6', 134, 0), ('icmp6', 135, 0), ('icmp6', 136, 0), ('icmp6', 137, 0), ('icmp6', 143, 0)}


def verdict(frames, work):
    """tshark's complaints: (number of the frame, severity, text). What it says of what is not there (no answer seen) is none."""
    path = f'{work}/judged.pcap'
    wrpcap(path, [Ether(f) for f in frames])
    checks = [x for o in ('ip', 'udp', 'tcp') for x in ('-o', f'{o}.check_checksum:TRUE')]
    r = subprocess.run(['tshark', '-n', '-r', path, *checks, '-T', 'pdml'], capture_output=True, text=True, timeout=60,
                       env=dict(os.environ, HOME=work))
    assert r.returncode == 0 and r.stdout.count('<packet>') == len(frames), r.stderr[-2000:]
    bad = []
    for n, packet in enumerate(r.stdout.split('<packet>')[1:]):
        for m in re.finditer(r'<field name="_ws\.expert\.message"[^>]*show="([^"]*)"[^>]*>\s*<field name="_ws\.expert\.severity"[^>]*showname="([^"]*)"', packet):
            if not re.search(r'Severity level: (Comment|Chat|Note)', m[2]) and 'No response' not in m[1]:
                bad.append((n + 1, m[2], m[1]))
        if '_ws.malformed' in packet:
            bad.append((n + 1, 'malformed', Ether(frames[n]).summary()))
        for m in re.finditer(r'name="(\S+checksum\.status)"[^>]*show="(\d)"', packet):
            if m[2] == '0':
                bad.append((n + 1, 'checksum', m[1]))
    return bad


def test_tshark_finds_nothing_wrong(boot, work):
    j = Judged(boot(conf=CONF))
    provoke4(j)
    provoke6(j)
    membership(j)
    of_our_own(j)
    until(lambda: j.pump() or EXPECTED <= j.kinds(), 20)
    assert EXPECTED <= j.kinds(), (EXPECTED - j.kinds(), j.kinds())
    quoted = lambda f: ICMP in f and f[ICMP].type == 12  # noqa: E731
    bad = [x for x in verdict(j.frames, work) if not (quoted(Ether(j.frames[x[0] - 1])) and 'too-short option length' in x[2])]
    assert not bad, bad
    planted = bytearray(next(f for f in j.frames if Ether(f).haslayer(ICMP) and IP in Ether(f)))
    planted[-1] ^= 1
    assert verdict([bytes(planted)], work), 'it would have found a wrong one'
