"""run.py FUZZ CORPUS [--factor F] [TARGET ...] - what `make test` does of fuzzing: each target's corpus, then new inputs from it with a fixed
seed. One line a target: ok NAME: ..., or FAIL NAME: ... with the report before it and the input kept beside the program. The last line is that of
all targets together: what they really ran must reach LEAST."""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

LEAST = 1000000         # inputs in all, by the programs' own count
# Of each target in `make test`; on one core in two to three minutes.
RUNS = {'packet': 100000, 'packet6': 20000, 'config': 50000, 'command': 20000, 'virtio': 25000, 'em': 25000, 'pci': 100000, 'fw_cfg': 40000, 'edit': 40000,
        'pf': 10000, 'boot': 640000}
DEFAULT = 20000
SEED = 20240101
SLOW = ('packet', 'packet6', 'config', 'virtio', 'em', 'command')
HERE = os.path.dirname(os.path.abspath(__file__))
ENDED = re.compile(r'^Done (\d+) runs', re.M)


def targets(fuzz):
    r = subprocess.run([fuzz], env={k: v for k, v in os.environ.items() if k != 'SLUICE_FUZZ'}, capture_output=True, text=True)
    return r.stderr.partition('targets:')[2].split()


def command(fuzz, target, corpus, work, runs):
    cmd = [fuzz, target, f'-runs={runs}', f'-seed={SEED}', '-timeout=30', '-rss_limit_mb=2500', '-print_final_stats=1',
           f'-artifact_prefix={os.path.dirname(fuzz)}/{target}-']     # how long is the runner's to limit
    if os.path.exists(f'{HERE}/{target}.dict'):
        cmd.append(f'-dict={HERE}/{target}.dict')
    return cmd + [work, corpus]


def run(fuzz, target, corpus, runs):
    """(whether it ran to its end, inputs that it ran)"""
    if not os.path.isdir(corpus) or not os.listdir(corpus):
        print(f'FAIL {target}: there is no corpus {os.path.relpath(corpus)}', flush=True)
        return False, 0
    seeds = len(os.listdir(corpus))
    work = tempfile.mkdtemp(prefix=f'sluice-fuzz-{target}-')
    env = {k: v for k, v in os.environ.items() if k != 'SLUICE_FUZZ'}
    t0 = time.monotonic()
    try:
        r = subprocess.run(command(fuzz, target, corpus, work, runs + seeds + 1), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, errors='replace', env=env, stdin=subprocess.DEVNULL)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    took = time.monotonic() - t0
    done = int(m[1]) if (m := ENDED.search(r.stdout)) else 0
    if r.returncode == 0 and done >= runs + seeds:
        print(f'ok {target}: {done} inputs, {seeds} of them the corpus, {done / took:.0f} a second', flush=True)
        return True, done
    report = [line for line in r.stdout.splitlines() if not line.startswith(('#', 'INFO:', '\tNEW_FUNC', '"'))]
    print('\n'.join(report[:50]))
    kept = re.search(r'Test unit written to (\S+)', r.stdout)
    print(f'FAIL {target}: exit status {r.returncode}' + (f'; the input is {kept[1]}, run it: {fuzz} {target} {kept[1]}' if kept else ''), flush=True)
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
