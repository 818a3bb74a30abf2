# Peers that a program may meet: peer.py WHAT prints the address that it listens at.
import socket
import struct
import sys


def listening():
    s = socket.create_server(('127.0.0.1', 0))
    print('tcp!127.0.0.1!%d' % s.getsockname()[1], flush=True)
    return s


def message(c):
    """One 9P message, or nothing at the end."""
    head = c.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return b''
    n, = struct.unpack('<I', head)
    return head + c.recv(n - 4, socket.MSG_WAITALL)


def rlerror():
    """diod's answer to a version that it does not know."""
    c, _ = listening().accept()
    message(c)
    c.sendall(struct.pack('<IBHI', 11, 7, 0xFFFF, 95))
    message(c)


def hungup():
    """Takes the call and is gone, however often."""
    s = listening()
    while True:
        s.accept()[0].close()


def silent():
    """Settles the version and never says a word again; the FIFO asked tells when."""
    c, _ = listening().accept()
    m = message(c)
    c.sendall(m[:4] + b'\x65' + m[5:])
    message(c)
    with open('asked', 'w') as f:
        print('asked', file=f)
    while message(c):
        pass


globals()[sys.argv[1]]()
