"""Sessions of emu on a pseudo terminal, for the tests beside this.

The host's state directory is one of the tests' own, so that nobody's history is touched.
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

emu = os.path.realpath(sys.argv[1])
state = tempfile.TemporaryDirectory()
os.environ['XDG_STATE_HOME'] = state.name
failed = 0
PASTE = re.compile('\x1b\\[\\?2004[hl]')	# what tells the terminal to mark what is pasted


class Session:
    """One emu on a pseudo terminal."""

    def __init__(self, *args, term='xterm', home=None):
        self.out = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ['TERM'] = term
            if home is not None:
                os.environ['XDG_STATE_HOME'] = home
            try:
                os.execv(emu, [emu, *args])
            finally:
                os._exit(127)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, limit=20):
        """Reads until pattern matches what came since the last match."""
        end = time.time() + limit
        while not (m := re.search(pattern, self.out)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.time()))
            if not ready:
                raise AssertionError(f'no {pattern!r} in {self.out!r}')
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b''
            if not data:
                raise AssertionError(f'end before {pattern!r}: {self.out!r}')
            self.out += data.decode('utf-8', 'replace')
            self.out = PASTE.sub('', self.out)
        self.out = self.out[m.end():]

    def prompt(self):
        self.expect('\x1b\\[J% ')

    def status(self, limit=20):
        end = time.time() + limit
        while time.time() < end:
            try:
                if select.select([self.fd], [], [], 0.05)[0]:
                    self.out += os.read(self.fd, 65536).decode('utf-8', 'replace')
            except OSError:
                pass
            pid, st = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(st)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f'it did not end: {self.out!r}')

    def cooked(self):
        flags = termios.tcgetattr(self.fd)[3]
        return bool(flags & termios.ICANON and flags & termios.ECHO)


def equal(got, want):
    if got != want:
        raise AssertionError(f'{got!r}, wanted {want!r}')


def test(name, fn, *args):
    global failed
    try:
        fn(*args)
        print('ok', name, flush=True)
    except (AssertionError, OSError, subprocess.TimeoutExpired) as e:
        failed += 1
        print('FAILED:', name + ':', str(e)[:300], flush=True)


def finish():
    sys.exit(failed > 0)
