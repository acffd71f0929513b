"""check.py [--build DIR] [NAME ...] - what can be found out about the sources and the built kernel without running it. Each check first proves
itself on planted violations. One line a check: ok NAME: ..., or FAIL NAME: ... with the problems before it."""
import argparse
import contextlib
import os
import sys
import tempfile
import traceback

import checklist
import counters
import formats
import hostile
import includes
import path
import pfconf
import pftables
import plants
import routeconf
import sets

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@contextlib.contextmanager
def plant(files):
    """A tree of these files, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix='sluice-check-') as root:
        for name, text in files.items():
            os.makedirs(os.path.dirname(f'{root}/{name}'), exist_ok=True)
            with open(f'{root}/{name}', 'w', encoding='utf-8') as f:
                f.write(text)
        yield root


def prove(module, run):
    """The check finds nothing in a good tree, and each planted violation."""
    with plant(module.CLEAN) as root:
        assert run(root)[0] == [], ('the good tree', run(root)[0])
    for what, files, want in module.PLANTED:
        with plant({**module.CLEAN, **files}) as root:
            got = run(root)[0]
            assert any(want in g for g in got), (what, got)


def check_planted_checklist(root):
    with plant(checklist.LISTS) as lists:
        return checklist.check(root, lists)


def check_planted_hostile(root):
    with plant({'HOSTILE.md': hostile.LIST}) as lists:
        return hostile.check(root, f'{lists}/HOSTILE.md')


def checks(build):
    kernel, host = f'{build}/sluice.elf', f'{build}/host/libsluice.so'

    def run_checklist():
        prove(checklist, check_planted_checklist)
        checklist.selftest(plant)
        return checklist.check(TOP, checklist.FOLDER)

    def run_hostile():
        prove(hostile, check_planted_hostile)
        hostile.selftest(plant)
        return hostile.check(TOP)

    def run_sources(module):
        prove(module, module.check)
        return module.check(TOP)

    def run_sets():
        sets.selftest()
        return sets.check(kernel, host)

    def run_plants():
        plants.selftest(plant)
        return plants.check(TOP)

    def run_path():
        path.selftest()
        return path.check(kernel)

    def run_pfconf():
        pfconf.selftest(f'{build}/host/pfctl', plant)
        return pfconf.check(f'{build}/host/pfctl')

    def run_pftables():
        pftables.selftest(f'{build}/host/sluice', plant)
        return pftables.check(f'{build}/host/sluice')

    def run_routeconf():
        routeconf.selftest(f'{build}/host/sluice', plant)
        return routeconf.check(f'{build}/host/sluice')

    return {'sets': run_sets, 'pf_conformance': run_pfconf, 'pf_tables': run_pftables, 'route_conformance': run_routeconf, 'counters': lambda: run_sources(counters),
            'formats': lambda: run_sources(formats), 'includes': lambda: run_sources(includes), 'packet_path': run_path, 'checklist': run_checklist, 'hostile': run_hostile, 'plants': run_plants}


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--build', default=os.environ.get('SLUICE_B', f'{TOP}/build'))
    ap.add_argument('names', nargs='*')
    o = ap.parse_args()
    bad = 0
    for name, run in checks(os.path.abspath(o.build)).items():
        if o.names and name not in o.names:
            continue
        try:
            problems, what = run()
        except Exception:
            problems, what = [traceback.format_exc()], ''
        for p in problems:
            print(p)
        if problems:
            print(f'FAIL {name}: {len(problems)} found, the first: {problems[0].strip().splitlines()[-1]}', flush=True)
        else:
            print(f'ok {name}: {what}', flush=True)
        bad += bool(problems)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
