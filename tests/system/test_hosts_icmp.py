"""The router's ICMP as Linux's own tools see it, and a path MTU that real TCP has to find."""
import re

import pytest
from hosts import wait_for
from test_forward import iperf, lost


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
