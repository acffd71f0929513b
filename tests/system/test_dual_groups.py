"""Groups: a Linux bridge with snooping stands on our wire as querier, with each version of IGMP and MLD, and knows what we have joined."""
import re
from ipaddress import IPv6Address

import pytest
from dual import Capture, until
from parse import singular
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

pytestmark = pytest.mark.sluice
REPORT = {1: 131, 2: 143}       # MLD: RFC 2710 3, RFC 3810 5.2
DONE, IGMP, HOPOPTS = 132, 2, 0


def querier(net, mld, igmp):
    """Asks every half second from now on."""
    net.bridge('mcast_snooping 1')
    net.h1.run(f'ip link set br0 type bridge mcast_igmp_version {igmp} mcast_mld_version {mld} mcast_query_use_ifaddr 1 mcast_query_interval 100 '
               'mcast_query_response_interval 40 mcast_startup_query_interval 50 mcast_last_member_interval 30 mcast_membership_interval 800 '
               'mcast_querier 1').check()


def types(frames):
    """Of the MLD messages among them: each stands behind a hop-by-hop header of 8 bytes (RFC 2710 3)."""
    return {bytes(f[IPv6])[48] for f in frames if IPv6 in f and f[IPv6].nh == HOPOPTS}


def solicited(a):
    """The solicited-node group of a, as `bridge mdb` prints it (RFC 4291 2.7.1)."""
    return str(IPv6Address(int(IPv6Address('ff02::1:ff00:0')) | int(IPv6Address(a)) & 0xffffff))


@pytest.mark.parametrize('version', [2, 1])     # once asked in version 1 we speak it for minutes (RFC 3810 9.12)
def test_mld(net, version):
    """It learns the groups of our addresses by asking, one that is new at once, and one that is left is asked for no more."""
    querier(net, version, 3)
    groups = lambda: set(re.findall(rf'port {net.h1.ifname} grp (ff\S+)', net.h1.run('bridge mdb show dev br0').out))  # noqa: E731
    want = {solicited('fd00:a::1'), solicited(net.link_local())}
    count = lambda what: net.router.netstat_s()['mld6', singular(what)]  # noqa: E731
    with Capture(net.h1, net.h1.ifname) as c:
        assert until(lambda: want <= groups()), groups()
        asked = count('membership queries received')
        assert until(lambda: count('membership queries received') >= asked + 2), 'it goes on asking'
        if version == 1:
            assert until(lambda: REPORT[1] in types(c.frames())), 'we speak as the querier does: RFC 3810 8.2.1'
        n = len(c.raw())
        net.change('ifconfig vio0 inet6 fd00:a::42:1 64 alias')
        assert until(lambda: 'ff02::1:ff42:1' in groups(), 10), groups()
        net.change('ifconfig vio0 inet6 fd00:a::42:1 delete')
        assert until(lambda: 'ff02::1:ff42:1' not in groups(), 20), groups()
        said = types(c.frames()[n:])
        assert want <= groups(), 'the others stay'
    assert REPORT[version] in said and REPORT[3 - version] not in said and (DONE in said) == (version == 1), said


@pytest.mark.parametrize('version', [2, 3])
def test_igmp(net, version):
    """It asks, we hear it; the one group that we are in on every wire is not told (RFC 3376 6), and no message is held for a bad one."""
    querier(net, 2, version)
    count = lambda: net.router.netstat_s()['igmp', singular('membership queries received')]  # noqa: E731
    with Capture(net.h1, net.h1.ifname) as c, net.lab.delta() as d:
        asked = count()
        assert until(lambda: count() >= asked + 3), net.router.cmd('netstat -s -p igmp')
        assert not [f for f in c.frames() if IP in f and f[IP].proto == IGMP]
    assert not d.grown('igmp: .*(invalid|bad|few|beyond|do not)'), d.grown('igmp')
