"""run.py FUZZ CORPUS [--factor F] [TARGET ...] - what `make test` does of fuzzing: each target's corpus, then new inputs from it with a fixed
seed. One line a target: ok NAME: ..., or FAIL NAME: ... with the report before it and the input kept beside the program. The last line is that of
all targets together: what they really ran must reach LEAST."""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

LEAST = 1000000         # inputs in all, by the programs' own count
# Of each target in `make test`; on one core in two to three minutes.
RUNS = {'packet': 100000, 'packet6': 40000, 'config': 50000, 'command': 20000, 'virtio': 25000, 'em': 25000, 'pci': 100000, 'fw_cfg': 40000, 'edit': 40000,
        'pf': 10000, 'boot': 640000}
DEFAULT = 20000
SEED = 20240101
SLOW = ('packet', 'packet6', 'config', 'virtio', 'em', 'command')
HERE = os.path.dirname(os.path.abspath(__file__))
ENDED = re.compile(r'^Done (\d+) runs', re.M)


def targets(fuzz):
    r = subprocess.run([fuzz], env={k: v for k, v in os.environ.items() if k != 'SLUICE_FUZZ'}, capture_output=True, text=True)
    return r.stderr.partition('targets:')[2].split()


def stage(fuzz, target, corpus, work):
    """What a run reads, under names that are the same for every run and on every machine: the program's inputs follow from addresses, too, and those
    from what its arguments and environment are (see command())."""
    os.symlink(fuzz, f'{work}/fuzz')
    shutil.copytree(corpus, f'{work}/corpus')
    names = sorted(os.listdir(corpus))
    with open(f'{work}/seeds', 'w') as f:
        f.write(','.join(f'corpus/{n}' for n in names))
    os.mkdir(f'{work}/new')
    if os.path.exists(f'{HERE}/{target}.dict'):
        shutil.copy(f'{HERE}/{target}.dict', f'{work}/dict')
    return len(names)


def same_addresses():
    """What makes a program's addresses the same each time. Where that is not allowed they are not, and so not quite the inputs: it is said."""
    fixed = ['setarch', '-R']
    if subprocess.run(fixed + ['true'], stderr=subprocess.DEVNULL).returncode == 0:
        return fixed
    print('addresses are random here: the inputs are others each time', flush=True)
    return []


def command(work, target, runs):
    """The same inputs each time: a fixed seed, the corpus in the order of its names, addresses that are not random."""
    return [*same_addresses(), './fuzz', target, f'-runs={runs}', f'-seed={SEED}', '-timeout=30', '-rss_limit_mb=2500', '-print_final_stats=1',
            '-artifact_prefix=found-', '-seed_inputs=@seeds', *(['-dict=dict'] if os.path.exists(f'{work}/dict') else []),
            'new']     # how long is the runner's to limit


def keep(fuzz, target, work):
    """Where the input that failed is now; None: there is none."""
    for f in glob.glob(f'{work}/found-*'):
        return shutil.move(f, f'{os.path.dirname(fuzz)}/{target}-{os.path.basename(f).removeprefix("found-")}')


def run(fuzz, target, corpus, runs):
    """(whether it ran to its end, inputs that it ran)"""
    if not os.path.isdir(corpus) or not os.listdir(corpus):
        print(f'FAIL {target}: there is no corpus {os.path.relpath(corpus)}', flush=True)
        return False, 0
    work = tempfile.mkdtemp(prefix=f'sluice-fuzz-{target}-')
    t0 = time.monotonic()
    try:
        seeds = stage(fuzz, target, corpus, work)
        r = subprocess.run(command(work, target, runs + seeds + 1), cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors='replace', env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'}, stdin=subprocess.DEVNULL)
        kept = keep(fuzz, target, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    took = time.monotonic() - t0
    done = int(m[1]) if (m := ENDED.search(r.stdout)) else 0
    if r.returncode == 0 and done >= runs + seeds and kept is None:
        print(f'ok {target}: {done} inputs, {seeds} of them the corpus, {done / took:.0f} a second', flush=True)
        return True, done
    report = [line for line in r.stdout.splitlines() if not line.startswith(('#', 'INFO:', '\tNEW_FUNC', '"'))]
    print('\n'.join(report[:50]))
    print(f'FAIL {target}: exit status {r.returncode}' + (f'; the input is {kept}, run it: {fuzz} {target} {kept}' if kept else ''), flush=True)
    return False, done


def in_all(ran, least):
    """The line of all targets; True: all that must be was."""
    gone = sorted(set(RUNS) - set(ran))
    done = sum(n for _, n in ran.values())
    ok = not gone and done >= least
    print(f'{"ok" if ok else "FAIL"} all_targets: {done} inputs of {len(ran)} targets' + ('' if done >= least else f', not {least}') +
          (f'; not among them: {", ".join(gone)}' if gone else ''), flush=True)
    return ok


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('fuzz')
    ap.add_argument('corpus')
    ap.add_argument('--factor', type=float, default=1, help='so many times the usual number of inputs')
    ap.add_argument('targets', nargs='*')
    o = ap.parse_args()
    fuzz = os.path.abspath(o.fuzz)
    # Two at a time, those that take long first: else one of them is what all the tests wait for in the end.
    names = sorted(o.targets or targets(fuzz), key=lambda t: SLOW.index(t) if t in SLOW else len(SLOW))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda t: run(fuzz, t, f'{os.path.abspath(o.corpus)}/{t}', int(RUNS.get(t, DEFAULT) * o.factor)), names)
        ran = dict(zip(names, done))
    whole = bool(o.targets) or in_all(ran, int(LEAST * o.factor))
    return 0 if whole and all(ok for ok, _ in ran.values()) else 1


if __name__ == '__main__':
    sys.exit(main())
