"""A guest router in QEMU with two NICs on stream sockets, and the generator (gen/) on the other side of them."""
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

QEMU = [os.environ.get('QEMU', 'qemu-system-x86_64')] + os.environ.get('QEMU_DATA', '').split()
NICS = {'virtio': 'virtio-net-pci', 'e1000': 'e1000', 'e1000e': 'e1000e'}


class Failed(Exception):
    """A run that gave no figures; says why."""


class Guest:
    """kernel: the file for -kernel; more: further arguments of QEMU. gate, lines: the plugin is to have them; neither: it counts when `count`.
    tools: where gen and plugin.so are. A context manager: QEMU ends with it."""

    def __init__(self, tools, kernel, more=(), nic='virtio', mem=64, cores=1, count=False, gate=False, lines=False, patience=60):
        self.tools, self.patience = tools, patience
        self.dir = tempfile.mkdtemp(prefix='bench.')
        self.counters = f'{self.dir}/count' if count or gate or lines else None
        # rep movs and stos count each iteration in TCG: without ERMS the Linux guest does not use them for everything.
        argv = QEMU + ['-accel', 'tcg' + (',thread=multi' if cores > 1 else ''), '-M', 'pc', '-cpu', 'max,-erms', '-smp', str(cores),
                       '-m', str(mem), '-name', 'bench,debug-threads=on', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
                       '-chardev', f'socket,id=con,path={self.dir}/con,server=on,wait=off,logfile={self.dir}/serial', '-serial', 'chardev:con']
        for port, byte in ('a', '0a'), ('b', '0b'):
            argv += ['-netdev', f'stream,id={port},server=on,addr.type=unix,addr.path={self.dir}/{port}',
                     '-device', f'{NICS[nic]},netdev={port},mac=52:54:00:00:00:{byte},romfile=']
        if self.counters:
            options = (',gate=on' if gate else '') + (',lines=on' if lines else '')
            argv += ['-plugin', f'{tools}/plugin.so,out={self.counters}{options}']
        self.log = open(f'{self.dir}/qemu', 'w')
        self.t0 = time.monotonic()
        self.qemu = subprocess.Popen(argv + ['-kernel', kernel, *more], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.con = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.con:
            self.con.close()
        self.qemu.terminate()
        try:
            self.qemu.wait(10)
        except subprocess.TimeoutExpired:
            self.qemu.kill()
            self.qemu.wait()
        self.log.close()
        shutil.rmtree(self.dir)

    def serial(self):
        try:
            with open(f'{self.dir}/serial', errors='replace') as f:
                return f.read().replace('\r', '')
        except FileNotFoundError:
            return ''

    def last_words(self):
        """The end of what the guest has printed; no path of this machine is in it."""
        lines = self.serial().replace(f'{self.tools}/', '').strip().splitlines()[-2:]
        return ('' if self.qemu.poll() is None else 'QEMU has ended; ') + 'console: ' + ' / '.join(line[:200] for line in lines)

    def cpu_ms(self):
        """The processor time of all of QEMU so far. schedstat: proc(5), the first number is nanoseconds."""
        ns = 0
        for path in glob.glob(f'/proc/{self.qemu.pid}/task/*/schedstat'):
            try:
                with open(path) as f:
                    ns += int(f.read().split()[0])
            except OSError:
                pass            # a thread that has just ended
        return ns / 1e6

    def idle_insns(self, seconds):
        """Instructions a second that it executes of its own accord; there must be counters. One vCPU."""
        def insns():
            with open(self.counters, 'rb') as f:
                return int.from_bytes(f.read(8), 'little')      # c_cpu[0].insns of count.h
        before, t0 = insns(), time.monotonic()
        time.sleep(seconds)
        return round((insns() - before) / (time.monotonic() - t0))

    def wait_console(self, text):
        """Until the console has printed it."""
        while text not in self.serial():
            if self.qemu.poll() is not None or time.monotonic() - self.t0 > self.patience:
                raise Failed(f'not up within {self.patience} s; {self.last_words()}')
            time.sleep(0.1)

    def gen(self, mode, *options):
        """One measurement; a dict of what the generator says."""
        argv = [f'{self.tools}/gen', '-a', f'{self.dir}/a', '-b', f'{self.dir}/b', '-q', str(self.qemu.pid), '-m', mode,
                '-p', str(self.patience), '-t', f'{self.t0:.6f}', *map(str, options)]
        if self.counters:
            argv += ['-c', self.counters]
        try:
            p = subprocess.run(argv, capture_output=True, text=True, timeout=4 * self.patience + 60)
        except subprocess.TimeoutExpired:
            raise Failed(f'gen {mode}: does not end')
        try:
            row = json.loads(p.stdout)
        except ValueError:
            row = {'error': f'gen ends with {p.returncode}: {p.stderr}'}
        if 'error' in row:
            raise Failed(f'{row["error"]}; {self.last_words()}')
        if row['damaged'] or row['reordered']:
            raise Failed(f'{row["damaged"]} packets are not as they must be, {row["reordered"]} overtaken')
        return row

    def cmd(self, line, prompt='$ ', timeout=20):
        """Types a line at the console; what was printed up to the next prompt."""
        if self.con is None:
            self.con = socket.socket(socket.AF_UNIX)
            self.con.connect(f'{self.dir}/con')
        self.con.settimeout(timeout)
        self.con.sendall(line.encode() + b'\r')
        text = b''
        try:
            while not text.endswith(prompt.encode()) or line.encode() not in text:
                data = self.con.recv(65536)
                if not data:
                    raise Failed(f'{line}: the console is gone')
                text += data
        except TimeoutError:
            raise Failed(f'{line}: no prompt comes back: {text[-300:]!r}')
        return text.decode(errors='replace').replace('\r', '').split('\n', 1)[-1]
