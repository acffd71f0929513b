"""`make run`, as a newcomer sees it: a prompt, traffic that is forwarded and counted, one key sequence that leaves, nothing left behind."""
import glob
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from router import BUILD

pytestmark = pytest.mark.sluice
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Terminal:
    def __init__(self, work):
        self.tmp = f'{work}/t{len(os.listdir(work))}'
        os.mkdir(self.tmp)
        ours, theirs = pty.openpty()
        self.p = subprocess.Popen([f'{TOP}/boot/run.sh'], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                  env=dict(os.environ, B=BUILD, TMPDIR=self.tmp))
        os.close(theirs)
        self.fd, self.text = ours, ''

    def expect(self, pattern, timeout=30):
        end = time.monotonic() + timeout
        while not (m := re.search(pattern, self.text)):
            assert time.monotonic() < end, f'no {pattern!r}: {self.text}'
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors='replace').replace('\r', '')
                except OSError:
                    break
        assert m, self.text
        self.text = self.text[m.end():]
        return m

    def cmd(self, line):
        os.write(self.fd, line.encode() + b'\r')
        return self.expect(r'(?s)^(.*?)\n\S+@\S+:\S+\$ $', 15)[1]

    def children(self):
        """Command lines of what runs with this terminal's directory."""
        found = []
        for f in glob.glob('/proc/[0-9]*/cmdline'):
            try:
                with open(f, 'rb') as h:
                    line = h.read().replace(b'\0', b' ').decode(errors='replace')
            except OSError:
                continue
            if self.tmp in line:
                found.append(line)
        return found

    def session(self):
        """What runs in the session of the script, with the state and the signals that wait: for the report of a failure."""
        return subprocess.run(['ps', '-s', str(self.p.pid), '-o', 'pid,ppid,stat,wchan:20,pending,blocked,caught,args'],
                              capture_output=True, text=True).stdout

    def gone(self):
        end = time.monotonic() + 10
        while self.p.poll() is None or self.children() or os.listdir(self.tmp):
            assert time.monotonic() < end, f'{self.session()}\n{self.text}\n{os.listdir(self.tmp)} {self.p.poll()}'
            time.sleep(0.1)


@pytest.fixture
def terminal(work):
    t = Terminal(work)
    yield t
    if t.p.poll() is None:
        t.p.kill()
        t.p.wait()
    os.close(t.fd)


def forwarded(t):
    m = re.search(r'(\d+) packets? forwarded', t.cmd('netstat -ss'))
    return int(m[1]) if m else 0


def test_a_newcomer(terminal):
    t = terminal
    t.expect(r'To leave: ctrl-a, then x')
    t.expect(r'root@sluice:~\$ $')
    end = time.monotonic() + 20
    while (first := forwarded(t)) < 4:
        assert time.monotonic() < end, t.cmd('netstat -s')
        time.sleep(0.5)
    time.sleep(2.5)
    assert forwarded(t) >= first + 4, 'a request and an answer each second'
    assert '10.0.1.2' in t.cmd('arp -an')
    assert len(t.children()) >= 2
    os.write(t.fd, b'\x01x')
    t.gone()


@pytest.mark.parametrize('sig', ['TERM', 'HUP', 'KILL'])
def test_nothing_is_left_when_it_is_killed(terminal, sig):
    terminal.expect(r'root@sluice:~\$ $')
    os.kill(terminal.p.pid, getattr(signal, 'SIG' + sig))
    terminal.gone()


def test_halt_leaves_too(terminal):
    terminal.expect(r'root@sluice:~\$ $')
    os.write(terminal.fd, b'halt -p\r')
    terminal.gone()
