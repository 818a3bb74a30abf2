# greedy.py SOCKET: opens files until it gets no more, prints what it was told then and
# when it made one, and keeps them open until the end of its standard input.
import socket
import struct
import sys

c = socket.socket(socket.AF_UNIX)
c.connect(sys.argv[1])


def text(s):
    return struct.pack('<H', len(s)) + s.encode()


def rpc(kind, body):
    m = struct.pack('<IBH', 7 + len(body), kind, 1 if kind != 100 else 0xFFFF) + body
    c.sendall(m)
    n, = struct.unpack('<I', c.recv(4, socket.MSG_WAITALL))
    r = c.recv(n - 4, socket.MSG_WAITALL)
    if r[0] == 107:
        return r[5:].decode()


rpc(100, struct.pack('<I', 8192) + text('9P2000'))
rpc(104, struct.pack('<II', 0, 0xFFFFFFFF) + text('x') + text(''))
why = None
fid = 0
while not why:
    fid += 1
    why = rpc(110, struct.pack('<IIH', 0, fid, 1) + text('f'))
    why = why or rpc(112, struct.pack('<IB', fid, 0))
rpc(110, struct.pack('<IIH', 0, fid + 1, 0))
made = rpc(114, struct.pack('<I', fid + 1) + text('made') + struct.pack('<IB', 0o644, 0))
print(why, made, sep='; ', flush=True)
sys.stdin.read()
