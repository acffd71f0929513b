"""checklist.py - tests that claim a name of the checklists (shared/checklists): the name is there, and the test ran.

A claim is a comment `checklist: NAME, ...` in front of a test of C (TEST, SIM_CASE...) or in or before a test function of Python. A name is a
case's name as the checklists have it."""
import glob
import os
import re

import sources

CLAIM = re.compile(r'checklist:\s*([\w-]+(?:\s*,\s*[\w-]+)*)')
C_TEST = re.compile(r'^(?:TEST|TEST_CORES|SIM_CASE|SIM|CASE)\w*\((\w+)', re.M)
PY_TEST = re.compile(r'^\s*def (test_\w+)', re.M)


def names(folder):
    """All words of the checklists that may be names of cases; None: no such folder here."""
    if not os.path.isdir(folder):
        return None
    return {w for path in glob.glob(f'{folder}/*.md') for w in re.findall(r'[A-Za-z][\w-]+', sources.read(path))}


def claims(root):
    """[(file:line, checklist's name, test's name)]; the test is None where none follows."""
    found = []
    for path in sources.files(root, 'tests/unit/*.c', 'tests/sim/*.c', 'tests/system/*.py'):
        text = sources.read(f'{root}/{path}')
        tests = [(m.start(1), m[1]) for m in (PY_TEST if path.endswith('.py') else C_TEST).finditer(text)]
        for m in CLAIM.finditer(text):
            after = [name for at, name in tests if at > m.start()]
            before = [name for at, name in tests if at < m.start()]
            # Within a Python function's docstring: its own; in front of a test: that one.
            inside = path.endswith('.py') and re.match(r'[ \t]', text[text.rfind('\n', 0, m.start()) + 1:] or ' ')
            test = (before[-1] if before else None) if inside else (after[0] if after else None)
            for name in re.split(r'\s*,\s*', m[1]):
                found.append((f'{path}:{sources.line_of(text, m.start())}', name, test))
    return found


def check(root, folder):
    """That each claim names a case, and stands at a test."""
    known, problems, found = names(folder), [], claims(root)
    for where, name, test in found:
        if test is None:
            problems.append(f'{where}: claims {name}, and no test follows')
        if known is not None and name not in known:
            problems.append(f'{where}: claims {name}, which is not in the checklists')
    return problems, f'{len(found)} claims' + ('' if known is not None else '; the checklists are not here')


def unrun(root, ran):
    """Claims whose test is not among the names of those that ran ("unit:NAME", "system/test_x.py::test_y[...]")."""
    short = {re.sub(r'\[.*', '', r).split('::')[-1].split(':')[-1].split('/')[-1] for r in ran}
    return [f'{where}: {name} is claimed by {test}, which did not run' for where, name, test in claims(root)
            if test is not None and test not in short]


CLEAN = {'tests/unit/test_a.c': '/* checklist: arp_garp */\nTEST(garp)\n{\n}\n',
         'tests/system/test_b.py': 'def test_x():\n    """checklist: arp_static"""\n\n\n# checklist: arp_rtm\ndef test_y():\n    pass\n'}
PLANTED = [
    ('a claim of an unknown name', {'tests/unit/test_a.c': '/* checklist: arp_nonsense */\nTEST(garp)\n'}, 'arp_nonsense, which is not'),
    ('a claim without a test', {'tests/unit/test_a.c': 'TEST(garp)\n/* checklist: arp_garp */\n'}, 'no test follows'),
]


def selftest(plant):
    with plant(CLEAN) as root:
        assert [(n, t) for _, n, t in claims(root)] == [('arp_static', 'test_x'), ('arp_rtm', 'test_y'), ('arp_garp', 'garp')], claims(root)
        assert unrun(root, ['unit:garp', 'system/test_b.py::test_x[3]', 'test_y']) == []
        got = unrun(root, ['system/test_b.py::test_x', 'test_y'])
        assert len(got) == 1 and 'claimed by garp, which did not run' in got[0], got
