#!/usr/bin/env python3
"""editing.py EMU: rc on a terminal: completion, history, what is pasted and interrupted.

Prints `ok NAME' or what went wrong.
"""

import os
import queue
import re
import struct
import subprocess
import tempfile
import threading
import tty

from session import Session, emu, equal, finish, state, test


def ready(*args, **kw):
    s = Session(*args, **kw)
    s.prompt()
    return s


def run(s, line):
    s.type(line + '\r')
    s.prompt()


def end(s):
    s.type('\x04')
    equal(s.status(), 0)


def interrupt(s):
    """Throws the line away; leaves a good status."""
    s.type('\x03')
    s.prompt()
    run(s, 'status=()')


# Completion.


def completed(made, typed, added, printed):
    """Runs the lines made, types a line with a Tab, waits for what is added, runs it."""
    s = ready()
    run(s, 'cd /tmp')
    for line in made:
        run(s, line)
    s.type(typed)
    s.expect(re.escape(added))
    s.type('\r')
    s.expect('\n' + re.escape(printed) + '\r\n')
    s.prompt()
    end(s)


def what_several_have_in_common_is_added_and_then_listed():
    s = ready()
    run(s, 'echo >/tmp/alpha; echo >/tmp/alpine; mkdir /tmp/alps')
    s.type('cat /tmp/a\t')
    s.expect('lp')
    s.type('\t')
    s.expect('alpha   alpine  alps/\r\n')
    s.expect('% cat /tmp/alp')
    s.type('h\t')
    s.expect('a ')
    interrupt(s)
    end(s)


def a_directory_is_gone_into():
    s = ready()
    run(s, "mkdir '/tmp/some where'; echo text >'/tmp/some where/a file'")
    s.type('cat /tmp/so\t')
    s.expect("where'/")
    s.type('a\t')
    s.expect("file' ")
    s.type('\r')
    s.expect('\ntext\r\n')
    s.prompt()
    end(s)


def nothing_found_rings_the_bell():
    s = ready()
    s.type('cat /tmp/nosuch\t')
    s.expect('\x07')
    s.type('\x03')
    s.prompt()
    s.type('echo $nosuch\t')
    s.expect('\x07')
    interrupt(s)
    end(s)


def a_program_that_reads_gets_a_tab():
    s = ready()
    s.type('cat\r')
    s.expect('\n')
    s.type('a\tb\r')
    s.expect('\na\tb\r\n')
    s.type('\x04')
    s.prompt()
    end(s)


def a_tab_in_what_is_pasted_is_a_tab():
    s = ready()
    s.type("\x1b[200~echo 'a\tb'\x1b[201~\r")
    s.expect('\na\tb\r\n')
    s.prompt()
    s.type('ech\t')
    s.expect('o ')
    interrupt(s)
    end(s)


def a_paste_of_several_lines_is_run():
    s = ready()
    s.type("\x1b[200~fn f{\r\techo pas''ted\r}\rf\r\x1b[201~")
    s.expect('\npasted\r\n')
    s.prompt()
    s.type('pw\t')
    s.expect('d ')
    interrupt(s)
    end(s)


def what_is_typed_ahead_is_completed():
    s = ready()
    s.type('cat\r')
    s.expect('\n')
    s.type('\x04pw\t')
    s.expect('d ')
    s.type('\r')
    s.prompt()
    end(s)


def a_long_list_does_not_leave_the_screen():
    s = ready()
    run(s, 'mkdir /tmp/many; cd /tmp/many; for(i in 0 1 2 3 4 5 6 7 8 9)'
        'for(j in 0 1 2 3 4 5 6 7 8 9) for(k in x yyyyyyyyyyyyyyyyyyyyy) echo >n$i$j$k')
    s.type('cat n\t')
    s.expect('\x07')
    s.type('\t')
    s.expect('and [0-9]+ more\r\n')
    s.expect('% cat n')
    interrupt(s)
    end(s)


class Deadserver:
    """A 9P server on a pseudo terminal: lets itself be mounted, and then answers nothing."""

    Tversion, Tattach, Tflush, Twalk, Topen, Tclunk = 100, 104, 108, 110, 112, 120

    def __init__(self):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.slave = slave
        self.name = '/n/host' + os.ttyname(slave)
        self.came = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def exactly(self, n):
        data = b''
        while len(data) < n:
            more = os.read(self.master, n - len(data))
            if not more:
                raise OSError
            data += more
        return data

    def serve(self):
        try:
            while True:
                size, kind, tag = struct.unpack('<IBH', self.exactly(7))
                body = self.exactly(size - 7)
                self.came.put(kind)
                qid = struct.pack('<BIQ', 0x80, 0, 1)
                if kind == self.Tversion:
                    self.reply(101, tag, body)
                elif kind == self.Tattach:
                    self.reply(105, tag, qid)
                elif kind == self.Twalk and body[8:10] == b'\0\0':
                    self.reply(111, tag, b'\0\0')
        except OSError:
            pass

    def reply(self, kind, tag, body):
        os.write(self.master, struct.pack('<IBH', 7 + len(body), kind, tag) + body)

    def wait(self, kind):
        while self.came.get(timeout=20) != kind:
            pass

    def close(self):
        os.close(self.slave)
        os.close(self.master)


def asked_of_the_dead():
    """A session whose Tab waits for a server that does not answer."""
    d = Deadserver()
    s = ready()
    run(s, f'mount {d.name} /n/dead')
    s.type('cat /n/dead/fi\t')
    d.wait(d.Topen)
    return d, s


def interrupt_gives_a_dead_server_up():
    d, s = asked_of_the_dead()
    s.type('\x03')
    s.prompt()
    d.wait(d.Tflush)
    s.type('echo ali''ve\r')
    s.expect('\nalive\r\n')
    s.prompt()
    d.close()
    end(s)


def typing_on_gives_a_dead_server_up():
    d, s = asked_of_the_dead()
    s.out = ''
    s.type('le')
    s.expect('le')
    d.wait(d.Tflush)
    interrupt(s)
    d.close()
    end(s)


# Interrupts and prompts.


def interrupt_drops_what_is_half_typed():
    s = ready()
    for first in 'if(~ 1 1){', "echo 'open", 'for(i in a b)', 'echo a |':
        s.type(first + '\r')
        s.expect('\x1b\\[J\x1b\\[9G')
        s.type('echo nev''er')
        s.expect('never')
        s.type('\x03')
        s.prompt()
        run(s, 'echo after')
    if re.search('\nnever', s.out):
        raise AssertionError('it was run')
    end(s)


def further_lines_have_the_second_prompt():
    s = ready()
    s.type("prompt=('first: ' 'second: ')\r")
    s.expect('\x1b\\[Jfirst: ')
    s.type('{\r')
    s.expect('\x1b\\[Jsecond: ')
    s.type('echo in''side\r')
    s.expect('\x1b\\[Jsecond: ')
    s.type('}\r')
    s.expect('\ninside\r\n')
    s.expect('\x1b\\[Jfirst: ')
    end(s)


# History.


def home(text=None):
    """A state directory, with a history of that text."""
    d = tempfile.mkdtemp(dir=state.name)
    if text is not None:
        os.mkdir(d + '/emu')
        with open(d + '/emu/history', 'wb') as f:
            f.write(text)
    return d


def history(d):
    with open(d + '/emu/history', 'rb') as f:
        return f.read()


def lines_of_an_earlier_session_come_back():
    d = home()
    s = ready(home=d)
    run(s, 'echo fir''st')
    run(s, 'echo sec''ond')
    end(s)
    equal(history(d), b'echo first\necho second\n')
    equal(os.stat(d + '/emu').st_mode & 0o777, 0o700)
    equal(os.stat(d + '/emu/history').st_mode & 0o777, 0o600)
    s = ready(home=d)
    s.type('\x10\x10\r')
    s.expect('\nfirst\r\n')
    s.prompt()
    end(s)


def arrows_go_through_the_lines(up, down):
    s = ready(home=home(b'echo one\necho two\n'))
    s.type(up + up + down + up + '\r')
    s.expect('\none\r\n')
    s.prompt()
    end(s)


def two_sessions_keep_both_their_lines():
    d = home(b'echo old\n')
    a, b = ready(home=d), ready(home=d)
    run(a, 'echo fromA')
    run(b, 'echo fromB')
    run(a, 'echo moreA')
    end(b)
    end(a)
    equal(history(d), b'echo old\necho fromA\necho fromB\necho moreA\n')


def search_finds_a_line_of_an_earlier_session():
    d = home(b'echo needle\n' + b''.join(b'echo hay%d\n' % i for i in range(50)))
    s = ready(home=d)
    s.type('\x12need')
    s.expect('echo needle')
    s.type('\r')
    s.expect('\nneedle\r\n')
    s.prompt()
    end(s)


def what_is_private_is_not_kept():
    d = home()
    s = ready(home=d)
    run(s, ' echo blank')
    run(s, '')
    run(s, 'echo twice')
    run(s, 'echo twice')
    s.type('cat >/dev/null\r')
    s.expect('\n')
    s.type('read by cat\r')
    s.expect('\n')
    s.type('\x04')
    s.prompt()
    end(s)
    equal(history(d), b'echo twice\ncat >/dev/null\n')


def the_file_is_trimmed():
    d = home(b''.join(b'echo %d\n' % i for i in range(1500)))
    s = ready(home=d)
    run(s, 'echo last')
    end(s)
    lines = history(d).splitlines()
    equal((len(lines), lines[0], lines[-1]), (1001, b'echo 500', b'echo last'))
    equal(os.listdir(d + '/emu'), ['history'])


def a_broken_file_disturbs_nobody():
    d = home(b'echo g\xff\xfeood\n\0\0\n' + bytes(range(128, 256)) + b'\n' + b'x' * 100000
             + b'\nunfinished')
    s = ready(home=d)
    s.type('\x10\x10\x10\r')
    s.expect('\ngood\r\n')
    s.prompt()
    end(s)
    equal(history(d).endswith(b'\nunfinished\necho good\n'), True)


def no_place_for_it_disturbs_nobody(place):
    s = ready(home=place)
    run(s, 'echo something')
    s.type('\x10\r')
    s.expect('\nsomething\r\n')
    s.prompt()
    end(s)


def a_directory(name):
    d = home()
    os.makedirs(d + '/emu/' + name)
    return d


def a_fifo():
    d = home()
    os.mkdir(d + '/emu')
    os.mkfifo(d + '/emu/history')
    return d


def a_dumb_terminal_has_none_of_it():
    d = home()
    s = Session(term='dumb', home=d)
    s.expect('% ')
    s.type("echo 'a\tb'\r")
    s.expect('\na\tb\r\n% ')
    s.type('\x04')
    equal(s.status(), 0)
    equal(os.listdir(d), [])


def nor_has_what_is_no_terminal():
    d = home()
    p = subprocess.run([emu], input=b"echo 'a\tb'\n", stdout=subprocess.PIPE, timeout=30,
                       env={**os.environ, 'TERM': 'xterm', 'XDG_STATE_HOME': d})
    equal((p.stdout, p.returncode), (b'a\tb\n', 0))
    equal(os.listdir(d), [])


test('a program is completed', completed, [], 'pw\t', 'd ', '/tmp')
test('a file made inside is completed', completed, ['echo text >/tmp/firstname'],
     'cat /tmp/firs\t', 'tname ', 'text')
test('a bound name is completed', completed, ['mkdir /tmp/b', 'bind /lib /tmp/b'],
     'ls /tmp/b/names\t', 'pace ', '/tmp/b/namespace')
test('the name space is that of the reader', completed,
     ['rfork n', 'mkdir /tmp/c', 'bind /lib /tmp/c'], 'ls /tmp/c/names\t', 'pace ',
     '/tmp/c/namespace')
test('a name in the directory is completed', completed,
     ['echo here >relative'], 'cat rel\t', 'ative ', 'here')
test('a name with blanks is quoted', completed, ["echo text >'/tmp/two words'"],
     'cat /tmp/two\t', "words' ", 'text')
test('a quoted name is completed', completed,
     ["mkdir '/tmp/a dir'", "echo text >'/tmp/a dir/it''s'"], "cat '/tmp/a dir/i\t", "s' ",
     'text')
test('a directory has a slash and is gone into', a_directory_is_gone_into)
test('a variable is completed', completed, ['somevariable=(a b c)'], 'echo $#someva\t',
     'riable', '3')
test('a path through a variable is completed', completed,
     ['d=/tmp', 'echo text >/tmp/thefile'], 'cat $d/the\t', 'file ', 'text')
test('a function is completed', completed, ['fn greeting{echo hello}'], 'greet\t', 'ing ',
     'hello')
test('a command behind a bar is completed', completed, [], 'echo x | ca\t', 't ', 'x')
test('a file of a redirection is completed', completed, ['echo text >/tmp/input'],
     'cat </tmp/inp\t', 'ut ', 'text')
test('several are listed', what_several_have_in_common_is_added_and_then_listed)
test('nothing found rings the bell', nothing_found_rings_the_bell)
test('a program that reads gets a tab', a_program_that_reads_gets_a_tab)
test('a tab that is pasted is a tab', a_tab_in_what_is_pasted_is_a_tab)
test('a paste of several lines is run', a_paste_of_several_lines_is_run)
test('what is typed ahead is completed', what_is_typed_ahead_is_completed)
test('a long list is cut', a_long_list_does_not_leave_the_screen)
test('^C gives a dead server up', interrupt_gives_a_dead_server_up)
test('typing on gives a dead server up', typing_on_gives_a_dead_server_up)
test('^C drops what is half typed', interrupt_drops_what_is_half_typed)
test('further lines have the second prompt', further_lines_have_the_second_prompt)
test('lines of an earlier session come back', lines_of_an_earlier_session_come_back)
test('arrows go through the lines', arrows_go_through_the_lines, '\x1b[A', '\x1b[B')
test('so do those of the keypad', arrows_go_through_the_lines, '\x1bOA', '\x1bOB')
test('two sessions keep both their lines', two_sessions_keep_both_their_lines)
test('^R finds a line of an earlier session', search_finds_a_line_of_an_earlier_session)
test('what is private is not kept', what_is_private_is_not_kept)
test('the history file is trimmed', the_file_is_trimmed)
test('a broken history file disturbs nobody', a_broken_file_disturbs_nobody)
test('a history in a file of no use', no_place_for_it_disturbs_nobody, '/dev/null/x')
test('a history that is a directory', no_place_for_it_disturbs_nobody, a_directory('history'))
test('a history that is a FIFO', no_place_for_it_disturbs_nobody, a_fifo())
test('a dumb terminal has none of it', a_dumb_terminal_has_none_of_it)
test('nor has what is no terminal', nor_has_what_is_no_terminal)
finish()
