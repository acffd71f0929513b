"""What the commands print: OpenBSD's formats, as parsers out there read them; and JSON with -j."""
import json
import re

import pytest

pytestmark = pytest.mark.sluice


def test_ifconfig(wire):
    text = wire.router.cmd('ifconfig vio0')
    lines = text.splitlines()
    assert re.fullmatch(r'vio0: flags=8[0-9a-f]43<UP,BROADCAST,RUNNING,(\w+,)*SIMPLEX,MULTICAST> mtu 1500', lines[0])
    assert lines[1] == '\tlladdr 52:54:00:00:00:0a'
    assert re.search(r'^\tindex \d+ priority 0 llprio 3$', text, re.M)
    assert re.search(r'^\tmedia: Ethernet autoselect', text, re.M)
    assert re.search(r'^\tstatus: active$', text, re.M)
    assert re.search(r'^\tinet 10\.0\.1\.1 netmask 0xffffff00 broadcast 10\.0\.1\.255$', text, re.M)
    every = wire.router.ifconfig()
    assert {'lo0', 'vio0', 'vio1'} <= every.keys()
    assert '127.0.0.1' in [a[0] for a in every['lo0']['inet']] and 'LOOPBACK' in every['lo0']['flags']


def test_ifconfig_changes(wire):
    r = wire.router
    assert r.cmd('ifconfig vio0 description "the inside"') == ''
    assert r.ifconfig('vio0')['vio0']['description'] == 'the inside'
    assert r.cmd('ifconfig vio0 inet alias 10.0.8.1/24') == ''
    assert '10.0.8.1' in [a[0] for a in r.ifconfig('vio0')['vio0']['inet']]
    assert '10.0.8.1' in r.cmd('show config')
    assert r.cmd('ifconfig vio0 inet 10.0.8.1 delete') == ''
    assert '10.0.8.1' not in r.cmd('ifconfig vio0')
    assert r.cmd('ifconfig vio0 -description') == ''
    assert wire.forwards()


def test_netstat_rn(wire):
    assert wire.forwards()
    rows = {r['Destination']: r for r in wire.router.netstat_rn()}
    assert rows['10.0.1/24']['Iface'] == 'vio0' and 'U' in rows['10.0.1/24']['Flags'] and 'C' in rows['10.0.1/24']['Flags']
    assert rows['10.0.1.1']['Flags'].startswith('UH') and 'l' in rows['10.0.1.1']['Flags']
    assert 'b' in rows['10.0.1.255']['Flags']
    assert rows['10.0.2.2']['Gateway'] == wire.b.mac and 'L' in rows['10.0.2.2']['Flags']
    assert '127.0.0.1' in rows


def test_route(wire):
    r = wire.router
    assert 'add' in r.cmd('route add 10.99.0.0/16 10.0.2.2')
    get = r.cmd('route -n get 10.99.1.1')
    assert re.search(r'^ *gateway: 10\.0\.2\.2$', get, re.M) and re.search(r'^ *interface: vio1$', get, re.M)
    assert '10.99' in r.cmd('route -n show')
    assert 'delete' in r.cmd('route delete 10.99.0.0/16')
    assert '10.99' not in r.cmd('netstat -rn')
    assert re.search(r'not in table|no such', r.cmd('route delete 10.99.0.0/16').lower())


def test_netstat_in(wire):
    rows = wire.router.netstat_in()
    link = {r['Name']: r for r in rows if r['Network'] == '<Link>'}
    assert link['vio0']['Address'] == '52:54:00:00:00:0a' and link['vio0']['Mtu'] == '1500'
    assert any(r['Name'] == 'vio0' and r['Network'] == '10.0.1/24' and r['Address'] == '10.0.1.1' for r in rows)


def test_netstat_s(wire):
    assert wire.forwards()
    s = wire.router.netstat_s()
    groups = {g for g, _ in s}
    assert {'ip', 'icmp', 'arp', 'ether'} <= groups
    short = wire.router.cmd('netstat -ss')
    assert re.search(r'^\t\d+ packets? forwarded$', short, re.M)
    assert not re.search(r'^\t0 ', short, re.M), 'only those that are not zero'
    assert not re.search(r'^\t1 \w+s (received|forwarded)', wire.router.cmd('netstat -s'), re.M), 'singular'


def test_kstat(wire):
    k = wire.router.kstat()
    for name in ('vio0:0:rxq:0', 'vio0:0:txq:0', 'vio1:0:rxq:0', 'vio1:0:txq:0'):
        assert {'packets', 'bytes', 'qdrops', 'qlen'} <= k[name].keys()
    assert k['vio0:0:txq:0']['oactive'] in ('true', 'false')
    assert set(wire.router.kstat('vio0:::')) < set(k)
    assert re.search(r'^ {9}packets: \d+ packets$', wire.router.cmd('kstat vio0:0:rxq:0'), re.M)


def test_arp_an(wire):
    assert wire.forwards()
    t = wire.router.arp()
    assert re.fullmatch(r'(\d+[hms])+|expired|permanent', t['10.0.1.2'][2])
    assert 'l' in t['10.0.1.1'][3]


def test_sysctl(wire):
    r = wire.router
    assert r.cmd('sysctl net.inet.ip.forwarding') == 'net.inet.ip.forwarding=1\n'
    assert r.cmd('sysctl -n net.inet.ip.forwarding') == '1\n'
    assert r.cmd('sysctl net.inet.ip.forwarding=0') == 'net.inet.ip.forwarding: 1 -> 0\n'
    assert not wire.carries(wire.a, wire.b, 0.5), 'forwarding is off'
    assert r.cmd('sysctl net.inet.ip.forwarding=1') == 'net.inet.ip.forwarding: 0 -> 1\n'
    assert wire.forwards()
    assert r.cmd('sysctl kern.ostype') == 'kern.ostype=Sluice\n'


def test_ping_command(wire):
    assert wire.forwards()
    con = wire.router.con
    con.drain(quiet=0)
    con.send('ping -c 3 -i 0.2 10.0.1.2\r')
    for _ in range(3):
        f = wire.a.expect(lambda f: 'ICMP' in f and f['ICMP'].type == 8, 5)
        assert f is not None
        reply = f['IP'].copy()
        reply.src, reply.dst, reply.chksum = f['IP'].dst, f['IP'].src, None
        reply['ICMP'].type, reply['ICMP'].chksum = 0, None
        wire.a.send_ip(reply)
    text, _ = con.expect(con.PROMPT, 15)
    assert len(re.findall(r'^\d+ bytes from 10\.0\.1\.2: icmp_seq=\d+ ttl=\d+ time=[\d.]+ ms$', text, re.M)) == 3
    assert re.search(r'^3 packets transmitted, 3 packets received, 0\.0% packet loss$', text, re.M)
    assert re.search(r'^round-trip min/avg/max/std-dev = ', text, re.M)


def test_ping_command_without_answer(wire):
    text = wire.router.cmd('ping -c 2 -i 0.3 -w 1 10.0.1.222', timeout=30)
    assert re.search(r'2 packets transmitted, 0 packets received, 100\.0% packet loss', text)


def test_help(wire):
    text = wire.router.cmd('help')
    for name in ('ifconfig', 'route', 'arp', 'netstat', 'kstat', 'ping', 'sysctl', 'dmesg', 'help', 'reboot', 'halt', 'systat', 'uptime',
                 'vmstat'):
        assert re.search(rf'^\s*{name}\b', text, re.M), name
        assert name in wire.router.cmd(f'help {name}')


@pytest.mark.parametrize('line', ['ifconfig -j', 'ifconfig -j vio0', 'netstat -j -rn', 'netstat -j -in', 'netstat -j -s', 'kstat -j', 'arp -j -an',
                                  'sysctl -j', 'route -j -n show', 'dmesg -j', 'netstat -rn -j', 'netstat -p ip -j', 'netstat -inj', 'route -n -j show',
                                  'arp -an -j', 'uptime -j', 'vmstat -i -j', 'ping -c 1 -w 1 -j 10.0.1.1'])
def test_json(wire, line):
    assert json.loads(wire.router.cmd(line, timeout=30))


def test_oxidized(wire):
    """What its collector asks for: the prompt and these two."""
    assert wire.router.cmd('cat /etc/sysctl.conf') == 'net.inet.ip.forwarding=1\n'
    text = wire.router.cmd('tail -n +1 /etc/hostname.*')
    assert '==> /etc/hostname.vio0 <==' in text and 'inet 10.0.1.1 255.255.255.0' in text


def test_dmesg(wire):
    log = wire.router.cmd('dmesg')
    assert 'vio0 at virtio0' in log and 'Sluice' in log
