"""ARP: who is asked, who waits, what is believed (RFC 826, RFC 5227)."""
import pytest
from wire import ARP, BROADCAST, IP, UDP, Ether, Raw


def datagrams(port, ids, dst):
    for i in ids:
        port.send_ip(IP(src=port.ip, dst=dst, id=i) / UDP(sport=1, dport=2) / Raw(b'%4d' % i))


def test_first_packets_wait(wire):
    """Packets to a neighbour that is not known yet wait for its answer, and leave in order."""
    dst = '10.0.2.50'
    datagrams(wire.a, [1, 2, 3], dst)
    assert not [f for f in wire.b.collect(0.3) if UDP in f]
    assert ('10.0.2.1', dst) in wire.b.arp_seen
    wire.b.answers.add(dst)
    got = [f[IP].id for f in wire.b.collect(2.5) if UDP in f]
    assert got == [1, 2, 3] or not wire.router.is_sluice and got, got


@pytest.mark.sluice
def test_wait_list_is_bounded(wire):
    """Too many for one neighbour: the surplus is dropped and counted, the rest leaves once the answer comes."""
    dst, n = '10.0.2.51', 400
    with wire.delta() as d:
        datagrams(wire.a, range(1, n + 1), dst)
        wire.b.answers.add(dst)
        got = [f for f in wire.b.collect(3) if UDP in f]
    dropped = sum(d.grown(r'^arp: .*dropp').values())
    assert 1 <= len(got) < n
    assert len(got) + dropped == n, d.grown('arp')


@pytest.mark.sluice
def test_entry_is_shown(wire):
    assert wire.forwards()
    t = wire.router.arp()
    assert t['10.0.1.2'][:2] == (wire.a.mac, 'vio0')
    assert t['10.0.2.2'][:2] == (wire.b.mac, 'vio1')
    assert t['10.0.1.1'][:2] == ('52:54:00:00:00:0a', 'vio0'), 'our own address is among them, as in OpenBSD'


@pytest.mark.sluice
def test_incomplete_entry_is_shown(wire):
    datagrams(wire.a, [1], '10.0.2.52')
    assert wire.router.arp()['10.0.2.52'][0] is None


@pytest.mark.sluice
def test_delete_and_learn_again(wire):
    assert wire.forwards()
    out = wire.router.cmd('arp -d 10.0.2.2')
    assert '10.0.2.2' not in wire.router.arp(), out
    assert wire.forwards()


@pytest.mark.sluice
def test_static_entry(wire):
    assert wire.router.cmd('arp -s 10.0.2.60 02:00:00:00:00:60') == ''
    datagrams(wire.a, [5], '10.0.2.60')
    f = wire.b.expect(lambda f: UDP in f)
    assert f and f.dst == '02:00:00:00:00:60'
    assert not [1 for _, t in wire.b.arp_seen if t == '10.0.2.60']
    wire.router.cmd('arp -d 10.0.2.60')


@pytest.mark.sluice
def test_published_entry(wire):
    """checklist: arp_proxy_arp_pub"""
    assert wire.router.cmd('arp -s 10.0.1.61 02:00:00:00:00:61 pub') == ''
    wire.a.send(Ether(dst=BROADCAST, src=wire.a.mac) / ARP(op=1, hwsrc=wire.a.mac, psrc=wire.a.ip, pdst='10.0.1.61'))
    f = wire.a.expect(lambda f: ARP in f and f[ARP].op == 2)
    assert f and f[ARP].psrc == '10.0.1.61' and f[ARP].hwsrc == '02:00:00:00:00:61'
    wire.router.cmd('arp -d 10.0.1.61')


def test_neighbour_that_moves(wire):
    """A host with a new card says so by a broadcast: the next packet goes there."""
    assert wire.forwards()
    new = '52:54:00:00:01:bb'
    wire.b.send(Ether(dst=BROADCAST, src=new) / ARP(op=1, hwsrc=new, psrc=wire.b.ip, pdst='10.0.2.1'))
    wire.b.collect(0.3)
    datagrams(wire.a, [6], wire.b.ip)
    f = wire.b.expect(lambda f: UDP in f)
    assert f and f.dst == new
    wire.b.learn_gateway()
    assert wire.forwards()


@pytest.mark.sluice
def test_our_own_address_claimed_by_another(wire):
    """Said in the log; the router keeps its address and its traffic."""
    for op in (1, 2):
        wire.a.send(Ether(dst=BROADCAST, src='02:00:00:00:00:99') /
                    ARP(op=op, hwsrc='02:00:00:00:00:99', psrc='10.0.1.1', hwdst='00:00:00:00:00:00', pdst='10.0.1.1'))
    wire.a.collect(0.5)
    assert '02:00:00:00:00:99' in wire.router.cmd('dmesg')
    assert wire.router.arp()['10.0.1.1'][0] == '52:54:00:00:00:0a'
    assert wire.a.learn_gateway() == '52:54:00:00:00:0a' and wire.forwards()


@pytest.mark.sluice
def test_unasked_reply_makes_no_entry(wire):
    wire.a.learn_gateway()
    wire.a.send(Ether(dst=wire.a.gateway_mac, src=wire.a.mac) /
                ARP(op=2, hwsrc='02:00:00:00:00:77', psrc='10.0.1.177', hwdst=wire.a.gateway_mac, pdst='10.0.1.1'))
    wire.a.collect(0.3)
    assert '10.0.1.177' not in wire.router.arp()


def test_router_is_no_arp_helper_for_others(wire):
    wire.a.send(Ether(dst=BROADCAST, src=wire.a.mac) / ARP(op=1, hwsrc=wire.a.mac, psrc=wire.a.ip, pdst='10.0.1.99'))
    assert not [f for f in wire.a.collect(0.5) if ARP in f and f[ARP].op == 2]


def test_router_does_not_answer_for_a_neighbour_that_it_knows(wire):
    assert wire.forwards()
    wire.a.send(Ether(dst=BROADCAST, src=wire.a.mac) / ARP(op=1, hwsrc='02:00:00:00:00:31', psrc='10.0.1.31', pdst=wire.a.ip))
    wire.a.send(Ether(dst=BROADCAST, src='02:00:00:00:00:31') / ARP(op=1, hwsrc='02:00:00:00:00:31', psrc='10.0.1.31', pdst='10.0.1.1'))
    assert wire.a.expect(lambda f: ARP in f and f[ARP].op == 2 and f.dst == '02:00:00:00:00:31')
    for known in ('10.0.1.31', wire.a.ip):
        wire.a.send(Ether(dst=BROADCAST, src='02:00:00:00:00:32') / ARP(op=1, hwsrc='02:00:00:00:00:32', psrc='10.0.1.32', pdst=known))
        assert not [f for f in wire.a.collect(0.3) if ARP in f and f[ARP].op == 2]


BAD = {
    'cut': lambda a: bytes(a)[:-5],
    'of 8 bytes': lambda a: bytes(a)[:8],
    'hardware type 7': lambda a: b'\0\7' + bytes(a)[2:],
    'protocol 0x86dd': lambda a: bytes(a)[:2] + b'\x86\xdd' + bytes(a)[4:],
    'operation 9': lambda a: bytes(a)[:6] + b'\0\x09' + bytes(a)[8:],
    'hardware length 8': lambda a: bytes(a)[:4] + b'\x08' + bytes(a)[5:],
    'protocol length 16': lambda a: bytes(a)[:5] + b'\x10' + bytes(a)[6:],
    'from a multicast address': lambda a: bytes(a)[:8] + b'\1\0\x5e\0\0\1' + bytes(a)[14:],
}


@pytest.mark.parametrize('what', BAD)
def test_bad_arp(wire, what):
    a = ARP(op=1, hwsrc=wire.a.mac, psrc='10.0.1.200', hwdst='00:00:00:00:00:00', pdst='10.0.1.1', hwlen=6, plen=4)
    with wire.delta() as d:
        wire.a.send(bytes(Ether(dst=BROADCAST, src=wire.a.mac, type=0x806)) + BAD[what](a))
        replies = [f for f in wire.a.collect(0.4) if ARP in f and f[ARP].op == 2]
    if what != 'from a multicast address' or wire.router.is_sluice:     # Linux answers that
        assert not replies
    if wire.router.is_sluice:
        assert sum(d.grown(r'^arp: ').values()) >= 1, 'it is counted'
        assert '10.0.1.200' not in wire.router.arp()
    assert wire.forwards()


@pytest.mark.sluice
def test_flood_of_gratuitous_arp(wire):
    """3,000 hosts that nobody asked for do not fill the table, and good traffic goes on."""
    for i in range(3000):
        ip = f'10.0.1.{3 + i % 250}'
        mac = f'02:00:00:01:{i >> 8:02x}:{i & 255:02x}'
        wire.a.send(bytes(Ether(dst=BROADCAST, src=mac)) + bytes(ARP(op=1, hwsrc=mac, psrc=ip, hwdst='00:00:00:00:00:00', pdst=ip)))
    assert wire.forwards()
    assert len(wire.router.arp()) < 20
