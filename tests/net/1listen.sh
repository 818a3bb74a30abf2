# listen1, listen and exportfs on one side, srv and import on the other.

start -c 'listen1 -v unix!'"$dir"'/a.sock exportfs -r '"$here_"'/tree'
a=$pid
ok 'listen1 says where it listens' test "$addr" = "unix!$dir/a.sock"
ok 'a Unix socket is its owner'\''s' test "$(stat -c %a a.sock)" = 600
says 'srv calls, posts and mounts' 0 'of the root' 'post...~' -c "srv $addr x /n/x; cat /n/x/f"
says 'srv names the service itself' 0 'of the root' 'post...~' \
	-c "srv -m $addr; mount /srv/a.sock /n/b; cat /n/b/f; cmp /n/b/f /n/a.sock/f"
says 'import' 0 "$(ls -1 tree)" '' -c "import $addr / /n/x; cd /n/x; ls"
says 'import of a part' 0 big '' -c "import $addr /sub /n/x; cd /n/x; ls"
"$emu" -c "import -c $addr / /n/x; cp /n/x/sub/big big; cp big /n/x/sub/copy; rm /n/x/empty"
ok 'a file that was read' cmp tree/sub/big big
ok 'a file that was written' cmp big tree/sub/copy
ok 'a directory that was removed' test ! -e tree/empty
mkdir tree/empty
says 'the socket is in use' 1 '' 'listen1: announce .*: device or object already in use~' \
	-c "listen1 $addr exportfs -r /tmp"
ok 'and still is' test -S a.sock

start -c 'listen1 tcp!127.0.0.1!0 exportfs -R -r '"$here_"'/tree'
b=$pid tcp=$addr
says 'import over TCP' 0 'of the root' '' -c "import $tcp / /n/x; cat /n/x/f"
says 'a tree that is read only' 1 '' '.*file system read only.*' -c "import -c $tcp / /n/x; >/n/x/new"
ok 'stays as it was' test ! -e tree/new

# What is further away.
start -c "import $tcp / /n/x
	listen1 unix!$dir/hop.sock exportfs -r /n/x"
c=$pid
"$emu" -c "import $addr / /n/y; cat /n/y/sub/big" >big2
ok 'two hops' cmp tree/sub/big big2
says 'a name over two hops' 0 'of the root' '' -c "import $addr / /n/y; cat /n/y/sub/../f"
says 'the networks of another emu' 0 'of the root' '' -c "ramfs
	listen1 unix!$dir/net.sock exportfs -r /net >[2]/dev/null &
	while(! test -e $here_/net.sock) {}
	import unix!$dir/net.sock / /n/net
	import /n/net/$tcp / /n/y
	cat /n/y/f"
ok 'no socket is left of that' test ! -e net.sock

# The end of a server.
stop $b -KILL
says 'a server that has gone' 1 '' 'import: dial .*: connection refused~' -c "import $tcp / /n/x"
says 'and behind a hop' 1 '' '.*\(i/o on hungup channel\|mount rpc error\|EOF\).*' \
	-c "import unix!$dir/hop.sock / /n/x; cat /n/x/f"
stop $c -TERM
ok 'SIGTERM takes the socket away' test ! -e hop.sock
stop $a -INT
ok '^C ends listen1' test $status = 1
ok 'and takes the socket away' test ! -e a.sock
ok 'each call was told' grep -q "^incoming call for unix!$dir/a.sock from unix in /net/unix/" said.$a

start -c "listen1 unix!$dir/old.sock cat"
stop $pid -KILL
ok 'who is killed leaves his socket' test -S old.sock
start -c "listen1 unix!$dir/old.sock exportfs -r $here_/tree"
says 'which is replaced' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
stop $pid -TERM

# What other machines could reach.
says 'beyond the loopback' 1 '' 'listen1: announce tcp!\*!0: others can reach it: say -insecure~' \
	-c 'listen1 tcp!*!0 cat'
start -c 'listen1 -insecure tcp!*!0 echo hello'
ok 'beyond the loopback, insecure' test "${addr%!*}" = 'tcp!::'
stop $pid -TERM

# One call, and its program.
start -c 'aux/listen1 -1t tcp!!0 exportfs -r '"$here_"'/tree'
says 'listen1 -1' 0 'of the root' '' -c "import $addr / /n/x; cat /n/x/f"
wait $pid
ok 'ends with its call' test $? = 0

# Services of a directory.  The host is one of the loopback that no other test has.
mkdir services
printf '#!/bin/rc\nexec exportfs -r %s/tree\n' "$here_" >services/tcpexportfs
printf '#!/bin/rc\necho $*; echo $net\n' >services/tcp9fs
chmod +x services/*
host=127.$(($$ % 250 + 1)).$(($$ / 250 % 250)).7
says 'listen returns when it serves' 0 'of the root' '' -c "
	listen -iq -p 2 -a $host -t $here_/services
	import $host / /n/x
	cat /n/x/f"
says 'a service is told who it is' 0 'tcp9fs tcp DIR~DIR' '' -c "
	listen -q -a $host -d $here_/services
	<>[3]/net/tcp/clone {
		n=\`{cat <[0=3]}
		echo connect $host!564 >[1=3]
		cat /net/tcp/\$n/data | sed 's,/net/tcp/[0-9]*,DIR,' | tr '\012' '~' | sed 's/~\$//'
	}"
mkdir any
printf '#!/bin/rc\n' >any/tcp0
chmod +x any/tcp0
says 'listen beyond the loopback' 1 '' \
	'listen: giving up on tcp!\*!0: others can reach it: say -insecure~listen: no services~' \
	-c "listen -a '*' -d $here_/any"
says 'listen beyond the loopback, insecure' 0 '' '' -c "listen -insecure -q -d $here_/any"
says 'listen on the loopback' 0 '' '' -c "listen -q -d $here_/any tcp; listen -qd $here_/any /net/tcp"
says 'listen of nothing' 1 '' 'listen: no services~' -c "listen -d $here_/tree"
says 'listen of no directory' 1 '' "listen: file does not exist: '$here_/none'~" \
	-c "listen -d $here_/none"
for p in 'listen1' 'listen1 -x a b' 'listen1 tcp!!0' 'listen -x' 'listen a b' 'import' \
	'import a' 'import -ab a b c' 'srv a b c d' 'srv -ab x' 'srv -x'; do
	says "usage: $p" 1 '' 'usage: .*' -c "$p"
done
