"""em(4) on QEMU's models of the 82540EM and the 82574L, among themselves and beside virtio, on one core and several: traffic, jumbo frames, link,
overload."""
import re
import time

import pytest
from hosts import sh, transfer
from lab import FAR_MACS, NETS, NetnsLab, WireLab, start_router
from router import MACS, Nic
from test_forward import iperf, lost
from test_overload import accounted, drain_all, number, numbered
from wire import ICMP, IP, UDP, Port, Raw

pytestmark = pytest.mark.sluice

VIO = 'virtio-net-pci'
PAIRS = [pytest.param((p, n), id='+'.join(p) + f'-smp{n}', marks=[pytest.mark.long] if long else []) for p, n, long in (
    (('e1000', 'e1000'), 1, False), (('e1000e', 'e1000e'), 2, False), ((VIO, 'e1000'), 1, False), (('e1000e', 'e1000e'), 1, True),
    (('e1000', 'e1000'), 4, True), (('e1000e', 'e1000e'), 4, True), (('e1000', 'e1000e'), 3, True), (('e1000e', VIO), 2, True))]
PRODUCT = {'e1000': r'"Intel 82540EM" rev 0x\d+: irq \d+, ', 'e1000-82545em': r'"Intel 82545EM" rev 0x\d+: irq \d+, ',
           'e1000e': r'"Intel 82574L" rev 0x\d+: msix, %s, '}


def names(models):
    """em0, em1, vio0: as they attach."""
    n, got = {'em': 0, 'vio': 0}, []
    for m in models:
        driver = 'vio' if m == VIO else 'em'
        got.append(f'{driver}{n[driver]}')
        n[driver] += 1
    return got


def conf(models):
    return '# /etc/myname\nem.example\n' + ''.join(
        f'# /etc/hostname.{n}\ninet {gw}/24\n' for n, (_, gw) in zip(names(models), NETS)) + '# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n'


class EmLab(WireLab):
    """A router with these two NICs; lab.names are their interfaces."""

    def __init__(self, work, models, cores=1, ports='e'):
        super().__init__(work)
        self.port_names, self.cores = ports, cores
        self.models, self.names = models, names(models)

    def start(self):
        self.ports = [Port(self.work, f'{self.port_names}{i}', FAR_MACS[i], *NETS[i]) for i in (0, 1)]
        self.a, self.b = self.ports
        nics = [Nic(p.netdev(), mac, model) for p, mac, model in zip(self.ports, MACS, self.models)]
        return start_router('sluice', self.work, nics, conf=conf(self.models), extra=['-smp', str(self.cores)])

    def product(self, model):
        return PRODUCT[model].replace('%s', '2 queues' if self.cores > 1 else '1 queue')


class EmHosts(NetnsLab):
    def __init__(self, work, models, cores):
        super().__init__(work)
        self.models, self.cores = models, cores

    def start(self):
        nics = []
        for h, (ip, gw), mac, model in zip((self.h1, self.h2), NETS, MACS, self.models):
            h.plug(f'{ip}/24', gw)
            nics.append(Nic(h.netdev(), mac, model, fds=h.fds()))
        return start_router('sluice', self.work, nics, conf=conf(self.models), extra=['-smp', str(self.cores)])


@pytest.fixture(scope='module', params=PAIRS)
def em_lab(request, work):
    x = EmLab(work, *request.param)
    yield x
    x.stop()


@pytest.fixture
def em(em_lab, request):
    em_lab.begin()
    yield em_lab
    em_lab.end(request.node)


@pytest.fixture(scope='module', params=PAIRS)
def em_hosts_lab(request, work):
    x = EmHosts(work, *request.param)
    yield x
    x.stop()


@pytest.fixture
def em_hosts(em_hosts_lab, request):
    em_hosts_lab.begin()
    yield em_hosts_lab
    em_hosts_lab.end(request.node)


def until(what, timeout=5):
    end = time.monotonic() + timeout
    while not (r := what()):
        if time.monotonic() > end:
            return r
        time.sleep(0.1)
    return r


def nic_of(em):
    """The first em: its number among the NICs, its interface, the port behind it and the other one."""
    i = next(i for i, m in enumerate(em.models) if m != VIO)
    return i, em.names[i], em.ports[i], em.ports[1 - i]


# ---- what it says of itself

def test_attach_and_media(em):
    assert em.forwards()
    dmesg = em.router.cmd('dmesg')
    for model, name, mac in zip(em.models, em.names, MACS):
        if model != VIO:
            assert re.search(rf'^{name} at pci0 dev \d+ function 0 {em.product(model)}address {mac}$', dmesg, re.M), dmesg
            text = em.router.cmd(f'ifconfig {name}')
            assert '\tmedia: Ethernet autoselect (1000baseT full-duplex)\n\tstatus: active\n' in text + '\n', text
            assert mac in text
    assert 'polling' not in dmesg and 'watchdog' not in dmesg


def test_82545em(work):
    lab = EmLab(work, ('e1000-82545em', 'e1000'), ports='f')
    lab.begin()
    try:
        assert lab.forwards(5)
        assert re.search(rf'^em0 at pci0 dev \d+ function 0 {lab.product("e1000-82545em")}address', lab.router.cmd('dmesg'), re.M)
        assert lab.pings(lab.a) and lab.pings(lab.b)
    finally:
        lab.stop()


# ---- traffic

@pytest.mark.parametrize('size', [0, 1, 18, 100, 996, 997, 1472])
def test_sizes(em, size):
    for src, dst in ((em.a, em.b), (em.b, em.a)):
        data = bytes(i * 7 & 255 for i in range(size))
        src.send_ip(IP(src=src.ip, dst=dst.ip) / UDP(sport=5, dport=size + 1) / Raw(data))
        f = dst.expect(lambda f: UDP in f and f[UDP].dport == size + 1)
        assert f is not None and bytes(f[UDP].payload)[:size] == data


def test_jumbo(em):
    """Frames of 9,014 bytes both ways, in chains of buffers; then the card is told that they are over."""
    i, name, port, _ = nic_of(em)
    for n in em.names:
        em.router.set_mtu(n, 9000)
    try:
        assert until(lambda: em.pings(port, 1)), 'it has been reset, and works'
        for size in (8972, 1473, 2000, 8971, 4096 - 28):
            for src, dst in ((em.a, em.b), (em.b, em.a)):
                data = bytes((i * 7 + (i >> 8)) & 255 for i in range(size))
                src.send_ip(IP(src=src.ip, dst=dst.ip, flags='DF') / UDP(sport=5, dport=size) / Raw(data))
                f = dst.expect(lambda f: UDP in f and f[UDP].dport == size)
                assert f is not None and bytes(f[UDP].payload) == data, size
        port.send_ip(IP(src=port.ip, dst=port.gateway) / ICMP(id=78) / Raw(b'x' * 8972))
        f = port.expect(lambda f: ICMP in f and f[ICMP].type == 0 and f[ICMP].id == 78)
        assert f is not None and len(f[ICMP].payload) == 8972
        assert sum(v['rx chains'] for k, v in em.router.kstat(f'{name}:::').items() if ':em-ring:' in k) >= 5
    finally:
        for n in em.names:
            em.router.set_mtu(n, 1500)
    assert until(em.forwards)
    assert f'{name} can do no more than 9000' in em.router.cmd(f'ifconfig {name} mtu 9001')


@pytest.mark.parametrize('way', ['ab', 'ba'])
def test_twice_the_load(em, way):
    """The far end takes one packet for two that are sent: the rest must be in the drop counters of the queues."""
    assert em.forwards()
    src, dst = (em.a, em.b) if way == 'ab' else (em.b, em.a)
    vin, vout = em.names if way == 'ab' else em.names[::-1]
    make, n, got = numbered(src, dst.ip), 6000, []
    with em.delta() as d:
        for i in range(n):
            src.send(make(i))
            if i % 2 and (raw := dst.recv_raw()) and (x := number(raw)) is not None:
                got.append(x)
        drain_all(d, dst, got, n, vin, vout)
    accounted(d, n, got, vin, vout)
    assert em.forwards()


# ---- up, down, link

def test_link(em):
    i, name, port, other = nic_of(em)
    state = lambda: em.router.ifconfig(name)[name].get('status')  # noqa: E731
    assert em.forwards()
    try:
        em.router.qemu.set_link(f'devn{i}', False)
        assert until(lambda: state() == 'no carrier')
        assert 'media: Ethernet autoselect (none)' in em.router.cmd(f'ifconfig {name}')
        other.send_ip(IP(src=other.ip, dst=port.ip) / UDP() / Raw(b'into the void'))
        assert em.pings(other), 'the other side is not touched'
    finally:
        em.router.qemu.set_link(f'devn{i}', True)
    assert until(lambda: state() == 'active')
    assert until(em.forwards)
    for _ in range(100):        # as fast as QEMU can be told to
        em.router.qemu.set_link(f'devn{i}', False)
        em.router.qemu.set_link(f'devn{i}', True)
    assert until(lambda: state() == 'active')
    assert until(em.forwards)


def test_down_and_up(em):
    """Ring and queue are full when it goes down: what was in them is counted."""
    i, name, port, other = nic_of(em)
    assert em.forwards()
    for _ in range(1000):
        other.send_ip(IP(src=other.ip, dst=port.ip) / UDP() / Raw(b'x' * 100))
    for _ in range(3):
        assert em.router.cmd(f'ifconfig {name} down') == ''
        assert em.router.ifconfig(name)[name].get('status') == 'active', 'the link is watched all the same'
        assert em.router.cmd(f'ifconfig {name} up') == ''
    while port.recv(0.3):
        pass
    assert until(em.forwards)


def test_another_address(em):
    i, name, port, _ = nic_of(em)
    try:
        assert em.router.cmd(f'ifconfig {name} lladdr 02:00:00:00:00:77') == ''
        port.gateway_mac = None
        assert port.learn_gateway() == '02:00:00:00:00:77'
        assert until(em.forwards)
    finally:
        em.router.cmd(f'ifconfig {name} lladdr {MACS[i]}')
        port.gateway_mac = None
    assert until(em.forwards)


def test_other_stations_frames_stay_out(em):
    """The filter is the card's: what is for others does not even reach the input queue."""
    i, name, port, _ = nic_of(em)
    assert em.forwards()
    frame = port.ether() / IP(src=port.ip, dst=port.gateway) / ICMP()
    for dst in ('02:12:34:56:78:9a', '01:00:5e:01:02:03'):
        frame.dst = dst
        with em.delta() as d:
            for _ in range(20):
                port.send(frame)
            assert em.pings(port)
        assert 1 <= sum(d.grown(rf'^{name}:0:rxq:\d+: packets$').values()) <= 3, d.grown('.')


# ---- real hosts

def test_ping_and_iperf(em_hosts):
    r = em_hosts.h1.run(f'for i in 1 2 3 4 5 6 7 8 9 10; do ping -n -q -c 1 -W 1 {em_hosts.h2.ip} && break; done; '
                        f'ping -n -q -c 200 -f -W 2 {em_hosts.h2.ip}', timeout=40).check()
    assert lost(r) is not None and ' 0% packet loss' in r.out.split('---')[-1], r
    for reverse in ('', '-R'):
        assert iperf(em_hosts, f'-t 2 {reverse}')['sum_received']['bytes'] > 2_000_000


def test_no_byte_is_corrupted(em_hosts):
    transfer(em_hosts.h1, em_hosts.h2, em_hosts.h2.ip, kilobytes=5120)


def test_jumbo_between_hosts(em_hosts):
    for n in names(em_hosts.models):
        em_hosts.router.set_mtu(n, 9000)
    for h in (em_hosts.h1, em_hosts.h2):
        if h.attach == 'veth':
            sh(f'ip link set v-{h.name} mtu 9000').check()
        h.run(f'ip link set {h.ifname} mtu 9000').check()
    r = until(lambda: 'ok' in em_hosts.h1.run(f'ping -n -q -c 3 -i 0.2 -W 1 -M do -s 8972 {em_hosts.h2.ip} && echo ok').out, 15)
    assert r
    end = iperf(em_hosts, '-t 2 -M 8900')
    assert end['sum_received']['bytes'] > 2_000_000
