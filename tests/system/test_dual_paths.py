"""Paths that get narrow, between Linux hosts through ours, in both families: path MTU, black holes, every MTU from 1280 to 9000, longest packets."""
import re

import pytest
from dual import OURS, lost, ping, route_mtu, until
from hosts import transfer
from test_forward import iperf, iperf_datagrams

pytestmark = pytest.mark.sluice
each_family = pytest.mark.parametrize('v', [4, 6], ids=['inet', 'inet6'])
HEADERS = {4: 28, 6: 48}        # of an echo request, without Ethernet's


def narrow(net, mtu=1300):
    """h2 takes no longer packets to h3. The wire could carry them, so that h3's segment size tells nobody."""
    net.h2.run(f'ip route replace {net.h3.at[4]} dev inner mtu lock {mtu} && ip -6 route replace {net.h3.at[6]} dev inner mtu {mtu}').check()


@each_family
def test_narrow_hop_behind_ours(net, v):
    """A Linux router behind ours says how much fits: ours carries that to the sender, and TCP gets through."""
    narrow(net)
    size = 1400 - HEADERS[v]
    r = ping(net.h1, v, net.h3.at[v], f'-c 1 -W 3 -M do -s {size}')
    assert re.search(rf'From {net.h2.at[v]} icmp_seq=1 .*\(mtu = 1300\)|From {net.h2.at[v]} icmp_seq=1 Packet too big: mtu=1300', r.out), r
    assert route_mtu(net.h1, v, net.h3.at[v]) == 1300
    assert lost(ping(net.h1, v, net.h3.at[v], f'-c 2 -i 0.2 -W 3 -M do -s {1300 - HEADERS[v]}')) == 0
    net.h1.run(f'ip -{v} route flush cache')
    assert transfer(net.h1, net.h3, net.h3.at[v], v) < 1300
    assert route_mtu(net.h1, v, net.h3.at[v]) == 1300


@each_family
def test_narrow_hop_is_ours(net, v):
    """The same, and it is we who say it; of a large transfer nothing is cut to pieces on the way."""
    net.set_mtu('vio1', 1340)
    with net.lab.delta() as d:
        r = ping(net.h1, v, net.h3.at[v], f'-c 1 -W 3 -M do -s {1400 - HEADERS[v]}')
        assert re.search(rf'From {OURS[0][v]} icmp_seq=1 .*(\(mtu = 1340\)|mtu=1340)', r.out), r
        assert route_mtu(net.h1, v, net.h3.at[v]) == 1340
        net.h1.run(f'ip -{v} route flush cache')
        assert transfer(net.h1, net.h3, net.h3.at[v], v) < 1340
    d.grew({4: 'ip', 6: 'ip6'}[v], 'output datagrams fragmented', 0)


@each_family
def test_black_hole(net, v):
    """The narrow hop tells nobody: Linux probes (RFC 4821), and what it sends then goes through ours whole."""
    narrow(net)
    proto = {4: 'icmp', 6: 'ipv6-icmp'}[v]
    net.h2.run(f'ip -{v} rule add pref 10 ipproto {proto} to {net.h1.at[v]} blackhole').check()
    net.later((net.h2, f'ip -{v} rule del pref 10'))
    net.sysctl(net.h1, ipv4__tcp_mtu_probing=2, ipv4__tcp_base_mss=1024)
    assert lost(ping(net.h1, v, net.h3.at[v], f'-c 1 -W 1 -M do -s {1400 - HEADERS[v]}')) == 100, 'it is one'
    assert transfer(net.h1, net.h3, net.h3.at[v], v, 100) < 1300
    assert route_mtu(net.h1, v, net.h3.at[v]) is None


# checklist: net:mtudisc6_basic
@each_family
def test_our_own_path_mtu(net, v):
    """What we send learns it too, `route get` shows it, and after a while it is forgotten."""
    narrow(net)
    cmd, knob, family = {4: ('ping -D', 'net.inet.ip.mtudisctimeout', ''), 6: ('ping6', 'net.inet6.icmp6.mtudisc_timeout', '-inet6 ')}[v]
    net.change(f'sysctl -q {knob}=5')
    shown = lambda: '  1300  ' in net.router.cmd(f'route -n get {family}{net.h3.at[v]}')  # noqa: E731
    assert not shown()
    out = net.router.cmd(f'{cmd} -n -c 2 -i 0.3 -w 2 -s 1400 {net.h3.at[v]}', timeout=20)
    assert re.search({4: r'frag needed and DF set \(MTU 1300\)', 6: r'[Pp]acket too big.* 1300'}[v], out), out
    assert shown()
    if v == 6:
        assert '1 packets received' in out, 'the second one goes in fragments: ' + out
    assert until(lambda: not shown(), 15), 'it is forgotten'


# ---- any size

@each_family
def test_longest_packets(net, v):
    """65,535 bytes, forwarded piece by piece, and put together by ourselves, asked and asking. checklist: pingsize"""
    most = {4: 65507, 6: 65527}[v]
    assert lost(ping(net.h1, v, net.h2.at[v])) == 0, 'all know each other: for 46 fragments nobody keeps a place while he asks'
    for a, b in ((net.h1, net.h2), (net.h2, net.h1)):
        assert lost(ping(a, v, b.at[v], f'-c 2 -i 0.2 -W 5 -s {most}')) == 0
    for h, ours in zip((net.h1, net.h2), OURS):
        assert lost(ping(h, v, ours[v], f'-c 2 -i 0.2 -W 5 -s {most}')) == 0
        out = net.router.cmd(f'{"ping" if v == 4 else "ping6"} -n -c 2 -i 0.2 -w 5 -s {most} {h.at[v]}', timeout=30)
        assert '2 packets received' in out, out


def test_iperf_inet6(net):
    """TCP, and datagrams of 8,000 bytes in pieces: nearly all arrive, and the router loses none."""
    assert iperf(net, '-t 2', to=net.h2.at[6])['sum_received']['bytes'] > 500_000
    with net.lab.delta() as d:
        passed = iperf_datagrams(net, '-l 8000 -b 3M -t 1', to=net.h2.at[6], v=6)
    assert passed['packets'] > 25
    assert not d.grown('qdrops|nombufs|dropped|for want of'), d.grown('.')
