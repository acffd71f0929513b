"""The router's ICMP as Linux's own tools see it, and a path MTU that real TCP has to find."""
import re
import time

import pytest
from hosts import wait_for
from router import Delta
from test_forward import iperf, iperf_datagrams, lost


def test_absent_host(hosts):
    """ping says so, and on the peer guest tcpdump has seen the message on the wire (in a user namespace tcpdump does not start: it
    cannot give up its privileges there)."""
    if hosts.kind == 'peer':
        dump = hosts.h1.start(f'exec timeout 15 tcpdump -Z root -ni {hosts.h1.ifname} -c 1 -l "icmp[0] == 3 and icmp[1] == 1"')
        wait_for(dump, 'listening on')
    r = hosts.h1.run('ping -n -c 4 -W 6 10.0.2.77', timeout=25)
    assert r.code != 0
    assert re.search(r'From 10\.0\.1\.1 icmp_seq=\d+ Destination Host Unreachable', r.out), r
    if hosts.kind == 'peer':
        seen = dump.wait(20).out
        assert re.search(r'10\.0\.1\.1 > 10\.0\.1\.2: ICMP host 10\.0\.2\.77 unreachable', seen), seen


def test_no_route(hosts):
    r = hosts.h1.run('ping -n -c 5 -i 0.5 -W 2 192.0.2.1')
    assert re.search(r'From 10\.0\.1\.1 icmp_seq=\d+ Destination (Net|Host) Unreachable', r.out), r


def test_trace(hosts):
    """The first hop is the router, the second the host."""
    r = hosts.h1.run(f'ping -n -c 1 -t 1 -W 2 {hosts.h2.ip}')
    assert re.search(r'From 10\.0\.1\.1 icmp_seq=1 Time to live exceeded', r.out), r
    hosts.h1.run(f'ping -n -c 1 -t 2 -W 2 {hosts.h2.ip}').check()


@pytest.fixture
def narrow(hosts):
    hosts.router.set_mtu('vio1', 1400)
    yield hosts
    hosts.router.set_mtu('vio1', 1500)
    for h in (hosts.h1, hosts.h2):
        h.run('ip route flush cache')


def test_path_mtu(narrow):
    r = narrow.h1.run(f'ping -n -c 1 -W 2 -M do -s 1472 {narrow.h2.ip}')
    assert re.search(r'From 10\.0\.1\.1 icmp_seq=1 Frag needed and DF set \(mtu = 1400\)', r.out), r
    assert 'mtu 1400' in narrow.h1.run(f'ip route get {narrow.h2.ip}').out
    narrow.h1.run('ip route flush cache')
    assert lost(narrow.h1.run(f'ping -n -c 3 -i 0.2 -W 2 -M dont -s 4000 {narrow.h2.ip}').check()) == 0, 'in fragments'


def test_tcp_finds_the_path_mtu(narrow):
    end = iperf(narrow, '-t 2')
    assert end['sum_received']['bytes'] > 500_000
    assert 'mtu 1400' in narrow.h1.run(f'ip route get {narrow.h2.ip}').out


# Reads 12 frames from the other host as they are on the wire and verifies their IP and ICMP checksums.
VERIFY = '''import socket, sys
def s(d):
    d += bytes(len(d) & 1); n = sum(d[0::2]) * 256 + sum(d[1::2])
    while n >> 16: n = (n & 0xffff) + (n >> 16)
    return n
p = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800)); p.settimeout(15); good = 0
print("up", flush=True)
while good < 12:
    d, a = p.recvfrom(65536)
    if a[2] == 4 or d[12:16] != socket.inet_aton(sys.argv[1]): continue
    n = int.from_bytes(d[2:4], "big")
    assert s(d[:20]) == 0xffff, "IP " + d.hex()
    assert d[6] & 0x3f or d[7] or d[9] != 1 or s(d[20:n]) == 0xffff, "ICMP " + d.hex()
    good += 1
print("verified", good)'''


def test_checksums_on_the_wire(hosts):
    job = hosts.h2.start(f"exec python3 -c '{VERIFY}' {hosts.h1.ip}")
    wait_for(job, 'up')
    hosts.h1.run(f'ping -n -c 6 -i 0.1 {hosts.h2.ip}').check()
    hosts.h1.run(f'ping -n -c 6 -i 0.1 -s 3000 {hosts.h2.ip}').check()
    assert 'verified 12' in job.wait(25).check().out


def test_ping_of_the_longest_packet(hosts):
    """65,535 bytes to the router itself, which puts it together and answers in fragments."""
    router = '10.0.1.1'
    assert lost(hosts.h1.run(f'ping -n -c 3 -i 0.2 -W 3 -s 65507 {router}').check()) == 0
    assert hosts.router.cmd('vmstat -m').count('ipq') >= 1
    out = hosts.router.cmd(f'ping -n -c 3 -i 0.2 -w 3 -s 65507 {hosts.h1.ip}', timeout=30)
    assert '3 packets transmitted, 3 packets received, 0.0% packet loss' in out, out


@pytest.fixture
def beyond(hosts):
    """h2 is a router, and 10.9.0.0/24 is behind it. Linux sends redirects and needs-fragmentation errors as it sees fit."""
    hosts.h2.run('sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=1; '
                 f'sysctl -qw net.ipv4.conf.{hosts.h2.ifname}.send_redirects=1').check()
    hosts.router.cmd(f'route -q add 10.9.0.0/24 {hosts.h2.ip}')
    yield hosts
    hosts.router.cmd('route -q delete 10.9.0.0/24')
    hosts.router.cmd('sysctl -q net.inet.icmp.rediraccept=0')
    hosts.router.cmd('route -q flush')
    hosts.h2.run('ip route del 10.9.0.0/24; ip addr del 10.9.0.1/32 dev lo; sysctl -qw net.ipv4.ip_forward=0')


def test_our_own_path_mtu(beyond):
    """A narrow hop behind a Linux router: the first ping is told, what follows is known to be too long."""
    beyond.h2.run(f'ip route add 10.9.0.0/24 via 10.0.2.1 dev {beyond.h2.ifname} mtu lock 1300').check()
    beyond.router.cmd('sysctl -q net.inet.ip.mtudisctimeout=8')
    out = beyond.router.cmd('ping -n -c 2 -i 1 -w 2 -D -s 1400 10.9.0.1', timeout=20)
    assert 'frag needed and DF set (MTU 1300)' in out and 'Message too long' in out, out
    assert re.search(r'\n +\d+ +1300 ', beyond.router.cmd('route -n get 10.9.0.1')), 'route get shows it'
    time.sleep(8)
    assert not re.search(r'\n +\d+ +1300 ', beyond.router.cmd('route -n get 10.9.0.1')), 'it is forgotten'
    beyond.router.cmd('sysctl -q net.inet.ip.mtudisctimeout=600')


def test_redirect_from_linux(beyond):
    """checklist: icmp_redirect"""
    beyond.h2.run(f'ip neigh replace 10.0.2.77 lladdr 02:00:00:00:00:77 dev {beyond.h2.ifname}; '
                  f'ip route add 10.9.0.0/24 via 10.0.2.77 dev {beyond.h2.ifname}').check()
    beyond.router.cmd('ping -n -c 3 -i 0.3 -w 1 10.9.0.1', timeout=20)
    assert 'DYNAMIC' not in beyond.router.cmd('route -n get 10.9.0.1'), 'off, as it comes'
    beyond.router.cmd('sysctl -q net.inet.icmp.rediraccept=1')
    for _ in range(10):
        beyond.router.cmd('ping -n -c 2 -i 0.3 -w 1 10.9.0.1', timeout=20)
        got = beyond.router.cmd('route -n get 10.9.0.1')
        if 'DYNAMIC' in got:
            break
    assert 'gateway: 10.0.2.77' in got and 'flags: <UP,GATEWAY,HOST,DYNAMIC,DONE>' in got, got
    assert f'gateway: {beyond.h2.ip}' in beyond.router.cmd('route -n get 10.9.0.2')


def test_traceroute_to_linux(beyond):
    beyond.h2.run('ip addr add 10.9.0.1/32 dev lo; sysctl -qw net.ipv4.icmp_ratelimit=0').check()
    for option in ('', '-I '):
        out = beyond.router.cmd(f'traceroute -n {option}-q 2 -w 2 10.9.0.1', timeout=30)
        assert re.search(r'^traceroute to 10\.9\.0\.1 \(10\.9\.0\.1\), 64 hops max, 40 byte packets\n 1  10\.9\.0\.1(  [\d.]+ ms){2}\s*$', out), out


def test_groups(hosts):
    """Linux's all-hosts ping reaches us and is not answered; we have joined it on both wires."""
    out = hosts.router.cmd('netstat -gn')
    assert len(re.findall(r'^vio[01] +224\.0\.0\.1 +1$', out, re.M)) == 2, out
    r = hosts.h1.run(f'ping -n -c 2 -i 0.3 -W 1 -I {hosts.h1.ifname} 224.0.0.1')
    assert '10.0.1.1' not in r.out, r


@pytest.mark.parametrize('mtu', [1500, 1280])
def test_iperf_in_fragments(hosts, mtu):
    """Datagrams of 8,000 bytes pass in pieces, cut again where the way out is narrower; nearly all arrive whole, and the router loses
    no piece."""
    hosts.router.set_mtu('vio1', mtu)
    try:
        with Delta(hosts.router) as d:
            passed = iperf_datagrams(hosts, '-l 8000 -b 3M -t 2')
    finally:
        hosts.router.set_mtu('vio1', 1500)
        hosts.h1.run('ip route flush cache')
    assert passed['packets'] > 50
    assert not d.grown('qdrops|nombufs|dropped|not fragmented|for want of'), d.grown('.')
