"""checklist.py [-v] [GROUP ...] - how much of the checklists (../shared/checklists) the tests claim, by group; -v names what is open. For tests/run
and check.py: that each claim names a case (cases.py) and stands at a test, and that this test ran.

A claim is `checklist: NAME, ...` in a comment before a test of C, or in or before a test function of Python (also in its docstring); or the
test's own name, when it is a case's (not of pf/: those are anybody's words). NAME is group:name where the name alone is not clear. Names
that cannot apply stand in tests/README.md, with the reason."""
import argparse
import os
import re
import sys
from collections import namedtuple

import cases
import sources

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get('SLUICE_CHECKLISTS', os.path.join(os.path.dirname(TOP), 'shared', 'checklists'))
Claim = namedtuple('Claim', 'where name test kind long')        # test: None, where none follows; kind: unit, sim, system

WORD = r'[\w*:/-]+'
CLAIM = re.compile(rf'checklist:\s*({WORD}(?:\s*,[\s*#]*{WORD})*)')
C_TEST = re.compile(r'^(?:TEST|CASE)(?:_\w+)?\((\w+)', re.M)
PY_TEST = re.compile(r'^\s*def (test_\w+)', re.M)
EXCUSE = re.compile(rf'^- `({WORD})`: (.+)', re.M)
KINDS = {'unit': ('tests/unit/*.c', 'unit'), 'sim': ('tests/sim/case_*.c', 'sim'), 'system': ('tests/system/test_*.py', 'system')}


def belongs(text, at, tests):
    """Index of the test that a claim at this place is of: in Python the function in whose body it stands; else the next. None: none."""
    indented = re.match(r'[ \t]', text[text.rfind('\n', 0, at) + 1:])
    if indented and tests and tests[0].re is PY_TEST:
        inside = [i for i, m in enumerate(tests) if m.start() < at]
        return inside[-1] if inside else None
    return next((i for i, m in enumerate(tests) if m.start() > at), None)


def is_long(text, tests, i):
    """Whether the Python test's decorators, or its file, say that it runs in `make test-long` only."""
    if tests[i].re is not PY_TEST:
        return False
    above = text[:tests[i].start(1)].split('\n')[:-1]
    marks = []
    while above and re.match(r'@|#|[ \t)]', above[-1]):
        marks.append(above.pop())
    return any(line.startswith('@pytest.mark.long') for line in marks) or re.search(r'^pytestmark\b.*\blong\b', text, re.M) is not None


def file_claims(path, kind, text, known):
    tests = list((PY_TEST if kind == 'system' else C_TEST).finditer(text))
    for m in CLAIM.finditer(text):
        i = belongs(text, m.start(), tests)
        for name in re.split(r'\s*,[\s*#]*', m[1]):
            yield Claim(f'{path}:{sources.line_of(text, m.start())}', name, tests[i][1] if i is not None else None, kind,
                        i is not None and is_long(text, tests, i))
    for i, m in enumerate(tests):
        own = cases.find(known or (), m[1].removeprefix('test_'))
        if len(own) == 1 and '*' not in own[0] and not own[0].startswith('pf/'):
            yield Claim(f'{path}:{sources.line_of(text, m.start(1))}', own[0], m[1], kind, is_long(text, tests, i))


def claims(root, known):
    return [c for pattern, kind in KINDS.values() for path in sources.files(root, pattern)
            for c in file_claims(path, kind, sources.read(f'{root}/{path}'), known)]


def excuses(root):
    """{name: reason} of tests/README.md."""
    path = f'{root}/tests/README.md'
    return dict(EXCUSE.findall(sources.read(path))) if os.path.exists(path) else {}


def check(root, folder):
    """That each claim and each excuse names one case, that a claim stands at a test, and that nothing is both."""
    known = cases.read(folder)
    found, problems = claims(root, known), []
    for c in found:
        if c.test is None:
            problems.append(f'{c.where}: claims {c.name}, and no test follows')
    for where, what, name in [(c.where, 'claims', c.name) for c in found] + [('tests/README.md', 'excuses', n) for n in excuses(root)]:
        of = cases.find(known or (), name)
        if known is not None and not of:
            problems.append(f'{where}: {what} {name}, which is not in the checklists')
        elif len(of) > 1 and '*' not in name:
            problems.append(f'{where}: {what} {name}, which is one of {", ".join(of)}: say which')
    claimed = {n for c in found for n in cases.find(known or (), c.name)}
    problems += [f'tests/README.md: {n} is excused and claimed' for n in excuses(root) if set(cases.find(known or (), n)) & claimed]
    return problems, f'{len(found)} claims' + ('' if known is not None else f'; not compared: there are no checklists in {folder}')


def unrun(root, folder, ran, long):
    """Claims whose test is not among the names of those that ran: "unit:NAME", "sim:NAME", "system/test_x.py::test_y[...]". Without `long`
    those of the long tests are left to `make test-long`."""
    short = {(r.split('/')[0], re.sub(r'\[.*', '', r).split('::')[-1]) if '::' in r else tuple(r.split(':')[:2]) for r in ran}
    return [f'{c.where}: {c.name} is claimed by {c.test}, which did not run' for c in claims(root, cases.read(folder))
            if c.test is not None and (c.kind, c.test) not in short and (long or not c.long)]


def report(root, folder, groups, verbose):
    known = cases.read(folder)
    if known is None:
        sys.exit(f'there are no checklists in {folder}')
    claimed = {n for c in claims(root, known) if c.test for n in cases.find(known, c.name)}
    excused = {n for e in excuses(root) for n in cases.find(known, e)}
    print(f'{"group":24} {"cases":>6} {"claimed":>8} {"excused":>8} {"open":>6}')
    for group in sorted({k.split(':')[0] for k in known}):
        if groups and group not in groups:
            continue
        of = {k for k in known if k.startswith(f'{group}:')}
        left = sorted(of - claimed - excused)
        print(f'{group:24} {len(of):6} {len(of & claimed):8} {len(of & excused):8} {len(left):6}')
        for name in left if verbose else []:
            print(f'    {name}')


CLEAN = {'tests/unit/test_a.c': '/* checklist: arp_garp,\n * arp:dad */\nTEST(garp)\n{\n}\n', 'tests/sim/case_a.c': 'CASE(arp_cache_v4)\n{\n}\nCASE(basic_v4)\n',
         'tests/README.md': '- `ndp:dad`: there is no such thing here\n',
         'tests/system/test_b.py': 'def test_x():\n    """checklist: arp_static"""\n\n\n# checklist: arp_rtm\n@pytest.mark.long\n'
                                   '@pytest.mark.limit(\n    3)\ndef test_y():\n    pass\n'}
LISTS = {'a.md': '# NetBSD\n## arp/t_arp.sh\n- arp_garp, arp_static - phrases\n- arp_rtm\n- arp_cache_v4; arp_flush\n- dad\n## ndp\n- dad\n',
         'b.md': '# FreeBSD\n## Cases read\n- nat: basic_v4\n'}
PLANTED = [
    ('a claim of an unknown name', {'tests/unit/test_a.c': '/* checklist: arp_nonsense */\nTEST(garp)\n'}, 'arp_nonsense, which is not'),
    ('a word of a phrase', {'tests/unit/test_a.c': '/* checklist: phrases */\nTEST(garp)\n'}, 'phrases, which is not'),
    ('a claim without a test', {'tests/unit/test_a.c': 'TEST(garp)\n/* checklist: arp_garp */\n'}, 'no test follows'),
    ('a claim of two names at once', {'tests/sim/case_a.c': '/* checklist: dad */\nCASE(x)\n'}, 'one of arp:dad, ndp:dad: say which'),
    ('a name of a group that has not it', {'tests/sim/case_a.c': '/* checklist: ndp:arp_garp */\nCASE(x)\n'}, 'ndp:arp_garp, which is not'),
    ('an excuse for an unknown name', {'tests/README.md': '- `arp_x`: none\n'}, 'excuses arp_x, which is not'),
    ('an excuse for what is claimed', {'tests/README.md': '- `arp_garp`: none\n'}, 'arp_garp is excused and claimed'),
]


def selftest(plant):
    cases.selftest()
    with plant({**CLEAN, **{f'lists/{k}': v for k, v in LISTS.items()}}) as root:
        lists = f'{root}/lists'
        got = [(c.name, c.test, c.kind, c.long) for c in claims(root, cases.read(lists))]
        assert got == [('arp_garp', 'garp', 'unit', False), ('arp:dad', 'garp', 'unit', False), ('arp:arp_cache_v4', 'arp_cache_v4', 'sim', False),
                       ('arp_static', 'test_x', 'system', False), ('arp_rtm', 'test_y', 'system', True)], got
        ran = ['unit:garp', 'sim:arp_cache_v4: 3 runs', 'system/test_b.py::test_x[3]', 'system/test_b.py::test_y']
        assert unrun(root, lists, ran, True) == [] and unrun(root, lists, ran[:-1], False) == []
        for gone, of in zip(ran, ('garp', 'arp_cache_v4', 'test_x', 'test_y')):
            got = unrun(root, lists, [r for r in ran if r != gone] + ['fuzz:garp', 'sim:garp', 'unit:test_x'], True)
            assert got and all(f'claimed by {of}, which did not run' in g for g in got), (gone, got)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('-v', action='store_true', help='name the open ones')
    ap.add_argument('groups', nargs='*')
    o = ap.parse_args()
    report(TOP, FOLDER, o.groups, o.v)


if __name__ == '__main__':
    main()
