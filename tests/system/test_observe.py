"""What the router tells of its own work: interrupts, cores, tasks, queues; uptime, vmstat -i, kstat, systat."""
import json
import re
import time

import pytest
from router import CONF
from wire import IP, UDP, Raw

pytestmark = pytest.mark.sluice

ICOUNT = ('-icount', 'shift=0,sleep=on,align=off', '-rtc', 'clock=vm')
VIEWS = ('vmstat', 'cpu', 'ifstat', 'ifqs', 'mbufs', 'pigs', 'intr', 'memory', 'pool', 'counters')


def interrupts(router, options='-i'):
    """[(name, total)] in their order."""
    lines = router.cmd(f'vmstat {options}').splitlines()
    assert lines[0].split() == ['interrupt', 'total', 'rate']
    rows = [re.fullmatch(r'(\S+) +(\d+) +(\d+)', line) for line in lines[1:]]
    assert all(rows), lines
    return [(m[1], int(m[2])) for m in rows]


def core(router, n=0):
    return router.kstat(f'loop:0:core:{n}')[f'loop:0:core:{n}']


def table(text, head):
    """The rows below a heading that begins so, as lists of words."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(head))
    return [line.split() for line in lines[at + 1:lines.index('', at) if '' in lines[at:] else None]]


def test_uptime(wire):
    said = wire.router.cmd('uptime')
    assert re.fullmatch(r'[ 1]\d:\d\d[AP]M  up \d+ (sec|min)s?, 1 user, load averages: \d+\.\d\d, \d+\.\d\d, \d+\.\d\d\n', said), said
    j = json.loads(wire.router.cmd('uptime -j'))
    assert j['users'] == 1 and len(j['load averages']) == 3 and j['uptime'] >= 0
    assert re.fullmatch(r'vm\.loadavg=\d+\.\d\d \d+\.\d\d \d+\.\d\d\n', wire.router.cmd('sysctl vm.loadavg'))


def test_load_rises(boot):
    """Seven seconds of computing: the load is seen, as some sample of 5 seconds lay within them or they within two."""
    r = boot(extra=ICOUNT).router
    assert float(r.cmd('sysctl -n vm.loadavg').split()[0]) < 0.5
    before = float(r.cmd('sysctl -n vm.loadavg').split()[0])
    r.cmd('selftest compute 7000', 60)
    deadline = time.monotonic() + 20        # the next sample may be due
    while (now := float(r.cmd('sysctl -n vm.loadavg').split()[0])) < before + 0.05:
        assert time.monotonic() < deadline, (before, now)
        time.sleep(0.5)


@pytest.mark.parametrize('n', [1, 3])
def test_vmstat_i(boot, n):
    lab = boot(extra=['-smp', str(n)])
    before = dict(interrupts(lab.router, '-zi'))
    for _ in range(3):
        assert lab.forwards()
    lab.router.cmd('systat -b -s 0.5 memory')       # sleeps by the timer
    rows = interrupts(lab.router, '-zi')
    after = dict(rows)
    assert len(after) == len(rows), 'each name once'
    for i in range(n):
        assert {f'cpu{i}', f'cpu{i}/timer', f'cpu{i}/poke', f'cpu{i}/spurious'} <= after.keys()
        assert after[f'cpu{i}/spurious'] == 0
    grew = {k: after[k] - before[k] for k in after if after[k] > before[k]}
    assert any(re.fullmatch(r'irq\d+/virtio\d:\d', k) for k in grew), grew
    assert grew['irq4/com0'] > 0, 'what we type comes by interrupt'
    assert 'cpu0/timer' in grew
    # the rows above a core's sum add up to it, the sums to the total
    part, total = 0, 0
    for name, count in rows:
        if re.fullmatch(r'cpu\d+', name):
            assert count == part, (name, rows)
            total, part = total + count, 0
        elif name != 'Total':
            part += count
    assert rows[-1] == ('Total', total)
    assert 'spurious' not in lab.router.cmd('vmstat -i'), 'what never came shows with -z only'


def test_pokes_are_counted(boot):
    """Flows of other cores than the card's: what is handed over to a core that sleeps wakes it."""
    lab = boot(extra=['-smp', '4'])
    assert lab.forwards()
    for i in range(40):
        lab.a.send_ip(IP(src=lab.a.ip, dst=lab.b.ip) / UDP(sport=5000 + i, dport=2000) / Raw(b'poke'))
    assert lab.forwards()
    assert sum(c for name, c in interrupts(lab.router) if name.endswith('/poke')) > 0


def test_busy_and_idle(boot):
    """With the guest's clock counting instructions: a task that computes for 2 s is 2 s of busy time, all but the loop's turns in between its
    own; a wait of 2 s is idle."""
    r = boot(extra=ICOUNT).router
    a, t = core(r), r.kstat('task:0:core')['task:0:core:0']
    r.cmd('selftest compute 2000', 60)
    b, u = core(r), r.kstat('task:0:core')['task:0:core:0']
    assert 2_000_000_000 <= b['busy'] - a['busy'] < 2_600_000_000
    assert 1_950_000_000 <= u['busy'] - t['busy'] < 2_600_000_000
    r.cmd('ping -c 1 -w 2 10.0.1.200', 30)
    c = core(r)
    assert c['idle'] - b['idle'] > 1_500_000_000 and c['busy'] - b['busy'] < 500_000_000
    assert c['idles'] > b['idles'] and c['passes'] > b['passes']


def test_each_core_is_mostly_idle(boot):
    lab = boot(extra=['-smp', '3'])
    rows = table(lab.router.cmd('systat -b -s 2 cpu', 30), 'CORE')
    assert [r[0] for r in rows] == ['cpu0', 'cpu1', 'cpu2', 'all']
    for name, busy, loop, task, idle, *_ in rows:
        assert abs(float(busy) + float(idle) - 100) < 0.2 and abs(float(loop) + float(task) - float(busy)) < 0.2
        assert float(idle) > 50, rows


@pytest.mark.parametrize('view', VIEWS)
def test_systat_batch(wire, view):
    text = wire.router.cmd(f'systat -b -s 0.3 {view}', 30)
    lines = text.splitlines()
    assert re.fullmatch(r' +1 user Load( \d+\.\d\d){3} \S+ \d\d:\d\d:\d\d', lines[0]) and lines[1] == ''
    assert all(len(line) < 80 for line in lines), text
    assert len(lines) > (2 if view == 'counters' else 3)
    j = json.loads(wire.router.cmd(f'systat -j -s 0.3 {view}', 30))
    assert j['view'] == view and len(j) > 4


def test_systat_figures(wire):
    """Packets while it watches are in its rates, and the task that runs it is among the tasks."""
    con = wire.router.con
    con.drain(quiet=0)
    con.send('systat -b -s 4 vmstat\r')
    sent, end = 0, time.monotonic() + 3
    while time.monotonic() < end:
        assert wire.forwards()
        sent += 2
    text, _ = con.expect(con.PROMPT, 30)
    ifaces = {r[0]: r for r in table(text, 'IFACE')}
    assert ifaces['vio0'][1] == 'up:U'
    assert int(ifaces['vio0'][-6]) >= sent // 2 // 8 > 0, (sent, text)
    assert int(ifaces['Totals'][-6]) >= int(ifaces['vio0'][-6])
    assert any(r[0] == 'shell' and r[2] == 'run' for r in table(text, 'TASK')), text
    assert any('/virtio0:' in r[0] for r in table(text, 'INTERRUPT')), text


def test_systat_screen(wire):
    """On the serial line: it updates, keys work, packets go through meanwhile, q and ^C end it."""
    con = wire.router.con
    con.drain(quiet=0)
    con.send('systat cpu 1\r')
    for _ in range(3):
        con.expect(r' cpu \(1-\d+ of \d+\) +dut\.example \d\d:\d\d:\d\d\n\nCORE ', 5)
    assert wire.forwards()
    con.send('n')
    con.expect(r' ifstat \(', 3)
    con.send('\x1b[D')
    con.expect(r' cpu \(', 3)
    con.send('q')
    con.expect(con.PROMPT, 3)
    assert wire.router.cmd('echo $?') == '0\n'
    con.send('systat\r')
    con.expect(r' vmstat \(', 5)
    con.send('\x03')
    con.expect(con.PROMPT, 3)
    assert wire.router.cmd('echo $?') == '130\n'
    assert wire.forwards()


@pytest.mark.parametrize('cores', [1, 2])
@pytest.mark.parametrize('model,name', [('virtio-net-pci', 'vio'), ('e1000', 'em'), ('e1000e', 'em')])
def test_kstat_for_each_queue(boot, model, name, cores):
    """As many rxq and txq as the attach line tells queues, with OpenBSD's names and units; their sum is what netstat -i shows."""
    lab = boot(model=model, conf=CONF.replace('vio', name), extra=['-smp', str(cores)])
    r = lab.router
    end = time.monotonic() + 15         # an 82540EM drops all for a second after its start
    while not lab.forwards():
        assert time.monotonic() < end
    for n in (0, 1):
        line = re.search(rf'^{name}{n} at .*$', r.cmd('dmesg'), re.M)[0]
        queues = re.search(r'(?:msix, |: )(\d+) queue', line)
        queues = int(queues[1]) if queues else 1
        k = r.kstat(f'{name}{n}:::')
        for kind, keys in (('rxq', ['packets', 'bytes', 'qdrops', 'qlen', 'enqueues', 'dequeues']),
                           ('txq', ['packets', 'bytes', 'qdrops', 'qlen', 'maxqlen', 'oactive', 'oactives'])):
            found = [v for key, v in k.items() if f':{kind}:' in key]
            assert [key for key in k if f':{kind}:' in key] == [f'{name}{n}:0:{kind}:{i}' for i in range(queues)]
            for v in found:
                assert [key for key in v if key in keys] == keys, 'in this order'
            row = next(x for x in r.netstat_in() if x['Name'] == f'{name}{n}' and x['Network'] == '<Link>')
            assert 0 < sum(v['packets'] for v in found) <= row['Ipkts' if kind == 'rxq' else 'Opkts']
        text = r.cmd(f'kstat {name}{n}:0:txq:0')
        assert re.search(r'^ {9}packets: \d+ packets$', text, re.M) and re.search(r'^ {11}bytes: \d+ bytes$', text, re.M)
        assert re.search(r'^ {9}oactive: (true|false)$', text, re.M) and re.search(r'^ {8}oactives: \d+$', text, re.M)
