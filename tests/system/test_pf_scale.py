"""The packet filter with as much as it is made for: large rulesets that replace each other under traffic, a million connections, large tables.
With -icount the guest's clock counts instructions, one a nanosecond (test_preempt.py): what packets have waited for at most is the longest pass of the
loop and the longest that it has waited for a task."""
import random
import re
import select
import time

import pytest
from router import CONF
from test_preempt import ICOUNT, LONGEST, longest_wait
from wire import IP, UDP, Ether, Raw

pytestmark = pytest.mark.sluice


def longest_pass(router):
    return int(re.search(r'longest pass: (\d+) ns', router.cmd('kstat loop:0:core:0', 60))[1])


def busy(router):
    """Instructions of tasks so far."""
    return int(re.search(r'busy: (\d+) ns', router.cmd('kstat task:0:core:0', 60))[1])


def never_long(router):
    waits = longest_pass(router), longest_wait(router)
    print(f'longest pass {waits[0]} ns, longest wait for a task {waits[1]} ns')
    assert max(waits) < LONGEST, waits


class Typed:
    """A command with a here-document, typed without waiting: `done` tells when the prompt is back."""

    def __init__(self, router, command, text):
        self.con = router.con
        self.con.drain(quiet=0)
        self.con.send(f'{command} <<"END_OF_TEXT"\r' + ''.join(line + '\r' for line in text.splitlines()) + 'END_OF_TEXT')
        self.con.expect('END_OF_TEXT$', 120)
        self.con.send('\r')

    def done(self):
        self.con.fill(0)
        return re.search(r'\n[^\s@]+@[^\s:]+:[^\s$#]*[$#] ', self.con.buf) is not None      # the kernel may have said something after it


def load(router, text, most=120):
    t = Typed(router, 'pfctl -f -', text)
    router.con.expect(router.con.PROMPT, most)
    assert router.cmd('echo $?', 60).strip() == '0'
    return t


class Flows:
    """Datagrams of many flows from lab.a to lab.b, numbered by their ports; at most `window` of them under way."""

    def __init__(self, lab, window=64):
        self.a, self.b, self.window = lab.a, lab.b, window
        self.frame = bytearray(bytes(lab.a.ether() / IP(src=lab.a.ip, dst=lab.b.ip, ttl=64) / UDP(sport=9, dport=9, chksum=0) / Raw(b'x' * 18)))
        self.sent = self.came = 0

    def ports(self, flow):
        self.frame[34:36] = (1024 + flow % 60000).to_bytes(2, 'big')
        self.frame[36:38] = (2000 + flow // 60000).to_bytes(2, 'big')
        return self.frame

    def look(self):
        """Takes what has come; how many."""
        n = 0
        while (raw := self.b.recv_raw()) is not None:
            n += raw[12:14] == b'\x08\x00' and raw[23] == 17
        self.came += n
        return n

    def run(self, flows, patience=30):
        """A packet of each; all must come."""
        end, wait = time.monotonic() + patience, 0
        for f in flows:
            while self.sent - self.came >= self.window:
                if self.look():
                    end = time.monotonic() + patience
                else:
                    select.select([self.b.sock], [], [], 0.1)
                assert time.monotonic() < end, f'{self.sent} sent, {self.came} came'
            self.a.send(self.ports(f))
            self.sent += 1
        while self.came < self.sent:
            select.select([self.b.sock], [], [], 0.1)
            wait = 0 if self.look() else wait + 1
            assert wait < 10 * patience, f'{self.sent} sent, {self.came} came'


# ---- rulesets

def marking(which, n, old='block'):
    """n rules that compare much and decide nothing, behind two that let out what they have let in, each ruleset by a mark of its own. Flows 0 to 59
    are blocked, or what `old` says."""
    hosts = ' '.join(f'172.16.{i // 250}.{i % 250}' for i in range(n // 100))
    ports = ' '.join(str(10000 + 7 * i + which) for i in range(100))
    return f'''set limit states 1000000
block
pass in on vio0 proto udp tag MARK{which} keep state
{old} in on vio0 proto udp from port 1024:1083 tag MARK{which}
pass out on vio1 proto udp tagged MARK{which} keep state
block in quick on vio0 proto udp from {{ {hosts} }} to port {{ {ports} }}
'''


FRESH = 200_000     # new flows, so many at most: each has two states


def fresh(n):
    """The n-th flow that has not been: none from the ports that marking() blocks."""
    n %= FRESH
    return n // 59000 * 60000 + 1000 + n % 59000


def replaced(lab, rules, times):
    """Rulesets replace each other while packets of an old flow and of new ones go through: none is lost, whatever of them."""
    r, flows, old = lab.router, Flows(lab), range(60)
    load(r, marking(0, rules, 'pass'))
    flows.run(old)
    new = 0
    for i in range(1, times + 1):
        t = Typed(r, 'pfctl -f -', marking(i % 2, rules))
        end = time.monotonic() + 300
        while not t.done():
            flows.run([fresh(new), new % 60])   # one that is new, one from before all of this
            new += 1
            assert time.monotonic() < end, f'no end of loading: {r.con.buf[-300:]}'
        assert f'tag MARK{i % 2}' in r.cmd('show config', 60)
    flows.run(old)                              # and all that there ever were
    flows.run(map(fresh, range(min(new, FRESH))))
    print(f'{times} replacements of {rules} rules: {flows.sent} packets, {new} new flows')
    never_long(r)


@pytest.mark.limit(300)
def test_ruleset_replaced_under_traffic(boot):
    lab = boot(extra=ICOUNT, mem=256, conf=CONF + '# /etc/pf.conf\npass\n')
    assert lab.forwards(20)
    replaced(lab, 2000, 6)


@pytest.mark.long
@pytest.mark.limit(3000)
def test_large_ruleset_replaced_a_hundred_times(boot):
    lab = boot(extra=ICOUNT, mem=1024, conf=CONF + '# /etc/pf.conf\npass\n')
    assert lab.forwards(20)
    before = busy(lab.router)
    load(lab.router, marking(0, 10000))
    print(f'10,000 rules take {(busy(lab.router) - before) / 1e6:.0f} million instructions to load')
    replaced(lab, 10000, 100)


# ---- states

def limits(states, seconds, interval=10):
    """A pf.conf; what is over is looked for once in an interval."""
    return f'''set limit states {states}
set timeout {{ udp.first {seconds}, udp.single {seconds}, udp.multiple {seconds}, interval {interval} }}
set skip on lo
pass
'''


def states(router):
    text = router.cmd('pfctl -s info', 60)
    return {w: int(re.search(rf'^  {w} +(\d+)', text, re.M)[1]) for w in ('current entries', 'inserts', 'removals')}


def pages_free(router):
    return int(re.search(r'(\d+) pages free', router.cmd('vmstat -s', 60))[1])


def until_gone(lab, flows, most):
    """What is over goes while packets go through."""
    end = time.monotonic() + most
    while (n := states(lab.router)['current entries']) > 2000:
        flows.run(range(500))
        assert time.monotonic() < end, f'{n} states are left'


def many_connections(lab, n, patience):
    """n flows, then random ones of them: those are known. Looks at all of them hold nobody up, nor does their end."""
    r, flows = lab.router, Flows(lab)
    before = pages_free(r)
    load(r, limits(n + 1000, 100000))           # more room is needed when half of them are there
    flows.run(range(n // 2), patience)
    load(r, limits(2 * n + 1000, 100000))
    flows.run(range(n // 2, n), patience)
    had = states(r)
    assert had['current entries'] >= 2 * n and had['removals'] == 0, had
    print(f'{n} connections: {had["current entries"]} states, {(before - pages_free(r)) * 4096 >> 20} MB')
    flows.run(random.Random(n).sample(range(n), 2000))
    assert states(r)['inserts'] - had['inserts'] < 10, 'known flows are not new'
    assert 'killed 0 states' in r.cmd('pfctl -k 192.0.2.9', 300)
    assert f'States: {n} ' in r.cmd('pfctl -vs rules', 300).replace(']', ' '), 'of the second half'
    r.con.send('pfctl -s states\r')
    flows.run(range(1000))
    r.con.send('\x03')
    r.wait_ready(60)
    return flows


@pytest.mark.limit(300)
def test_connections_come_and_go(boot):
    lab = boot(extra=ICOUNT, mem=256, conf=CONF + '# /etc/pf.conf\npass\n')
    assert lab.forwards(20)
    flows = many_connections(lab, 8000, 60)
    load(lab.router, limits(50000, 1, 2))
    until_gone(lab, flows, 120)
    load(lab.router, limits(50000, 1000))
    flows.run(range(5000))
    cleared = int(re.search(r'(\d+) states cleared', lab.router.cmd('pfctl -F states', 60))[1])
    assert 10000 <= cleared < 13000 and states(lab.router)['current entries'] < 10
    never_long(lab.router)


@pytest.mark.long
@pytest.mark.limit(3000)
def test_million_connections(boot):
    """Two million states in 1 GB."""
    lab = boot(extra=ICOUNT, mem=1024, conf=CONF + '# /etc/pf.conf\npass\n')
    assert lab.forwards(20)
    flows = many_connections(lab, 1000000, 300)
    load(lab.router, limits(2100000, 1))
    until_gone(lab, flows, 1000)
    never_long(lab.router)


@pytest.mark.long
@pytest.mark.limit(3000)
def test_million_connections_are_flushed(boot):
    lab = boot(extra=ICOUNT, mem=1024, conf=CONF + '# /etc/pf.conf\n' + limits(2100000, 100000))
    assert lab.forwards(20)
    Flows(lab).run(range(1000000), 300)
    out = lab.router.cmd('pfctl -k 10.0.1.2 -k 10.0.2.2', 600)
    assert int(re.search(r'killed (\d+) states', out)[1]) >= 2000000 and states(lab.router)['current entries'] < 10, out
    never_long(lab.router)


# ---- tables

def addresses(n, seed=5):
    """n different addresses that nobody in the lab has."""
    r, found = random.Random(seed), {}
    while len(found) < n:
        a = r.randrange(11 << 24, 127 << 24)
        found['.'.join(str(a >> s & 255) for s in (24, 16, 8, 0))] = True
    return list(found)


def cost(router, command, patience=120):
    """What it says, and instructions of tasks that it takes, with those of the shell."""
    before = busy(router)
    out = router.cmd(command, patience).strip()
    return out, busy(router) - before


def large_table(boot, n, mem, most):
    """A table of n addresses blocks while single ones come and go: `most` instructions each at the median, and nothing waits for any of it."""
    inside = addresses(n)
    there, more = inside[:30], addresses(60, 6)
    lab = boot(extra=ICOUNT, mem=mem, conf=CONF + f'# /etc/pf.conf\nset limit table-entries {2 * n}\ntable <bad> {{ {" ".join(inside)} }}\n'
               'block in quick from <bad>\npass\n')
    r, costs = lab.router, {}
    assert lab.forwards(60)
    print(f'{n} addresses: {busy(r) / 1e6:.0f} million instructions of tasks since boot, {pages_free(r) * 4096 >> 20} MB free')
    r.con.send('pfctl -t bad -T show\r')         # long; what goes through meanwhile does not wait
    Flows(lab).run(range(1000))
    r.con.send('\x03')
    r.wait_ready(60)
    for i, gone in enumerate(there):
        for command, say in (f'test {gone} {more[i]}', '1/2 addresses match.'), (f'add {more[i]} {gone}', '1/2 addresses added.'), \
                (f'delete {gone} {more[-1]}', '1/2 addresses deleted.'), (f'test {gone} {more[i]}', '1/2 addresses match.'):
            out, n_insn = cost(r, f'pfctl -t bad -T {command}')
            assert out == say, (command, out)
            costs.setdefault(command.split()[0], []).append(n_insn)
    print({c: (min(v), sorted(v)[len(v) // 2], max(v)) for c, v in costs.items()})
    assert all(sorted(v)[len(v) // 2] < most for v in costs.values()), costs
    never_long(r)
    return lab


@pytest.mark.limit(300)
def test_large_table(boot):
    r = large_table(boot, 30000, 256, 300_000).router
    Typed(r, 'pfctl -t bad -T replace -f -', '\n'.join(addresses(3000, 7) + addresses(10)))
    r.con.expect(r'3010 addresses added\.\s+30000 addresses deleted\.', 120)
    r.wait_ready(60)
    assert '1/2 addresses match.' in r.cmd(f'pfctl -t bad -T test {addresses(1)[0]} {addresses(11)[10]}')
    never_long(r)


@pytest.mark.long
@pytest.mark.limit(1200)
def test_table_of_a_million(boot):
    large_table(boot, 1000000, 1024, 300_000)
