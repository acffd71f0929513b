"""Two Linux hosts talk through the router: ping, TCP, UDP, and every byte as it was sent."""
import json
import re

import pytest
from hosts import transfer


def lost(ping):
    return float(re.search(r'([\d.]+)% packet loss', ping.out)[1])


def test_ping_between_hosts(hosts):
    """The first is not lost either: it waits for ARP on both sides."""
    r = hosts.h1.run(f'ping -n -c 5 -i 0.2 -W 2 {hosts.h2.ip}').check()
    assert lost(r) == 0
    assert len(re.findall(r'ttl=63 ', r.out)) == 5


def test_ping_both_addresses_of_the_router(hosts):
    """checklist: simpleping"""
    for host in (hosts.h1, hosts.h2):
        for address in ('10.0.1.1', '10.0.2.1'):
            r = host.run(f'ping -n -c 2 -i 0.2 -W 2 {address}').check()
            assert lost(r) == 0
            assert re.findall(r'ttl=(\d+) ', r.out)[0] in ('255', '64')


@pytest.mark.parametrize('size', [0, 1, 63, 1472])
def test_ping_of_any_size(hosts, size):
    """checklist: pingsize"""
    assert lost(hosts.h1.run(f'ping -n -c 3 -i 0.2 -W 2 -s {size} -M do {hosts.h2.ip}').check()) == 0


def test_flood_ping(hosts):
    """checklist: floodping"""
    r = hosts.h1.run(f'ping -n -q -f -c 2000 -W 2 {hosts.h2.ip}', timeout=60).check()
    assert lost(r) == 0


def iperf(hosts, options, timeout=60, to=None):
    """From h1 to h2, or to another address of it: what iperf3 says in the end."""
    server = hosts.h2.start('exec iperf3 -s -1')
    try:
        # The server may not listen yet. With -J iperf3 exits 0 whatever happens.
        r = hosts.h1.run(f'for i in 1 2 3 4 5 6 7 8 9 10; do iperf3 -J --connect-timeout 3000 -c {to or hosts.h2.ip} {options} >/tmp/$$.json; '
                         'grep -q "unable to connect" /tmp/$$.json || break; sleep 0.3; done; cat /tmp/$$.json; rm /tmp/$$.json', timeout=timeout)
        result, _ = json.JSONDecoder().raw_decode(r.out[r.out.find('{'):])        # amid warnings
        assert 'error' not in result, result['error']
        return result['end']
    finally:
        server.stop()


def overslept(host, v=4):
    """Datagrams that came, whole, and found the socket's buffer full: on a busy machine iperf3 may sleep for longer than that lasts."""
    if v == 6:
        return int(re.search(r'^Udp6RcvbufErrors\s+(\d+)', host.run('cat /proc/net/snmp6').out, re.M)[1])
    names, values = re.findall(r'^Udp: (.*)', host.run('cat /proc/net/snmp').out, re.M)
    return int(dict(zip(names.split(), values.split()))['RcvbufErrors'])


def iperf_datagrams(hosts, options, to=None, v=4):
    """iperf3 with datagrams: nearly none is lost, but for what the receiver itself overslept."""
    before = overslept(hosts.h2, v)
    s = iperf(hosts, f'-u {options}', to=to)['sum']
    lost = s['lost_packets'] - (overslept(hosts.h2, v) - before)
    assert lost < 0.02 * s['packets'], (lost, s)
    return s


@pytest.mark.parametrize('reverse', ['', '-R'])
def test_iperf_tcp(hosts, reverse):
    end = iperf(hosts, f'-t 3 {reverse}')
    assert end['sum_received']['bytes'] > 2_000_000


def test_iperf_tcp_many_streams(hosts):
    end = iperf(hosts, '-t 3 -P 8 --bidir')
    assert end['sum_received']['bytes'] > 1_000_000
    assert end['sum_received_bidir_reverse']['bytes'] > 1_000_000


def test_iperf_udp(hosts):
    """At a rate that it carries easily nearly nothing is lost (a busy machine may lose a few in its own queues)."""
    passed = iperf_datagrams(hosts, '-b 2M -l 1400 -t 3')
    assert passed['packets'] > 400
    assert passed.get('out_of_order', 0) == 0


@pytest.mark.parametrize('way', ['there', 'back'])
def test_no_byte_is_corrupted(hosts, way):
    a, b = (hosts.h1, hosts.h2) if way == 'there' else (hosts.h2, hosts.h1)
    transfer(a, b, b.ip, kilobytes=10240)
