"""MTUs from 1280 to 9000, of virtio-net on one side and of an 82574L on the other, against Linux, in both families."""
import re

import pytest
from dual import CONF, OURS, Dual, lost, ping, until
from hosts import transfer
from lab import NetnsLab

pytestmark = pytest.mark.sluice

NAMES = ('vio0', 'em0')
MTUS = (1280, 1281, 1492, 2000, 4000, 8999)
HEADERS = {4: 28, 6: 48}        # of an echo request, without Ethernet's


@pytest.fixture(scope='module')
def dual_lab(work):
    x = Dual(NetnsLab(work, conf=CONF.replace('vio1', 'em0'), models=('virtio-net-pci', 'e1000e')))
    yield x
    x.stop()


def link_mtu(net, i, mtu):
    """A wire: our end and Linux's."""
    h = (net.h1, net.h2)[i]
    net.set_mtu(NAMES[i], mtu)
    if h.attach == 'veth':
        net.lab.sh(f'ip link set v-{h.name} mtu {mtu}').check()
    net.lab.sh(f'ip -n {h.name} link set {h.ifname} mtu {mtu}').check()


def restore(net):
    for h in (net.h1, net.h2):
        if h.attach == 'veth':
            net.lab.sh(f'ip link set v-{h.name} mtu 1500').check()


def fits(net, a, b, v, mtu, narrow_is_ours):
    """Exactly mtu bytes go from a to b; one more does not, and who sends it is told."""
    size = mtu - HEADERS[v]
    assert until(lambda: lost(ping(a, v, b.at[v], f'-c 1 -W 1 -M do -s {size}')) == 0), (v, mtu)
    if narrow_is_ours:
        r = ping(a, v, b.at[v], f'-c 1 -W 3 -M do -s {size + 1}')
        assert re.search(rf'From {OURS[a is net.h2][v]} icmp_seq=1 .*mtu ?= ?{mtu}', r.out), r


@pytest.mark.parametrize('side', [0, 1], ids=NAMES)
def test_every_mtu(net, side):
    """One wire at 9000, the other takes one MTU after the other; up to 9000 in the end, where TCP uses it both ways."""
    net.later(lambda: restore(net))
    link_mtu(net, 1 - side, 9000)
    wide, tight = (net.h2, net.h1) if side == 0 else (net.h1, net.h2)
    for mtu in MTUS:
        link_mtu(net, side, mtu)
        net.lab.sh(f'ip -n {wide.name} route flush cache; ip -n {wide.name} -6 route flush cache').check()
        for v in (4, 6):
            fits(net, wide, tight, v, mtu, True)
    link_mtu(net, side, 9000)
    net.lab.sh(f'ip -n {wide.name} route flush cache; ip -n {wide.name} -6 route flush cache').check()
    for v in (4, 6):
        fits(net, wide, tight, v, 9000, False)
        assert transfer(wide, tight, tight.at[v], v, 1000) > 8800
        assert transfer(tight, wide, wide.at[v], v, 1000) > 8800
