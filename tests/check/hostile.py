"""hostile.py - that each line of hostile input (../shared/HOSTILE.md) in the paragraphs that this tree serves has a test, those marked * one in QEMU
too. For check.py and tests/run.

The table in tests/README.md has a row for each line, "| Link: runt* | `test`, `test` |": the paragraph, then the line as it stands there. Lines
are what commas and semicolons divide, but for those in parentheses. A test is a unit test, a case of the simulator or a function of pytest."""
import os
import re

import checklist
import sources

FILE = os.environ.get('SLUICE_HOSTILE', os.path.join(os.path.dirname(checklist.TOP), 'shared', 'HOSTILE.md'))
PARAGRAPHS = ('Link', 'IPv4', 'Fragments', 'IPv6', 'ICMP', 'pf')
ROW = re.compile(rf'^\| ((?:{"|".join(PARAGRAPHS)}): .*?) \| (.*?) \|$', re.M)
# Macros that make tests, and what they put before the name.
MACROS = {'TEST': '', 'TEST_CORES': '', 'CASE': '', 'CASE_SEEDS': '', 'HOSTILE': 'hostile_', 'HOSTILE_HOST': 'hostile_host_', 'MUTATE': 'mutate_'}
C_TEST = re.compile(rf'^({"|".join(MACROS)})\((\w+)', re.M)


def lines(text):
    """["Link: runt*", ...] of HOSTILE.md's text."""
    found = []
    for m in re.finditer(rf'^({"|".join(PARAGRAPHS)}): (.*?)\.\n(?:\n|\Z)', text, re.M | re.S):
        found += [f'{m[1]}: {item}' for item in re.split(r'[,;] (?![^()]*\))', ' '.join(m[2].split()))]
    return found


def tests(root):
    """{name: {kind, ...}} of all tests."""
    found = {}
    for pattern, kind in checklist.KINDS.values():
        for path in sources.files(root, pattern):
            text = sources.read(f'{root}/{path}')
            names = checklist.PY_TEST.findall(text) if kind == 'system' else [MACROS[m] + n for m, n in C_TEST.findall(text)]
            for name in names:
                found.setdefault(name, set()).add(kind)
    return found


def table(root):
    """{line: [test, ...]} of tests/README.md."""
    path = f'{root}/tests/README.md'
    text = sources.read(path) if os.path.exists(path) else ''
    return {m[1]: re.findall(r'`(\w+)`', m[2]) for m in ROW.finditer(text)}


def check(root, file=FILE):
    wanted = lines(sources.read(file)) if os.path.exists(file) else None
    rows, have, problems = table(root), tests(root), []
    for line in wanted or []:
        if not rows.get(line):
            problems.append(f'tests/README.md: no test for "{line}"')
        elif '*' in line and not any('system' in have.get(t, ()) for t in rows[line]):
            problems.append(f'tests/README.md: "{line}" has no test in QEMU')
    for line, names in rows.items():
        if wanted is not None and line not in wanted:
            problems.append(f'tests/README.md: "{line}" is no line of hostile input')
        problems += [f'tests/README.md: "{line}": there is no test {n}' for n in names if n not in have]
    return problems, f'{len(rows)} lines' + ('' if wanted is not None else f'; not compared: there is no {file}')


def unrun(root, ran, long):
    """Tests of the table that are not among the names of those that ran; the long ones are left out without `long`."""
    short = {re.sub(r'\[.*', '', r).split('::')[-1] if '::' in r else r.split(':')[1] if ':' in r else r for r in ran}
    late = {m[1] for path in sources.files(root, 'tests/system/test_*.py') for text in [sources.read(f'{root}/{path}')]
            for found in [list(checklist.PY_TEST.finditer(text))] for i, m in enumerate(found) if checklist.is_long(text, found, i)}
    return [f'tests/README.md: "{line}" is tested by {n}, which did not run' for line, names in table(root).items() for n in names
            if n not in short and (long or n not in late)]


LIST = 'Text.\n\nLink: runt*, ARP, NA (a, b; c); tag\nstack.\n\nTCP: ports 0.\n\nICMP: echo.\n'
CLEAN = {'tests/README.md': '| line | tests |\n|---|---|\n| Link: runt* | `runts`, `test_runts` |\n| Link: ARP | `hostile_arp` |\n'
                            '| Link: NA (a, b; c) | `na` |\n| Link: tag stack | `na` |\n| ICMP: echo | `na` |\n',
         'tests/unit/test_a.c': 'TEST(runts)\nTEST(na)\n', 'tests/sim/case_a.c': 'HOSTILE(arp)\n',
         'tests/system/test_b.py': 'def test_runts():\n    pass\n'}
README = CLEAN['tests/README.md']
PLANTED = [
    ('a line without a row', {'tests/README.md': README.replace('| ICMP: echo | `na` |\n', '')}, 'no test for "ICMP: echo"'),
    ('a line without a test', {'tests/README.md': README.replace('| ICMP: echo | `na` |', '| ICMP: echo |  |')}, 'no test for "ICMP: echo"'),
    ('a test that is not there', {'tests/sim/case_a.c': 'HOSTILE(arps)\n'}, 'there is no test hostile_arp'),
    ('no test in QEMU', {'tests/README.md': README.replace(', `test_runts`', '')}, '"Link: runt*" has no test in QEMU'),
    ('a line that is none', {'tests/README.md': README + '| ICMP: nonsense | `na` |\n'}, '"ICMP: nonsense" is no line'),
]


def selftest(plant):
    assert lines(LIST) == ['Link: runt*', 'Link: ARP', 'Link: NA (a, b; c)', 'Link: tag stack', 'ICMP: echo'], lines(LIST)
    with plant(CLEAN) as root:
        ran = ['unit:runts', 'unit:na', 'sim:hostile_arp: 3 runs', 'system/test_b.py::test_runts[3]']
        assert unrun(root, ran, True) == [], unrun(root, ran, True)
        for gone in ran:
            assert unrun(root, [r for r in ran if r != gone], True), gone
