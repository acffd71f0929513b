"""A hundred thousand routes come, go and change, and the interface that they lead to goes down and up, while packets are forwarded: nobody waits for a
millisecond. The guest's clock counts instructions, one a nanosecond (test_preempt.py), so that times in here are exact."""
import re
import time

import pytest
from router import CONF
from test_preempt import ICOUNT, LONGEST, load, longest_wait

pytestmark = [pytest.mark.sluice, pytest.mark.limit(300)]

PER_SECOND = 100_000
GATEWAYS = 'arp -s 10.0.2.3 52:54:00:00:01:0b'      # the far end has two addresses


def net(i):
    return f'{20 + (i >> 16)}.{i >> 8 & 255}.{i & 255}.0/24'


def bundle(gateways):
    """A route for each i of the dict, by its gateway."""
    routes = ''.join(f'!route add {net(i)} {gw}\n' for i, gw in gateways.items())
    return CONF.replace('inet 10.0.2.1/24\n', f'inet 10.0.2.1/24\n!{GATEWAYS}\n{routes}')


def longest_end(router):
    return int(re.search(r'longest end: (\d+) ns', router.cmd('kstat loop:0:core:0'))[1])


def clocks(text):
    """ns since boot, each time that the text shows the loop's kstat."""
    times = [int(b) + int(i) for b, i in re.findall(r'busy: (\d+) ns\s+idle: (\d+) ns', text)]
    assert len(times) == 2, text
    return times


def short(router):
    wait, end = longest_wait(router), longest_end(router)
    print(f'longest wait for a task {wait} ns, for what the end of a pass had to do {end} ns')
    assert wait < LONGEST and end < LONGEST, (wait, end)


def test_changes_by_load(boot, work):
    """20,000 routes go, 40,000 get another gateway, 40,000 come. The packets' own route is one of those that change."""
    before = {i: '10.0.2.2' for i in range(60_000)}
    after = {i: '10.0.2.3' for i in range(40_000)} | {i: '10.0.2.2' for i in range(60_000, 100_000)}
    changes = len(before.items() ^ after.items()) - 40_000      # those that change are in both
    with open(f'{work}/after.conf', 'w') as f:
        f.write(bundle(after))
    lab = boot(conf=bundle(before), mem=256, how='fwcfg', extra=['-fw_cfg', f'name=opt/after.conf,file={work}/after.conf', *ICOUNT])
    assert lab.forwards()
    sent, got, _, tail = load(lab, 'kstat loop:0:core:0; load opt/after.conf; kstat loop:0:core:0', 200, dst='20.0.0.1', keep=4000)
    began, ended = clocks(tail)
    rate = changes * 1e9 / (ended - began)
    print(f'{changes} changes in {(ended - began) / 1e6:.1f} ms: {rate:.0f} a second; {sent} packets meanwhile')
    assert got == list(range(sent)) and sent > 100, f'{sent} sent, {len(got)} came'
    assert changes == 100_000 and rate > PER_SECOND
    short(lab.router)
    for i, gw in ((0, '10.0.2.3'), (39_999, '10.0.2.3'), (60_000, '10.0.2.2'), (99_999, '10.0.2.2')):
        assert f'gateway: {gw}' in lab.router.cmd(f'route -n get {net(i)}')
    assert 'No such process' in lab.router.cmd(f'route -n get {net(50_000)}')


def told(router):
    return sum(int(n) for n in re.findall(r'(\d+) routes? told of a change', router.cmd('netstat -s')))


def test_interface_down_and_up(boot):
    lab = boot(conf=bundle({i: '10.0.2.2' for i in range(100_000)}), mem=256, how='fwcfg', extra=ICOUNT)
    assert lab.forwards()
    begun = told(lab.router)
    for turn, state in enumerate(('down', 'up')):
        lab.router.cmd(f'ifconfig vio1 {state}')
        end = time.monotonic() + 60
        while told(lab.router) - begun < 100_000 * (turn + 1):
            assert time.monotonic() < end, told(lab.router)
        short(lab.router)
        assert ('UP' in lab.router.cmd(f'route -n get {net(99_999)}')) == (state == 'up')
    assert lab.forwards()       # its neighbour has to be asked for again
    sent, got, _, _ = load(lab, 'selftest compute 10', 60, dst='20.0.0.1')
    assert got == list(range(sent)) and sent > 0


def test_gateway_moves(boot):
    """The gateway of all of them is reached by a route, which gets another gateway."""
    routes = {i: '10.5.0.1' for i in range(100_000)}
    conf = bundle(routes).replace(GATEWAYS, f'{GATEWAYS}\n!route add 10.5/16 10.0.2.2')
    lab = boot(conf=conf, mem=256, how='fwcfg', extra=ICOUNT)
    assert lab.forwards()
    begun = told(lab.router)
    sent, got, _, _ = load(lab, 'route -q change 10.5/16 10.0.2.3', 60, dst='20.0.0.1')
    assert got == list(range(sent)) and sent > 0, f'{sent} sent, {len(got)} came'
    end = time.monotonic() + 60
    while told(lab.router) - begun < 100_000:
        assert time.monotonic() < end, told(lab.router)
    short(lab.router)
    sent, got, _, _ = load(lab, 'selftest compute 10', 60, dst='20.0.0.1')
    assert got == list(range(sent)) and sent > 0
