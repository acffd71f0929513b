"""Tasks that compute, print or hold all registers never delay a packet: the loop preempts them. With -icount the guest's clock counts
instructions, one a nanosecond, so that times in here are exact and the host's other work is none of them."""
import os
import re
import subprocess
import time

import pytest
from router import CONF
from test_overload import number, numbered

pytestmark = pytest.mark.sluice

ICOUNT = ('-icount', 'shift=0,sleep=on,align=off', '-rtc', 'clock=vm')
LONGEST = 1_000_000     # ns that the loop may wait for a task


def longest_wait(router):
    return int(re.search(r'longest wait: (\d+) ns', router.cmd('kstat task:0:core:0'))[1])


def preemptions(router):
    return int(re.search(r'preemptions: (\d+)', router.cmd('kstat task:0:core:0'))[1])


def pokes(router):
    return int(re.search(r'^cpu0/poke\s+(\d+)', router.cmd('vmstat -zi'), re.M)[1])


def load(lab, command, most, pause=0.002, dst=None, keep=200):
    """Types the command and sends numbered packets until the prompt is back, to the far end or through it. Returns how many went, those that came,
    how much the console said, and the last `keep` bytes of that."""
    said, tail = 0, b''
    make, sent, got = numbered(lab.a, dst or lab.b.ip), 0, []
    lab.router.con.send(command + '\r')
    con = lab.router.con.sock
    end, next_packet = time.monotonic() + most, 0
    while not tail.endswith(b'$ ') or said <= len(command) + 2:
        assert time.monotonic() < end, f'{command}: no end within {most} s; the console has: {tail[-300:]}'
        try:
            data = con.recv(65536)
            said += len(data)
            tail = (tail + data)[-keep:]
        except BlockingIOError:
            time.sleep(0.0005)
        if time.monotonic() >= next_packet:
            lab.a.send(make(sent))
            sent += 1
            next_packet = time.monotonic() + pause
        collect(lab.b, got)
    quiet = time.monotonic() + 0.5
    while time.monotonic() < quiet:
        collect(lab.b, got)
        time.sleep(0.01)
    return sent, got, said, tail.decode(errors='replace')


def collect(port, got):
    while (raw := port.recv_raw()) is not None:
        if (n := number(raw)) is not None:
            got.append(n)


def test_task_that_never_yields(boot):
    """Ten seconds of computing: packets go through meanwhile, none is lost, the loop never waits for a millisecond."""
    lab = boot(extra=ICOUNT)
    assert lab.forwards()
    before = preemptions(lab.router)
    sent, got, _, tail = load(lab, 'selftest compute 10000', 80)
    assert 'rounds' in tail and sent > 100, (tail, sent)
    assert got == list(range(sent)), f'{sent} sent, {len(got)} came'
    assert preemptions(lab.router) - before > 100
    assert longest_wait(lab.router) < LONGEST


@pytest.mark.limit(200)
def test_million_lines(boot):
    lab = boot(extra=ICOUNT)
    assert lab.forwards()
    sent, got, said, tail = load(lab, 'selftest print 1000000', 180, pause=0.02)
    assert said > 7_800_000 and '1000000' in tail, (said, tail)
    assert got == list(range(sent)), f'{sent} sent, {len(got)} came'
    assert longest_wait(lab.router) < LONGEST


def test_registers_of_preempted_tasks(boot):
    lab = boot(extra=ICOUNT)
    out = lab.router.cmd('selftest vectors 100000', 80)
    assert 'no register has changed' in out, out
    assert preemptions(lab.router) >= 100000
    assert longest_wait(lab.router) < LONGEST


def test_registers_without_xsave(boot):
    """An old processor: FXSAVE."""
    lab = boot(extra=ICOUNT, cpu='qemu64,-xsave')
    out = lab.router.cmd('selftest vectors 20000', 80)
    assert 'no register has changed' in out, out


def test_interrupted_by_the_console(boot):
    """^C reaches a command that never yields."""
    lab = boot()
    lab.router.con.send('selftest compute 60000\r')
    time.sleep(0.5)
    lab.router.con.send('\x03')
    lab.router.wait_ready(10)
    assert lab.forwards()


def test_held_up_is_noticed(boot):
    """The figure that the tests above trust."""
    lab = boot(extra=ICOUNT)
    assert longest_wait(lab.router) < LONGEST
    lab.router.cmd('selftest hold 15')
    assert longest_wait(lab.router) > 5 * LONGEST


COMMANDS = ('help', 'ifconfig -a', 'ifconfig vio0', 'netstat -rn', 'netstat -in', 'netstat -s', 'netstat -s -s -v', 'netstat -j -s', 'kstat',
            'kstat -j', 'vmstat -m', 'vmstat -i', 'systat -b -s 0.2', 'systat -d 3 -s 0.1', 'systat -b -s 0.1 ifqs', 'systat -b -s 0.1 pool',
            'systat -b -s 0.1 counters', 'uptime', 'vmstat -s', 'arp -an', 'route -n show', 'sysctl', 'show config', 'dmesg',
            'ping -c 2 10.0.1.1', 'route add 10.9.0.0/16 10.0.1.7', 'ifconfig vio0 alias 10.77.0.1/24', 'ifconfig vio0 -alias 10.77.0.1',
            'selftest print 3000', 'selftest compute 50', 'route flush')


@pytest.mark.long
@pytest.mark.limit(400)
def test_no_section_is_long(boot, monkeypatch):
    """The debug build panics when a task holds the loop off for more than 100,000 instructions: no command does."""
    import router
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    build = f'{router.BUILD}/debug'
    subprocess.run(['make', '-s', f'B={build}', 'EXTRA_CFLAGS=-DSLUICE_DEBUG'], cwd=top, check=True, stdout=subprocess.DEVNULL, timeout=300)
    monkeypatch.setattr(router, 'ELF32', f'{build}/sluice.elf32')
    lab = boot(extra=ICOUNT)
    lab.router.cmd('sysctl debug.netlimit=100000')
    for c in COMMANDS:
        out = lab.router.cmd(c, 40)
        assert 'not found' not in out and 'usage:' not in out, (c, out)
    lab.router.expect_panic = True
    lab.router.con.send('selftest hold 1\r')
    assert lab.router.qemu.wait(20) is not None
    assert 'held the loop off' in lab.router.serial()


def test_task_gives_way_to_other_cores(boot):
    """Packets that another core hands over interrupt a task that computes: each pokes core 0, which never sleeps meanwhile."""
    lab = boot(model='e1000e', conf=CONF.replace('vio', 'em'), extra=['-smp', '4', *ICOUNT])      # the cores take turns, however busy the machine
    r = lab.router
    assert lab.forwards(10) and lab.pings(lab.b)
    queues = [k for k in r.kstat('em1:::') if ':rxq:' in k]
    assert len(queues) == 2, 'em1 is on cores 2 and 3'
    before = pokes(r)
    r.con.send('selftest compute 4000\r')
    time.sleep(0.5)
    answered = sum(lab.pings(lab.b) for _ in range(100))
    r.wait_ready(30)
    assert answered == 100
    assert pokes(r) - before >= 90, (before, pokes(r))
