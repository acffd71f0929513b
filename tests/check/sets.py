"""sets.py KERNEL HOST - the linker sets (commands, counters, stages, keys, ...) of the kernel and of the host's build have the same members,
by name; and each pointer in a set's section has a name, so that none was dropped on the way."""
import re
import subprocess

# What only one of them has, and why. Each must be so indeed.
ONLY_KERNEL = {('selftests', 'selftest_entry_vectors'): 'vector registers over a preemption: the machine\'s',
               ('selftests', 'selftest_entry_storm'): 'interrupt vectors: the machine\'s',
               ('pool_sources', 'pool_source_malloc_block'): 'the large blocks of its malloc; the host has its own',
               ('intr_sources', 'intr_source_cores'): 'the timers and pokes of its cores'}
ONLY_HOST = {('sysctls', 'sysctl_debug_netlimit'): 'for debug builds, which the host\'s are'}
# Sets that each build has: without them nothing would have been compared.
EXPECTED = ('commands', 'config_keys', 'counters', 'if_cloners', 'stages')
SECTION = re.compile(r'^\s*\[\s*(\d+)\]\s+set_(\w+)\s+\w+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)', re.M)
SYMBOL = re.compile(r'^\s*\d+:\s+[0-9a-f]+\s+\d+\s+OBJECT\s+LOCAL\s+\w+\s+(\d+)\s+set_(\w+)$', re.M)


def parse(sections, symbols):
    """{set: (pointers, {member, ...})} from readelf's tables."""
    sets = {m[1]: (m[2], int(m[3], 16) // 8, []) for m in SECTION.finditer(sections)}
    for m in SYMBOL.finditer(symbols):
        if m[1] in sets:
            name, _, members = sets[m[1]]
            members.append(m[2][len(name) + 1:].split('.')[0])
    return {name: (count, members) for name, count, members in sets.values()}


def read(path):
    def readelf(*options):
        return subprocess.run(['readelf', '-W', *options, path], check=True, capture_output=True, text=True).stdout
    return parse(readelf('-S'), readelf('-s'))


def compare(kernel, host, only_kernel, only_host):
    problems = []
    for where, sets in (('the kernel', kernel), ("the host's build", host)):
        for name, (count, members) in sorted(sets.items()):
            if count != len(members):
                problems.append(f'{where}: set {name} has {count} pointers and {len(members)} names')
            for twice in sorted({m for m in members if members.count(m) > 1}):
                problems.append(f'{where}: set {name} has {twice} twice')
    k = {(s, m) for s, (_, members) in kernel.items() for m in members}
    h = {(s, m) for s, (_, members) in host.items() for m in members}
    for what, where, excused in ((k - h, 'kernel', only_kernel), (h - k, "host's build", only_host)):
        for pair in sorted(what - set(excused)):
            problems.append(f'only the {where} has {pair[1]} in set {pair[0]}')
        for pair in sorted(set(excused) - what):
            problems.append(f'{pair[1]} of set {pair[0]} is excused as only in the {where}: it is not so')
    return problems


def missing(kernel, host):
    return [f'{where} has no set {name}' for where, sets in (('the kernel', kernel), ("the host's build", host)) for name in EXPECTED
            if not sets.get(name, (0, []))[1]]


def check(kernel, host):
    k, h = read(kernel), read(host)
    problems = compare(k, h, ONLY_KERNEL, ONLY_HOST) + missing(k, h)
    if len(k) < 10:
        problems.append(f'{kernel} has {len(k)} sets: its sections were not found')
    return problems, f'{sum(len(m) for _, m in k.values())} members of {len(k)} sets'


def selftest():
    """Planted violations in tables as readelf prints them."""
    good = {'commands': (2, ['arp', 'cat']), 'stages': (1, ['ip_input'])}
    cases = [
        ('the same', good, good, {}, None),
        ('a member only in the kernel', {**good, 'stages': (2, ['ip_input', 'esp'])}, good, {}, 'only the kernel has esp'),
        ('a member only on the host', good, {**good, 'keys': (1, ['mygate'])}, {}, "only the host's build has mygate"),
        ('a pointer without a name', {**good, 'commands': (3, ['arp', 'cat'])}, good, {}, '3 pointers and 2 names'),
        ('registered twice', {**good, 'stages': (2, ['ip_input', 'ip_input'])}, good, {}, 'ip_input twice'),
        ('an excuse that is none', good, good, {('commands', 'arp'): 'x'}, 'it is not so'),
    ]
    for what, k, h, excused, want in cases:
        got = compare(k, h, excused, {})
        assert (not got) if want is None else any(want in g for g in got), (what, got)
    every = {name: (1, ['x']) for name in EXPECTED}
    assert missing(every, every) == []
    assert missing({**every, 'if_cloners': (0, [])}, every) == ['the kernel has no set if_cloners']
    assert missing(every, {}) == [f"the host's build has no set {name}" for name in EXPECTED]
    sec = '  [ 6] set_commands      PROGBITS        000000000024b290 04c290 000010 00   A  0   0  8\n'
    sym = '   7: 000000000024b290     8 OBJECT  LOCAL  DEFAULT    6 set_commands_cmd_arp_entry\n'
    assert parse(sec, sym) == {'commands': (2, ['cmd_arp_entry'])}
