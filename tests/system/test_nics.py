"""Every NIC model beside every other, with 1, 2 and 4 cores: many flows, jumbo frames, cable, down and up, another MTU."""
import itertools
import random
import time

import pytest
from lab import FAR_MACS, NETS, WireLab, start_router
from router import MACS, Nic
from wire import IP, UDP, Port, Raw

pytestmark = [pytest.mark.sluice, pytest.mark.limit(120)]

MODELS = {'virtio': 'virtio-net-pci', 'legacy': 'virtio-net-pci,disable-modern=on', '82540em': 'e1000', '82545em': 'e1000-82545em', '82574l': 'e1000e'}
SHORT = {('legacy', 'legacy', 2), ('82540em', '82540em', 2), ('82545em', '82545em', 4), ('82574l', '82574l', 2), ('82574l', '82574l', 4),
         ('virtio', '82574l', 2), ('82540em', '82574l', 4), ('legacy', '82545em', 1)}
ALL = [(a, b, n) for a, b in itertools.combinations_with_replacement(MODELS, 2) for n in (1, 2, 4)]
assert SHORT <= set(ALL)
FLOWS = 48
# As if thrown: those that count up may all have one core.
HOSTS, PORTS = random.Random(4).sample(range(3, 255), FLOWS), random.Random(5).sample(range(1024, 65536), FLOWS)


def driver(model):
    return 'vio' if 'virtio' in MODELS[model] else 'em'


class NicLab(WireLab):
    """A router with these two NICs and so many cores; lab.names are their interfaces."""

    def __init__(self, work, models, cores):
        super().__init__(work)
        self.models, self.cores = models, cores
        first, second = map(driver, models)
        self.names = [f'{first}0', f'{second}{int(first == second)}']

    def start(self):
        self.ports = [Port(self.work, f'n{i}', FAR_MACS[i], *NETS[i]) for i in (0, 1)]
        self.a, self.b = self.ports
        nics = [Nic(p.netdev(), mac, MODELS[m]) for p, mac, m in zip(self.ports, MACS, self.models)]
        conf = ''.join(f'# /etc/hostname.{n}\ninet {gw}/24\n' for n, (_, gw) in zip(self.names, NETS))
        return start_router('sluice', self.work, nics, conf=conf + '# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n',
                            extra=['-smp', str(self.cores)])

    def queues(self, i, what='rxq', key='packets'):
        k = self.router.kstat(f'{self.names[i]}:::')
        return [k[n][key] for n in sorted(k) if f':{what}:' in n]


@pytest.fixture(params=[pytest.param(x, id=f'{x[0]}+{x[1]}-smp{x[2]}', marks=[] if x in SHORT else [pytest.mark.long]) for x in ALL])
def nics(request, work):
    *models, cores = request.param
    x = NicLab(work, models, cores)
    x.begin()
    yield x
    try:
        x.end(request.node)
    finally:
        x.stop()


def until(what, timeout=10):
    end = time.monotonic() + timeout
    while not (r := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return r


def templates(src, dst):
    """A frame for each flow: its own source address, the flow's number and room for another behind the headers."""
    net = src.ip.rsplit('.', 1)[0]
    return [bytearray(bytes(src.ether() / IP(src=f'{net}.{HOSTS[k]}', dst=dst.ip, ttl=64) / UDP(sport=PORTS[k], dport=9, chksum=0) /
                            Raw(k.to_bytes(4, 'big') + b'\0' * 4 + b'x' * 40))) for k in range(FLOWS)]


def take(dst, got):
    while (raw := dst.recv_raw()) is not None:
        if len(raw) > 50 and raw[12:14] == b'\x08\x00' and raw[23] == 17 and raw[36:38] == b'\0\x09':
            got[int.from_bytes(raw[42:46], 'big')].append(int.from_bytes(raw[46:50], 'big'))


def flows(lab, src, dst, rounds=40):
    """Frames of each flow in turn, no more under way than any ring holds: none is lost, none overtakes another of its flow."""
    frames, got = templates(src, dst), [[] for _ in range(FLOWS)]
    for n in range(rounds):
        for f in frames:
            f[46:50] = n.to_bytes(4, 'big')
            src.send(bytes(f))
        end = time.monotonic() + 5
        while sum(map(len, got)) < (n + 1) * FLOWS and time.monotonic() < end:
            take(dst, got)
            time.sleep(0.001)
    assert all(g == list(range(rounds)) for g in got), {k: g for k, g in enumerate(got) if g != list(range(rounds))}


def both_ways(lab):
    flows(lab, lab.a, lab.b)
    flows(lab, lab.b, lab.a)


def spread(lab):
    """A card that can does its share: each of its queues gets flows, both of receiving and of sending."""
    before = [(lab.queues(i), lab.queues(i, 'txq')) for i in (0, 1)]
    both_ways(lab)
    for i, model in enumerate(lab.models):
        rx, tx = [[b - a for a, b in zip(was, now)] for was, now in zip(before[i], (lab.queues(i), lab.queues(i, 'txq')))]
        if driver(model) == 'em':
            assert len(rx) == (2 if model == '82574l' and lab.cores > 1 else 1)
        total = 40 * FLOWS
        assert total <= sum(rx) < total + 100 and total <= sum(tx) < total + 100, (rx, tx)
        if len(rx) > 1:
            assert min(rx) > total / 8 and min(tx) > total / 8, (model, rx, tx)


def jumbo(lab):
    for size in (8972, 1473, 5000):
        for src, dst in ((lab.a, lab.b), (lab.b, lab.a)):
            data = bytes((k * 7 + (k >> 8)) & 255 for k in range(size))
            src.send_ip(IP(src=src.ip, dst=dst.ip, flags='DF') / UDP(sport=5, dport=size) / Raw(data))
            f = dst.expect(lambda f: UDP in f and f[UDP].dport == size)
            assert f is not None and bytes(f[UDP].payload) == data, size


def test_all_of_it(nics):
    for p in nics.ports:
        p.answers |= {f'{p.ip.rsplit(".", 1)[0]}.{k}' for k in HOSTS}
    assert until(nics.forwards) and nics.router.cmd('sysctl -n hw.ncpu').strip() == str(nics.cores)
    spread(nics)
    for n in nics.names:
        nics.router.set_mtu(n, 9000)
    assert until(nics.forwards)
    jumbo(nics)
    both_ways(nics)
    for i, name in enumerate(nics.names):
        status = lambda: nics.router.ifconfig(name)[name].get('status')  # noqa: E731
        nics.router.qemu.set_link(f'devn{i}', False)
        assert until(lambda: status() == 'no carrier')
        nics.router.qemu.set_link(f'devn{i}', True)
        assert until(lambda: status() == 'active')
    assert until(nics.forwards)
    for name in nics.names:
        for f in templates(nics.a, nics.b) + templates(nics.a, nics.b):     # in its rings when it goes down
            nics.a.send(bytes(f))
        assert nics.router.cmd(f'ifconfig {name} down') == '' and nics.router.cmd(f'ifconfig {name} mtu 1500') == ''
        assert nics.router.cmd(f'ifconfig {name} up') == ''
    assert until(nics.forwards)
    nics.b.collect(0.3)
    spread(nics)
    text = nics.router.cmd('dmesg')
    assert 'watchdog' not in text and 'polling' not in text and 'reset failed' not in text, text
