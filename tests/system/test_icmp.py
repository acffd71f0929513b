"""What the router answers by ICMP, and what it must not answer (RFC 792, 1122 3.2.2, 1191, 1812 4.3)."""
import time

import pytest
from wire import BROADCAST, ICMP, IP, UDP, Ether, Raw


def error_for(port, type_, code=None, timeout=3):
    def match(f):
        return ICMP in f and f[IP].dst == port.ip and f[ICMP].type == type_ and code in (None, f[ICMP].code)
    return port.expect(match, timeout)


def quoted(error):
    """The bytes that the error quotes: behind its header of 8."""
    icmp = bytes(error[IP])[error[IP].ihl * 4:error[IP].len]
    assert IP(bytes(error[IP])[:20]).chksum is not None
    return icmp[8:]


def check_quote(error, sent):
    """At least the header and 8 bytes of the packet as it came (RFC 792); no more than 576 bytes in all (RFC 1812 4.3.2.3)."""
    original, q = bytes(sent), quoted(error)
    assert len(q) >= 28 and error[IP].len <= 576
    assert q[12:28] == original[12:28], 'addresses and ports of the quoted packet'
    assert q[:8] == original[:8]


def udp(src, dst, ttl=64, size=20, **ip):
    return IP(src=src, dst=dst, ttl=ttl, id=4711, **ip) / UDP(sport=1234, dport=5678) / Raw(bytes(i & 255 for i in range(size)))


def test_echo(wire):
    for size in (0, 1, 56, 1472):
        data = bytes(i & 255 for i in range(size))
        for address in ('10.0.1.1', '10.0.2.1'):
            wire.a.send_ip(IP(src=wire.a.ip, dst=address) / ICMP(id=7, seq=size) / Raw(data))
            f = wire.a.expect(lambda f: ICMP in f and f[ICMP].type == 0)
            assert f and f[IP].src == address and f[ICMP].id == 7 and f[ICMP].seq == size
            assert bytes(f[ICMP].payload)[:size] == data
            body = bytes(f[IP])[f[IP].ihl * 4:f[IP].len]
            assert checksum(body) == 0, 'ICMP checksum'
            assert checksum(bytes(f[IP])[:f[IP].ihl * 4]) == 0, 'IP checksum'


def checksum(data):
    data += b'\0' * (len(data) & 1)
    n = sum(int.from_bytes(data[i:i + 2], 'big') for i in range(0, len(data), 2))
    while n >> 16:
        n = (n & 0xffff) + (n >> 16)
    return n ^ 0xffff


def test_echo_with_a_bad_checksum_is_not_answered(wire):
    with wire.delta() as d:
        wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1') / ICMP(id=8, chksum=0x1234) / Raw(b'12345678'))
        assert wire.a.expect(lambda f: ICMP in f, 1) is None
    d.grew('icmp', 'bad checksums', 1)


@pytest.mark.parametrize('ttl', [1, 0])
def test_ttl_expired(wire, ttl):
    sent = udp(wire.a.ip, wire.b.ip, ttl=ttl)
    with wire.delta() as d:
        wire.a.send_ip(sent)
        e = error_for(wire.a, 11, 0)
        assert e and e[IP].src == '10.0.1.1'
        assert wire.b.expect(lambda f: UDP in f, 0.3) is None
    check_quote(e, sent)
    d.grew('ip', 'packets whose time to live was exceeded in transit', 1)


def test_host_unreachable(wire):
    """Nobody has the address: asked for several times, then the sender hears of it (RFC 1812 3.3.2)."""
    sent = udp(wire.a.ip, '10.0.2.77')
    with wire.delta() as d:
        wire.a.send_ip(sent)
        end = None
        for _ in range(20):
            wire.b.collect(0.3)
            if end := error_for(wire.a, 3, 1, 0.3):
                break
    assert end and end[IP].src == '10.0.1.1'
    check_quote(end, sent)
    asked = [t for _, t in wire.b.arp_seen if t == '10.0.2.77']
    assert 2 <= len(asked) <= 6
    assert sum(d.grown('(arp|ip|ether): .*').values()) if wire.router.is_sluice else True


def test_no_route(wire):
    sent = udp(wire.a.ip, '192.0.2.1')
    with wire.delta() as d:
        for _ in range(1 if wire.router.is_sluice else 3):      # Linux limits these per host from the start
            wire.a.send_ip(sent)
            if e := error_for(wire.a, 3):
                break
    assert e and e[ICMP].code in (0, 1)
    check_quote(e, sent)
    d.grew('ip', 'packets not forwarded for want of a route', 1)


@pytest.fixture
def narrow(wire):
    """The way to b has an MTU of 1400."""
    wire.router.set_mtu('vio1', 1400)
    yield wire
    wire.router.set_mtu('vio1', 1500)


def test_too_big_with_df(narrow):
    sent = udp(narrow.a.ip, narrow.b.ip, size=1401 - 28, flags='DF')
    with narrow.delta() as d:
        narrow.a.send_ip(sent)
        e = error_for(narrow.a, 3, 4)
        assert e and e[ICMP].nexthopmtu == 1400
        check_quote(e, sent)
        narrow.a.send_ip(udp(narrow.a.ip, narrow.b.ip, size=1400 - 28, flags='DF'))
        assert narrow.b.expect(lambda f: UDP in f and f[IP].len == 1400), 'one that just fits'
    d.grew('ip', 'packets too big that must not be fragmented', 1)


def test_too_big_is_fragmented(narrow):
    for size in (1373, 1472, 1471):
        sent = udp(narrow.a.ip, narrow.b.ip, size=size, ttl=10)
        with narrow.delta() as d:
            narrow.a.send_ip(sent)
            got = [f for f in narrow.b.collect(0.7) if IP in f and f[IP].id == 4711 and f[IP].proto == 17]
        data = bytearray(bytes(sent)[20:])
        seen = bytearray(len(data))
        assert len(got) == 2
        for f in got:
            ip, raw = f[IP], bytes(f)[14:]
            part = raw[ip.ihl * 4:ip.len]
            assert ip.len <= 1400 and ip.ttl == 9 and checksum(raw[:ip.ihl * 4]) == 0
            assert part == data[ip.frag * 8:ip.frag * 8 + len(part)]
            last = ip.frag * 8 + len(part) == len(data)
            assert last == ('MF' not in ip.flags) and (last or len(part) % 8 == 0)
            seen[ip.frag * 8:ip.frag * 8 + len(part)] = b'\1' * len(part)
        assert all(seen)
        d.grew('ip', 'output datagrams fragmented', 1)
        d.grew('ip', 'fragments created', 2)


def test_a_fragment_is_fragmented_further(narrow):
    data = bytes(i * 7 & 255 for i in range(1480))
    narrow.a.send_ip(IP(src=narrow.a.ip, dst=narrow.b.ip, id=99, flags='MF', frag=185, proto=17) / Raw(data))
    got = [f[IP] for f in narrow.b.collect(0.7) if IP in f and f[IP].id == 99]
    assert sorted(f.frag for f in got) == [185, 185 + (1380 // 8)]
    assert all('MF' in f.flags for f in got), 'the last fragment of a middle fragment is not the last of all'


SILENT = {
    'an ICMP error': lambda w: IP(src=w.a.ip, dst=w.b.ip, ttl=1) / ICMP(type=3, code=1) / Raw(bytes(IP(src=w.b.ip, dst=w.a.ip) / UDP())),
    'a later fragment': lambda w: IP(src=w.a.ip, dst=w.b.ip, ttl=1, frag=10, proto=17) / Raw(b'x' * 64),
    'source 0.0.0.0': lambda w: udp('0.0.0.0', w.b.ip, ttl=1),
    'source loopback': lambda w: udp('127.0.0.1', w.b.ip, ttl=1),
    'source multicast': lambda w: udp('224.0.0.5', w.b.ip, ttl=1),
    'source broadcast': lambda w: udp('255.255.255.255', w.b.ip, ttl=1),
    'destination multicast': lambda w: udp(w.a.ip, '224.0.0.9', ttl=1),
    'destination class E': lambda w: udp(w.a.ip, '240.0.0.9', ttl=1),
    'destination loopback': lambda w: udp(w.a.ip, '127.0.0.1', ttl=9),
}


@pytest.mark.parametrize('what', SILENT)
def test_no_error_about(wire, what):
    """RFC 1122 3.2.2, RFC 1812 4.3.2.7: no error in answer to these."""
    wire.a.send_ip(SILENT[what](wire))
    seen = [f for f in wire.a.collect(0.5) if ICMP in f]
    assert not seen or what == 'destination class E' and not wire.router.is_sluice, [f.summary() for f in seen]
    assert wire.forwards()


def test_no_error_about_a_link_level_broadcast(wire):
    wire.a.learn_gateway()
    wire.a.send(Ether(dst=BROADCAST, src=wire.a.mac) / udp(wire.a.ip, wire.b.ip, ttl=1))
    wire.a.send(Ether(dst=BROADCAST, src=wire.a.mac) / udp(wire.a.ip, wire.b.ip, ttl=9))
    assert not [f for f in wire.a.collect(0.5) if ICMP in f]
    assert not [f for f in wire.b.collect(0.3) if UDP in f], 'and it is not forwarded'


def test_errors_are_rate_limited(wire):
    """RFC 1812 4.3.2.8. All drops counted, good traffic goes on."""
    n, errors = 1500, 0
    wire.a.learn_gateway()
    frame = bytes(wire.a.ether() / udp(wire.a.ip, wire.b.ip, ttl=1))
    with wire.delta() as d:
        start = time.monotonic()
        for _ in range(n):
            wire.a.send(frame)
            while (raw := wire.a.recv_raw()) is not None:
                errors += raw[12:14] == b'\x08\x00' and raw[23] == 1
        seconds = time.monotonic() - start
        errors += len([f for f in wire.a.collect(1) if ICMP in f])
    assert 1 <= errors <= 100 * (seconds + 2) or not wire.router.is_sluice, f'{errors} in {seconds} s'
    d.grew('ip', 'packets whose time to live was exceeded in transit', n)
    d.grew('icmp', 'errors not generated because of rate limitation', n - errors)
    assert wire.forwards()


def test_unknown_protocol_and_port(wire):
    """RFC 1122 3.2.2.1: protocol unreachable; port unreachable, or a reset."""
    wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1', proto=222) / Raw(b'x' * 20))
    assert error_for(wire.a, 3, 2)
    wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1') / UDP(sport=1, dport=33434) / Raw(b'x' * 20))
    assert error_for(wire.a, 3) is not None
