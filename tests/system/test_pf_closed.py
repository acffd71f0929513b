"""A router that is to have a packet filter is closed from power-on until its pf.conf has loaded: a host sends all the time."""
import threading
import time

import lab
import pytest
from router import CONF, MACS
from wire import ICMP, IP, UDP, Ether, Raw

RULES = '# /etc/pf.conf\nblock drop in on vio0\npass in on vio0 proto udp to port 2000\npass out\n'
BAD = '# /etc/pf.conf\npass\nblock on\n'


class PowerOn(lab.OwnLab):
    """From the moment that the machine runs on the host at port a asks the router, and sends through it to ports 53 and 2000."""

    def start_only(self):
        router = super().start_only()
        self.stop_sending, self.sent = threading.Event(), 0
        a, b = self.ports
        to_router = Ether(src=a.mac, dst=MACS[0])
        self.frames = [bytes(to_router / IP(src=a.ip, dst=a.gateway) / ICMP(id=9) / Raw(b'x' * 30))] + \
            [bytes(to_router / IP(src=a.ip, dst=b.ip) / UDP(sport=1000, dport=port) / Raw(b'%d' % port)) for port in (53, 2000)]
        self.sender = threading.Thread(target=self._send, daemon=True)
        self.sender.start()
        return router

    def _send(self):
        while not self.stop_sending.is_set():
            for frame in self.frames:
                try:
                    self.a.sock.sendto(frame, self.a.theirs)
                    self.sent += 1
                except OSError:         # QEMU is not there yet, or its queue is full
                    pass
            time.sleep(0.002)

    def quiet(self):
        self.stop_sending.set()
        self.sender.join()

    def close_router(self):
        self.quiet()
        super().close_router()


@pytest.fixture
def power_on(work, request):
    made = []

    def make(**kw):
        made.append(PowerOn(work, **kw))
        return made[-1]
    yield make
    for x in made:
        x.quiet()
        x.stop(request.node)


def came(port, seconds):
    """What comes out of a port: the ports of datagrams, and 'reply'. The far end answers ARP."""
    seen, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        f = port.recv(0.2)
        if f is not None and UDP in f:
            seen.add(f[UDP].dport)
        elif f is not None and ICMP in f and f[ICMP].type == 0:
            seen.add('reply')
    return seen


def test_only_what_rules_pass(power_on):
    x = power_on(conf=CONF + RULES)
    assert came(x.b, 1) == {2000}
    assert came(x.a, 0.5) == set(), 'the router answers what is blocked'
    x.quiet()
    assert x.sent > 0
    assert x.router.cmd('pfctl -d').strip() == 'pf disabled'
    assert x.pings(), 'nothing but the filter was in the way'


def test_status_in_the_first_second(boot):
    """It is on, and says so, however soon after power-on it was."""
    x = boot(conf=CONF + RULES)
    assert x.router.cmd('pfctl -si').startswith('Status: Enabled for 0 days 00:00:0')


def test_a_bad_one_keeps_it_closed(power_on):
    """Also when somebody sets up by hand what did not load. A good one opens it."""
    x = power_on(conf=CONF + BAD)
    assert '/etc/pf.conf:2: syntax error' in x.router.cmd('dmesg')
    for line in ('ifconfig vio0 inet 10.0.1.1/24 up', 'ifconfig vio1 inet 10.0.2.1/24 up', 'sysctl net.inet.ip.forwarding=1'):
        x.router.cmd(line)
    assert came(x.b, 1) == set() and came(x.a, 0.5) == set()
    assert 'block drop all' in x.router.cmd('pfctl -s rules')
    status, text = x.router.load(CONF + BAD)
    assert status == '1' and came(x.b, 1) == set()
    assert x.router.load(CONF + RULES)[0] == '0'
    assert came(x.b, 1) == {2000} and came(x.a, 0.5) == set()


def test_without_one_it_forwards(power_on):
    x = power_on(conf=CONF)
    assert came(x.b, 1) == {53, 2000} and came(x.a, 0.5) == {'reply'}
