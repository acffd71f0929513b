"""Runs the unit tests and the system tests side by side, shows progress, and closes with one line: N passed, N failed.

Each process of system tests is a pytest in namespaces of its own (unshare -Urnm), so that no test needs root; they share out the test
files among themselves. A skipped test counts as failed unless its reason starts with "optional:"."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
sys.path.insert(0, f'{HERE}/check')
import checklist  # noqa: E402
import hostile  # noqa: E402


class Tally:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.t0 = time.monotonic()
        self.passed, self.failed, self.last = 0, [], ''
        self.ran = set()            # names of tests, for the checklists' claims

    def say(self, text):
        print(text, file=self.out, flush=True)

    def result(self, name, ok, seconds=None, text='', ran=True):
        if ran:
            self.ran.add(name)
        if ok:
            self.passed += 1
        else:
            self.failed.append(name)
        took = f' ({seconds:.1f} s)' if seconds is not None else ''
        self.say(f'[{time.monotonic() - self.t0:4.0f} s] {"ok  " if ok else "FAIL"} {name}{took}')
        if not ok and text and text == self.last:
            self.say('    as the one before')
        elif not ok and text:
            self.last = text
            lines = text.rstrip().split('\n')
            if len(lines) > 60:
                lines[20:-40] = [f'... ({len(lines) - 60} lines) ...']
            self.say('\n'.join('    ' + line[:2000] for line in lines))


class Unit:
    """A program that prints one line a test: the unit tests, the simulator, ..."""
    LINE = re.compile(r'^(ok|FAIL) ([\w./-]+)(?:(?: seed \d+)?: (.*))?$')

    def __init__(self, tally, argv, name='unit', each=False):
        self.tally, self.name, self.each = tally, name, each        # each: one that passes has a line, too
        self.p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                                  stdin=subprocess.DEVNULL, start_new_session=True)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.buf, self.other, self.n, self.quiet_ok, self.done, self.after_fail = '', [], 0, 0, False, False

    def poll(self):
        if self.done:
            return
        ended = self.p.poll() is not None
        while chunk := self._read():
            self.buf += chunk
        lines = self.buf.split('\n')
        self.buf = lines.pop()
        for line in lines:
            self._line(line)
        if ended:
            self.done = True
            ok = self.p.returncode == 0 and self.n > 0
            if self.quiet_ok:
                self.tally.passed += self.quiet_ok
                self.tally.say(f'[{time.monotonic() - self.tally.t0:4.0f} s] ok   {self.quiet_ok} {self.name} tests')
            if not ok and not any(f.startswith(f'{self.name}:') for f in self.tally.failed):
                self.tally.result(f'{self.name}: as a whole', False, text=f'exit status {self.p.returncode}\n' + '\n'.join(self.other[-40:]))

    def _read(self):
        try:
            return self.p.stdout.read(65536)
        except TypeError:
            return None

    def _line(self, line):
        m = self.LINE.match(line)
        if not m:
            self.other.append(line)
            if ': optional: ' in line:                          # a part that this machine cannot do
                self.tally.say(' ' * 12 + line.strip())
            if line.startswith('    ') and self.after_fail:     # what a failed test says more
                self.tally.say('    ' + line[:2000])
            return
        self.after_fail = m[1] == 'FAIL'
        self.n += 1
        if m[1] == 'ok' and self.each:
            self.tally.result(f'{self.name}:{m[2]}: {m[3]}' if m[3] else f'{self.name}:{m[2]}', True)
        elif m[1] == 'ok':
            self.quiet_ok += 1
            self.tally.ran.add(f'{self.name}:{m[2]}')
        else:
            self.tally.result(f'{self.name}:{m[2]}', False, text='\n'.join(self.other[-40:] + [m[3] or '']))
        self.other = []

    def kill(self):
        if not self.done and self.p.poll() is None:
            os.killpg(self.p.pid, signal.SIGKILL)


class System:
    """The pytest processes."""

    def __init__(self, tally, work, options, nworkers, paths):
        self.tally, self.work = tally, work
        os.mkdir(f'{work}/claims')
        self.files, self.workers, self.collected, self.seen, self.bad = [], [], [], set(), set()
        for i in range(nworkers):
            self._start(i, options, paths)

    def _start(self, i, options, paths):
        report = f'{self.work}/report{i}'
        py = [sys.executable, '-B', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '--tb=short', f'--report={report}',
              f'--claims={self.work}/claims', f'--rootdir={HERE}'] + options + paths
        # A tmpfs on /run is for `ip netns`. With -p and --kill-child nothing outlives the run.
        script = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"'
        log = open(f'{self.work}/log{i}', 'w')
        self.workers.append(subprocess.Popen(['unshare', '-Urnmpf', '--kill-child', 'sh', '-c', script, 'sh'] + py, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, start_new_session=True))
        self.files.append([report, 0])

    @property
    def done(self):
        return all(w.poll() is not None for w in self.workers)

    def poll(self):
        for f in self.files:
            try:
                with open(f[0]) as r:
                    r.seek(f[1])
                    text = r.read()
            except FileNotFoundError:
                continue
            whole = text.rfind('\n') + 1
            f[1] += len(text[:whole].encode())
            for line in text[:whole].splitlines():
                self._report(json.loads(line))

    def _report(self, r):
        if 'collected' in r:
            self.collected = r['collected']
            return
        name, ok = r['test'], r['outcome'] == 'passed'
        if r['outcome'] == 'skipped':
            ok = 'optional:' in r['text']
            r['text'] = 'skipped: ' + r['text']
            if ok:
                self.tally.say(f'            {name} {r["text"]}')
        if name in self.seen:       # passed, then failed in its end check: one failed test, not two
            if not ok and name not in self.bad:
                self.tally.passed -= 1
                self.bad.add(name)
                self.tally.result(name, False, r['seconds'], f'in {r["when"]}:\n{r["text"]}')
            return
        self.seen.add(name)
        if not ok:
            self.bad.add(name)
        self.tally.result(name, ok, r['seconds'], r['text'], ran=r['outcome'] != 'skipped')

    def finish(self):
        self.poll()
        logs = ''
        for i, w in enumerate(self.workers):
            if w.poll() not in (0, 1, 5) or not self.collected:
                with open(f'{self.work}/log{i}', errors='replace') as f:
                    logs += f'process {i} exited {w.returncode}:\n' + f.read()[-4000:]
        for name in self.collected:
            if name not in self.seen:
                self.tally.result(name, False, text='not run to its end')
        if logs:
            self.tally.result('system tests as a whole', False, text=logs)

    def kill(self):
        for w in self.workers:
            if w.poll() is None:
                os.killpg(w.pid, signal.SIGKILL)


def arguments():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--long', action='store_true', help='also the long tests; 60 minutes instead of 10')
    ap.add_argument('-B', '--build', default=os.environ.get('SLUICE_B', f'{TOP}/build'), help='the build directory')
    ap.add_argument('-j', type=int, default=max(2, min(4, os.cpu_count() or 2)), help='processes of system tests')
    ap.add_argument('-k', default='', help="pytest's -k: only tests whose name matches")
    ap.add_argument('--only', choices=['unit', 'sim', 'fuzz', 'check', 'mutants', 'coverage', 'system'], help='only these')
    ap.add_argument('--dut', default='sluice', choices=['sluice', 'linux'], help='linux: try the tests against a Linux guest')
    ap.add_argument('--minutes', type=float, help='the whole may take so long')
    ap.add_argument('files', nargs='*', help='test files under tests/system')
    return ap.parse_args()


def simulator(tally, host, name, long):
    """The host's build in the directory `host`."""
    if not os.access(f'{host}/sim', os.X_OK):
        tally.result(f'{name}: as a whole', False, text=f'{host}/sim has not been built')
        return []
    nice = ['nice', '-n', '10']
    jobs = [Unit(tally, nice + [f'{host}/sim'], name), Unit(tally, nice + [sys.executable, f'{HERE}/sim/check_host.py', host], f'{name}-host')]
    if long:
        jobs.append(Unit(tally, nice + [f'{host}/sim', '-s', '1000', '-n', '5000', 'random_topology', 'corruption_of_everything'],
                         f'{name}-seeds'))
    return jobs


def others(o, tally):
    """What gives way to the system tests, whose peers keep time: fuzz targets and checks; of the long tests planted bugs and coverage."""
    programs = {'check': ['check/check.py', '--build', o.build], 'fuzz': ['fuzz/run.py', f'{o.build}/fuzz/fuzz', f'{HERE}/fuzz/corpus'],
                'mutants': ['mutants/mutants.py', '--build', o.build], 'coverage': ['fuzz/coverage.py', '--run', '--goal', '90', f'{o.build}/cov']}
    for name, (script, *args) in programs.items():
        if o.only == name or (o.only is None and (o.long or name in ('check', 'fuzz'))):
            yield Unit(tally, ['nice', '-n', '10', sys.executable, '-B', f'{HERE}/{script}', *args], name, each=True)


def run(o, tally, work):
    jobs = []
    unit = f'{o.build}/unit/unit'
    if o.only in (None, 'unit') and o.dut == 'sluice' and not o.k and not o.files:
        if os.access(unit, os.X_OK):
            jobs.append(Unit(tally, [unit]))
            if o.long:
                jobs.append(Unit(tally, ['nice', '-n', '10', 'env', 'PF_CLASS_PACKETS=1000000', unit, '-t', '1500', 'pf_class_is_linear'], 'unit-long'))
        else:
            tally.result('unit: as a whole', False, text=f'{unit} has not been built')
    if o.only in (None, 'sim') and o.dut == 'sluice' and not o.k and not o.files:
        jobs += simulator(tally, f'{o.build}/host', 'sim', o.long)
        if o.long:
            jobs += simulator(tally, f'{o.build}/host-san', 'san', False)
            jobs.append(Unit(tally, ['nice', '-n', '10', f'{o.build}/host-san/sim', '-s', '1000', '-n', '3400', '-c', '3', 'epoch_*'], 'san-epochs'))
    whole = o.dut == 'sluice' and not o.k and not o.files
    if whole:
        jobs += others(o, tally)
    if o.only in (None, 'system'):
        options = [f'--dut={o.dut}'] + (['--long'] if o.long else []) + (['-k', o.k] if o.k else [])
        jobs.append(System(tally, work, options, o.j, o.files or [f'{HERE}/system']))
    end = tally.t0 + 60 * (o.minutes or (60 if o.long else 10))
    try:
        while not all(j.done for j in jobs):
            for j in jobs:
                j.poll()
            if time.monotonic() > end:
                tally.result('all within the time', False, text=f'{(end - tally.t0) / 60:.0f} minutes have passed')
                break
            time.sleep(0.1)
    finally:
        for j in jobs:
            j.kill()
    for j in jobs:
        j.finish() if isinstance(j, System) else j.poll()
    for claim in checklist.unrun(TOP, checklist.FOLDER, tally.ran, o.long) if whole and o.only is None else []:
        tally.result('checklist', False, text=claim)
    for line in hostile.unrun(TOP, tally.ran, o.long) if whole and o.only is None else []:
        tally.result('hostile', False, text=line)


def main():
    o = arguments()
    o.build = os.path.abspath(o.build)
    os.environ.update(SLUICE_B=o.build, PYTHON=sys.executable)
    tally = Tally()
    work = tempfile.mkdtemp(prefix='sluice-run-')
    try:
        if subprocess.run([f'{HERE}/preflight', 'test']).returncode:
            tally.result('preflight', False)
        else:
            run(o, tally, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if tally.failed:
        tally.say('failed:\n' + ''.join(f'    {f}\n' for f in tally.failed).rstrip())
    tally.say(f'{tally.passed} passed, {len(tally.failed)} failed')
    return 1 if tally.failed or not tally.passed else 0


if __name__ == '__main__':
    sys.exit(main())
