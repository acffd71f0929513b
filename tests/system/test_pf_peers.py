"""The packet filter between Linux's own tools: curl, nmap, hping3, traceroute, ping; errors and path MTUs through NAT and rdr, both ways."""
import re

import pytest
from dual import CONF, INNER, OURS, lost, ping, route_mtu
from hosts import transfer, wait_for

RULES = '''set skip on lo
block return
pass quick inet6 proto icmp6 icmp6-type { neighbrsol neighbradv }
match out on vio1 inet from 10.0.1.0/24 nat-to 10.0.2.1
match out on vio1 inet6 from fd00:a::/64 nat-to fd00:b::1
pass in on vio0
pass out
pass in on vio0 inet proto { tcp udp } to 10.0.1.1 port { 8000 9 } rdr-to 10.9.0.2
pass in on vio0 inet6 proto { tcp udp } to fd00:a::1 port { 8000 9 } rdr-to fd00:9::2
pass in on vio1 inet proto { tcp udp } to 10.0.2.1 port { 8000 9 7777 33434:33534 } rdr-to 10.0.1.2
pass in on vio1 inet6 proto { tcp udp } to fd00:b::1 port { 8000 9 7777 33434:33534 } rdr-to fd00:a::2
pass in on vio1 inet proto icmp to 10.0.2.1 icmp-type echoreq rdr-to 10.0.1.2
pass in on vio1 inet6 proto icmp6 to fd00:b::1 icmp6-type echoreq rdr-to fd00:a::2
'''


def load(net, rules):
    net.load(f'{CONF}# /etc/pf.conf\n{rules}')


@pytest.fixture
def nat(net):
    """Nobody behind the router has a way to h1 but the router's own addresses."""
    load(net, RULES)
    net.h2.run('ip route del default; ip -6 route del default')
    for v, gw in ((4, OURS[1][4]), (6, OURS[1][6])):
        net.later((net.h2, f'ip -{v} route replace default via {gw} dev {net.h2.ifname}'))
    return net


def hops(result):
    """The addresses of traceroute's lines, in order."""
    return [re.findall(r'(?<![\d.])(?:\d+\.){3}\d+|[0-9a-f]+:[0-9a-f:]+|\*', line)[:1] for line in result.out.splitlines()[1:]]


@pytest.mark.parametrize('v', [4, 6])
@pytest.mark.parametrize('probes', ['', '-I', '-T -p 9'])
def test_traceroute_through_nat(nat, v, probes):
    """Errors about what NAT has made of a packet come back about the packet as it was."""
    r = nat.h1.run(f'traceroute.db -{v} -n {probes} -q 1 -w 3 -N 4 {nat.h3.at[v]}')
    assert hops(r) == [[OURS[0][v]], [nat.h2.at[v]], [nat.h3.at[v]]], r


@pytest.mark.parametrize('v', [4, 6])
@pytest.mark.parametrize('probes', ['', '-I', '-T -p 9'])
def test_traceroute_through_rdr(nat, v, probes):
    """From outside what is behind the router's address looks like it, also in the errors that it sends itself."""
    r = nat.h3.run(f'traceroute.db -{v} -n {probes} -q 1 -w 3 -N 4 {OURS[1][v]}')
    assert hops(r) == [[INNER[v]], [OURS[1][v]], [OURS[1][v]]], r


REFUSED = '''import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(10); s.connect((sys.argv[1], 9)); s.send(b"x")
try: s.recv(9); print("an answer")
except OSError as e: print(type(e).__name__)'''


@pytest.mark.parametrize('v', [4, 6])
def test_port_unreachable_comes_back(nat, v):
    """A connected socket hears of it through NAT, and through rdr from either side."""
    for h, dst in ((nat.h1, nat.h3.at[v]), (nat.h1, OURS[0][v]), (nat.h3, OURS[1][v])):
        assert 'ConnectionRefusedError' in h.run(f"python3 -c '{REFUSED}' {dst}").out, (h.name, dst)
    # checklist: pf/killstate:v6
    assert re.search(r'^killed [1-9]\d* states from 1 sources and 0 destinations', nat.router.cmd(f'pfctl -k {nat.h1.at[v]}'))
    assert re.search(r'^killed 0 states', nat.router.cmd(f'pfctl -k {nat.h1.at[v]}'))


@pytest.mark.parametrize('v', [4, 6])
def test_http_both_ways(nat, v):
    for server, client, dst in ((nat.h3, nat.h1, OURS[0][v]), (nat.h1, nat.h3, OURS[1][v])):
        job = server.start(f'cd /usr/share && exec python3 -u -m http.server --bind {"::" if v == 6 else "0.0.0.0"} 8000')
        wait_for(job, 'Serving')
        got = client.run(f'curl -g -s -m 20 -o /dev/null -w "%{{http_code}}" http://{f"[{dst}]" if v == 6 else dst}:8000/')
        job.stop()
        assert got.out.strip() == '200', (client.name, got)


@pytest.fixture
def narrow(nat):
    """The wire behind h2, and ours to h1, carry 1,300 bytes."""
    nat.h2.run('ip link set inner mtu 1300').check()
    nat.h3.run('ip link set eth0 mtu 1300').check()
    nat.later((nat.h2, 'ip link set inner mtu 1500'))
    nat.later((nat.h3, 'ip link set eth0 mtu 1500'))
    return nat


@pytest.mark.parametrize('v', [4, 6])
def test_path_mtu_through_nat(narrow, v):
    """h1 learns of a narrow wire behind NAT, and its TCP gets along."""
    r = ping(narrow.h1, v, narrow.h3.at[v], '-c 1 -W 3 -M do -s 1400')
    assert r.code != 0 and re.search(r'mtu ?= ?1300', r.out), r
    assert route_mtu(narrow.h1, v, narrow.h3.at[v]) == 1300
    assert lost(ping(narrow.h1, v, narrow.h3.at[v], '-c 2 -i 0.2 -W 3 -M dont -s 3000')) == 0
    narrow.h1.run('ip route flush cache; ip -6 route flush cache')
    assert transfer(narrow.h1, narrow.h3, narrow.h3.at[v], v) < 1300


@pytest.mark.parametrize('v', [4, 6])
def test_path_mtu_through_rdr(nat, v):
    """The router's own wire to h1 is narrow; who connects to the router's address learns that from it."""
    nat.set_mtu('vio0', 1300)
    mss = transfer(nat.h3, nat.h1, OURS[1][v], v)
    assert mss < 1300 and route_mtu(nat.h3, v, OURS[1][v]) == 1300, mss


@pytest.mark.parametrize('v', [4, 6])
def test_modulate_state(narrow, v):
    """No end sees the other's own sequence numbers; transfers, errors about a narrow path, resets by an end and by the router are right all the same."""
    load(narrow, re.sub(r'^pass (?!quick).*$', r'\g<0> modulate state', RULES, flags=re.M) + 'block return out quick on vio1 proto tcp to port 81\n')
    narrow.h1.run('ip route flush cache; ip -6 route flush cache')
    assert transfer(narrow.h1, narrow.h3, narrow.h3.at[v], v) < 1300
    assert len(re.findall(r'\]\(\+\d+\)', narrow.router.cmd('pfctl -vss'))) >= 4
    for port in (9, 81):
        got = narrow.h1.run(f'curl -g -s -m 10 http://{f"[{narrow.h3.at[v]}]" if v == 6 else narrow.h3.at[v]}:{port}/')
        assert got.code == 7, (port, got)       # refused, not: no answer
    narrow.h3.run('ip link set eth0 mtu 1500')
    narrow.h2.run('ip link set inner mtu 1500')
    assert transfer(narrow.h3, narrow.h1, OURS[1][v], v) > 1300


@pytest.mark.parametrize('v', [4, 6])
def test_reassemble_tcp(nat, v):
    """Linux's timestamps and TTLs through two states that change both, also with sequence numbers that are changed: none is ever refused."""
    for keep in ('', ' modulate state'):
        load(nat, 'match scrub (reassemble tcp)\n' + re.sub(r'^pass (?!quick).*$', rf'\g<0>{keep}', RULES, flags=re.M))
        assert transfer(nat.h1, nat.h3, nat.h3.at[v], v) > 1300
        assert transfer(nat.h3, nat.h1, OURS[1][v], v) > 1300
    info = nat.router.cmd('pfctl -si')
    assert re.search(r'bad-timestamp +0 ', info), info
    assert nat.h1.run(f'curl -g -s -m 10 http://{f"[{nat.h3.at[v]}]" if v == 6 else nat.h3.at[v]}:9/').code == 7


SCAN = '''set skip on lo
block %s
pass in on vio0 inet proto tcp to port 8000
pass in on vio0 inet proto icmp icmp-type echoreq
pass out on vio1
'''


def scan(net, kind, ports, retries=1):
    return net.h1.run(f'nmap -n -Pn --privileged --max-retries {retries} --host-timeout 60s --reason -{kind} -p {ports} {net.h2.at[4]}', timeout=60).check().out


@pytest.mark.parametrize('policy,closed,dark', [('return', 'closed', 'unfiltered'), ('drop', 'filtered', 'filtered')])
def test_nmap(net, policy, closed, dark):
    """What is open is seen; of what is not, each kind of scan sees what block's policy says, and nothing of the host behind. Segments that no end of a
    connection sends (FIN without ACK, no flags at all) get no answer whatever the policy."""
    load(net, SCAN % policy)
    job = net.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    net.later(job.stop)
    wait_for(job, 'Serving')
    retries = 4 if policy == 'return' else 1       # an answer that is late is none
    out = scan(net, 'sS', '22,8000', retries)
    assert re.search(rf'22/tcp +{closed} ', out) and re.search(r'8000/tcp +open +\S+ +syn-ack', out), out
    for kind in ('sF', 'sX', 'sN'):             # no end of a connection sends such segments: dropped before any rule
        out = scan(net, kind, '22,8000')
        assert re.search(r'22/tcp +open\|filtered ', out) and re.search(r'8000/tcp +open\|filtered ', out), (kind, out)
    assert re.search(r'normalize +[1-9]', net.router.cmd('pfctl -si'))
    out = scan(net, 'sA', '22,8000', retries)
    assert re.search(rf'22/tcp +{dark} ', out) and re.search(rf'8000/tcp +{dark} ', out), out


def test_nmap_udp_and_protocols(net):
    load(net, SCAN % 'return')
    assert re.search(rf'53/udp +filtered +\S+ +port-unreach from {OURS[0][4]} ', scan(net, 'sU', '53'))      # not the host's own word
    out = scan(net, 'sO', '1,6,17,47')
    assert re.search(r'^1 +open ', out, re.M) and re.search(r'^6 +open ', out, re.M) and re.search(r'^47 +filtered +gre +port-unreach', out, re.M), out
    load(net, SCAN % 'drop')
    assert re.search(r'53/udp +open\|filtered ', scan(net, 'sU', '53'))
    assert re.search(r'^17 +open\|filtered ', scan(net, 'sO', '17'), re.M)


def test_hping3(net):
    """Segments in small fragments are put together before they are judged; what belongs to no connection is refused."""
    load(net, SCAN % 'drop')
    job = net.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    net.later(job.stop)
    wait_for(job, 'Serving')

    def hping(options):
        return net.h1.run(f'hping3 -n -c 2 -i u200000 -p 8000 {options} {net.h2.at[4]}', timeout=30).out
    assert 'flags=SA' in hping('-S')
    assert 'flags=SA' in (got := hping('-S -f -d 40')), (got, net.router.cmd('netstat -ss'))
    assert 'flags=' not in hping('-A') and 'flags=' not in hping('-F -P -U') and 'flags=' not in hping('-SA')
    assert 'flags=' not in hping('-A -f -d 40')
