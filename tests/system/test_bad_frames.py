"""Frames and headers that lie: dropped, each under its own counter, and nothing else happens (RFC 1122 3.2.1, 1812 5.2.2)."""
import struct

import pytest
from wire import ICMP, IP, UDP, Ether, Raw


def good(w, **kw):
    return IP(src=w.a.ip, dst=w.b.ip, id=0xbad, ttl=9, **kw) / UDP(sport=7777, dport=7778) / Raw(b'payload!' * 4)


def patch(packet, offset, fmt, value, resum=True):
    """The packet's bytes with a field overwritten and the header checksum made right again."""
    b = bytearray(bytes(packet))
    struct.pack_into(fmt, b, offset, value)
    if resum:
        n = min((b[0] & 15) * 4, len(b)) or 20
        struct.pack_into('>H', b, 10, 0)
        s = sum(struct.unpack('>%dH' % (n // 2), bytes(b[:n // 2 * 2])))
        while s >> 16:
            s = (s & 0xffff) + (s >> 16)
        struct.pack_into('>H', b, 10, s ^ 0xffff)
    return bytes(b)


IP_LIES = {     # what: (bytes, netstat -s's sentence)
    'header checksum': (lambda w: patch(good(w), 10, '>H', 0x1234, resum=False), 'bad header checksums'),
    'version 5': (lambda w: patch(good(w), 0, 'B', 0x55), 'packets with incorrect version number'),
    'version 6 in an IPv4 frame': (lambda w: patch(good(w), 0, 'B', 0x65), 'packets with incorrect version number'),
    'header of 16 bytes': (lambda w: patch(good(w), 0, 'B', 0x44), 'packets with header length < minimum or > packet'),
    'header of 0 bytes': (lambda w: patch(good(w), 0, 'B', 0x40), 'packets with header length < minimum or > packet'),
    'header longer than the packet': (lambda w: patch(bytes(good(w))[:40], 0, 'B', 0x4f), 'packets with header length < minimum or > packet'),
    'length longer than the frame': (lambda w: patch(good(w), 2, '>H', 1400), 'packets with data size < data length'),
    'length of 65535': (lambda w: patch(good(w), 2, '>H', 65535), 'packets with data size < data length'),
    'length shorter than the header': (lambda w: patch(good(w), 2, '>H', 19), 'packets with data length < header length'),
    'length 0': (lambda w: patch(good(w), 2, '>H', 0), 'packets with data length < header length'),
    'cut to 19 bytes': (lambda w: bytes(good(w))[:19], 'packets with size smaller than minimum'),
    'cut to 1 byte': (lambda w: bytes(good(w))[:1], 'packets with size smaller than minimum'),
    'source is loopback': (lambda w: bytes(IP(src='127.0.0.1', dst=w.b.ip) / UDP() / Raw(b'x')), None),
    'source is multicast': (lambda w: bytes(IP(src='224.1.1.1', dst=w.b.ip) / UDP() / Raw(b'x')), None),
    'source is broadcast': (lambda w: bytes(IP(src='255.255.255.255', dst=w.b.ip) / UDP() / Raw(b'x')), None),
    'destination is zero': (lambda w: bytes(IP(src=w.a.ip, dst='0.0.0.0') / UDP() / Raw(b'x')), None),
    'destination is class E': (lambda w: bytes(IP(src=w.a.ip, dst='245.0.0.1') / UDP() / Raw(b'x')), None),
    'option of length 0': (lambda w: opts(w, b'\x07\x00\x04\x00'), None),
    'option of length 1': (lambda w: opts(w, b'\x07\x01\x04\x00'), None),
    'option longer than the header': (lambda w: opts(w, b'\x07\x27\x04\x00'), None),
    'loose source route': (lambda w: opts(w, b'\x83\x07\x04\x0a\x00\x02\x02\x00'), None),
    'strict source route': (lambda w: opts(w, b'\x89\x07\x04\x0a\x00\x02\x02\x00'), None),
}


def opts(w, options):
    """A packet with these raw options, multiple of 4 bytes long."""
    b = bytearray(bytes(good(w)))
    b[20:20] = options
    b[0] = 0x40 | (20 + len(options)) // 4
    return patch(patch(bytes(b), 2, '>H', len(b)), 8, 'B', 9)


@pytest.mark.parametrize('what', IP_LIES)
def test_ip_header_that_lies(wire, what):
    make, sentence = IP_LIES[what]
    wire.a.learn_gateway()
    with wire.delta() as d:
        wire.a.send(bytes(Ether(dst=wire.a.gateway_mac, src=wire.a.mac, type=0x800)) + make(wire))
        through = [f for f in wire.b.collect(0.3) if UDP in f or IP in f]
    if wire.router.is_sluice:
        assert not through, [f.summary() for f in through]
        drops = d.grown(r'^ip: (?!.*(total|for this host|forwarded$|packet sent))')
        if sentence:
            d.grew('ip', sentence, 1)
            d.grew('ip', 'packets forwarded', 0)
        assert sum(drops.values()) >= 1, drops
    assert wire.forwards()


def test_source_is_the_router(wire):
    """Nobody on a wire has our address: such a packet is neither forwarded nor answered (land)."""
    with wire.delta() as d:
        wire.a.send_ip(IP(src='10.0.1.1', dst=wire.b.ip, ttl=9) / UDP() / Raw(b'x'))
        wire.a.send_ip(IP(src='10.0.1.1', dst='10.0.1.1', ttl=9) / UDP() / Raw(b'land'))
        wire.a.send_ip(IP(src='10.0.1.1', dst='10.0.2.1', ttl=1) / ICMP() / Raw(b'land'))
        assert not [f for f in wire.a.collect(0.5) if ICMP in f]
        assert not [f for f in wire.b.collect(0.3) if UDP in f]
    d.grew('ip', 'packets from the wire with an address of ours as source', 3)
    assert wire.forwards()


def test_ping_of_death(wire):
    """checklist: ping_of_death"""
    with wire.delta() as d:
        for i in range(0, 65536 + 1480, 1480):
            wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1', id=99, proto=1, flags='MF', frag=min(i // 8, 8191)) / Raw(b'x' * 1480))
        assert not [f for f in wire.a.collect(0.5) if ICMP in f]
    d.grew('ip', 'fragments beyond the longest datagram dropped', 1, most=2)
    assert wire.forwards()


@pytest.mark.sluice
def test_flood_of_first_fragments(wire):
    """CVE-2018-5391: of datagrams that never end; memory is bounded, a datagram among them is put together, and good traffic goes on."""
    whole = bytes(IP(src=wire.a.ip, dst='10.0.1.1', id=7) / ICMP(type=8, id=5, seq=6) / Raw(b'p' * 2000))
    with wire.delta() as d:
        for i in range(3000):
            wire.a.send_ip(IP(src=f'172.16.{i >> 8}.{i & 255}', dst='10.0.1.1', id=i, proto=17, flags='MF') / Raw(b'x' * 1400))
            if i == 2000:
                wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1', id=7, proto=1, flags='MF') / Raw(whole[20:1500]))
                wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1', id=7, proto=1, frag=185) / Raw(whole[1500:]))
                assert wire.a.expect(lambda f: ICMP in f and f[ICMP].type == 0, 5), 'the honest datagram is answered'
    assert d.growth('ip', 'fragments dropped to make room for others') > 1000
    assert wire.forwards()


@pytest.mark.parametrize('size', [1, 5, 13])
def test_runts(wire, size):
    wire.a.learn_gateway()
    with wire.delta() as d:
        wire.a.send(bytes(wire.a.ether())[:size])
        wire.a.collect(0.2)
    if wire.router.is_sluice:
        # The card may have refused it before the stack saw it; if it came in, it was counted as a drop.
        came = d.growth('vio0:0:rxq:0', 'packets')
        d.grew('ether', 'frames too short for an Ethernet header', came)
    assert wire.forwards()


@pytest.mark.parametrize('size', [1600, 4000, 9000, 40000, 65000])
def test_oversize_frames(wire, size):
    """Longer than the MTU: whatever becomes of it, nothing longer than the MTU leaves, and the router goes on."""
    wire.a.learn_gateway()
    for flags in ('DF', 0):
        p = IP(src=wire.a.ip, dst=wire.b.ip, id=0xb16, ttl=9, flags=flags) / UDP(sport=7777, dport=7778) / Raw(b'B' * (size - 42))
        wire.a.send(wire.a.ether() / p)
        out = [f for f in wire.b.collect(0.3) if IP in f and f[IP].id == 0xb16]
        assert all(f[IP].len <= 1500 for f in out), [f[IP].len for f in out]
    assert wire.forwards()


def test_padding_is_not_forwarded(wire):
    """Bytes behind the IP length are padding; accepted, and not passed on (a frame of 60 bytes may be padded anew, with zeros)."""
    wire.a.learn_gateway()
    p = IP(src=wire.a.ip, dst=wire.b.ip, id=0xeee, ttl=9) / UDP(sport=1, dport=2) / Raw(b'ab')
    wire.a.send(bytes(wire.a.ether() / p) + b'SECRET' * 10)
    f = wire.b.expect(lambda f: IP in f and f[IP].id == 0xeee)
    assert f is not None and f[IP].len == 30
    rest = f.original[14 + 30:]
    assert b'SECRET' not in rest and not rest.strip(b'\0')


def test_echo_reply_leaks_nothing(wire):
    """Etherleak: what pads a short frame is zeros, or absent."""
    wire.a.send_ip(IP(src=wire.a.ip, dst='10.0.1.1') / ICMP(id=3) / Raw(b'q'))
    f = wire.a.expect(lambda f: ICMP in f and f[ICMP].type == 0)
    assert f is not None and not f.original[14 + f[IP].len:].strip(b'\0')


@pytest.mark.sluice
def test_unknown_ethertype_is_counted(wire):
    wire.a.learn_gateway()
    with wire.delta() as d:
        wire.a.send(bytes(Ether(dst=wire.a.gateway_mac, src=wire.a.mac, type=0x9999)) + b'x' * 50)
        wire.a.collect(0.2)
    d.grew('ether', 'frames of an unsupported type', 1)


@pytest.mark.long
@pytest.mark.limit(300)
def test_every_byte_of_the_header_changed(wire):
    """Each byte of a valid frame, all 256 values: the router goes on, the books balance (checked at the end of each test)."""
    wire.a.learn_gateway()
    frame = bytearray(bytes(wire.a.ether() / good(wire)))
    for i in range(12, 14 + 28):
        for v in range(256):
            f = bytes(frame[:i]) + bytes([v]) + bytes(frame[i + 1:])
            wire.a.send(f)
            while wire.b.recv_raw() or wire.a.recv_raw():
                pass
        wire.b.collect(0.05)
        assert wire.router.qemu.alive()
    assert wire.forwards()


@pytest.mark.sluice
def test_nested_ip6_headers(wire):
    """Up to 100 extension headers, one in the other: from a number on they are not walked, but dropped and counted; no time is lost, and what is
    good goes on."""
    for command in ('ifconfig vio0 inet6 eui64', 'ifconfig vio0 inet6 fd00:1::1/64', 'ndp -s fd00:1::2 ' + wire.a.mac):
        out = wire.router.cmd(command)
        assert not out.strip(), out
    try:
        wire.a.learn_gateway()
        ether = bytes(wire.a.ether())[:12] + b'\x86\xdd'
        src, dst = bytes.fromhex('fd000001000000000000000000000002'), bytes.fromhex('fd000001000000000000000000000001')
        echo = bytearray(b'\x80\0\0\0\0\x05\0\x06' + b'nested!!')
        s = sum(struct.unpack('>24H', bytes(src + dst + echo))) + len(echo) + 58
        struct.pack_into('>H', echo, 2, 0xffff - (s % 0xffff))
        with wire.delta() as d:
            for n in range(1, 101):
                chain = b''.join(bytes([60 if i + 1 < n else 58, 0, 1, 4, 0, 0, 0, 0]) for i in range(n)) + bytes(echo)
                wire.a.send(ether + b'\x60\0\0\0' + struct.pack('>HBB', len(chain), 60, 64) + src + dst + chain)
            replies = [f for f in wire.a.collect(1) if f.type == 0x86dd and f.original[20] == 58 and f.original[54] == 129]
        assert len(replies) == 10, len(replies)
        d.grew('ip6', 'packets discarded due to too many headers', 90)
        assert wire.forwards()
    finally:
        wire.router.cmd('ndp -d fd00:1::2')
        wire.router.cmd('ifconfig vio0 -inet6')
