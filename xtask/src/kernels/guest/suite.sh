# Asks inside of a guest. Programs that busybox has too are called by their paths, or it would run its own. Each answer is three files in /out: NAME.out, NAME.err and NAME.code.

# ask NAME SECONDS COMMAND...
ask() {
    name=$1 limit=$2
    shift 2
    timeout "$limit" "$@" >"/out/$name.out" 2>"/out/$name.err" </dev/null
    echo $? >"/out/$name.code"
}

# The same as a user without rights.
ask_as_user() {
    name=$1 limit=$2
    shift 2
    ask "$name" "$limit" su -s /bin/sh user -c "$*"
}

# wait_for WORD FILE: until the file has the word, for a minute at most.
wait_for() {
    tries=0
    until grep -q "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ]; then
            echo "no $1 in $2" >>/out/trouble
            return
        fi
        sleep 0.2
    done
}

# hold NAME COMMAND...: sockets that stay until the guest ends.
hold() {
    name=$1
    shift
    sleep 100000 | "$@" >"/out/$name.hold" 2>>/out/trouble &
    wait_for ready "/out/$name.hold"
}

# What others say of the sockets: the kernel's tables, the descriptors of all processes, and ss.
witness() {
    for table in tcp tcp6 udp udp6; do
        cat "/proc/net/$table" >"/out/$1.$table" 2>/dev/null
    done
    for process in /proc/[0-9]*; do
        ls -l "$process/fd" 2>/dev/null | sed -n "s,.*socket:\[\([0-9]*\)\]\$,\1 ${process#/proc/},p"
    done >"/out/$1.descriptors"
    ss -tuanpeiOH >"/out/$1.ss" 2>/dev/null
}

settings() {
    case ",$GUEST," in *,hidepid,*) mount -o remount,hidepid=2 /proc ;; esac
    case ",$GUEST," in *,unprivileged,*) echo 2 >/proc/sys/kernel/unprivileged_bpf_disabled ;; esac
    case ",$GUEST," in *,nojit,*) echo 0 >/proc/sys/net/core/bpf_jit_enable ;; esac
}

# What every means of listing and of finding owners can tell.
ALIKE="-a --json -v --columns proto,laddr,lport,raddr,rport,state,inode,pids"

sockets() {
    witness before
    ask plain 60 /bin/netstat -ano -v
    ask json 60 /bin/netstat -aq --json -v
    ask proc 60 /bin/netstat $ALIKE --owners proc
    ask bpf 60 /bin/netstat $ALIKE --owners bpf
    ask iter 60 /bin/netstat $ALIKE --source iter
    ask text 60 /bin/netstat $ALIKE --source proc
    witness after
}

reports() {
    ask routes 60 /bin/netstat -r
    ask statistics 60 /bin/netstat -s
    ask ethernet 60 /bin/netstat -e
    ask check 90 /bin/netstat check --json
    ask families 60 /bin/netstat --family all --json
}

others() {
    ask_as_user user.json 60 /bin/netstat -aq --json -v
    ask_as_user user.bpf 60 /bin/netstat $ALIKE --owners bpf
    ask userns.json 60 unshare -U -r /bin/netstat -aq --json -v
    ask userns.bpf 60 unshare -U -r /bin/netstat $ALIKE --owners bpf
}

recorder() {
    /bin/netstat record --store /tmp/history >/out/record.out 2>/out/record.err </dev/null &
    wait_for 'netstat:' /out/record.err
    ask record.made 60 hold_guest connect 50
    ask record.status 60 /bin/netstat record --status --store /tmp/history
    ask record.stop 60 /bin/netstat record --stop --store /tmp/history
    ask history 60 /bin/netstat history --store /tmp/history --json
}

capture() {
    timeout 60 /bin/netstat capture --for 12s -w /tmp/packets >/out/capture.out 2>/out/capture.err </dev/null &
    wait_for 'capturing' /out/capture.err
    ask capture.made 60 hold_guest connect 10
    wait $!
    echo $? >/out/capture.code
    ask packets 60 /bin/netstat capture --read /tmp/packets --json
}

namespaces() {
    /bin/ip netns add other && /bin/ip netns exec other /bin/ip link set lo up
    hold other /bin/ip netns exec other hold_guest hold
    /bin/ip netns exec other ss -tuanH >/out/other.ss
    ask everywhere 60 /bin/netstat -a --json -v --netns all
}

mkdir -p /out
uname -r >/out/release
cat /sys/kernel/security/lockdown >/out/lockdown 2>/dev/null
settings
hold root hold_guest hold
hold user su -s /bin/sh user -c 'hold_guest hold'
sockets
if [ "$EXTENT" != quick ]; then
    reports
    others
fi
recorder
capture
[ "$EXTENT" = quick ] || namespaces
dmesg >/out/dmesg
