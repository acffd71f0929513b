"""plants.py - the bugs of tests/mutants can be planted: all ten kinds are there, and each text to replace stands once in its file. Whether they are
found takes minutes (make test-mutants); that a change has taken the ground from one shows at once."""
import glob
import os
import sys

import sources

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, f'{TOP}/tests/mutants')
from planted import MUTANTS, Mutant  # noqa: E402

KINDS = ('wrong_bound', 'missing_length_check', 'use_after_free', 'leaked_mbuf', 'double_count', 'swapped_byte_order', 'ring_off_by_one',
         'missed_wrap', 'stale_pointer_after_reload', 'lost_wakeup')


def check(root, mutants=MUTANTS):
    problems = [f'tests/mutants/planted.py: no bug of the kind {kind}' for kind in KINDS if kind not in {m.name for m in mutants}]
    for m in mutants:
        path = f'{root}/{m.file}'
        n = sources.read(path).count(m.old) if os.path.exists(path) else 0
        if n != 1 or m.old == m.new:
            problems.append(f'tests/mutants/planted.py: {m.name} cannot be planted: its text stands {n} times in {m.file}'
                            if n != 1 else f'tests/mutants/planted.py: {m.name} changes nothing')
        part, _, name = m.by.partition(':')
        if not any(f'({name})' in sources.read(f) for f in glob.glob(f'{root}/tests/{part}/*.c')):
            problems.append(f'tests/mutants/planted.py: {m.name}: there is no {m.by}, which is meant to find it')
    return problems, f'{len(mutants)} bugs'


def selftest(plant):
    good = [Mutant(kind, '', 'unit:a', 'net/a/a.c', 'one', 'two') for kind in KINDS]
    with plant({'net/a/a.c': 'one\n', 'net/a/b.c': 'one one\n', 'tests/unit/test_a.c': 'TEST(a)\n'}) as root:
        assert check(root, good) == ([], '10 bugs'), check(root, good)
        for bad, want in ((good[1:], 'no bug of the kind wrong_bound'), ([*good, good[0]._replace(file='net/a/b.c')], 'stands 2 times'),
                          ([*good, good[0]._replace(file='net/a/c.c')], 'stands 0 times'), ([*good, good[0]._replace(new='one')], 'changes nothing'),
                          ([*good, good[0]._replace(by='unit:b')], 'there is no unit:b')):
            assert any(want in p for p in check(root, bad)[0]), want
