"""check_host.py BUILD - the host's build seen from outside: what libsluice.so exports, that a seed is a run, what the simulator says of cases that
must fail, and the router as a process. One line a check: ok NAME, or FAIL NAME: reason."""
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIB, SIM, SLUICE = f'{BUILD}/libsluice.so', f'{BUILD}/sim', f'{BUILD}/sluice'
CONF = '''# /etc/hostname.vio0
inet 10.0.1.1/24
# /etc/hostname.vio1
inet 10.0.2.1/24
!arp -s 10.0.2.9 02:00:00:00:00:09
# /etc/sysctl.conf
net.inet.ip.forwarding=1
'''
MAC, PEER = bytes.fromhex('52540000000a'), bytes.fromhex('020000000001')


class Failed(Exception):
    pass


def check(ok, why):
    if not ok:
        raise Failed(why)


def run(*argv, stdin='', timeout=60):
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, errors='replace', timeout=timeout)


# ---- libsluice.so ----

def symbols(path, *options):
    return {line.split()[-1].split('@')[0] for line in run('nm', '--defined-only', *options, path).stdout.splitlines() if line}


def lib_exports_one_table():
    got = symbols(LIB, '-D')
    check(got == {'sluice_entries'}, f'exported: {sorted(got)}')


def lib_names_are_not_libcs():
    """Not even hidden: inside the library libc's own calls would go astray."""
    ours = symbols(LIB)
    check('ip_input' in ours, 'no symbols in the library')
    libs = re.findall(r'=> (/\S*lib(?:c|m|pthread|dl)\.so\S*)', run('ldd', SLUICE).stdout)
    check(libs, 'libc not found')
    both = set().union(*(ours & symbols(lib, '-D') for lib in libs)) - {'_init', '_fini'}
    check(not both, f'also in the C library: {sorted(both)}')


# ---- the simulator ----

def hashes(*args):
    r = run(SIM, '-H', *args, timeout=900)      # all cases, beside others' work
    check(r.returncode == 0, r.stdout[-2000:])
    return sorted(line for line in r.stdout.splitlines() if line.startswith('hash '))


def same_seed_same_run():
    with open('/proc/sys/kernel/randomize_va_space') as f:
        check(int(f.read()) > 0, 'addresses are not random here: nothing would be proved')
    first, second = hashes(), hashes('-j', '3')
    check(len(first) > 100 and len(second) == len(first), f'{len(first)} and {len(second)} runs')
    differ = [a for a, b in zip(first, second) if a != b]
    check(not differ, f'{len(differ)} runs differ: {differ[:5]}')


def other_seed_other_run():
    lines = hashes('-n', '5', 'random_topology', 'loss')
    check(len({line.split()[-1] for line in lines}) == len(lines) == 20, f'{lines}')


MUST_FAIL = [
    ('selftest_wrong_packet', 'sends something else'), ('selftest_late_packet', 'sent that 0.001000 s ago'),
    ('selftest_unexpected_packet', 'sends what nobody expects'), ('selftest_no_packet', 'sends nothing'),
    ('selftest_wrong_count', 'counter ips_forward of r moved by 0, not 1'), ('selftest_unnamed_drop', 'dropped 1 packets by ips_badsum'),
    ('selftest_crash', 'Aborted'), ('selftest_damage', 'bits are wrong, and the checksum is good'),
    ('selftest_kept_memory', 'memory was lost'),
]


def bad_cases_fail():
    with tempfile.TemporaryDirectory() as d:
        for name, why in MUST_FAIL:
            r = run(SIM, '-d', d, '-n', '1', '-s', '77', name)
            check(r.returncode == 1, f'{name}: exit status {r.returncode}\n{r.stdout}')
            check(re.search(f'^FAIL {name} seed 77: cores 3: ', r.stdout, re.M) and why in r.stdout, f'{name}: {r.stdout}')
            for cores in (1, 3):
                got = sorted(os.listdir(f'{d}/{name}-seed77-cores{cores}'))
                check(got == ['a.pcap', 'b.pcap'] or name == 'selftest_damage' and len(got) == 2, f'{name}: a pcap of each wire, not {got}')
            check(f'-s 77 -n 1 -c 1 -v {name}' in r.stdout, f'{name}: does not say how to run it alone\n{r.stdout}')
        with open(f'{d}/selftest_wrong_packet-seed77-cores1/b.pcap', 'rb') as f:
            pcap = f.read()
        check(pcap[:4] == struct.pack('<I', 0xa1b23c4d) and bytes([10, 0, 1, 2]) in pcap, 'no packet in the pcap of wire b')


# ---- the process ----

def exit_statuses():
    for line, status, text in (('halt', 0, 'has halted'), ('reboot', 3, 'rebooting')):
        r = run(SLUICE, stdin=line + '\n')
        check(r.returncode == status and text in r.stdout, f'{line}: {r.returncode} {r.stdout} {r.stderr}')
    r = run(SLUICE, '-m', '1')
    check(r.returncode == 4 and 'panic: no memory for mbufs' in r.stderr, f'panic: {r.returncode} {r.stderr}')
    for args, status in ((['-n', 'vio0=nonsense'], 2), (['/nonexistent'], 1), (['-n', 'vio0=pcap:/nonexistent'], 1), (['-m', 'x'], 2)):
        r = run(SLUICE, *args)
        check(r.returncode == status and 'sluice: ' in r.stderr, f'{args}: {r.returncode} {r.stderr}')


def cksum(b):
    s = sum(struct.unpack(f'!{len(b) // 2}H', b))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return struct.pack('!H', 0xffff & ~s)


def ether_ip(src, dst, proto, payload, ttl=64):
    h = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 1, 0, ttl, proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
    return MAC + PEER + b'\x08\x00' + h[:10] + cksum(h) + h[12:] + payload


def echo(src, dst, **more):
    icmp = struct.pack('!BBHHH', 8, 0, 0, 7, 1) + b'sluice' * 4
    return ether_ip(src, dst, 1, icmp[:2] + cksum(icmp) + icmp[4:], **more)


def arp(op, spa, tpa):
    return (b'\xff' * 6 + PEER + b'\x08\x06' + struct.pack('!HHBBH', 1, 0x800, 6, 4, op) + PEER + socket.inet_aton(spa) + bytes(6) +
            socket.inet_aton(tpa)).ljust(60, b'\0')


class Process:
    """The router with its console in our hands."""
    def __init__(self, d, *args):
        with open(f'{d}/conf', 'w') as f:
            f.write(CONF)
        self.p = subprocess.Popen([SLUICE, *args, f'{d}/conf'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = ''

    def until(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text not in self.text:
            if not select.select([self.p.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed(f'"{text}" does not come:\n{self.text}')
            more = os.read(self.p.stdout.fileno(), 65536)
            check(more, f'the process ended before "{text}":\n{self.text}')
            self.text += more.decode(errors='replace')
        return self.text

    def halt(self):
        out, _ = self.p.communicate(b'halt\n', timeout=30)
        self.text += out.decode(errors='replace')
        check(self.p.returncode == 0, f'exit status {self.p.returncode}:\n{self.text}')
        return self.text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


def pcap_and_trace():
    """A packet's journey from file to file, by the names of the stages."""
    with tempfile.TemporaryDirectory() as d:
        frames = [arp(1, '10.0.1.2', '10.0.1.1'), echo('10.0.1.2', '10.0.2.9'), echo('10.0.1.2', '10.0.2.9', ttl=1),
                  echo('10.0.1.2', '10.0.1.1')]
        for name, e in (('us', '<'), ('swapped', '>')):
            with open(f'{d}/{name}', 'wb') as f:
                f.write(struct.pack(e + 'IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
                for b in frames:
                    f.write(struct.pack(e + 'IIII', 1, 0, len(b), len(b)) + b)
            with Process(d, '--trace', '-n', f'vio0=pcap:{d}/{name},{d}/back', '-n', f'vio1=pcap:,{d}/out') as p:
                p.until('echo reply')
                text = p.halt()
            journey = re.search(r'vio0 in: 10\.0\.1\.2 > 10\.0\.2\.9 icmp echo request, ttl 64.*?vio1 out: 10\.0\.1\.2 > 10\.0\.2\.9 '
                                r'icmp echo request, ttl 63', text, re.S)
            check(journey, f'no journey in\n{text}')
            stages = re.findall(r'^ {13}(\w+)', journey[0], re.M)
            check(stages == ['ifiq_input', 'ether_input', 'ip_input', 'ip_forward', 'ip_output', 'ether_output', 'ifq_enqueue'],
                  f'stages: {stages}')
            check(re.search(r'^ +ip_forward +ips_forward', journey[0], re.M), f'no counter in\n{journey[0]}')
            check('DROP ips_ttl: 1 packet whose time to live was exceeded' in text, f'no drop in\n{text}')
            with open(f'{d}/out', 'rb') as f:
                out = f.read()
            check(b'sluice' * 4 in out and bytes.fromhex('020000000009') in out, 'the packet is not in the output file')
            with open(f'{d}/back', 'rb') as f:
                check(b'sluice' * 4 in f.read(), 'the reply is not in the other output file')


def dgram_sockets():
    with tempfile.TemporaryDirectory() as d:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(f'{d}/peer')
        s.settimeout(10)
        with Process(d, '-n', f'vio0=dgram:{d}/own,{d}/peer', '-n', 'vio1=null') as p:
            p.until('$ ')
            s.sendto(arp(1, '10.0.1.2', '10.0.1.1'), f'{d}/own')
            s.sendto(echo('10.0.1.2', '10.0.1.1'), f'{d}/own')
            while b'sluice' not in (frame := s.recv(65536)):
                pass
            check(frame[:12] == PEER + MAC and frame[34] == 0, f'no echo reply: {frame.hex()}')
            n = 0           # more than one socket buffer holds: it waits, and loses nothing that it took
            for _ in range(2000):
                s.sendto(echo('10.0.1.2', '10.0.1.1'), f'{d}/own')
                while select.select([s], [], [], 0)[0]:
                    n += len(s.recv(65536)) > 60
            s.settimeout(1)
            try:
                while True:
                    n += len(s.recv(65536)) > 60
            except TimeoutError:
                pass
            check(n == 2000, f'{n} of 2000 answered')
            p.halt()
        s.close()


def tap_devices():
    """Linux itself behind a tap, in namespaces of its own."""
    script = f'''ip link set lo up; ip tuntap add dev t0 mode tap && ip addr add 10.0.1.2/24 dev t0 && ip link set t0 up || exit 9
        (sleep 1; ping -c 3 -i 0.2 -w 10 10.0.1.1 >&2; echo halt) | {SLUICE} -n vio0=tap:t0 -n vio1=null "$0"'''
    with tempfile.TemporaryDirectory() as d:
        with open(f'{d}/conf', 'w') as f:
            f.write(CONF)
        r = run('unshare', '-Urnm', 'sh', '-c', script, f'{d}/conf')
        if r.returncode == 9:
            print('     process_tap_devices: optional: no /dev/net/tun here')
            return
        check(r.returncode == 0 and '3 received' in r.stderr, f'{r.returncode}\n{r.stdout}\n{r.stderr}')


SESSION = {'sim': r'\n +ip_forward +ips_forward\n', 'sluice': r'\n +ip_deliver +ips_delivered', 'gdb': r'#0  ip_forward \(',
           'valgrind': 'ERROR SUMMARY: 0 errors'}


def readme_session():
    """The README's session does what it says, under gdb and valgrind too."""
    with open(f'{TOP}/README.md') as f:
        block = re.search(r"^## A packet's journey, to watch.*?\n\n((?: {4}[^\n]*\n)+)", f.read(), re.S | re.M)[1]
    lines = [line.strip() for line in block.splitlines()]
    check(lines[0] == 'make host' and len(lines) == 1 + len(SESSION), f'another session than is checked here:\n{block}')
    for line, (program, text) in zip(lines[1:], SESSION.items()):
        check(program in line, f'no {program} in {line}')
        if program == 'valgrind' and 'libasan' in run('ldd', SLUICE).stdout:
            continue            # the two do not go together
        if program in ('gdb', 'valgrind') and not shutil.which(program):
            print(f'     readme_session: optional: {program} is not installed')
            continue
        r = subprocess.run(['sh', '-c', line.replace('build/host/', f'{BUILD}/')], cwd=TOP, capture_output=True, text=True, timeout=120)
        if 'A must-be-redirected function' in r.stderr or 'Fatal error at startup' in r.stderr:
            print('     readme_session: optional: valgrind wants libc6-dbg')
            continue
        check(r.returncode == 0 and re.search(text, r.stdout + r.stderr), f'{line}: {r.returncode}\n{r.stdout}{r.stderr}')


def raw_terminal():
    """On a terminal: no echo by the terminal itself, ^C goes to the router, the terminal is as before at the end."""
    with tempfile.TemporaryDirectory() as d:
        with open(f'{d}/conf', 'w') as f:
            f.write(CONF)
        pid, fd = pty.fork()
        if pid == 0:
            os.execl('/bin/sh', 'sh', '-c', f'{SLUICE} -n vio0=null {d}/conf; stty -a; echo done')
        text = b''

        def until(what):
            nonlocal text
            while what not in text:
                check(select.select([fd], [], [], 20)[0], f'{what} does not come: {text.decode(errors="replace")}')
                try:
                    text += os.read(fd, 4096)
                except OSError:
                    raise Failed(f'ended before {what}: {text}')
        try:
            until(b'~$ ')
            os.write(fd, b'ping 10.0.1.77\r')
            until(b'PING')
            time.sleep(0.3)
            os.write(fd, b'\x03')
            until(b'packets transmitted')
            os.write(fd, b'halt\r')
            until(b'done')
        finally:
            os.close(fd)
            os.waitpid(pid, 0)
        check(b'ping 10.0.1.77\r\n' in text, f'no echo: {text}')
        check(re.search(rb'[^-]icanon', text) and re.search(rb'[^-]echo ', text), 'the terminal was left raw')


CHECKS = [
    ('lib_exports_one_table', lib_exports_one_table), ('lib_names_are_not_libcs', lib_names_are_not_libcs),
    ('sim_same_seed_same_run', same_seed_same_run), ('sim_other_seed_other_run', other_seed_other_run), ('sim_bad_cases_fail', bad_cases_fail),
    ('process_exit_statuses', exit_statuses), ('process_pcap_and_trace', pcap_and_trace), ('process_dgram_sockets', dgram_sockets),
    ('process_tap_devices', tap_devices), ('process_raw_terminal', raw_terminal), ('readme_session', readme_session),
]


def main():
    bad = 0
    for name, fn in CHECKS:
        try:
            fn()
            print(f'ok {name}', flush=True)
        except (Failed, OSError, subprocess.TimeoutExpired, AssertionError) as e:
            bad += 1
            print(f'FAIL {name}: ' + str(e).replace('\n', '\n    '), flush=True)
    print(f'{len(CHECKS) - bad} passed, {bad} failed')
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
