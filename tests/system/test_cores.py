"""All cores of the machine run, by each way to boot; and end with it."""
import re
import time

import pytest
from test_boot import after_panic, ovmf, product_iso

pytestmark = pytest.mark.sluice


def check_cores(lab, n, forwards=True):
    """They stand in dmesg with numbers of their own, run their loops, and packets pass."""
    r = lab.router
    log = r.cmd('dmesg')
    assert 'does not start' not in log and 'no memory' not in log, log
    found = [(int(a), int(b)) for a, b in re.findall(r'^cpu(\d+) at mainbus0: apid (\d+) \(application processor\)$', log, re.M)]
    assert [a for a, _ in found] == list(range(1, n)), log
    assert len({b for _, b in found} | {0}) == n
    assert r.cmd('sysctl -n hw.ncpu hw.ncpuonline').split() == [str(n)] * 2
    end = time.monotonic() + 10
    while (loops := r.kstat('loop:0:core')) and not all(v['passes'] > 0 and v['idles'] > 0 for v in loops.values()):
        assert time.monotonic() < end, loops
    assert len(loops) == n
    assert not forwards or lab.forwards() or not forwards


@pytest.mark.parametrize('how', ['module', 'pvh'])
@pytest.mark.parametrize('n', [2, 4, 8])
def test_all_cores_start(boot, n, how):
    check_cores(boot(how=how, extra=['-smp', str(n)]), n)


@pytest.mark.parametrize('machine', ['q35', 'microvm,pcie=on,rtc=on'])
def test_machines(boot, machine):
    """microvm has its cards where we do not look for them, but the cores are there."""
    micro = 'microvm' in machine
    check_cores(boot(machine=machine, how='pvh' if micro else 'module', extra=['-smp', '4']), 4, forwards=not micro)


@pytest.mark.parametrize('topology', ['4,sockets=2,cores=2', '6,sockets=2,cores=3', '6,maxcpus=8'])
def test_numbers_with_holes(boot, topology):
    """APIC numbers are not those of cores, and a place without a processor is none."""
    check_cores(boot(extra=['-smp', topology]), int(topology[0]))


@pytest.mark.limit(150)
@pytest.mark.parametrize('firmware', ['bios', pytest.param('uefi', marks=pytest.mark.long)])
def test_from_disc(boot, work, firmware):
    disc = product_iso(work)
    extra = ['-smp', '4', '-cdrom', disc, '-boot', 'd']
    if firmware == 'uefi':
        extra += ovmf(work)
    check_cores(boot(how='bare', extra=extra, mem=256, ready_in=100), 4)


@pytest.mark.parametrize('n', [1, 3, 64])
def test_number_from_the_command_line(boot, n):
    check_cores(boot(extra=['-smp', '4'], append=f'cores={n}'), min(n, 4))


def test_without_acpi(boot):
    """Nobody tells of more: one core, and no harm."""
    check_cores(boot(machine='pc,acpi=off', extra=['-smp', '4']), 1)


def test_little_memory(boot):
    check_cores(boot(mem=16, extra=['-smp', '8']), 8)


def test_exact_clock(boot):
    """With -icount the cores take turns."""
    check_cores(boot(extra=['-smp', '4', '-icount', 'shift=0,sleep=on,align=off', '-rtc', 'clock=vm']), 4)


def test_warm_reboot(boot):
    x = boot(reboots=True, extra=['-smp', '4'])
    x.router.con.drain(quiet=0)
    x.router.con.send('reboot\r')
    x.router.con.expect(r'vio0 at virtio0', 30)
    x.router.wait_ready()
    assert x.router.cmd('sysctl -n hw.ncpu').strip() == '4'
    assert x.forwards()


def test_panic_stops_all(boot):
    x = boot(reboots=True, extra=['-smp', '4'], append='panic=1')
    after_panic(x, lambda: x.router.con.send('crash null\r'), ['crash_null'])
    assert x.router.cmd('sysctl -n hw.ncpu').strip() == '4'


def test_all_panic_at_once(boot):
    """QEMU's NMI reaches every core: one tells, once."""
    x = boot(reboots=True, extra=['-smp', '4'], append='panic=1')
    after_panic(x, lambda: x.router.qemu.qmp('inject-nmi'), [])
    assert x.router.cmd('dmesg').count('panic: ') == 1


def test_halt(boot):
    x = boot(extra=['-smp', '4'])
    x.router.con.send('halt -p\r')
    assert x.router.qemu.wait(20) == 0


@pytest.mark.parametrize('n', [1, 4])
def test_interrupt_that_does_not_stop(boot, n):
    """A vector of the last core, where few pollers are: it is masked there, core 0 writes the log, and all goes on."""
    lab = boot(extra=['-smp', str(n)])
    assert f'100 interrupts on cpu{n - 1}, masked' in lab.router.cmd('selftest storm 100')
    assert 'storm: its interrupt does not stop, masked' in lab.router.cmd('dmesg')
    assert lab.forwards()
