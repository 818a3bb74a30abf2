# Peers that a program may meet: peer.py WHAT prints the address that it listens at.
import signal
import socket
import struct
import subprocess
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


def full():
    """Takes no calls, and has no room for more to wait."""
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for c in waiting:
        c.setblocking(False)
        c.connect_ex(s.getsockname())
    print('tcp!127.0.0.1!%d' % s.getsockname()[1], flush=True)
    signal.pause()


def bridge():
    """Takes one call and gives it to a command as standard input and output, as inetd
    or socat would; ends as the command does."""
    c, _ = listening().accept()
    p = subprocess.Popen(sys.argv[2:], stdin=c, stdout=c)
    c.close()
    sys.exit(p.wait())


def pipes():
    """Talks to a command over two pipes: attaches, and goes or ends it by a signal."""
    how, command = sys.argv[2], sys.argv[3:]
    p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(body):
        p.stdin.write(struct.pack('<I', len(body) + 4) + body)
        p.stdin.flush()
        n, = struct.unpack('<I', p.stdout.read(4))
        return p.stdout.read(n - 4)[0]

    version = b'9P2000'
    assert call(struct.pack('<BHIH', 100, 0xFFFF, 8192, len(version)) + version) == 101
    assert call(struct.pack('<BHIIHH', 104, 1, 1, 0xFFFFFFFF, 0, 0)) == 105
    if how == 'close':
        p.stdin.close()
    elif how == 'deaf':
        p.stdout.close()
        p.stdin.write(struct.pack('<IBHI', 11, 124, 1, 1))
        p.stdin.flush()
    else:
        p.send_signal(getattr(signal, how))
    sys.exit(p.wait())


globals()[sys.argv[1]]()
