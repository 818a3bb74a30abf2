#!/usr/bin/env python3
"""terminal.py EMU: emu on a terminal.  Prints `ok NAME' or what went wrong."""

import os
import pty
import re
import select
import signal
import sys
import termios
import time

emu = os.path.realpath(sys.argv[1])
failed = 0


class Session:
    """One emu on a pseudo terminal."""

    def __init__(self, *args):
        self.out = ''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ['TERM'] = 'xterm'
            os.execv(emu, [emu, *args])

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


def lines_are_edited_and_kept():
    s = Session()
    s.prompt()
    s.type('echo héllp\x7fo\r')
    s.expect('\nhéllo\r\n')
    s.prompt()
    s.type('\x10\r')
    s.expect('\nhéllo\r\n')
    s.prompt()
    s.type('\x04')
    equal(s.status(), 0)


def interrupt_ends_the_command_only():
    s = Session()
    s.prompt()
    s.type('sleep 100\r')
    time.sleep(1)
    s.type('\x03')
    s.prompt()
    s.type('echo a$status^b\r')
    s.expect('interrupt')
    s.prompt()
    s.type('\x04')
    s.status()


def interrupt_ends_a_loop_without_system_calls():
    s = Session()
    s.prompt()
    s.type('while(~ 1 1){}\r')
    time.sleep(1)
    s.type('\x03')
    s.prompt()
    s.type('\x04')
    s.status()


def interrupt_throws_the_line_away():
    s = Session()
    s.prompt()
    s.type('echo never')
    s.expect('never')
    s.type('\x03')
    s.prompt()
    s.type('echo af''ter\r')
    s.expect('\nafter\r\n')
    if 'never' in s.out:
        raise AssertionError('the line was run')
    s.type('\x04')
    s.status()


def end_of_file_ends_a_program_and_not_rc():
    s = Session()
    s.prompt()
    s.type('cat\r')
    time.sleep(1)
    s.type('one\r')
    s.expect('one\r\none\r\n')
    s.type('\x04')
    s.prompt()
    s.type('exit\r')
    equal(s.status(), 0)


def output_goes_above_the_line():
    s = Session()
    s.prompt()
    s.type('{sleep 2; echo loud}&\r')
    s.prompt()
    s.type('echo qui')
    s.expect('loud\r?\n')
    s.expect('% echo qui')
    s.type('et\r')
    s.expect('\nquiet\r\n')
    s.prompt()
    s.type('\x04')
    s.status()


def a_signal_restores_the_terminal(sig, want):
    s = Session()
    s.prompt()
    s.type('echo x')
    s.expect('echo x')
    os.kill(s.pid, sig)
    equal(s.status(), want)
    equal(s.cooked(), True)


def stdin_that_is_a_terminal_serves_a_program():
    s = Session('cat')
    time.sleep(1)
    s.type('typed\r')
    s.expect('typed\r\ntyped\r\n')
    s.type('\x04')
    equal(s.status(), 0)


def test(name, fn, *args):
    global failed
    try:
        fn(*args)
        print('ok', name)
    except (AssertionError, OSError) as e:
        failed += 1
        print('FAILED:', name + ':', e)


test('lines are edited and kept', lines_are_edited_and_kept)
test('^C ends the command only', interrupt_ends_the_command_only)
test('^C ends a loop', interrupt_ends_a_loop_without_system_calls)
test('^C throws the line away', interrupt_throws_the_line_away)
test('^D ends a program and not rc', end_of_file_ends_a_program_and_not_rc)
test('output goes above the line', output_goes_above_the_line)
test('SIGTERM restores the terminal', a_signal_restores_the_terminal, signal.SIGTERM, 1)
test('SIGSEGV restores the terminal', a_signal_restores_the_terminal, signal.SIGSEGV, -11)
test('a program reads the terminal', stdin_that_is_a_terminal_serves_a_program)
sys.exit(failed > 0)
