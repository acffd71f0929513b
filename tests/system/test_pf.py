"""The packet filter between Linux hosts: real connections, their windows, scans, ICMP errors; it opens in one direction and answers come back."""
import re

import pytest
from hosts import wait_for
from test_forward import iperf, lost

RULES = '''set skip on lo
block return
pass in on vio0 proto tcp to port { 5201 8000 }
pass in on vio0 inet proto icmp icmp-type echoreq
pass in on vio0 proto udp to port 33434:33534
pass out on vio1
'''


def pfctl(router, text):
    con = router.con
    con.drain(quiet=0)
    con.send('pfctl -f - <<"END_OF_RULES"\r')
    for line in text.splitlines():
        con.send(line + '\r')
    con.send('END_OF_RULES\r')
    con.expect(con.PROMPT, 30)
    assert router.cmd('echo $?').strip() == '0'


@pytest.fixture
def pf(hosts):
    pfctl(hosts.router, RULES)
    hosts.router.cmd('pfctl -e')            # the first time loading has enabled it
    yield hosts
    pfctl(hosts.router, 'pass no state\n')
    hosts.router.cmd('pfctl -d')
    hosts.router.cmd('pfctl -F states')


def test_ping_one_way(pf):
    assert lost(pf.h1.run(f'ping -n -c 3 -i 0.2 -W 2 {pf.h2.ip}').check()) == 0
    assert lost(pf.h1.run(f'ping -n -c 2 -i 0.2 -W 2 -s 4000 {pf.h2.ip}').check()) == 0, 'fragments'
    assert pf.h2.run(f'ping -n -c 2 -i 0.2 -W 1 {pf.h1.ip}').code != 0
    assert 'all icmp' in pf.router.cmd('pfctl -s states')


def test_tcp_transfer(pf):
    """Windows that grow and scale, both ways; nothing of it may fall out of them."""
    end = iperf(pf, '-t 2')
    assert end['sum_received']['bytes'] > 500_000
    end = iperf(pf, '-t 2 -R')
    assert end['sum_received']['bytes'] > 500_000
    info = pf.router.cmd('pfctl -s info')
    assert re.search(r'state-mismatch +0 ', info), info


def test_http(pf):
    server = pf.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    wait_for(server, 'Serving')
    got = pf.h1.run(f'curl -s -m 20 -o /dev/null -w "%{{http_code}}" http://{pf.h2.ip}:8000/').check()
    assert got.out.strip() == '200'
    server.stop()


def test_scan(pf):
    """What is blocked is refused at once, what passes is there or not; nmap sees which."""
    server = pf.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    wait_for(server, 'Serving')
    out = pf.h1.run(f'nmap -n -Pn --unprivileged -sT -p 8000,5201,22,80 {pf.h2.ip}', timeout=60).check().out
    server.stop()
    assert re.search(r'8000/tcp +open', out), out
    assert re.search(r'22/tcp +closed', out) and re.search(r'80/tcp +closed', out) and re.search(r'5201/tcp +closed', out), out
    rules = pf.router.cmd('pfctl -v -s rules')
    assert re.search(r'port = 8000 flags S/SA\n +\[ Evaluations: \d+ +Packets: [1-9]', rules), rules


NAT = '''set skip on lo
block
match out on vio1 inet from (vio0:network) nat-to (vio1)
pass in on vio0 inet from (vio0:network)
pass in on vio0 inet proto tcp to (vio0) port 8080 rdr-to %s port 8000
pass out on vio1
'''


@pytest.fixture
def nat(hosts):
    pfctl(hosts.router, NAT % hosts.h2.ip)
    hosts.router.cmd('pfctl -e')
    hosts.h2.run('ip route del default')            # it knows nobody behind the router
    yield hosts
    hosts.h2.run(f'ip route add default via {hosts.h2.gateway}').check()
    pfctl(hosts.router, 'pass no state\n')
    hosts.router.cmd('pfctl -d')
    hosts.router.cmd('pfctl -F states')


def test_nat(nat):
    """Ping, TCP and ICMP errors from a host that the other one has no way to; a service behind the router's own address."""
    assert lost(nat.h1.run(f'ping -n -c 3 -i 0.2 -W 2 {nat.h2.ip}').check()) == 0
    end = iperf(nat, '-t 2')
    assert end['sum_received']['bytes'] > 500_000
    states = nat.router.cmd('pfctl -s states')
    assert re.search(rf'all tcp 10\.0\.2\.1:\d+ \({nat.h1.ip}:\d+\) -> {nat.h2.ip}:5201', states), states
    server = nat.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    wait_for(server, 'Serving')
    got = nat.h1.run('curl -s -m 20 -o /dev/null -w "%{http_code}" http://10.0.1.1:8080/').check()
    server.stop()
    assert got.out.strip() == '200'
    r = nat.h1.run(f'traceroute -n -q 1 -w 2 -m 3 {nat.h2.ip} || ping -n -c 1 -t 1 {nat.h2.ip}')
    assert '10.0.1.1' in r.out, r
