"""The console under hostile typing: nothing typed there stops the shell or the traffic."""
import random

import pytest

pytestmark = pytest.mark.sluice


def alive(wire):
    wire.router.con.send('\x03')
    wire.router.con.wait_prompt()
    wire.router.con.drain()
    assert 'flags=' in wire.router.cmd('ifconfig vio0')
    assert wire.forwards()


@pytest.mark.limit(200)
@pytest.mark.parametrize('size', [5000, pytest.param(1 << 20, marks=pytest.mark.long)])
def test_long_line(wire, size):
    """Refused with one message, nothing of it runs."""
    con = wire.router.con
    con.drain(quiet=0)
    con.send(b'x' * size)
    assert wire.forwards(timeout=5), 'traffic goes on while it is typed'
    con.send('\r')
    text, _ = con.expect(con.PROMPT, 60)
    assert len(text) < size + 20000
    alive(wire)


def test_binary_noise(wire):
    rng = random.Random(1)
    for _ in range(4):
        noise = bytes(b for b in rng.randbytes(3000) if b not in b'\r\n\x04')
        wire.router.con.send(noise + b'\x03')
    alive(wire)


def test_noise_that_ends_lines(wire):
    rng = random.Random(2)
    wire.router.con.send(b'\r'.join(rng.randbytes(rng.randrange(80)) for _ in range(60)).replace(b'\x04', b''))
    alive(wire)


def test_interrupt_in_the_middle(wire):
    con = wire.router.con
    con.send('ifconfi\x03')
    con.wait_prompt()
    con.drain(quiet=0)
    con.send('ping 10.0.2.250\r')
    con.expect('PING 10', 5)
    con.send('\x03')
    alive(wire)


def test_interrupt_right_behind_the_command(wire):
    """Both arrive at once: the command does not run for ever."""
    con = wire.router.con
    con.drain(quiet=0)
    con.send('ping 10.0.2.250\r\x03')
    con.expect(con.PROMPT, 5)
    alive(wire)


def test_here_document_that_does_not_end(wire):
    before = wire.router.cmd('show config')
    for end in ('\x03', '\x04'):
        wire.router.con.send('load <<EOF\r# /etc/hostname.vio0\rinet 10.9.9.9/24\r' + end)
        wire.router.con.wait_prompt()
        wire.router.con.drain()
        assert wire.router.cmd('show config') == before
    alive(wire)


@pytest.mark.parametrize('line', ['nosuch', 'ifconfig nosuch0', 'route add', 'route add 1.2.3.4/99 5', 'arp -d 1.2.3.4.5', 'netstat -Q',
                                  'sysctl no.such=1', 'ping', 'echo hi | cat', 'echo hi > file', 'ls $(x)', '"unended', 'kstat a:b:c:d:e:f',
                                  'arp -s 10.0.1.9 zz:zz', 'ifconfig vio0 inet 300.1.1.1', 'help nosuch'])
def test_wrong_commands_say_so(wire, line):
    con = wire.router.con
    out = wire.router.cmd(line)
    if line == '"unended':
        con.send('\x03')
        con.wait_prompt()
        return
    assert out.strip(), 'it says why'
    assert wire.router.cmd('echo $?').strip() not in ('', '0')


def test_output_that_is_never_read(wire):
    """Flow control: the far end of the serial line stops reading in the middle of a long output; traffic goes on."""
    con = wire.router.con
    for _ in range(20):
        con.sock.send(b'help; dmesg; netstat -s; kstat\r')
    for _ in range(3):
        assert wire.forwards()
    con.drain(quiet=1, timeout=30)
    alive(wire)


def test_history_and_editing(wire):
    con = wire.router.con
    con.drain(quiet=0)
    con.send('sysctl -n kern.ostypX\x7fe\r')
    assert 'Sluice' in con.expect(con.PROMPT)[0]
    con.send('\x1b[A\r')
    assert 'Sluice' in con.expect(con.PROMPT)[0]
    con.send('garbage\x15sysctl -n kern.ostype\r')
    assert 'Sluice' in con.expect(con.PROMPT)[0]


def test_prompt_shows_the_name(wire):
    con = wire.router.con
    con.send('\r')
    assert con.expect(con.PROMPT)[1][1].startswith('root@dut')
