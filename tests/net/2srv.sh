# srv, and peers that are no good.

raw rlerror
says 'a server of 9P2000.L alone' 1 '' \
	'post...~srv .*: mount failed: server speaks only 9P2000.L~' -c "srv $addr x /n/x"
wait $pid
raw rlerror
says 'the same for import' 1 '' 'import: mount /n/x: server speaks only 9P2000.L~' \
	-c "import $addr / /n/x"
wait $pid
raw rlerror
says 'and for 9p' 1 '' '9p: mount: server speaks only 9P2000.L~' -c "9p -a $addr ls /"
wait $pid
raw hungup
says 'a server that hangs up' 1 '' \
	'post...~srv .*: mount failed: \(EOF receiving fversion reply\|i/o on hungup channel\)~' \
	-c "srv $addr x /n/x"
stop $pid -KILL
# The end of the machine is the end of the wait for it, too.
raw silent
peer=$pid
mkfifo asked
"$emu" -c "srv $addr x /n/x" 2>said.silent &
pid=$!
pids="$pids $pid"
read -r line <asked
stop $pid -TERM
ok 'does not keep SIGTERM up' test $status = 1
ok 'nobody is left' sh -c "! grep 'did not end' said.silent"
wait $peer

raw full
says 'a call that nobody takes' 1 '' "srv: timeout establishing connection to $addr~" -c "srv $addr x"
stop $pid -KILL

says 'srv of what is posted' 0 'a
b' 'srv: /srv/x already exists~' -c "srv -qc -e 'ramfs -i' x /n/x >[2]/dev/null
	echo a >/n/x/f
	srv -e nosuch x /n/y; cat /n/y/f
	echo b >/n/y/f; cat /n/x/f
	srv -q -e nosuch x; srv -e nosuch x"
says 'and says so' 0 '' 'srv: /srv/tmp already exists~' -c 'srv unix!/none tmp'
says 'srv -s' 0 'x' 'sleep...post...~' -c "srv -s 1 -e 'ramfs -i' x; ls -p /srv | grep x"
says 'srv lists' 0 'slashmnt
slashn
tmp' '' -c 'srv | grep -v clone'
says 'nobody there' 1 '' 'srv: dial unix!/none/such: file does not exist~' -c 'srv unix!/none/such'
says 'no such name' 1 '' 'srv: dial net!no.such.host.invalid!9fs: cs: can.t translate address~' \
	-c 'srv no.such.host.invalid'
says 'no such command' 1 '' '.*srv nosuch: mount failed: .*' -c 'srv -e nosuch x /n/x'
says 'srv -N' 0 none '' -c "srv -cN -e 'ramfs -i' x /n/x >[2]/dev/null; >/n/x/f; ls -l /n/x/f | sed 's/.* M [0-9]+ ([a-z]*) .*/\\1/'"
says 'srv -a, -b' 0 'a
b
f' 'post...~post...~' -c "srv -c -e 'ramfs -i' x /n/x; >/n/x/a
	mkdir /tmp/u; >/tmp/u/f; srv -a x x /tmp/u
	srv -bcC -e 'ramfs -i' y /tmp/u; >/tmp/u/b; cd /tmp/u; ls"
