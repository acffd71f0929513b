"""Addresses that routers hand out: Linux's radvd to ours, with all that ends, and ours as Debian's own judges (rdisc6, ndisc6) and Linux hear it."""
import re

import pytest
from dual import CONF, Capture, lost, ping, until
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

pytestmark = pytest.mark.sluice

LISTENS = CONF.replace('inet6 fd00:b::1 64', 'inet6 autoconf').replace('!route add -inet6 fd00:9::/64 fd00:b::2\n', '')


def radvd(net, options, prefix):
    """h2 advertises fd00:c::/64 every 3 or 4 s; the daemon."""
    conf = (f'interface {net.h2.ifname} {{ AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; {options} '
            f'prefix fd00:c::/64 {{ {prefix} }}; }};')
    net.h2.run(f"echo '{conf}' >/tmp/radvd.{net.kind}; rm -f /tmp/radvd.pid.{net.kind}; ip -6 addr add fd00:c::2/64 dev {net.h2.ifname} nodad; "
               f'radvd -c -C /tmp/radvd.{net.kind}').check()
    net.later((net.h2, f'rm -f /tmp/radvd.{net.kind} /tmp/radvd.pid.{net.kind}'))
    job = net.h2.start(f'exec radvd -n -m stderr -C /tmp/radvd.{net.kind} -p /tmp/radvd.pid.{net.kind}')
    net.later(lambda: job.stop('KILL'))
    return job


def addresses(net):
    """Of vio1, beyond the link: {address: its words}."""
    return {a: words for a, _, words in net.router.ifconfig('vio1')['vio1']['inet6'] if not a.startswith('fe80')}


def sure(net):
    """Two addresses, and nobody else has them: before that they are no good as sources (RFC 4429 3.3)."""
    return len(addresses(net)) == 2 and 'tentative' not in str(addresses(net))


def default(net):
    m = re.search(r'^default +(fe80::\S+)%vio1 +UG', net.router.cmd('netstat -rn -f inet6'), re.M)
    return m and m[1]


def learned(net):
    return net.router.cmd('slaacctl show interface vio1')


def test_radvd_to_ours(net):
    """All that it says is learned and used; when it is silent, each thing ends in its time: the router, the name server, then addresses are
    deprecated, then gone."""
    net.load(LISTENS)
    job = radvd(net, 'AdvDefaultLifetime 6; AdvLinkMTU 1400; AdvCurHopLimit 77; AdvDefaultPreference high; '
                'RDNSS fd00:c::53 { AdvRDNSSLifetime 8; }; DNSSL lab.example example.org { AdvDNSSLLifetime 8; };', 'AdvValidLifetime 18; AdvPreferredLifetime 14;')
    assert until(lambda: sure(net) and default(net), 20), net.router.cmd('ifconfig vio1') + job.output()
    assert all(a.startswith('fd00:c::') or a.startswith('fd00:c:0:0:') for a in addresses(net)), addresses(net)
    temporary = [a for a, words in addresses(net).items() if 'temporary' in words]
    stable = [a for a, words in addresses(net).items() if 'temporary' not in words]
    assert len(temporary) == len(stable) == 1 and all('autoconf' in w for w in addresses(net).values()), addresses(net)
    h2 = re.search(r'inet6 (fe80::\S+)/', net.h2.run(f'ip -6 addr show dev {net.h2.ifname} scope link').out)[1]
    assert default(net) == h2
    said = learned(net)
    for want in (rf'Router Advertisement from {h2}%vio1 \(default\)', r'Cur Hop Limit: +77,', r'Router Lifetime: +[0-6]s', 'Preference: High', 'mtu: 1400',
                 r'prefix: fd00:c::/64', r'vltime: +1\d, pltime: +\d', r'rdns: fd00:c::53, lifetime: [0-8]\n',
                 r'search: lab.example, lifetime: [0-8]\n'):
        assert re.search(want, said), want + " in " + said
    assert 'search lab.example example.org\n' in net.router.cmd('cat /etc/resolv.conf').replace('\r', '')
    answer = ping(net.h2, 6, stable[0], '-c 2 -i 0.2 -W 3')
    assert lost(answer) == 0 and 'ttl=77' in answer.out, answer.out
    assert 'curhlim=77, ' in net.router.cmd('ndp -i vio1') and 'curhlim=64, ' in net.router.cmd('ndp -i vio0')
    with Capture(net.h2) as c:
        out = net.router.cmd(f'ping6 -n -c 1 -w 3 {net.h3.at[6]}')
        assert '1 packets received' in out, out
        assert until(lambda: [f for f in c.frames() if ICMPv6EchoRequest in f])
        seen = [f[IPv6].src for f in c.frames() if ICMPv6EchoRequest in f]
    assert set(seen) <= {a for a, words in addresses(net).items() if 'temporary' in words}, 'privacy: RFC 6724 5, rule 7'
    job.stop('KILL')
    assert until(lambda: not default(net), 12), 'RFC 4861 6.3.4'
    assert until(lambda: 'rdns' not in learned(net) and 'search' not in learned(net), 12), 'RFC 8106 5.3.1'
    assert addresses(net), 'the router has gone, addresses have not'
    assert until(lambda: all('deprecated' in w for w in addresses(net).values()), 20), addresses(net)
    assert stable[0] in addresses(net)
    assert until(lambda: not addresses(net), 20), 'RFC 4862 5.5.4'
    assert 'prefix' not in learned(net) and 'fd00:c::' not in net.router.cmd('netstat -rn -f inet6')


def test_radvd_says_farewell(net):
    """It stops in order: we have another router no longer, at once; addresses last."""
    net.load(LISTENS)
    job = radvd(net, 'AdvDefaultLifetime 1800;', 'AdvValidLifetime 86400; AdvPreferredLifetime 14400;')
    assert until(lambda: sure(net) and default(net), 20), net.router.cmd('ifconfig vio1') + job.output()
    job.stop('TERM')
    assert until(lambda: not default(net), 10)
    assert len(addresses(net)) == 2, addresses(net)
    net.load(CONF)
    assert 'fd00:c:' not in net.router.cmd('ifconfig vio1') + net.router.cmd('netstat -rn -f inet6'), 'who does not listen any more forgets'


# ---- ours to Linux

RAD = CONF + '''# /etc/rad.conf
interface vio0 {
	router lifetime 900
	hop limit 61
	mtu 1400
	reachable time 20000
	retrans timer 2000
	other configuration yes
	no auto prefix
	prefix fd00:a::/64 {
		valid lifetime 8
		preferred lifetime 6
	}
	prefix fd00:d::/48 {
		on-link yes
		autonomous address-configuration no
	}
	dns {
		lifetime 77
		nameserver { fd00:a::53 fd00:a::54 }
		search { example.org lab.example }
	}
}
'''


def test_ours_as_rdisc6_hears_it(net):
    """Asked by a judge of Debian's, who prints each field."""
    net.load(RAD)
    said = ''

    def asked():
        nonlocal said
        said = net.h1.run(f'rdisc6 -1 -r 2 -w 3000 {net.h1.ifname}').out
        return 'from fe80::' in said
    assert until(asked), said
    for want in (r'Hop limit +: +61 ', r'Stateful address conf\. +: +No', r'Stateful other conf\. +: +Yes', r'Router preference +: +medium',
                 r'Router lifetime +: +900 ', r'Reachable time +: +20000 ', r'Retransmit time +: +2000 ', r'Source link-layer address: 52:54:00:00:00:0A',
                 r'MTU +: +1400 bytes', r'Prefix +: fd00:a::/64\n +On-link +: +Yes\n +Autonomous address conf\.: +Yes\n +Valid time +: +8 .*\n +Pref\. time +: +6 ',
                 r'Prefix +: fd00:d::/48\n +On-link +: +Yes\n +Autonomous address conf\.: +No', r'Recursive DNS server +: fd00:a::53', 'fd00:a::54',
                 r'DNS servers? lifetimes? +: +77 ', r'DNS search list +: example\.org lab\.example|example\.org\n.*lab\.example', f'from {net.link_local()}'):
        assert re.search(want, said), want + " in " + said


def test_lifetimes_of_ours_end_on_linux(net):
    """A Linux host has its stable and its temporary address from us; when we are silent, both go, and the default route when we say so."""
    h, i = net.h1, net.h1.ifname
    conf6 = f'/proc/sys/net/ipv6/conf/{i}'
    net.later((h, f'echo 0 >{conf6}/use_tempaddr; ip -6 addr flush dev {i} scope global mngtmpaddr'))
    h.run(f'ip -6 addr flush dev {i} scope global; ip -6 route flush proto boot; echo 2 >{conf6}/use_tempaddr; echo 2 >{conf6}/accept_ra').check()
    net.load(RAD)
    h.run(f'ip link set {i} down && ip link set {i} up').check()         # it asks anew
    at = lambda words: len(re.findall(r'inet6 fd00:a::', h.run(f'ip -6 addr show dev {i} scope global {words}').out))  # noqa: E731
    assert until(lambda: at('temporary') == 1 and at('mngtmpaddr') == 1), h.run(f'ip -6 addr show dev {i}')
    assert f'default via {net.link_local()} ' in h.run('ip -6 route show default').out
    net.load(CONF)
    assert until(lambda: 'default' not in h.run('ip -6 route show default').out, 10), 'the farewell'
    assert until(lambda: at('') == 0, 20), h.run(f'ip -6 addr show dev {i}')


def test_ours_as_ndisc6_hears_it(net):
    """Who has an address of ours, by group and by unicast; and nobody has one that is not."""
    i, mac = net.h1.ifname, '52:54:00:00:00:0A'
    for addr in ('fd00:a::1', net.link_local()):
        assert f'Target link-layer address: {mac}' in net.h1.run(f'ndisc6 -1 -r 3 -w 2000 {addr} {i}').check().out
    assert net.h1.run(f'ndisc6 -q -m -r 1 -w 1000 fd00:a::1 {i}').out.split() == [mac], 'one answer'
    assert net.h1.run(f'ndisc6 -1 -r 1 -w 500 fd00:b::1 {i}').code != 0, 'an address of another wire'
    assert net.h1.run(f'ndisc6 -1 -r 1 -w 500 fd00:a::9 {i}').code != 0
