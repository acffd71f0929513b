"""More than it can carry: what does not leave is dropped and counted, to the last packet."""
import time

import pytest
from wire import IP, UDP, Raw

pytestmark = pytest.mark.sluice


def numbered(port, dst):
    """A function that makes the n-th frame's bytes."""
    base = bytearray(bytes(port.ether() / IP(src=port.ip, dst=dst, ttl=64) / UDP(sport=9, dport=9, chksum=0) / Raw(b'\0' * 8 + b'x' * 200)))

    def frame(n):
        base[42:50] = n.to_bytes(8, 'big')
        return bytes(base)
    return frame


def number(raw):
    return int.from_bytes(raw[42:50], 'big') if len(raw) > 50 and raw[12:14] == b'\x08\x00' and raw[23] == 17 else None


def drain(port, got, quiet=0.7):
    end = time.monotonic() + quiet
    while time.monotonic() < end:
        raw = port.recv_raw()
        if raw is None:
            time.sleep(0.005)
            continue
        end = time.monotonic() + quiet
        if (n := number(raw)) is not None:
            got.append(n)


def lost_on_the_way(d, vin, vout):
    """What d's router dropped because there was too much of it: (coming in or between cores, going out)."""
    return (sum(d.grown(rf'^{vin}:0:rxq:\d+: (qdrops|nombufs|errors)$|did not keep up').values()),
            sum(d.grown(rf'^{vout}:0:txq:\d+: (qdrops|errors)$').values()))


def drain_all(d, port, got, n, vin, vout):
    """Reads until all n have come or are counted as lost; for ten seconds at most, as on a busy machine QEMU is silent for long."""
    end = time.monotonic() + 10
    drain(port, got)
    while len(got) + sum(lost_on_the_way(d.look(), vin, vout)) < n and time.monotonic() < end:
        drain(port, got)


def accounted(d, n, got, vin, vout):
    lost = lost_on_the_way(d, vin, vout)
    assert got == sorted(set(got)), 'in order, none twice'
    assert n <= len(got) + sum(lost) <= n + d.spoken(), f'{n} {len(got)} {lost} {d.grown(".")}'
    return lost


@pytest.mark.parametrize('way', ['ab', 'ba', 'both'])
def test_twice_the_load(wire, way):
    """The far end takes one packet for two that are sent: the rest must be in the drop counters of the output queue."""
    assert wire.forwards()
    ways = {'ab': [(wire.a, wire.b, 'vio0', 'vio1')], 'ba': [(wire.b, wire.a, 'vio1', 'vio0')]}
    ways = ways.get(way, ways['ab'] + ways['ba'])
    makers = [numbered(w[0], w[1].ip) for w in ways]
    n, got = 8000, [[] for _ in ways]
    with wire.delta() as d:
        for i in range(n):
            for (src, dst, _, _), make, g in zip(ways, makers, got):
                src.send(make(i))
                if i % 2 and (raw := dst.recv_raw()) and (x := number(raw)) is not None:
                    g.append(x)
        for (_, dst, vin, vout), g in zip(ways, got):
            drain_all(d, dst, g, n, vin, vout)
    for (_, _, vin, vout), g in zip(ways, got):
        assert sum(accounted(d, n, g, vin, vout)) > 0, 'the test did not overload it'
    assert wire.forwards()


def test_far_end_that_takes_nothing(wire):
    """An output that stands still holds its ring and its queue, and nothing else: the other way goes on."""
    assert wire.forwards()
    make = numbered(wire.a, wire.b.ip)
    n, got = 6000, []
    with wire.delta() as d:
        for i in range(n):
            wire.a.send(make(i))
        assert wire.carries(wire.b, wire.a), 'the other way'
        assert wire.pings(wire.a), 'the router itself'
        drain_all(d, wire.b, got, n, 'vio0', 'vio1')
    assert sum(accounted(d, n, got, 'vio0', 'vio1')) > 0
    assert wire.forwards()


def test_counters_of_interfaces(wire):
    """Packets and bytes, to the digit, in kstat and netstat -in."""
    assert wire.forwards()
    wire.a.collect(0.3)
    before = {r['Name']: r for r in wire.router.netstat_in() if r['Network'].startswith('<Link>')}
    make, n, got = numbered(wire.a, wire.b.ip), 300, []
    with wire.delta() as d:
        for i in range(n):
            wire.a.send(make(i))
        drain(wire.b, got)
    after = {r['Name']: r for r in wire.router.netstat_in() if r['Network'].startswith('<Link>')}
    assert len(got) == n
    size = len(make(0))
    d.grew('vio0:0:rxq:0', 'packets', n)
    d.grew('vio0:0:rxq:0', 'bytes', n * size)
    d.grew('vio1:0:txq:0', 'packets', n)
    d.grew('vio1:0:txq:0', 'bytes', n * size)
    d.grew('ip', 'packets forwarded', n)
    d.grew('ip', 'total packets received', n)
    assert after['vio0']['Ipkts'] - before['vio0']['Ipkts'] == n
    assert after['vio1']['Opkts'] - before['vio1']['Opkts'] == n


@pytest.mark.long
@pytest.mark.limit(240)
def test_udp_flood_between_hosts(hosts):
    """Real hosts: what the sender's card has sent is what the receiver's has got, and the router's drops."""
    server = hosts.h2.start('exec iperf3 -s -1')
    with hosts.delta() as d:
        time.sleep(1)
        hosts.h1.run(f'iperf3 -c {hosts.h2.ip} -u -b 300M -l 200 -t 10', timeout=60)
        server.stop()
        time.sleep(2)
    entered = d.growth('vio0:0:rxq:0', 'packets')
    left = d.growth('vio1:0:txq:0', 'packets')
    assert entered > 1000
    lost = d.growth('vio1:0:txq:0', 'qdrops') + sum(v for k, v in d.grown(r'^(ip|arp|ether): .*').items() if 'drop' in k[1])
    assert abs(entered - left - lost) <= 50, 'but for the few that the router itself made or took'
