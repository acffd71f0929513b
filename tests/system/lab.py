"""Labs: a router and what stands around it, built once for several tests, checked after each."""
import os
import time

from hosts import NetnsHost, sh
from peer import Peer
from router import CONF, MACS, Delta, Nic, Router
from wire import ICMP, IP, UDP, Port, Raw

NETS = (('10.0.1.2', '10.0.1.1'), ('10.0.2.2', '10.0.2.1'))      # far end, router
FAR_MACS = ('52:54:00:00:01:0a', '52:54:00:00:01:0b')


def end_check(router, patience=3):
    """At rest, after every test: the router lives, nothing has panicked, and the books balance: received + created = sent + dropped +
    consumed + waiting."""
    assert router.qemu.alive(), f'the router has ended: {router.serial()[-3000:]}\n{router.qemu.stderr()}'
    assert router.expect_panic or 'panic:' not in router.serial(), f'the router panicked: {router.serial()[-3000:]}'
    end = time.monotonic() + patience
    while (b := router.balance())['difference']:
        assert time.monotonic() < end, f'the books do not balance: {b}\n{router.cmd("netstat -ss")}'
        time.sleep(0.3)


class Nothing:
    """Stands for Delta where the router is Linux, of which we read no counters."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def grew(self, *a, **kw):
        pass


class Lab:
    """begin() before and end() after each test. A router that a test has killed is started anew for the next."""
    router = None
    failures = 0

    def begin(self):
        if self.router is not None and self.router.qemu.alive():
            return
        self.close_router()
        assert self.failures < 2, 'the router did not start, twice: see the tests before this one'
        self.failures += 1
        self.router = self.start()
        self.failures = 0

    def end(self, node):
        if self.router is None:
            return
        try:
            end_check(self.router)
        except BaseException:
            self.close_router()
            raise

    def delta(self):
        """with lab.delta() as d: ...; then d.grew('ip', 'sentence', 1) asserts by how much a counter has grown."""
        return Delta(self.router) if self.router.is_sluice else Nothing()

    def close_router(self):
        if self.router:
            self.router.stop()
            self.router = None

    def stop(self):
        self.close_router()


class WireLab(Lab):
    def __init__(self, work, dut='sluice', **kw):
        self.work, self.dut, self.kw = work, dut, kw

    def start(self):
        self.ports = [Port(self.work, f'w{i}', FAR_MACS[i], *NETS[i]) for i in (0, 1)]
        self.a, self.b = self.ports
        return start_router(self.dut, self.work, [Nic(p.netdev(), m) for p, m in zip(self.ports, MACS)], **self.kw)

    def begin(self):
        super().begin()
        for p in self.ports:
            while p.recv_raw() is not None:
                pass
            p.arp_seen.clear()
            p.answers = {p.ip}

    def forwards(self, timeout=3):
        """True: a datagram each way came through, its TTL one less, all else as it was."""
        return self.carries(self.a, self.b, timeout) and self.carries(self.b, self.a, timeout)

    def carries(self, src, dst, timeout=3):
        self.serial_no = getattr(self, 'serial_no', 0) + 1
        data = b'packet %d' % self.serial_no
        sent = IP(src=src.ip, dst=dst.ip, ttl=64) / UDP(sport=1000, dport=2000) / Raw(data)
        try:
            src.send_ip(sent)
        except AssertionError:      # the router does not even answer ARP
            return False
        f = dst.expect(lambda f: UDP in f and data in bytes(f[UDP].payload), timeout)
        if f is None:
            return False
        want = IP(bytes(sent))
        want.ttl, want.chksum = 63, None
        got = f[IP].original[:f[IP].len] if f[IP].original else bytes(f[IP])
        assert got == bytes(want), f'changed on the way: {got.hex()}, not {bytes(want).hex()}'
        return True

    def pings(self, port=None, timeout=3):
        """True: the router answers an echo request of this port's host."""
        port = port or self.a
        port.send_ip(IP(src=port.ip, dst=port.gateway) / ICMP(id=77, seq=1) / Raw(b'x' * 20))
        return port.expect(lambda f: ICMP in f and f[ICMP].type == 0 and f[ICMP].id == 77, timeout) is not None

    def close_router(self):
        if self.router:
            super().close_router()
            for p in self.ports:
                p.close()


class OwnLab(WireLab):
    """For one test: the router that it asked for."""

    def __init__(self, work, ready_in=30, **kw):
        super().__init__(work, name='own', **kw)
        self.router = self.start_only()
        try:
            self.router.wait_ready(ready_in)
        except BaseException:
            self.close_router()
            raise

    def start_only(self):
        self.ports = [Port(self.work, f'o{i}', FAR_MACS[i], *NETS[i]) for i in (0, 1)]
        self.a, self.b = self.ports
        model = self.kw.pop('model', 'virtio-net-pci')
        return Router(self.work, [Nic(p.netdev(), m, model) for p, m in zip(self.ports, MACS)], **self.kw)

    def stop(self, node=None):
        """A router that the test has not ended itself must have sound books, like any other."""
        try:
            if self.router.is_ready and self.router.qemu.alive():
                end_check(self.router)
        finally:
            self.close_router()


class NetnsLab(Lab):
    kind = 'netns'
    sh = staticmethod(sh)       # a script where the hosts' namespaces are

    def __init__(self, work, dut='sluice', conf=CONF, models=('virtio-net-pci', 'virtio-net-pci')):
        self.work, self.dut, self.conf, self.models = work, dut, conf, models
        self.h1, self.h2 = NetnsHost('h1', FAR_MACS[0]), NetnsHost('h2', FAR_MACS[1])

    def start(self):
        nics = []
        for h, (ip, gw), mac, model in zip((self.h1, self.h2), NETS, MACS, self.models):
            h.plug(f'{ip}/24', gw)
            nics.append(Nic(h.netdev(), mac, model, fds=h.fds()))
        return start_router(self.dut, self.work, nics, conf=self.conf)

    def stop(self):
        super().stop()
        self.h1.stop()
        self.h2.stop()


def _pair(work, name):
    """The two netdevs of a cable between two guests."""
    p = [f'{work}/{name}.{e}' for e in 'xy']
    for f in p:
        if os.path.exists(f):
            os.unlink(f)
    return [f'dgram,local.type=unix,local.path={p[i]},remote.type=unix,remote.path={p[1 - i]}' for i in (0, 1)]


def boot_peer(work):
    cables = [_pair(work, f'cable{i}') for i in (0, 1)]
    p = Peer(work, [(f'p{i}', cables[i][0], FAR_MACS[i]) for i in (0, 1)])
    p.cables = [c[1] for c in cables]
    return p


class PeerLab(Lab):
    kind = 'peer'

    def __init__(self, work, dut, peer, conf=CONF):
        self.work, self.dut, self.peer, self.conf = work, dut, peer, conf
        self.sh = peer.sh

    def start(self):
        router = start_router(self.dut, self.work, [Nic(c, m) for c, m in zip(self.peer.cables, MACS)], name='dutp', conf=self.conf)
        self.h1, self.h2 = [self.peer.host(f'h{i + 1}', f'p{i}', f'{NETS[i][0]}/24', NETS[i][1]) for i in (0, 1)]
        return router


def start_router(dut, work, nics, name='dut', conf=CONF, **kw):
    if dut == 'linux':
        from linuxrouter import LinuxRouter
        return LinuxRouter(work, nics, name=name)
    r = Router(work, nics, name=name, conf=conf, **kw)
    try:
        return r.wait_ready()
    except BaseException:
        r.stop()
        raise
