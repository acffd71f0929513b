"""One QEMU process: started, asked through QMP, and stopped for certain."""
import json
import os
import shlex
import socket
import subprocess
import time

QEMU = [os.environ.get('QEMU', 'qemu-system-x86_64')] + shlex.split(os.environ.get('QEMU_DATA', ''))


class QemuError(Exception):
    pass


class Qemu:
    """args: what follows the options that every guest has. work: a directory for its sockets and logs. Lines of `consoles` are
    names of serial ports in order; each becomes a unix socket work/NAME.PORT with a log beside it. waits: the machine starts when
    somebody has connected to each of them, so that he hears all that it says."""

    def __init__(self, work, name, args, mem=64, machine='pc', cpu='max,-erms', consoles=('con',), fds=(), reboots=False, waits=False):
        self.work, self.name = work, name
        self.qmp_path = f'{work}/{name}.qmp'
        a = QEMU + ['-accel', 'tcg', '-machine', machine, '-cpu', cpu, '-m', str(mem), '-nodefaults', '-no-user-config',
                    '-display', 'none', '-name', name, '-qmp', f'unix:{self.qmp_path},server=on,wait=off']
        if not reboots:
            a += ['-no-reboot']
        for c in consoles:
            for old in (f'{work}/{name}.{c}.log', f'{work}/{name}.{c}'):
                if os.path.exists(old):
                    os.unlink(old)
            a += ['-chardev', f'socket,id={c},path={work}/{name}.{c},server=on,wait={"on" if waits else "off"},logfile={work}/{name}.{c}.log',
                  '-serial', f'chardev:{c}']
        self.command = a + list(args)
        self.t0 = time.monotonic()
        self.err = open(f'{work}/{name}.stderr', 'wb')
        self.p = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.err, stderr=self.err, pass_fds=fds)
        self._qmp = None

    def console_path(self, con='con'):
        return f'{self.work}/{self.name}.{con}'

    def log(self, con='con'):
        try:
            with open(f'{self.work}/{self.name}.{con}.log', 'rb') as f:
                return f.read().decode('utf-8', 'replace')
        except FileNotFoundError:
            return ''

    def stderr(self):
        with open(f'{self.work}/{self.name}.stderr', errors='replace') as f:
            return f.read()

    def alive(self):
        return self.p.poll() is None

    def connect(self, path, timeout=10):
        """A connected stream socket to one of QEMU's listening sockets, as soon as it listens."""
        end = time.monotonic() + timeout
        while True:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                s.connect(path)
                return s
            except (FileNotFoundError, ConnectionRefusedError):
                s.close()
                if not self.alive():
                    raise QemuError(f'QEMU ended with {self.p.returncode}: {self.stderr()}') from None
                if time.monotonic() > end:
                    raise QemuError(f'{path}: QEMU does not listen') from None
                time.sleep(0.02)

    def _qmp_read(self, want):
        while True:
            line = self._qmp.readline()
            if not line:
                raise QemuError('QMP: closed')
            msg = json.loads(line)
            if 'error' in msg:
                raise QemuError(f'QMP: {msg["error"]}')
            if want in msg:
                return msg[want]

    def qmp(self, execute, **arguments):
        if self._qmp is None:
            s = self.connect(self.qmp_path)
            s.settimeout(20)
            self._qmp = s.makefile('rw', encoding='utf-8')
            self._qmp_read('QMP')
            self.qmp('qmp_capabilities')
        self._qmp.write(json.dumps({'execute': execute, 'arguments': arguments}) + '\n')
        self._qmp.flush()
        return self._qmp_read('return')

    def set_link(self, nic, up):
        self.qmp('set_link', name=nic, up=up)

    def reset(self):
        self.qmp('system_reset')

    def wait(self, timeout):
        """The exit status, or None when it still runs."""
        try:
            return self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        if self.alive():
            self.p.terminate()
            if self.wait(3) is None:
                self.p.kill()
                self.p.wait()
        self.err.close()
        if self._qmp:
            self._qmp.close()
            self._qmp = None
