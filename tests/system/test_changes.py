"""Interfaces, addresses, routes and whole configurations change while packets of many flows come in on several cores: the router lives, the books
balance, no mbuf is lost, and at the end it forwards as before."""
import random
import re
import socket
import time

import pytest
from test_nics import NicLab, templates

pytestmark = [pytest.mark.sluice, pytest.mark.long, pytest.mark.limit(150)]

RUNS = [('82574l', '82574l', 4), ('82574l', 'virtio', 2), ('82540em', '82574l', 8), ('virtio', 'virtio', 4)]
SECONDS = 12


def changes(names, rng):
    a, b = names
    net = '10.0.2'
    while True:
        name = rng.choice(names)
        yield from rng.choice((
            [f'ifconfig {name} down', f'ifconfig {name} up'], [f'ifconfig {name} down', 'kstat', f'ifconfig {name} up'],
            [f'ifconfig {name} mtu 2000', f'ifconfig {name} mtu 1500'],
            [f'ifconfig {name} lladdr 52:54:00:aa:00:{rng.randrange(256):02x}'],
            [f'route add 10.7.{rng.randrange(250)}.0/24 {net}.9'], ['route flush'], ['arp -ad'], ['netstat -s', 'vmstat -i', 'vmstat -m'],
            [f'ifconfig {b} alias {net}.77/32', f'ifconfig {b} -alias {net}.77'], ['selftest compute 100'], ['systat -b -s 0.1 ifqs'],
            [f'ifconfig {a} alias 10.9.9.1/24', f'ifconfig {a} -alias 10.9.9.1'], ['ping -c 1 10.0.1.2'], ['load']))


def drain(port):
    while port.recv_raw() is not None:
        pass


def pour(lab, frames, turn):
    """A few of the flows each time: unbounded it would be QEMU's own queues that are tested."""
    for k in range(8):
        for port, fs in zip(lab.ports, frames):
            try:
                port.sock.sendto(fs[(8 * turn + k) % len(fs)], socket.MSG_DONTWAIT, port.theirs)
            except BlockingIOError:     # a card that is down takes nothing
                pass
    for port in lab.ports:
        drain(port)


@pytest.fixture(params=[pytest.param(x, id=f'{x[0]}+{x[1]}-smp{x[2]}') for x in RUNS])
def nics(request, work):
    *models, cores = request.param
    x = NicLab(work, models, cores)
    x.begin()
    yield x
    try:
        x.end(request.node)
    finally:
        x.stop()


def test_changes_under_traffic(nics):
    lab, r = nics, nics.router
    rng = random.Random(17)
    frames = [templates(lab.a, lab.b), templates(lab.b, lab.a)]
    todo, end, n = changes(lab.names, rng), time.monotonic() + SECONDS, 0
    turns = 0
    while time.monotonic() < end:
        r.con.send(next(todo) + '\r')
        n += 1
        seen, stop = '', time.monotonic() + 20
        while not seen.endswith('$ '):
            assert time.monotonic() < stop, f'no prompt after {n} commands: {seen[-300:]} {r.serial()[-1500:]}'
            pour(lab, frames, turns)
            turns += 1
            try:
                seen = (seen + r.con.sock.recv(65536).decode(errors='replace'))[-4000:]
            except BlockingIOError:
                time.sleep(0.001)
    assert n > 20
    for name in lab.names:
        r.cmd(f'ifconfig {name} up')
    end = time.monotonic() + 10
    while not lab.forwards():
        assert time.monotonic() < end
    assert not re.search(r'watchdog|does not|bad descriptor|impossible', r.cmd('dmesg').split('cpu1 at')[-1])
