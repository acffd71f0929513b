"""What ours says to Linux and Linux to ours, in both families: traceroute and its kin, redirects, neighbours that go and come back."""
import re

import pytest
from dual import OURS, lost, ping, until
from parse import singular

pytestmark = pytest.mark.sluice
each_family = pytest.mark.parametrize('v', [4, 6], ids=['inet', 'inet6'])


# ---- the way that packets take

def hops(text):
    """The addresses of traceroute's lines, in order; of a line without one what stands there."""
    return [m[1] for m in re.finditer(r'^ *\d+[:?]? +(\S+)', text, re.M)]


@each_family
@pytest.mark.parametrize('probes', ['', '-I', '-T'], ids=['udp', 'icmp', 'tcp'])
def test_traceroute_through_ours(net, v, probes):
    """Debian's traceroute, with each kind of probe."""
    r = net.h1.run(f'traceroute.db -{v} -n {probes} -q 2 -w 3 -N 4 {net.h3.at[v]}')
    assert hops(r.out) == [OURS[0][v], net.h2.at[v], net.h3.at[v]] and '!' not in r.out and '*' not in r.out, r


@each_family
def test_tracepath_finds_the_mtu(net, v):
    net.h2.run(f'ip route replace {net.h3.at[4]} dev inner mtu lock 1400; ip -6 route replace {net.h3.at[6]} dev inner mtu 1400').check()
    net.set_mtu('vio1', 1450)
    r = net.h1.run(f'tracepath -{v} -n -m 8 {net.h3.at[v]}')
    for who, mtu in ((OURS[0][v], 1450), (net.h2.at[v], 1400)):
        assert re.search(rf'^ \d: +{who} .*ms .*pmtu {mtu}$', r.out, re.M), r.out
    assert re.search(rf'^ 3: +{net.h3.at[v]} .*ms reached', r.out, re.M) and 'Resume: pmtu 1400 hops 3 back 3' in r.out, r.out


def test_rltraceroute6(net):
    """The judge from the ndisc6 package, with UDP and echo requests."""
    for option in ('', '-I'):
        r = net.h1.run(f'rltraceroute6 -n {option} -q 1 -w 3 {net.h3.at[6]}')
        assert hops(r.out) == [OURS[0][6], net.h2.at[6], net.h3.at[6]], r


@pytest.mark.parametrize('option', ['', '-I '], ids=['udp', 'icmp'])
def test_traceroute_from_ours(net, option):
    out = net.router.cmd(f'traceroute -n {option}-q 2 -w 3 {net.h3.at[4]}', timeout=30)
    assert hops(out) == [net.h2.at[4], net.h3.at[4]] and '*' not in out, out


# ---- redirects

@pytest.fixture
def second_router(net):
    """On h1's wire stands h4, a router to 10.8.0.0/24 and fd00:8::/64; ours sends there by h4."""
    net.bridge('mcast_snooping 0')
    net.later(lambda: net.lab.sh('ip netns del h4'))
    net.lab.sh(f"""ip netns add h4; ip -n h4 link set lo up; ip -n {net.h1.name} link add p4 type veth peer name eth0 netns h4
        ip -n {net.h1.name} link set p4 master br0 up; ip -n {net.h1.name} -6 route replace default via {net.link_local()} dev br0
        ip netns exec h4 sh -c 'cd /proc/sys/net/ipv6/conf; echo 0 >lo/disable_ipv6; echo 0 >eth0/disable_ipv6; echo 0 >eth0/dad_transmits
            ip link set eth0 address 02:00:00:00:00:04; ip addr add 10.8.0.1/24 dev lo; ip -6 addr add fd00:8::1/64 dev lo
            ip addr add 10.0.1.3/24 dev eth0; ip link set eth0 up
            ip -6 addr add fe80::4/64 dev eth0 nodad; ip -6 addr add fd00:a::3/64 dev eth0 nodad'""").check()
    net.sysctl(net.h1, ipv4__conf__br0__accept_redirects=1, ipv6__conf__br0__accept_redirects=1)
    net.change('route -q add 10.8.0.0/24 10.0.1.3')
    net.change('route -q add -inet6 fd00:8::/64 fe80::4%vio0')
    assert until(lambda: lost(ping(net.h1, 4, '10.0.1.3', '-c 1 -W 1')) == 0 and lost(ping(net.h1, 6, 'fd00:a::3', '-c 1 -W 1')) == 0)
    return net


BEYOND = {4: '10.8.0.1', 6: 'fd00:8::1'}
BETTER = {4: '10.0.1.3', 6: 'fe80::4'}
FORWARDED = {4: ('ip', 'packets forwarded'), 6: ('ip6', 'packets forwarded')}


@each_family
def test_redirect_from_ours(second_router, v):
    """Linux takes the better way that we tell, and we see no more of what it sends."""
    net = second_router
    assert lost(ping(net.h1, v, BEYOND[v], '-c 1 -W 3')) == 0, 'it is forwarded all the same'
    way = lambda: net.h1.run(f'ip -{v} route get {BEYOND[v]}').out  # noqa: E731
    assert until(lambda: lost(ping(net.h1, v, BEYOND[v], '-c 1 -W 3')) == 0 and f'via {BETTER[v]} ' in way()), way()
    with net.lab.delta() as d:
        assert lost(ping(net.h1, v, BEYOND[v], '-c 5 -i 0.2 -W 3')) == 0
    d.grew(*FORWARDED[v], 0)


@each_family
def test_no_redirect_when_off(second_router, v):
    net = second_router
    net.change(f'sysctl -q net.inet{"" if v == 4 else "6"}.ip{"" if v == 4 else "6"}.redirect=0')
    with net.lab.delta() as d:
        assert lost(ping(net.h1, v, BEYOND[v], '-c 3 -i 0.2 -W 3')) == 0
    d.grew(*FORWARDED[v], 3)
    assert f'via {BETTER[v]} ' not in net.h1.run(f'ip -{v} route get {BEYOND[v]}').out


@pytest.mark.parametrize('target', ['router', 'on-link'])
def test_redirect_to_ours_inet6(net, target):
    """We obey as a host: there is a better router, or the address is on the wire itself. Not when we are a router (RFC 4861 8.3), nor when we
    are told not to."""
    net.sysctl(net.h2, **{'ipv6__conf__all__forwarding': 1})
    out = net.h2.run(f'ip -6 addr show dev {net.h2.ifname} scope link').out
    gw = re.search(r'inet6 (fe80::\S+)/', out)[1]
    dst = 'fd00:8::77'
    net.change(f'route -q add -inet6 fd00:8::/64 {gw}%vio1')
    better = 'fe80::77' if target == 'router' else dst
    net.h2.run(f'ip -6 neigh replace {better} lladdr 02:00:00:00:00:77 dev {net.h2.ifname} nud permanent && '
               f'ip -6 route add {dst} {"via fe80::77" if target == "router" else ""} dev {net.h2.ifname}').check()
    get = lambda: net.router.cmd(f'route -n get -inet6 {dst}')  # noqa: E731

    def told(what, **knobs):
        """Pings until h2 has told us, which it does once a second at most, and we have counted that so."""
        for k, value in knobs.items():
            net.change(f'sysctl -q net.inet6.{k.replace("__", ".")}={value}')
        count = lambda: net.router.netstat_s()['nd6', singular(what)]  # noqa: E731
        before = count()
        assert until(lambda: net.router.cmd(f'ping6 -n -c 1 -w 1 {dst}') and count() > before), net.router.cmd('netstat -s -p nd6')
    told('redirect messages ignored')
    told('redirect messages ignored', ip6__forwarding=0, icmp6__rediraccept=0)
    assert f'gateway: {gw}%vio1' in get()
    told('redirects obeyed', icmp6__redirtimeout=5, icmp6__rediraccept=1)
    assert 'HOST' in get() and ('gateway: fe80::77%vio1' in get() if target == 'router' else 'gateway' not in get()), get()
    assert '02:00:00:00:00:77' in net.router.cmd('ndp -an'), 'where it is was in the message'
    assert f'gateway: {gw}%vio1' in net.router.cmd('route -n get -inet6 fd00:8::78'), 'others go as before'
    assert until(lambda: f'gateway: {gw}%vio1' in get(), 10), 'after a while it counts no more: ' + get()


# ---- neighbours

def state(net, v, addr):
    """What ours knows: the link address or None."""
    m = re.search(rf'^{re.escape(addr)} +(\S+)', net.router.cmd('arp -an' if v == 4 else 'ndp -an'), re.M)
    return m and m[1]


def as_before(net):
    """h2 has its own link address again, and ours forgets the other."""
    i = net.h2.ifname
    net.h2.run(f'ip link set {i} down; ip link set {i} address {net.h2.mac} up').check()
    net.router.cmd(f'arp -d {net.h2.at[4]}; ndp -d {net.h2.at[6]}')


@each_family
def test_neighbour_gone_and_back(net, v):
    """h2 goes: senders are told. It comes back with another link address, and says nothing on its own: we have to ask."""
    mac, i = '02:00:00:00:00:99', net.h2.ifname
    assert lost(ping(net.h1, v, net.h2.at[v])) == 0
    net.h2.run(f'ip link set {i} down').check()
    net.later(lambda: as_before(net))
    net.router.cmd(f'{"arp" if v == 4 else "ndp"} -d {net.h2.at[v]}')
    r = ping(net.h1, v, net.h2.at[v], '-c 5 -i 0.5 -W 5')
    assert re.search(rf'From {OURS[0][v]} icmp_seq=\d+ Destination (Host Unreachable|unreachable: Address unreachable)', r.out), r
    net.h2.run(f'ip link set {i} address {mac} up').check()
    if v == 6:
        net.h2.run(f'ip -6 addr replace {net.h2.at[6]}/64 dev {i} nodad; ip -6 route replace default via {OURS[1][6]} dev {i}').check()
    else:
        net.h2.run(f'ip route replace default via {OURS[1][4]}').check()
    assert until(lambda: lost(ping(net.h1, v, net.h2.at[v], '-c 1 -W 1')) == 0)
    assert state(net, v, net.h2.at[v]) == mac


@pytest.mark.long
@pytest.mark.limit(150)      # an entry counts as good for up to 45 s
@each_family
def test_neighbour_moves_silently(net, v):
    """The entry was good a moment ago, and no packet of h2's tells where it is now: we find out by ourselves (RFC 4861 7.3; ARP asks anew before
    its lifetime ends: RFC 1122 2.3.2.1)."""
    mac, i = '02:00:00:00:00:98', net.h2.ifname
    net.change('sysctl -q net.inet.ip.arptimeout=12')
    net.router.cmd(f'arp -d {net.h2.at[4]}')
    assert lost(ping(net.h1, v, net.h2.at[v])) == 0
    net.later(lambda: as_before(net))
    net.h2.run(f'ip link set {i} address {mac}').check()
    assert until(lambda: lost(ping(net.h1, v, net.h2.at[v], '-c 1 -W 1')) == 0, 80)
    assert state(net, v, net.h2.at[v]) == mac
