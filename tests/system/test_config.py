"""The configuration: how it is refused, and that what is shown is what was loaded."""
import re

import pytest
from router import CONF
from wire import IP, UDP, Raw

pytestmark = pytest.mark.sluice

ADDRESSES = '# /etc/hostname.vio0\ninet 10.0.1.1/24\n# /etc/hostname.vio1\ninet 10.0.2.1/24\n'
FORWARD = '# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n'

# What is broken: (bundle, what the console must say)
BROKEN = {
    'unknown word': ('# /etc/hostname.vio0\ninet 10.0.1.1/24\nfrobnicate\n', r'/etc/hostname\.vio0:2: .+'),
    'bad address': ('# /etc/hostname.vio0\n\ninet 10.0.1.300/24\n', r'/etc/hostname\.vio0:2: .+'),
    'bad mask': ('# /etc/hostname.vio0\ninet 10.0.1.1 255.0.255.0\n', r'/etc/hostname\.vio0:1: .+'),
    'prefix of 33': ('# /etc/hostname.vio0\ninet 10.0.1.1/33\n', r'/etc/hostname\.vio0:1: .+'),
    'mtu of 12': ('# /etc/hostname.vio0\nmtu 12\n', r'/etc/hostname\.vio0:1: .+'),
    'unknown file': ('# /etc/frobnicate.conf\nx\n', r'/etc/frobnicate\.conf:?\d*: .+'),
    'unknown sysctl': ('# /etc/sysctl.conf\nnet.inet.ip.frobnicate=1\n', r'/etc/sysctl\.conf:1: .+'),
    'sysctl out of range': ('# /etc/sysctl.conf\nnet.inet.ip.forwarding=yes\n', r'/etc/sysctl\.conf:1: .+'),
    'text before the first file': ('inet 10.0.1.1/24\n' + ADDRESSES, r':?1: .+'),
    'a file twice': (ADDRESSES + '# /etc/hostname.vio0\ninet 10.0.3.1/24\n', r':\d+: /etc/hostname\.vio0 .+'),
    'gateway that is no address': (ADDRESSES + '# /etc/mygate\nnowhere\n', r'/etc/mygate:1: .+'),
    'bad route': ('# /etc/hostname.vio0\ninet 10.0.1.1/24\n!route add -inet 10.9.0.0/99 10.0.1.2\n', r'/etc/hostname\.vio0:2: .+'),
    'a command that is none': ('# /etc/hostname.vio0\ninet 10.0.1.1/24\n!rm -rf /\n', r'/etc/hostname\.vio0:2: .+'),
    'a NUL byte': ('# /etc/hostname.vio0\ninet 10.0.1.1/24\0\n', r'/etc/hostname\.vio0:?\d*: .+'),
}


@pytest.mark.parametrize('what', BROKEN)
def test_broken_at_boot(boot, what):
    """Nothing is forwarded, and the console names file, line and reason; the shell is there to mend it."""
    bundle, error = BROKEN[what]
    rest = ''.join(part for part in re.split(r'(?m)^(?=# /etc/)', ADDRESSES + FORWARD)
                   if part.split('\n')[0] not in bundle)
    x = boot(conf=bundle + ('' if bundle.endswith('\n') else '\n') + rest)
    assert re.search(error, x.router.serial()), x.router.serial()[-1500:]
    x.a.gateway_mac = x.b.gateway_mac = '52:54:00:00:00:0a'
    x.a.send_ip(IP(src=x.a.ip, dst=x.b.ip) / UDP() / Raw(b'not through'))
    assert x.b.expect(lambda f: UDP in f, 0.5) is None, 'nothing is forwarded'
    assert load(x.router, CONF)[0] == '0', 'and a good one can be loaded'
    x.a.gateway_mac = x.b.gateway_mac = None
    assert x.forwards()


def test_interface_that_is_absent(boot):
    """As OpenBSD's netstart: said, and the others come up."""
    x = boot(conf=CONF + '# /etc/hostname.vio7\ninet 10.0.7.1/24\n')
    assert 'vio7: no such interface' in x.router.serial()
    assert x.forwards()


def load(router, bundle):
    return router.load(bundle)


def test_no_configuration(boot):
    x = boot(conf=None, how='none')
    assert 'no configuration' in x.router.serial()
    assert not x.forwards(timeout=0.5)
    assert load(x.router, CONF)[0] == '0'
    assert x.forwards()


def test_nothing_is_forwarded_before_the_configuration_has_loaded(boot):
    """Not even when somebody sets addresses and forwarding by hand meanwhile."""
    x = boot(conf='# /etc/myname\n-broken name-\n# /etc/nosuch\n')
    for line in ('ifconfig vio0 inet 10.0.1.1/24 up', 'ifconfig vio1 inet 10.0.2.1/24 up', 'sysctl net.inet.ip.forwarding=1'):
        x.router.cmd(line)
    assert x.pings(x.a) and x.pings(x.b), 'the router itself answers'
    with x.delta() as d:
        assert not x.carries(x.a, x.b, 0.5)
    d.grew('ip', 'packets not forwardable', 1)
    assert load(x.router, CONF)[0] == '0'
    assert x.forwards()


def test_broken_load_changes_nothing(wire):
    assert wire.forwards()
    before = wire.router.cmd('show config')
    for bundle, error in BROKEN.values():
        if '\0' in bundle:
            continue
        status, text = load(wire.router, bundle)
        assert status != '0', bundle
        assert re.search(error, text), text
    assert wire.router.cmd('show config') == before
    assert wire.forwards()


def test_show_config_is_what_was_loaded(wire):
    other = ('# /etc/myname\nother.example\n# /etc/hostname.vio1\n# comment, kept\ninet   10.0.2.1/24\ndescription "the outside"\n'
             '!route add -inet 10.9.0.0/16 10.0.2.2\n# /etc/hostname.vio0\ninet 10.0.1.1 255.255.255.0\n'
             '# /etc/sysctl.conf\nnet.inet.ip.forwarding=1   # on\n')
    for bundle in (other, CONF, other):
        assert load(wire.router, bundle)[0] == '0'
        assert wire.router.cmd('show config') == bundle
        assert wire.forwards()
    load(wire.router, CONF)


def test_load_by_difference(wire):
    """What is in both keeps its counters and neighbours; what is absent goes."""
    assert wire.forwards()
    arp = wire.router.arp()
    count = wire.router.kstat('vio0:::')['vio0:0:rxq:0']['packets']
    assert load(wire.router, CONF.replace('inet 10.0.2.1/24', 'inet 10.0.2.1/24\n!route add -inet 10.9.0.0/16 10.0.2.2'))[0] == '0'
    assert any(r['Destination'].startswith('10.9') for r in wire.router.netstat_rn())
    assert wire.router.arp().keys() == arp.keys()
    assert wire.router.kstat('vio0:::')['vio0:0:rxq:0']['packets'] >= count
    assert load(wire.router, CONF)[0] == '0'
    assert not any(r['Destination'].startswith('10.9') for r in wire.router.netstat_rn())
    assert wire.forwards()


def test_address_moves(wire):
    assert load(wire.router, CONF.replace('10.0.2.1/24', '10.0.2.9/24'))[0] == '0'
    assert [a[0] for a in wire.router.ifconfig('vio1')['vio1']['inet']] == ['10.0.2.9']
    assert not any(r['Destination'] == '10.0.2.1' for r in wire.router.netstat_rn())
    assert load(wire.router, CONF)[0] == '0'
    assert wire.forwards()


def test_crlf_and_no_final_newline(boot):
    x = boot(conf=CONF.rstrip('\n').replace('\n', '\r\n'))
    assert x.forwards()


HOSTILE = {
    'empty': '', 'zeros': '\0' * 5000, 'heads without names': '# /etc/' * 1000, 'empty lines': '\n' * 100000,
    'a line of 300,000': '# /etc/hostname.vio0\n' + 'x' * 300000, 'an address 2,000 times': '# /etc/hostname.vio0\n' + 'inet 10.0.1.1/24\n' * 2000,
    'no text': '\xff\xfe' * 3000, 'a name of 3,000': '# /etc/' + 'n' * 3000 + '\n', 'a path': '# /etc/../../x\n', 'a bare head': '# /etc/\n',
    '5,000 files': ''.join(f'# /etc/hostname.vio{i}\nup\n' for i in range(5000)),
}


@pytest.mark.parametrize('what', HOSTILE)
def test_hostile_bundles(boot, what):
    """Refused or taken, but never a crash; and the console works."""
    x = boot(conf=HOSTILE[what].encode('latin-1'))
    assert 'flags=' in x.router.cmd('ifconfig vio0')


def test_static_routes_and_gateway(boot):
    x = boot(conf=CONF.replace('inet 10.0.2.1/24', 'inet 10.0.2.1/24\n!route add -inet 10.77.0.0/16 10.0.2.2') + '# /etc/mygate\n10.0.2.2\n')
    rows = {r['Destination']: r for r in x.router.netstat_rn()}
    assert rows['default']['Gateway'] == '10.0.2.2' and 'G' in rows['default']['Flags'] and 'S' in rows['default']['Flags']
    assert rows['10.77/16']['Gateway'] == '10.0.2.2'
    for dst in ('10.77.1.2', '198.51.100.7'):
        x.a.send_ip(IP(src=x.a.ip, dst=dst) / UDP() / Raw(b'routed'))
        f = x.b.expect(lambda f: UDP in f and f[IP].dst == dst)
        assert f and f.dst == x.b.mac
