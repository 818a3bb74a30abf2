# emu -s and emu -9.

start -s "unix!$dir/s.sock" -r "$here_/tree"
s=$pid
ok '-s says what it serves, and where' test "$line" = "emu: serving $here_/tree at unix!$dir/s.sock"
ok 'its socket is its owner'\''s' test "$(stat -c %a s.sock)" = 600
says 'a client' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
says 'which may write' 0 '' '' -c "import -c $addr / /n/x; echo by a client >/n/x/new"
ok 'and has' test "$(cat tree/new)" = 'by a client'
rm tree/new
says 'another emu -s at the place' 1 '' '' -s "$addr" -r /
ok 'is told' grep -qx 'emu: announce unix!.*: device or object already in use' err

# A client that dies, and one that stays.
mkfifo stays dies
"$emu" -c "import $addr / /n/x; <[3]/n/x/f { echo >$here_/dies; cat }" <stays >out.dies &
dead=$!
exec 9>stays
read -r line <dies
stop $dead -KILL
says 'after one that died' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
"$emu" -c "import $addr / /n/x; echo >$here_/dies; read >/dev/null; cat /n/x/f" <stays >out.stays 2>err.stays &
stays=$!
read -r line <dies
stop $s -TERM
ok 'SIGTERM is a good end of a server' test $status = 0
ok 'which says no more' test ! -s said.$s
ok 'its socket goes' test ! -e s.sock
echo >&9
exec 9>&-
wait $stays
ok 'its client has an error' test $? = 1
ok 'and not what it cannot have read' test ! -s out.stays
ok 'by name' grep -q '^cat: ' err.stays

for sig in INT HUP; do
	start -s tcp!!0 -r .
	says 'the directory where it was started' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/tree/f"
	stop $pid -$sig
	ok "SIG$sig is a good end, too" test $status = 0
done

# A name space that a script makes.
script arrange <<'!'
ramfs -m /n/x
mkdir /n/x/tree /n/x/here
echo made for $1 >/n/x/file
bind tree /n/x/tree
!
start -v -R -s tcp!!0 -r /n/x arrange.rc clients
says 'what a script has made' 0 'made for clients
of the root' '' -c "import $addr / /n/x; cat /n/x/file /n/x/tree/f"
says 'is read only with -R' 1 '' '.*file system read only.*' -c "import -c $addr / /n/x; >/n/x/new"
stop $pid -TERM
ok '-v tells of clients' grep -q '^connection from 127.0.0.1![0-9]*$' said.$pid
ok 'and of their end' grep -q '^connection from 127.0.0.1![0-9]* ended$' said.$pid
start -D -s tcp!!0 -r /n/x -c 'ramfs -m /n/x'
says 'a client that looks' 0 '' '' -c "import $addr / /n/x; ls /n/x"
stop $pid -TERM
ok '-D prints the messages' grep -q '^<- Tattach tag' said.$pid
says 'a script that fails' 1 '' '' -s tcp!!0 -r /n/x -c 'exit sorry'
ok 'is told, and nothing served' test "$(cat err)" = 'emu: sorry'
start -s tcp!!0 -r /n/x -c 'ramfs -m /n/x'
first=$pid
start -s tcp!!0 -r /n/y -c "ramfs -m /n/x; import -c $addr / /n/y"
second=$pid
"$emu" -c "import -c $addr / /n/z; echo far >/n/z/f"
says 'two servers behind each other' 0 far '' -c "import $addr / /n/z; cat /n/z/f"
stop $second -TERM
ok 'end' test $status = 0
stop $first -TERM
ok 'both' test $status = 0

echo 'bind -c #U /n' >nothing
start -n nothing -s 'tcp!::1!0' -r "/n$dir/tree"
says 'a name space with nothing in it, IPv6' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
stop $pid -TERM

# What is refused.
for u in '-s tcp!!0' '-9' '-r /' '-R' '-insecure' '-s a -9 -r /' '-9 -insecure -r /' '-s' '-s tcp!!0 -r'; do
	says "usage: $u" 2 '' 'A hosted .*' $u
done
refused() {
	says "$1" 1 '' '' -s "$2" -r "$3"
	ok "$1, by name" test "$(cat err)" = "emu: $4"
}
refused 'a directory that is not there' tcp!!0 /none '-r /none: file does not exist'
refused 'a file' tcp!!0 "$here_/tree/f" "-r $here_/tree/f: not a directory"
refused 'a place for a socket that is not there' unix!/none/x / 'announce unix!/none/x: file does not exist'
refused 'no such network' no!such!net / "announce no!such!net: cs: can't translate address"
refused 'beyond the loopback' tcp!*!0 / 'announce tcp!*!0: others can reach it: say -insecure'
start -insecure -s tcp!*!0 -r "$here_/tree"
says 'beyond the loopback, insecure' 0 'of the root' '' -c "import tcp!127.0.0.1!${addr##*!} / /n/x; cat /n/x/f"
stop $pid -TERM
start --insecure -s tcp!*!0 -r "$here_/tree"
stop $pid -TERM
ok 'as people of Linux write it' test $status = 0

start --limit connections=1 --limit fids=20 -s tcp!!0 -r "$here_/tree"
says 'no more clients than the limit' 1 'of the root' 'import: mount /n/y: too many connections~' \
	-c "import $addr / /n/x; cat /n/x/f; import $addr / /n/y"
stop $pid -TERM
says 'no such limit' 1 '' '' --limit socks=1 -s tcp!!0 -r /
ok 'by name' grep -q '^emu: --limit socks=1: bad arg in system call' err

# On standard input and output.
raw bridge "$emu" -9 -r "$here_/tree"
says '-9 on a socket' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
wait $pid
ok 'ends well with its client' test $? = 0
raw bridge "$emu" -9 -R -r /n/x -c 'echo noise; cat; cat /dev/cons; echo more >/dev/cons; ramfs -m /n/x; echo made >/n/x/f'
says '-9 of what a script has made' 0 made '' -c "srv $addr x /n/x >[2]/dev/null; cat /n/x/f"
wait $pid
ok 'ends well' test $? = 0
for how in close SIGTERM SIGINT SIGHUP deaf; do
	ok "-9 on pipes: $how" python3 "$here/peer.py" pipes $how "$emu" -9 -r "$here_/tree"
done
says '-9 with nobody there' 0 '' '' -9 -r /
says '-9 of nothing' 1 '' '' -9 -r /none
ok 'by name' test "$(cat err)" = 'emu: -r /none: file does not exist'
cat >onterminal.py <<'!'
# Runs a command on a terminal, where somebody types ^C once it serves.
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = b''
try:
    while (got := os.read(fd, 1000)):
        said += got
        if b'serving' in got:
            os.write(fd, b'\x03')
except OSError:
    pass  # that is how a terminal ends
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
!
python3 onterminal.py "$emu" -9 -r / >out
ok '-9 does not speak to people' test $? = 2
ok 'and says so' grep -q 'not to a terminal' out
ok '^C on a terminal ends -s' python3 onterminal.py "$emu" -s tcp!!0 -r /
ok 'no socket is left, and no directory of one' sh -c "! ls -A . ns | grep -q sock"

# Who opens all the files that he can does not keep others from calling.
printf '#!/bin/sh\nulimit -n 200\nexec "%s" "$@"\n' "$emu" >few
chmod +x few
all=$emu emu=$dir/few
start -s unix!greed -r $here_/tree
emu=$all
mkfifo keep.greedy said.greedy
python3 "$here/greedy.py" greed <keep.greedy >said.greedy &
greedy=$!
pids="$pids $greedy"
exec 9>keep.greedy
read -r line <said.greedy
ok 'a client with all files open' \
	[ "$line" = 'no free file descriptors; no free file descriptors' ]
ok 'what it made is not there' [ ! -e tree/made ]
says 'another client beside it' 0 f "" 9p -a unix!greed ls -d f
exec 9>&-
wait $greedy
says 'and when it has gone' 0 'of the root' "" 9p -a unix!greed read f
stop $pid -TERM
ok 'the server of a greedy client ends well' [ $status = 0 ]
