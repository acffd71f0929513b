"""A million IPv4 routes and 200,000 of IPv6 in a machine of 512 MB: loaded as any configuration, followed, counted, and changed by difference."""
import json
import random
import socket

import pytest
from test_preempt import ICOUNT, LONGEST, load, longest_wait
from wire import Ether

pytestmark = [pytest.mark.sluice, pytest.mark.long]

N4, N6, GATEWAYS, MEMORY = 1_000_000, 200_000, 16, 160_000_000
OWN = 11        # that there always are, to nowhere, on lo0
# Shares of prefix lengths as in the Internet's tables.
LENGTHS4 = {24: 602, 23: 100, 22: 115, 21: 52, 20: 45, 19: 26, 18: 14, 17: 9, 16: 14, 15: 2, 14: 1}
LENGTHS6 = {48: 480, 44: 95, 40: 80, 47: 28, 46: 30, 45: 15, 36: 50, 42: 20, 38: 15, 34: 18, 33: 20, 32: 115, 29: 40}
BASE = '''# /etc/hostname.vio0
inet 10.0.1.1/24
inet6 fd00:1::1 64
# /etc/hostname.vio1
inet 10.0.2.1/24
inet6 fd00:2::1 64
'''
REST = '# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet6.ip6.forwarding=1\n'


def prefixes(rng, n, lengths, bits, anywhere):
    """{(address, length): gateway}, half of the long ones inside shorter ones."""
    out, shorter = {}, []
    for plen in rng.choices(list(lengths), lengths.values(), k=2 * n):
        cover = rng.choice(shorter) if shorter and rng.random() < .5 else None
        a = cover[0] | rng.getrandbits(bits - cover[1]) if cover and cover[1] < plen else anywhere(rng)
        key = (a >> (bits - plen) << (bits - plen), plen)
        if key in out:
            continue
        out[key] = len(out) % GATEWAYS
        if plen < max(lengths):
            shorter.append(key)
        if len(out) == n:
            return out


def text(address, bits):
    return socket.inet_ntop(socket.AF_INET if bits == 32 else socket.AF_INET6, address.to_bytes(bits // 8, 'big'))


class Table:
    def __init__(self, bits, routes):
        self.bits, self.routes = bits, routes
        self.lengths = sorted({plen for _, plen in routes}, reverse=True)

    def gateway(self, dst):
        """Of the longest prefix that holds dst, or None."""
        for plen in self.lengths:
            g = self.routes.get((dst >> (self.bits - plen) << (self.bits - plen), plen))
            if g is not None:
                return g
        return None

    def lines(self):
        gw = '10.0.2.{}' if self.bits == 32 else 'fd00:2::{:x}'
        return ''.join(f'!route add {text(a, self.bits)}/{plen} {gw.format(2 + g)}\n' for (a, plen), g in self.routes.items())

    def pick(self, rng, keys, n):
        """Addresses within n of these prefixes, whichever route they take."""
        return [a | rng.getrandbits(self.bits - plen) for a, plen in rng.sample(keys, n)]


def mac(bits, g):
    return f'52:54:00:{bits:02x}:01:{2 + g:02x}'


def neighbours():
    return ''.join(f'!arp -s 10.0.2.{2 + g} {mac(32, g)}\n!ndp -s fd00:2::{2 + g:x} {mac(128, g)}\n' for g in range(GATEWAYS))


def bundle(*tables):
    return BASE + neighbours() + ''.join(t.lines() for t in tables) + REST


def packet(bits, dst):
    """Without a checksum of UDP over IPv4; over IPv6 it is never looked at on the way."""
    data = b'\x03\xe8\x07\xd0\x00\x10\x00\x00' + b'million!'
    if bits == 32:
        head = bytearray(b'\x45\x00\x00\x24\x00\x00\x00\x00\x40\x11\x00\x00\x0a\x00\x01\x02' + dst.to_bytes(4, 'big'))
        total = sum(int.from_bytes(head[i:i + 2], 'big') for i in range(0, 20, 2))
        total = (total & 0xffff) + (total >> 16)
        head[10:12] = (~(total + (total >> 16)) & 0xffff).to_bytes(2, 'big')
        return b'\x08\x00' + bytes(head) + data
    return b'\x86\xdd\x60\x00\x00\x00\x00\x10\x11\x40' + socket.inet_pton(socket.AF_INET6, 'fd00:1::2') + dst.to_bytes(16, 'big') + data


def follows(lab, table, dsts):
    """Each leaves by the neighbour of its longest prefix, or not at all."""
    head = bytes(Ether(dst='52:54:00:00:00:0a', src=lab.a.mac))[:12]
    for dst in dsts:
        want = table.gateway(dst)
        lab.a.send(head + packet(table.bits, dst))
        f = lab.b.expect(lambda f: bytes(f).find(b'million!') > 0 and dst.to_bytes(table.bits // 8, 'big') in bytes(f)[14:54], 5 if want is not None else 0.3)
        assert (f.dst if f else None) == (mac(table.bits, want) if want is not None else None), (text(dst, table.bits), want)


def pools(router):
    return {p['name']: p for p in json.loads(router.cmd('vmstat -j -m'))}


def memory(router):
    """Of routes and what they are found by."""
    return 4096 * sum(p['npage'] for name, p in pools(router).items() if name.startswith(('rt', 'fib')) or name == 'sparepage')


def busy_ns(router):
    return router.kstat('loop:0:core:0')['loop:0:core:0']['busy']


class Million:
    """Bundles a (all routes), b (some others) and none, as files of the loader's."""

    def __init__(self, work):
        rng = self.rng = random.Random(6)
        self.a4 = Table(32, prefixes(rng, N4, LENGTHS4, 32, lambda r: r.randrange(11, 100) << 24 | r.getrandbits(24)))
        self.a6 = Table(128, prefixes(rng, N6, LENGTHS6, 128, lambda r: r.choice((0x24, 0x26, 0x28, 0x2a, 0x2c)) << 120 | r.getrandbits(116)))
        self.gone, self.moved = [rng.sample(list(self.a4.routes), 40)[i::2] for i in (0, 1)]
        b4 = dict(self.a4.routes)
        for key in self.gone:
            del b4[key]
        for key in self.moved:
            b4[key] = (b4[key] + 1) % GATEWAYS
        self.new = [(key[0] & ~0xff | 0x80, 25) for key in self.moved if key[1] <= 24]
        b4.update((key, 3) for key in self.new)
        self.b4 = Table(32, b4)
        self.files = []
        for name, tables in ('none', ()), ('a', (self.a4, self.a6)), ('b', (self.b4, self.a6)):
            with open(f'{work}/{name}.conf', 'w') as f:
                f.write(bundle(*tables))
            self.files.append(f'{work}/{name}.conf {name}.conf')

    def modules(self, *names):
        """The first is the configuration at boot."""
        return ['-initrd', ','.join(f for f in self.files if f.split()[1][:-5] in names)]


@pytest.fixture(scope='module')
def million(tmp_path_factory):
    return Million(tmp_path_factory.mktemp('million'))


def counted(router, routes):
    """The table, its pools and the list that an admin sees have so many."""
    p = pools(router)
    assert p['rtentry']['inuse'] == OWN + routes and p['rtentry']['fail'] == 0
    assert memory(router) <= MEMORY, {k: v['npage'] for k, v in p.items()}


def loads(lab, name):
    """Nanoseconds that the core was busy until that bundle was in force; meanwhile packets are forwarded, every one."""
    before = busy_ns(lab.router)
    sent, got, _, tail = load(lab, f'load {name}.conf', 900, pause=0.05)
    took = busy_ns(lab.router) - before
    assert lab.router.cmd('echo $?').strip() == '0', tail
    assert sent > 10 and got == list(range(sent)), f'{sent} sent while {name} was loaded, {len(got)} came'
    return took


@pytest.mark.limit(1500)
def test_loaded_by_difference(boot, million):
    """Instructions are counted as time, a nanosecond each: all routes, and then some others, are loaded by a task that the loop interrupts."""
    lab = boot(conf=None, how='none', mem=512, ready_in=300, extra=[*ICOUNT, *million.modules('none', 'a', 'b')])
    r, m = lab.router, million
    counted(r, 0)
    took = loads(lab, 'a')
    assert took < 16_000_000_000, took
    counted(r, N4 + N6)
    follows(lab, m.a4, m.a4.pick(m.rng, list(m.a4.routes), 100) + m.a4.pick(m.rng, m.gone + m.moved, 20) + [0x0b000001 ^ m.rng.getrandbits(16)])
    follows(lab, m.a6, m.a6.pick(m.rng, list(m.a6.routes), 100))
    took_b = loads(lab, 'b')
    assert took_b < 8_000_000_000, took_b
    counted(r, N4 + N6 - len(m.gone) + len(m.new))
    follows(lab, m.b4, m.b4.pick(m.rng, m.gone, 20) + m.b4.pick(m.rng, m.moved, 20) + m.b4.pick(m.rng, m.new, 10) + m.b4.pick(m.rng, list(m.b4.routes), 50))
    assert longest_wait(r) < LONGEST
    print(f'{N4 + N6} routes: {took / 1e9:.1f} s of core 0 to load, {took_b / 1e9:.1f} s by difference; the loop waited at most '
          f'{longest_wait(r) / 1e3:.0f} us; routes have {memory(r) / 1e6:.1f} MB')


@pytest.mark.limit(600)
def test_at_boot(boot, million):
    """As the configuration that came with the kernel: nothing else is in force before."""
    lab = boot(conf=None, how='none', mem=512, ready_in=400, extra=million.modules('a'))
    m = million
    counted(lab.router, N4 + N6)
    follows(lab, m.a4, m.a4.pick(m.rng, list(m.a4.routes), 300))
    follows(lab, m.a6, m.a6.pick(m.rng, list(m.a6.routes), 300))
