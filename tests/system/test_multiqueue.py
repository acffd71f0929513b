"""virtio with a queue pair for each core, on taps with as many queues: every core forwards, no flow changes its order, nothing is lost.
Where there are fewer queues than cores software spreads the flows. rss: the device hashes (QEMU does it itself). 3-vectors: one is the
configuration's, the queues of all cores share the others, which come in on the first two."""
import re
import time

import pytest
from flows import Flows
from hosts import NetnsHost, tap_usable
from lab import FAR_MACS, NETS, NetnsLab, start_router
from router import MACS, Nic

pytestmark = [pytest.mark.sluice, pytest.mark.skipif(not tap_usable(), reason='optional: /dev/net/tun is not for us')]


class MqLab(NetnsLab):
    """A router with so many cores, between two hosts whose taps have so many queues."""

    def __init__(self, work, cores, queues, rss=False, vectors=0):
        self.work, self.dut, self.cores, self.queues, self.rss = work, 'sluice', cores, queues, rss
        self.vectors = vectors or 2 * queues + 2
        self.h1, self.h2 = [NetnsHost(f'h{i + 1}', mac, queues) for i, mac in enumerate(FAR_MACS)]

    def start(self):
        nics = []
        for h, (ip, gw), mac in zip((self.h1, self.h2), NETS, MACS):
            h.plug(f'{ip}/24', gw)
            mq, rss = ['on' if x else 'off' for x in (self.queues > 1, self.rss)]
            nics.append(Nic(h.netdev(), mac, f'virtio-net-pci,mq={mq},rss={rss},vectors={self.vectors}', fds=h.fds()))
        return start_router(self.dut, self.work, nics, extra=['-smp', str(self.cores)])


KINDS = [pytest.param(k, marks=[pytest.mark.long] if long else []) for k, long in (
    ('2-cores-2-queues', False), ('4-cores-4-queues', False), ('4-cores-2-queues', False), ('4-cores-4-queues-rss', False),
    ('4-cores-4-queues-3-vectors', False),
    ('2-cores-4-queues', True), ('4-cores-3-queues', True), ('4-cores-1-queue', True), ('2-cores-2-queues-rss', True))]


@pytest.fixture(scope='module', params=KINDS)
def mq_lab(request, work):
    x = MqLab(work, *map(int, re.findall(r'\d+', request.param)[:2]), 'rss' in request.param, 3 if 'vectors' in request.param else 0)
    yield x
    x.stop()


@pytest.fixture
def mq(mq_lab, request):
    mq_lab.begin()
    yield mq_lab
    mq_lab.end(request.node)


def queues(lab, what, key='packets'):
    """{'vio0': [packets of each queue], ..}"""
    k = lab.router.kstat()
    return {i: [k[n][key] for n in sorted(k) if re.fullmatch(rf'{i}:0:{what}:\d+', n)] for i in ('vio0', 'vio1')}


def test_attach(mq):
    n = min(mq.cores, mq.queues)
    assert f'vio0 at virtio0: msix, {n} queue{"s" if n > 1 else ""}, address {MACS[0]}\n' in mq.router.cmd('dmesg').replace('\r', '')
    assert [len(q) for q in queues(mq, 'rxq').values()] == [n, n]
    assert [len(q) for q in queues(mq, 'txq').values()] == [n, n]


def test_flows(mq):
    """Each queue has its share both ways, and each core."""
    n, total = min(mq.cores, mq.queues), 40_000
    f = Flows(mq.h1, mq.h2, 400)
    start = time.monotonic()
    try:
        assert f.run(3200, window=16) == 0
        before = [queues(mq, q) for q in ('rxq', 'txq')], mq.router.kstat('loop:0:core')
        assert f.run(total) == 0
        assert time.monotonic() - start < 20, 'it is the clock that wakes the cores, not the cards'
        assert f.disorder == 0 or mq.rss        # the tap learns another queue than the one it began with: not before QEMU, but in it
    finally:
        f.close()
    for what, was in zip(('rxq', 'txq'), before[0]):
        for nic, packets in queues(mq, what).items():
            share = [a - b for a, b in zip(packets, was[nic])]
            assert total <= sum(share) < total + 200, (nic, what, share)
            assert min(share) > total / n / 3, (nic, what, share)
    loops = mq.router.kstat('loop:0:core')
    assert all(v['passes'] > before[1][c]['passes'] + 50 for c, v in loops.items()), (before[1], loops)


def test_burst(mq):
    """More at once than any ring takes: what is lost then is lost, and all goes on, in every queue. One way, so that the taps never learn where
    a flow's packets should come."""
    f = Flows(mq.h1, mq.h2, 400, ports=30000, echo=False)
    try:
        for _ in range(5):
            f.send(4000)
            f.run(0, patience=0.5)
        assert f.run(20_000) == 0
        assert f.disorder == 0
    finally:
        f.close()


def test_updown_under_traffic(mq):
    """Each interface goes down and up, several times, with all its queues busy; afterwards nothing is lost."""
    f = Flows(mq.h1, mq.h2, 100)
    try:
        assert f.run(800, window=16) == 0
        lost = 0
        for i in range(6):
            for state in ('down', 'up'):
                mq.router.con.send(f'ifconfig vio{i & 1} {state}\r')   # nobody waits for it
                lost += f.run(2000, patience=0.3)
        mq.router.con.drain(quiet=0.5)
        assert lost > 0, 'it never went down'
        end = time.monotonic() + 10
        while f.run(100, window=4, patience=1) > 0:
            assert time.monotonic() < end
        assert f.run(10_000) == 0
    finally:
        f.close()
    assert all(r == 0 for q in queues(mq, 'virtio', 'bad rings').values() for r in q)


@pytest.mark.long
@pytest.mark.limit(300)
@pytest.mark.parametrize('mq_lab', ['4-cores-4-queues', '4-cores-2-queues', '4-cores-1-queue', '4-cores-4-queues-rss'], indirect=True)
def test_million(mq):
    """1,000 flows, 4 cores, 1,000,000 packets through the router."""
    f = Flows(mq.h1, mq.h2, 1000, echo=not mq.rss)
    n = 1_000_000 if mq.rss else 500_000
    try:
        assert f.run(8000, window=16) == 0
        assert f.run(n) == 0
        assert f.disorder == 0 and f.came_there == n + 8000
    finally:
        f.close()
