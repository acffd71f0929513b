"""The cable: pulled, put back, and shaken."""
import time

import pytest
from wire import ICMP, IP, UDP, Raw

pytestmark = pytest.mark.sluice


@pytest.fixture
def cable(wire):
    yield lambda up: wire.router.qemu.set_link('devn1', up)
    wire.router.qemu.set_link('devn1', True)


def status(wire, want, timeout=3):
    end = time.monotonic() + timeout
    while (s := wire.router.ifconfig('vio1')['vio1'].get('status')) != want:
        assert time.monotonic() < end, f'status: {s}, not {want}'
        time.sleep(0.1)


def test_pulled_and_put_back(wire, cable):
    assert wire.forwards()
    status(wire, 'active')
    cable(False)
    status(wire, 'no carrier')
    wire.a.send_ip(IP(src=wire.a.ip, dst=wire.b.ip) / UDP() / Raw(b'into the void'))
    wire.a.collect(0.5)
    assert wire.pings(wire.a), 'the other side is not touched'
    cable(True)
    status(wire, 'active')
    assert wire.forwards()


def test_shaken(wire, cable):
    """A link that flaps as fast as QEMU can be told to."""
    for _ in range(100):
        cable(False)
        cable(True)
    status(wire, 'active')
    assert wire.forwards()


def test_interface_down_and_up(wire):
    assert wire.forwards()
    assert wire.router.cmd('ifconfig vio1 down') == ''
    i = wire.router.ifconfig('vio1')['vio1']
    assert 'UP' not in i['flags'] and 'RUNNING' not in i['flags']
    wire.a.send_ip(IP(src=wire.a.ip, dst=wire.b.ip) / UDP() / Raw(b'x'))
    wire.b.send_ip(IP(src=wire.b.ip, dst=wire.a.ip) / UDP() / Raw(b'x'))
    assert wire.b.expect(lambda f: UDP in f, 0.4) is None
    assert wire.a.expect(lambda f: UDP in f and ICMP not in f, 0.2) is None
    for _ in range(5):
        wire.router.cmd('ifconfig vio1 up')
        wire.router.cmd('ifconfig vio1 down')
    assert wire.router.cmd('ifconfig vio1 up') == ''
    assert wire.forwards()


def test_down_while_the_ring_is_full(wire):
    """What waits in the queue is freed and counted; of the ring (256) the card may have sent some or none. What the router asks and
    announces of itself when the interface comes up may be among what was thrown away."""
    assert wire.forwards()
    n, got = 3000, 0
    with wire.delta() as d:
        for _ in range(n):
            wire.a.send_ip(IP(src=wire.a.ip, dst=wire.b.ip) / UDP() / Raw(b'x' * 100))
        wire.router.cmd('ifconfig vio1 down')
        wire.router.cmd('ifconfig vio1 up')
        while f := wire.b.recv(0.3):
            got += UDP in f
    counted = d.growth('vio1:0:txq:0', 'qdrops') + d.growth('vio1:0:txq:0', 'errors')
    assert -4 <= n - got - counted <= 256 + 16, (n, got, counted)
    assert wire.forwards()
