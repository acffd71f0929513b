"""A serial console behind a unix socket: send, expect, and commands at a prompt."""
import re
import select
import time

# Colours and cursor movements that line editing may send.
ESCAPES = re.compile(r'\x1b\[[0-9;?]*[A-Za-z]|\x07')


class Timeout(Exception):
    pass


class Console:
    PROMPT = re.compile(r'(?:^|\n)([^\s@]+@[^\s:]+:[^\s$#]*[$#] )$')

    def __init__(self, sock):
        self.sock = sock
        self.sock.setblocking(False)
        self.seen = ''          # all that came, for reports
        self.buf = ''           # what no expect has taken yet

    def fill(self, timeout):
        """Reads what is there; waits up to `timeout` for something. False: nothing came."""
        if not select.select([self.sock], [], [], max(0, timeout))[0]:
            return False
        try:
            data = self.sock.recv(65536)
        except (BlockingIOError, ConnectionResetError):
            return False
        if not data:
            time.sleep(0.01)
            return False
        text = data.decode('utf-8', 'replace')
        self.seen += text
        self.buf = ESCAPES.sub('', self.buf + text).replace('\r', '')
        return True

    def send(self, data):
        """All of data (bytes or text), while reading what comes, so that neither side blocks the other."""
        if isinstance(data, str):
            data = data.encode()
        end = time.monotonic() + 30 + len(data) / 20000
        while data:
            r, w, _ = select.select([self.sock], [self.sock], [], 1)
            if r:
                self.fill(0)
            if w:
                data = data[self.sock.send(data[:4096]):]
            if time.monotonic() > end:
                raise Timeout(f'console takes no input; {len(data)} bytes left')

    def expect(self, pattern, timeout=10):
        """Waits for the pattern in what was not yet taken; takes up to its end. Returns (text before it, match)."""
        pattern = re.compile(pattern) if isinstance(pattern, str) else pattern
        end = time.monotonic() + timeout
        while True:
            m = pattern.search(self.buf)
            if m:
                before, self.buf = self.buf[:m.start()], self.buf[m.end():]
                return before, m
            left = end - time.monotonic()
            if left <= 0:
                raise Timeout(f'no {pattern.pattern!r} within {timeout} s; console had: {self.buf[-2000:]!r}')
            self.fill(min(left, 0.5))

    def drain(self, quiet=0.2, timeout=5):
        """Throws away what comes until nothing has for `quiet` seconds."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.fill(quiet):
            pass
        self.buf = ''

    def wait_prompt(self, timeout=20):
        """Types Return until the prompt comes: a console that was connected late has missed the first."""
        end = time.monotonic() + timeout
        while True:
            self.send('\r')
            try:
                return self.expect(self.PROMPT, min(1.5, max(0.1, end - time.monotonic())))
            except Timeout:
                if time.monotonic() > end:
                    raise

    def cmd(self, line, timeout=15):
        """Types the line, returns what it printed, without echo and prompt, newline at the end unless empty."""
        self.drain(quiet=0)
        self.send(line + '\r')
        text, _ = self.expect(self.PROMPT, timeout)
        echo, nl, rest = text.partition('\n')
        if not nl:
            return ''
        return rest + '\n' if rest and not rest.endswith('\n') else rest
