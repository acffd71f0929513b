"""Each way that the router may be started, on each kind of machine: it must come up, take its configuration, and forward."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from console import Timeout
from router import BUILD, CONF, ELF32, ELF64, Router
from scapy.layers.inet6 import ICMPv6ND_RA

pytestmark = pytest.mark.sluice
DEPS = os.environ['SLUICE_DEPS']
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.mark.parametrize('how', ['module', 'fwcfg', 'pvh', 'pvh-fwcfg'])
def test_qemu_kernel(boot, how):
    assert boot(how=how).forwards()


@pytest.mark.parametrize('machine', ['q35', 'pc,hpet=off', 'pc,acpi=off'])
def test_machines(boot, machine):
    assert boot(machine=machine).forwards()


def test_little_memory(boot):
    assert boot(mem=16).forwards()


@pytest.mark.parametrize('mem', [17, 64, 512, pytest.param(5000, marks=pytest.mark.long)])
def test_memory_sizes(boot, mem):
    assert boot(mem=mem).forwards()


@pytest.mark.parametrize('model', ['virtio-net-pci,disable-modern=on', 'virtio-net-pci-transitional', 'virtio-net-pci-non-transitional',
                                   'virtio-net-pci,vectors=0', 'virtio-net-pci,mrg_rxbuf=off', 'virtio-net-pci,event_idx=off',
                                   'virtio-net-pci,ctrl_vq=off', 'virtio-net-pci,status=off', 'virtio-net-pci,rx_queue_size=1024',
                                   'virtio-net-pci,disable-modern=on,mrg_rxbuf=off,event_idx=off,vectors=0', 'virtio-net-pci,host_mtu=1400'])
def test_kinds_of_virtio(boot, model):
    x = boot(model=model)
    for _ in range(3):
        assert x.forwards()
    assert x.pings()


@pytest.mark.parametrize('cpu', ['qemu64', 'Nehalem', 'max'])
def test_kinds_of_cpu(boot, cpu):
    """Without AVX, without RDRAND, without SMEP: nothing newer than x86-64 itself is needed."""
    assert boot(cpu=cpu).forwards()


def uptime(router):
    core, = router.kstat('loop:0:core:0').values()
    return (core['busy'] + core['idle']) / 1e9


def test_clock_measured_on_a_busy_host(work):
    """The processor is taken away again and again while the clock's rate is measured, for longer than the PIT's way round (55 ms): seconds
    are seconds nevertheless."""
    for n in range(6):
        r = Router(work, [], conf=None, how='none', name=f'busy{n}')
        try:
            for i in range(12):
                time.sleep(0.012 + (7 * n + i) % 5 * 0.002)
                r.qemu.p.send_signal(signal.SIGSTOP)
                time.sleep(0.07)
                r.qemu.p.send_signal(signal.SIGCONT)
            r.wait_ready()
            began, was = time.monotonic(), uptime(r)
            time.sleep(0.5)
            took, passed = time.monotonic() - began, uptime(r) - was
            assert passed == pytest.approx(took, abs=0.1), 'its seconds are not ours'
        finally:
            r.stop()


def test_the_dmesg_line_of_the_card(boot):
    x = boot()
    log = x.router.cmd('dmesg')
    assert 'vio0 at virtio0' in log and 'address 52:54:00:00:00:0a' in log
    assert 'virtio0 at pci0 dev ' in log and '"Qumranet Virtio Network" rev 0x' in log


def test_config_by_name(boot, work):
    """config=NAME on the command line chooses among the files."""
    other = f'{work}/other.conf'
    with open(other, 'w') as f:
        f.write(CONF.replace('dut.example', 'chosen.example'))
    x = boot(append='config=opt/other.conf', how='fwcfg', extra=['-fw_cfg', f'name=opt/other.conf,file={other}'])
    assert x.router.cmd('sysctl -n kern.hostname').strip() == 'chosen.example'
    assert x.forwards()


def test_warm_reboot(boot):
    """`reboot` comes back by itself and forwards again."""
    x = boot(reboots=True)
    assert x.forwards()
    x.router.con.drain(quiet=0)
    x.router.con.send('reboot\r')
    x.router.con.expect(r'vio0 at virtio0', 30)
    x.router.wait_ready()
    assert x.forwards()


def test_reset_under_traffic(boot):
    x = boot(reboots=True)
    assert x.forwards()
    x.router.qemu.reset()
    x.router.con.drain(quiet=0)
    x.router.con.expect(r'vio0 at virtio0', 30)
    x.router.wait_ready()
    assert x.forwards()


def test_halt_powers_off(boot):
    x = boot()
    x.router.con.send('halt -p\r')
    assert x.router.qemu.wait(10) == 0


@pytest.mark.parametrize('how', ['halt', 'reboot'])
def test_routers_farewell(boot, how):
    """Hosts hear that we are no router any more before we stop (RFC 4861 6.2.5)."""
    conf = re.sub(r'(hostname.vio0\n)', r'\1inet6 fd00:a::1/64\n', CONF) + 'net.inet6.ip6.forwarding=1\n# /etc/rad.conf\ninterface vio0\n'
    x = boot(conf=conf, reboots=how == 'reboot')
    tells = lambda lifetime: lambda f: ICMPv6ND_RA in f and f[ICMPv6ND_RA].routerlifetime == lifetime       # noqa: E731
    assert x.a.expect(tells(1800), 20)
    x.router.con.send(f'{how}\r')
    assert x.a.expect(tells(0), 10)
    if how == 'halt':
        assert x.router.qemu.wait(10) is not None
    else:
        x.router.con.expect(r'vio0 at virtio0', 30)
        x.router.wait_ready()


def after_panic(x, start, names):
    """It says why and where, by names of functions, reboots by itself, dmesg shows it afterwards, and it forwards again."""
    con = x.router.con
    x.router.expect_panic = True
    con.drain(quiet=0)
    start()
    con.expect(r'panic: ', 10)
    con.expect(r'vio0 at virtio0', 60)
    x.router.wait_ready(60)
    log = x.router.cmd('dmesg')
    assert log.count('vio0 at virtio0') == 2, 'the log of both boots'
    told = log[log.index('panic: '):]
    for name in names:
        assert re.search(rf'#\d+ 0x[0-9a-f]+ {name}\+0x', told), told
    assert x.forwards()


def test_nmi_is_a_panic(boot):
    x = boot(reboots=True, append='panic=1')
    after_panic(x, lambda: x.router.qemu.qmp('inject-nmi'), [])


@pytest.mark.parametrize('kind', ['assert', 'null', 'text', 'execute', 'stack', 'canary'])
def test_crash(boot, kind):
    """A failed assertion, a bad pointer, a write into code, data that is run, a stack that overflows: each is caught."""
    x = boot(reboots=True, append='panic=1')
    name = {'execute': r'command_run\w*', 'stack': r'crash_recurse\S*', 'canary': 'crash_canary'}.get(kind, f'crash_{kind}')
    after_panic(x, lambda: x.router.con.send(f'crash {kind}\r'), [f'({name})'])


@pytest.mark.limit(120)
def test_crash_of_a_router_from_disc(boot, work):
    """GRUB stands between: the log survives it as well."""
    x = boot(reboots=True, how='bare', extra=['-cdrom', product_iso(work), '-boot', 'd'], ready_in=60)
    after_panic(x, lambda: x.router.con.send('crash null\r'), ['crash_null'])


def test_panic_that_halts(boot):
    """panic=0: it stays where it is, to be looked at."""
    x = boot(reboots=True, append='panic=0')
    x.router.expect_panic, x.router.is_ready = True, False
    x.router.con.send('crash assert\r')
    x.router.con.expect(r'panic: ', 10)
    with pytest.raises(Timeout):
        x.router.con.expect(r'vio0 at virtio0', 8)


# ---- boot media

GRUB_CFG = '''set timeout=0
serial --unit=0 --speed=115200
terminal_output console
multiboot2 /boot/sluice.elf
module2 /boot/sluice.conf sluice.conf
boot
'''
GRUB_MODULES = '''multiboot multiboot2 normal iso9660 fat serial all_video part_msdos part_gpt part_acorn part_amiga part_apple
    part_bsd part_dfly part_dvh part_plan part_sun part_sunpc'''


def grub_tree(work, name, cfg=GRUB_CFG):
    d = f'{work}/{name}'
    os.makedirs(f'{d}/boot/grub')
    shutil.copy(ELF64, f'{d}/boot/sluice.elf')
    shutil.copy(ELF32, f'{d}/boot/sluice.elf32')
    for path, text in ((f'{d}/boot/sluice.conf', CONF), (f'{d}/boot/grub/grub.cfg', cfg)):
        with open(path, 'w') as f:
            f.write(text)
    return d


def grub_dir(platform):
    for d in (f'/usr/lib/grub/{platform}', f'{DEPS}/usr/lib/grub/{platform}'):
        if os.path.isdir(d):
            return d
    raise FileNotFoundError(f'GRUB for {platform}: make deps-test')


def iso(work, platform, cfg=GRUB_CFG):
    d = grub_tree(work, f'iso{len(os.listdir(work))}', cfg)
    out = f'{d}.iso'
    r = subprocess.run(['grub-mkrescue', '-d', grub_dir(platform), f'--install-modules={GRUB_MODULES}', '--locales=', '--fonts=',
                        '-o', out, d], capture_output=True, text=True)
    assert r.returncode == 0 and os.path.exists(out), r.stderr
    return out


@pytest.mark.parametrize('kind', ['multiboot2', 'multiboot1'])
def test_grub_iso_bios(boot, work, kind):
    cfg = GRUB_CFG
    if kind == 'multiboot1':
        cfg = cfg.replace('multiboot2 /boot/sluice.elf', 'multiboot /boot/sluice.elf32').replace('module2', 'module')
    assert boot(how='bare', extra=['-cdrom', iso(work, 'i386-pc', cfg), '-boot', 'd'], ready_in=60).forwards()


def product_iso(work):
    """What `make iso CONF=FILE` makes."""
    out = f'{work}/product.iso'
    if not os.path.exists(out):
        with open(f'{work}/product.conf', 'w') as f:
            f.write(CONF)
        r = subprocess.run([f'{TOP}/boot/iso.sh', out, ELF64, f'{work}/product.conf'], capture_output=True, text=True)
        assert r.returncode == 0, r.stdout + r.stderr
    return out


def test_our_disc_bios(boot, work):
    assert boot(how='bare', extra=['-cdrom', product_iso(work), '-boot', 'd'], ready_in=60).forwards()


def ovmf(work):
    for d in ('/usr/share/OVMF', f'{DEPS}/usr/share/OVMF'):
        if os.path.exists(f'{d}/OVMF_CODE_4M.fd'):
            shutil.copy(f'{d}/OVMF_VARS_4M.fd', f'{work}/vars.fd')
            return ['-drive', f'if=pflash,format=raw,readonly=on,file={d}/OVMF_CODE_4M.fd',
                    '-drive', f'if=pflash,format=raw,file={work}/vars.fd']
    raise FileNotFoundError('OVMF: make deps-test')


@pytest.mark.limit(150)
@pytest.mark.parametrize('machine', ['pc', pytest.param('q35', marks=pytest.mark.long)])
def test_our_disc_uefi(boot, work, machine):
    x = boot(how='bare', mem=256, machine=machine, extra=ovmf(work) + ['-cdrom', product_iso(work)], ready_in=120)
    assert x.forwards()


def pxe(work, boot, bootfile, tree, **kw):
    return boot(how='bare', mem=256, ready_in=90, extra=['-netdev', f'user,id=boot,restrict=on,tftp={tree},bootfile={bootfile}', '-device',
             'virtio-net-pci,netdev=boot,bootindex=0,mac=52:54:00:00:00:0c'], **kw)


@pytest.mark.long
@pytest.mark.limit(120)
def test_pxe_grub(boot, work):
    d = f'{work}/pxe-grub'
    r = subprocess.run(['grub-mknetdir', f'--net-directory={d}', '--subdir=boot/grub', '-d', grub_dir('i386-pc')],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    shutil.copytree(grub_tree(work, 'pxe-files'), d, dirs_exist_ok=True)
    assert pxe(work, boot, 'boot/grub/i386-pc/core.0', d).forwards()


@pytest.mark.long
@pytest.mark.limit(120)
def test_pxe_ipxe(boot, work):
    d = grub_tree(work, 'ipxe')
    with open(f'{d}/x.ipxe', 'w') as f:
        f.write('#!ipxe\nkernel boot/sluice.elf32\nmodule boot/sluice.conf sluice.conf\nboot\n')
    assert pxe(work, boot, 'x.ipxe', d).forwards()


# ---- the file and the time

def test_stripped_size(work):
    out = f'{work}/stripped'
    subprocess.run(['strip', '-o', out, ELF64], check=True)
    assert os.path.getsize(out) <= 700_000


def test_two_files_of_one_kernel():
    assert os.path.exists(f'{BUILD}/sluice.elf') and os.path.exists(f'{BUILD}/sluice.elf32')
    with open(ELF64, 'rb') as f:
        head = f.read(32768)
    assert b'\xd6\x50\x52\xe8' in head, 'multiboot 2 header'
    assert b'\x02\xb0\xad\x1b' not in head[:8192], 'no multiboot 1 header beside PVH'
    with open(ELF32, 'rb') as f:
        assert b'\x02\xb0\xad\x1b' in f.read(8192), 'multiboot 1 header'


def test_forwards_soon(boot):
    """Far from the measured bound (bench.sh), but a boot that takes seconds is a bug."""
    x = boot(ready_in=20)
    assert time.monotonic() - x.router.qemu.t0 < 15
