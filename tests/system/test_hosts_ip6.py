"""IPv6 between Linux hosts: neighbours, forwarding, path MTU, fragments, redirects; and addresses that ours hands out to Linux."""
import re
import time

import pytest
from router import CONF
from test_config import load

SIX = '''# /etc/myname
dut.example
# /etc/hostname.vio0
inet 10.0.1.1 255.255.255.0
inet6 fd00:a::1 64
up
# /etc/hostname.vio1
inet 10.0.2.1/24
inet6 fd00:b::1 64
# /etc/sysctl.conf
net.inet.ip.forwarding=1
net.inet6.ip6.forwarding=1
'''


def conf6(h, name, value):
    h.run(f'echo {value} >/proc/sys/net/ipv6/conf/{h.ifname}/{name}').check()


def six_up(h, accept_ra=0):
    """The interface speaks IPv6, and has a link-local address when this returns."""
    conf6(h, 'accept_ra', accept_ra)
    conf6(h, 'dad_transmits', 0)
    conf6(h, 'disable_ipv6', 0)
    h.run(f'for i in 1 2 3 4 5 6 7 8 9 10; do ip -6 addr show dev {h.ifname} scope link -tentative | grep -q "inet6 fe80" && exit 0; sleep 0.3; done; '
          'exit 1').check()


def six_down(h):
    h.run(f'ip -6 addr flush dev {h.ifname} scope global; ip -6 route flush dev {h.ifname}; ip -6 neigh flush dev {h.ifname}')
    conf6(h, 'disable_ipv6', 1)


def wait_until(test, seconds=20):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def lost(result):
    m = re.search(r'(\d+)% packet loss', result.out)
    assert m, result
    return int(m[1])


@pytest.fixture
def six(hosts):
    """Static addresses: h1 fd00:a::2, h2 fd00:b::2."""
    if not hosts.router.is_sluice:
        pytest.skip('optional: the Linux router has no IPv6 here')
    assert load(hosts.router, SIX)[0] == '0'
    for h, net in ((hosts.h1, 'a'), (hosts.h2, 'b')):
        six_up(h)
        h.ip6 = f'fd00:{net}::2'
        h.run(f'ip -6 addr add {h.ip6}/64 dev {h.ifname} nodad && ip -6 route replace default via fd00:{net}::1').check()
    yield hosts
    for h in (hosts.h1, hosts.h2):
        six_down(h)
    hosts.router.set_mtu('vio1', 1500)
    assert load(hosts.router, CONF)[0] == '0'


def test_ping_through_and_to(six):
    assert lost(six.h1.run(f'ping -6 -n -c 5 -i 0.2 -W 3 {six.h2.ip6}')) == 0
    assert lost(six.h2.run(f'ping -6 -n -c 5 -i 0.2 -W 3 {six.h1.ip6}')) == 0
    assert lost(six.h1.run('ping -6 -n -c 3 -i 0.2 -W 3 fd00:b::1')) == 0
    assert lost(six.h1.run(f'ping -6 -n -c 3 -i 0.2 -W 3 fe80::5054:ff:fe00:a%{six.h1.ifname}')) == 0
    out = six.router.cmd(f'ping6 -c 3 -i 0.2 {six.h2.ip6}')
    assert '3 packets received, 0.0% packet loss' in out, out
    out = six.router.cmd('ndp -an')
    assert re.search(r'^fd00:a::2 +\S+ +vio0 \S+ +[RSDP] ', out, re.M), out


def test_fragments(six):
    """Whole 65,535-byte datagrams, put together by Linux and by us. checklist: pingsize"""
    assert lost(six.h1.run(f'ping -6 -n -c 3 -i 0.3 -W 4 -s 9000 {six.h2.ip6}')) == 0
    assert lost(six.h1.run('ping -6 -n -c 3 -i 0.3 -W 4 -s 65000 fd00:a::1')) == 0
    out = six.router.cmd(f'ping6 -c 2 -s 65527 {six.h1.ip6}', timeout=30)
    assert '2 packets received' in out, out


def test_path_mtu(six):
    """Linux learns of a narrow hop from us, and TCP goes on."""
    six.router.set_mtu('vio1', 1400)
    six.h1.run(f'ping -6 -n -c 2 -i 0.3 -W 2 -M do -s 1440 {six.h2.ip6}')
    assert 'mtu 1400' in six.h1.run(f'ip -6 route get {six.h2.ip6}').out
    assert lost(six.h1.run(f'ping -6 -n -c 3 -i 0.3 -W 3 -s 4000 {six.h2.ip6}')) == 0


def test_unreachable(six):
    r = six.h1.run('ping -6 -n -c 5 -W 5 fd00:b::77', timeout=30)
    assert re.search(r'From fd00:a::1 icmp_seq=\d+ Destination unreachable: Address unreachable', r.out), r
    r = six.h1.run('ping -6 -n -c 2 -i 0.5 -W 2 2001:db8::1')
    assert re.search(r'From fd00:a::1 icmp_seq=\d+ Destination unreachable: No route', r.out), r
    r = six.h1.run(f'ping -6 -n -c 1 -t 1 -W 2 {six.h2.ip6}')
    assert re.search(r'From fd00:a::1 icmp_seq=1 Time exceeded: Hop limit', r.out), r


def test_neighbour_fails_and_recovers(six):
    """The other host goes and comes back with another link address."""
    assert lost(six.h1.run(f'ping -6 -n -c 3 -i 0.2 -W 3 {six.h2.ip6}')) == 0
    six.h2.run(f'ip link set {six.h2.ifname} down').check()
    time.sleep(1)
    mac = '02:00:00:00:00:99'
    six.h2.run(f'ip link set {six.h2.ifname} address {mac} up').check()
    six_up(six.h2)
    six.h2.run(f'ip -6 addr replace {six.h2.ip6}/64 dev {six.h2.ifname} nodad && ip -6 route replace default via fd00:b::1').check()
    try:
        six.h2.run('ping -6 -n -c 1 -W 3 fd00:b::1').check()       # its own question tells where it is now
        assert wait_until(lambda: six.h1.run(f'ping -6 -n -c 1 -W 1 {six.h2.ip6}').code == 0)
        assert mac in six.router.cmd('ndp fd00:b::2')
    finally:
        six.h2.run(f'ip link set {six.h2.ifname} down; ip link set {six.h2.ifname} address {six.h2.mac} up')


def test_autoconf_from_ours_to_linux(six):
    """rad.conf: prefix, default route, MTU and preference as Linux takes them."""
    six_down(six.h1)
    assert load(six.router, SIX + '# /etc/rad.conf\ninterface vio0 {\n\tmtu 1400\n\tdns { nameserver fd00:a::53 }\n}\n')[0] == '0'
    six_up(six.h1, accept_ra=2)
    addr = lambda: six.h1.run(f'ip -6 addr show dev {six.h1.ifname} scope global').out      # noqa: E731
    assert wait_until(lambda: 'inet6 fd00:a::' in addr() and 'tentative' not in addr()), addr()
    route = six.h1.run('ip -6 route show default').out
    assert re.search(rf'default via fe80::5054:ff:fe00:a dev {six.h1.ifname} proto ra', route), route
    assert six.h1.run(f'cat /proc/sys/net/ipv6/conf/{six.h1.ifname}/mtu').out.strip() == '1400'
    assert lost(six.h1.run(f'ping -6 -n -c 3 -i 0.2 -W 3 {six.h2.ip6}')) == 0
    assert load(six.router, SIX)[0] == '0'       # the farewell: we are its router no longer
    assert wait_until(lambda: 'default' not in six.h1.run('ip -6 route show default').out)


RA = r'''import socket, struct, sys
ifname, mac, prefix = sys.argv[1:4]
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
i = socket.if_nametoindex(ifname)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, i)
ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
ra += struct.pack("!BB6s", 1, 1, bytes.fromhex(mac.replace(":", "")))
ra += struct.pack("!BBBBIII16s", 3, 4, 64, 0xc0, 86400, 14400, 0, socket.inet_pton(socket.AF_INET6, prefix))
s.sendto(ra, ("ff02::1", 0, 0, i))'''


def test_autoconf_from_linux_to_ours(six):
    """vio1 learns its address and the default route from a router that is Linux; what it learned is used."""
    assert load(six.router, SIX.replace('inet6 fd00:b::1 64', 'inet6 autoconf'))[0] == '0'
    six.h2.run(f"python3 -c '{RA}' {six.h2.ifname} {six.h2.mac} fd00:b::").check()
    learnt = lambda: six.router.cmd('ifconfig vio1')        # noqa: E731
    wait_until(lambda: 'autoconf' in learnt() and 'tentative' not in learnt())
    out = learnt() + six.router.cmd('netstat -ss')
    assert re.search(r'inet6 fd00:b::5054:ff:fe00:b prefixlen 64 .*autoconf', out), out
    assert 'temporary' in out, out
    assert re.search(r'^default +fe80::\S+%vio1 +UGD', six.router.cmd('netstat -rn'), re.M)
    assert lost(six.h2.run('ping -6 -n -c 3 -i 0.2 -W 3 fd00:b::5054:ff:fe00:b')) == 0
    assert '3 packets received' in six.router.cmd(f'ping6 -c 3 -i 0.2 {six.h2.ip6}')
    assert 'Router Advertisement from fe80::' in six.router.cmd('slaacctl show interface vio1')


def test_traceroute6_to_linux(six):
    six.h2.run(f'sysctl -qw net.ipv6.icmp.ratelimit=0; ip -6 addr add fd00:d::1/128 dev {six.h2.ifname} nodad').check()
    six.router.cmd('route add fd00:d::/64 fd00:b::2')
    for command in ('traceroute6', 'traceroute6 -I', 'traceroute'):
        out = six.router.cmd(f'{command} -n -q 2 -w 2 fd00:d::1', timeout=30)
        assert re.search(rf'^{command.split()[0]} to fd00:d::1 \(fd00:d::1\), 64 hops max, 60 byte packets\n 1  fd00:d::1(  [\d.]+ ms){{2}}\s*$', out), out
