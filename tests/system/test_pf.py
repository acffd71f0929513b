"""The packet filter between Linux hosts: real connections, their windows, scans, ICMP errors; it opens in one direction and answers come back."""
import re
import threading
import time

import lab
import pytest
from hosts import wait_for
from router import CONF, MACS
from test_forward import iperf, lost
from wire import IP, UDP, Ether, Raw

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


OVERLOAD = '''set skip on lo
table <bad> persist
block
block in quick from <bad>
pass in on vio0 proto tcp to port 8000 keep state (max-src-conn 3, overload <bad> flush global)
pass in on vio0 inet proto icmp
pass out on vio1
'''


def test_overload(pf):
    """A host that opens more connections than it may is put into a table, loses those that it has, and is let in again by hand."""
    pfctl(pf.router, OVERLOAD)
    server = pf.h2.start('cd /usr/share && exec python3 -u -m http.server 8000')
    wait_for(server, 'Serving')
    assert lost(pf.h1.run(f'ping -n -c 2 -i 0.2 -W 2 {pf.h2.ip}').check()) == 0
    assert pf.router.cmd('pfctl -t bad -T show').strip() == ''
    four = ' '.join(f'{fd}<>/dev/tcp/{pf.h2.ip}/8000' for fd in range(3, 7))
    pf.h1.run(f"bash -c 'exec {four}; sleep 1'")
    server.stop()
    assert pf.h1.ip in pf.router.cmd('pfctl -t bad -T show')
    assert pf.h1.ip not in pf.router.cmd('pfctl -s states')
    assert pf.h1.run(f'ping -n -c 2 -i 0.2 -W 1 {pf.h2.ip}').code != 0
    assert '1 addresses deleted' in pf.router.cmd('pfctl -t bad -T flush')
    assert lost(pf.h1.run(f'ping -n -c 2 -i 0.2 -W 2 {pf.h2.ip}').check()) == 0


class FromPowerOn(lab.OwnLab):
    """Datagrams to two ports go to the router from before it has power until it is stopped; `came` counts those that came out."""

    def start_only(self):
        self.came, self.quit, self.thread = {7: 0, 9: 0}, threading.Event(), None
        router = super().start_only()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return router

    def run(self):
        frames = [bytes(Ether(src=self.a.mac, dst=MACS[0]) / IP(src=self.a.ip, dst=self.b.ip) / UDP(sport=5, dport=d) / Raw(b'x' * 20)) for d in self.came]
        while not self.quit.is_set():
            for f in frames:
                try:
                    self.a.sock.sendto(f, self.a.theirs)
                except OSError:         # QEMU is not there yet, or its queue is full
                    pass
            while (f := self.b.recv_raw()) is not None:
                if f[12:14] == b'\x08\x00' and f[23] == 17:
                    self.came[int.from_bytes(f[36:38], 'big')] += 1
            time.sleep(0.001)

    def close_router(self):
        if self.thread:
            self.quit.set()
            self.thread.join()
        super().close_router()


NEIGHBOR = f'inet 10.0.2.1/24\n!arp -s 10.0.2.2 {lab.FAR_MACS[1]}\n'
FILTER = CONF.replace('inet 10.0.2.1/24\n', NEIGHBOR) + '# /etc/pf.conf\npass\nblock in on vio0 proto udp to port 7\n'


def stays_closed(x):
    """What the ruleset blocks never came, from the first link-up on; what it passes comes now."""
    had, end = x.came[9], time.monotonic() + 10
    while x.came[9] < had + 50 and time.monotonic() < end:
        time.sleep(0.05)
    assert x.came[9] >= had + 50 and x.came[7] == 0, x.came


@pytest.fixture
def powered(work, request):
    made = []

    def make(conf):
        made.append(FromPowerOn(work, conf=conf))
        return made[-1]
    yield make
    for x in made:
        x.stop(request.node)


@pytest.mark.sluice
def test_closed_from_power_on(powered):
    x = powered(FILTER)
    stays_closed(x)
    assert 'block drop in on vio0' in x.router.cmd('pfctl -s rules')


@pytest.mark.sluice
def test_closed_until_a_good_ruleset(powered):
    """A ruleset that cannot be loaded leaves the console, and nothing else, until one can."""
    x = powered(FILTER.replace('block in', 'block at dawn in'))
    assert re.search(r'/etc/pf\.conf:2: ', x.router.serial()), x.router.serial()[-1500:]
    time.sleep(0.5)
    assert x.came == {7: 0, 9: 0}
    assert x.router.load(FILTER)[0] == '0'
    stays_closed(x)
