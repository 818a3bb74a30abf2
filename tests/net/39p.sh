# 9p, services of /srv and of $NAMESPACE.

start -c "listen1 unix!\$NAMESPACE/tree exportfs -r $here_/tree"
ok 'a service is posted for others' test -S ns/tree
says '9p read' 0 'of the root' '' 9p read tree/f
says '9p ls' 0 "$(cd tree && ls -1)" '' 9p ls tree
says '9p ls of a directory' 0 sub '' 9p ls -d tree/sub
says '9p -a' 0 'of the root' '' 9p -n -a "unix!$dir/ns/tree" read f
says '9p stat' 0 "'f' '$(stat -c %U tree/f)'" '' \
	-c "9p stat tree/f | sed 's/^(.* .*) .* .* q .*/\\1/'"
says '9p ls -l' 0 "M 0 $(stat -c '%U %G %s' tree/f)" '' \
	-c "9p ls -l tree/f | sed 's/  */ /g' | sed 's/^[rwx\\-]* (M 0 .* .* 12) .* f\$/\\1/'"
"$emu" -c '9p read tree/sub/big' >big3
ok '9p read of much' cmp tree/sub/big big3
says '9p create' 0 '' '' 9p create tree/new
"$emu" 9p write tree/new <big3
ok '9p write of much' cmp tree/new big3
printf 'one\ntwo\n' | "$emu" 9p write -l tree/new
ok '9p write -l' test "$(cat tree/new)" = 'one
two'
"$emu" 9p write tree/new </dev/null
ok '9p write of nothing truncates' test ! -s tree/new
says '9p rm' 0 '' '' 9p rm tree/new
ok 'has removed it' test ! -e tree/new
says '9p of what is not there' 1 '' '9p: fsopen tree/none: file does not exist~' 9p read tree/none
says '9p of no service' 1 '' "9p: mount: file does not exist: 'unix!$dir/ns/none'~" 9p read none/x
says '/srv goes first' 0 hello '' -c 'ramfs -S tree -m /n/x; echo hello >/n/x/f; 9p read tree/f'
says 'a service of /srv, posted for others' 0 hello '' -c '
	ramfs -S ram -m /n/x; echo hello >/n/x/f
	listen1 unix!`{namespace}^/ram exportfs -S /srv/ram >[2]/dev/null &
	while(! test -e /n/host`{namespace}^/ram) {}
	9p -a unix!`{namespace}^/ram read f'
stop $pid -TERM
ok 'the socket goes' test ! -e ns/tree
ok 'and nothing else is there' test -z "$(ls ns)"

says 'namespace' 0 "$dir/ns" '' namespace
chmod 777 ns
says 'a directory of everybody' 1 '' "namespace: bad name space dir: '$dir/ns'~" namespace
chmod 700 ns
NAMESPACE=$dir/ns2
says 'a directory that is not there' 0 "$dir/ns2" '' namespace
ok 'is made' test "$(stat -c %a ns2)" = 700
user=$(id -un)
NAMESPACE= DISPLAY=host/x:0.0
export DISPLAY
says 'that of a display' 0 "/tmp/ns.$user.host_x:0" '' -c 'echo $NAMESPACE'
DISPLAY=:1.2
says 'a screen is kept' 0 "/tmp/ns.$user.:1.2" '' -c 'echo $NAMESPACE'
DISPLAY= XDG_RUNTIME_DIR=$dir
export XDG_RUNTIME_DIR
says 'without a display' 0 "$dir/ns" '' namespace
XDG_RUNTIME_DIR=
says 'without anything' 1 '' 'namespace: $NAMESPACE not set~' namespace
NAMESPACE=$dir/ns
