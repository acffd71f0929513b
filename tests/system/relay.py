"""relay.py FD FD - carries frames between two datagram sockets until one of them ends; waits where one takes no more."""
import errno
import selectors
import socket
import sys
import time


def send(sock, frame):
    while True:
        try:
            return sock.send(frame)
        except BlockingIOError:
            time.sleep(0.0005)
        except OSError as e:
            if e.errno in (errno.ENOBUFS,):
                time.sleep(0.0005)
            elif e.errno in (errno.EMSGSIZE, errno.ENETDOWN, errno.ECONNREFUSED):
                return 0        # not for this wire: as a card would
            else:
                raise


def main():
    a, b = (socket.socket(fileno=int(fd)) for fd in sys.argv[1:3])
    sel = selectors.DefaultSelector()
    for here, there in ((a, b), (b, a)):
        here.setblocking(False)
        sel.register(here, selectors.EVENT_READ, there)
    while True:
        for key, _ in sel.select():
            for _ in range(64):
                try:
                    frame = key.fileobj.recv(65600)
                except BlockingIOError:
                    break
                except OSError:
                    return
                if frame:
                    send(key.data, frame)


main()
