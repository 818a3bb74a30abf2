#!/usr/bin/env python3
"""terminal.py EMU: emu on a terminal, on sockets, on pipes that others share.

Prints `ok NAME' or what went wrong.
"""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

from session import Session, emu, equal, finish, test


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
    s.type('echo begun; sleep 100\r')
    s.expect('\nbegun\r\n')
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
    s.type('echo begun; while(~ 1 1){}\r')
    s.expect('\nbegun\r\n')
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


def raw_gives_every_key_at_once():
    s = Session('-c', '{echo rawon >[1=5]; echo ready; dd -if /dev/cons -bs 1 -count 3; '
        'echo; cat} >[5]/dev/consctl')
    s.expect('ready\r\n')
    equal(s.cooked(), False)
    s.type('a\x03b')
    s.expect('a\x03b')
    os.kill(s.pid, signal.SIGINT)
    equal(s.status(), 1)
    equal(s.cooked(), True)


def a_window_that_changes_keeps_the_line():
    s = Session()
    s.prompt()
    s.type('echo long')
    s.expect('echo long')
    fcntl.ioctl(s.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 100, 0, 0))
    s.expect('% echo long')
    s.type('er\r')
    s.expect('\nlonger\r\n')
    s.prompt()
    s.type('\x04')
    s.status()


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


def a_dumb_terminal_edits_for_itself():
    s = Session(term='dumb')
    s.expect('% ')
    s.type('echo a\x7fb\r')
    s.expect('\nb\r\n% ')
    s.type('echo begun; sleep 100\r')
    s.expect('\nbegun\r\n')
    s.type('\x03')
    s.expect('% ')
    s.type('\x04')
    s.status()


def sockets_are_standard_descriptors():
    ours, theirs = socket.socketpair()
    p = subprocess.Popen([emu, 'cat'], stdin=theirs, stdout=theirs)
    theirs.close()
    text = b'x' * 3000000
    writer = threading.Thread(target=lambda: (ours.sendall(text), ours.shutdown(socket.SHUT_WR)))
    writer.start()
    got = b''
    while data := ours.recv(65536):
        got += data
    writer.join()
    equal(p.wait(20), 0)
    equal(got == text, True)


def what_is_shared_is_not_made_nonblocking():
    r, w = os.pipe()
    out_r, out_w = os.pipe()
    p = subprocess.Popen([emu, 'cat'], stdin=r, stdout=out_w)
    os.write(w, b'text')
    equal(os.read(out_r, 10), b'text')
    for fd in r, out_w:
        equal(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
    os.close(w)
    equal(p.wait(20), 0)


def a_slow_reader_gets_everything():
    p = subprocess.Popen([emu, '-c', 'for(i in 1 2 3 4) dd -if /dev/zero -bs 100000 -count 10'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    n = 0
    while data := os.read(p.stdout.fileno(), 50000):
        n += len(data)
        time.sleep(0.001)
    equal(p.wait(20), 0)
    equal(n, 4000000)


def a_reader_that_goes_ends_the_writer():
    p = subprocess.Popen([emu, 'cat', '/dev/zero'], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    os.read(p.stdout.fileno(), 10)
    p.stdout.close()
    equal(p.wait(20), 1)


test('lines are edited and kept', lines_are_edited_and_kept)
test('^C ends the command only', interrupt_ends_the_command_only)
test('^C ends a loop', interrupt_ends_a_loop_without_system_calls)
test('^C throws the line away', interrupt_throws_the_line_away)
test('^D ends a program and not rc', end_of_file_ends_a_program_and_not_rc)
test('raw gives every key at once', raw_gives_every_key_at_once)
test('a window that changes keeps the line', a_window_that_changes_keeps_the_line)
test('output goes above the line', output_goes_above_the_line)
test('SIGTERM restores the terminal', a_signal_restores_the_terminal, signal.SIGTERM, 1)
test('SIGSEGV restores the terminal', a_signal_restores_the_terminal, signal.SIGSEGV, -11)
test('a program reads the terminal', stdin_that_is_a_terminal_serves_a_program)
test('a dumb terminal edits for itself', a_dumb_terminal_edits_for_itself)
test('sockets are standard descriptors', sockets_are_standard_descriptors)
test('what is shared is not made non-blocking', what_is_shared_is_not_made_nonblocking)
test('a slow reader gets everything', a_slow_reader_gets_everything)
test('a reader that goes ends the writer', a_reader_that_goes_ends_the_writer)
finish()
