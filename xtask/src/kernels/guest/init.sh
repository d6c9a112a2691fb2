#!/bin/sh
# The first process of a guest: mounts what programs expect, asks, and sends the answers through the second serial port.
# The kernel hands over words of its command line as variables: GUEST says how this guest differs, EXTENT how much is asked.
export PATH=/bin:/sbin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
chmod 1777 /tmp
exec >/dev/console 2>&1
mount -t securityfs security /sys/kernel/security
mount -t bpf bpf /sys/fs/bpf
case ",$GUEST," in
    *,cgroup1,*)
        mount -t tmpfs cgroup /sys/fs/cgroup
        mkdir /sys/fs/cgroup/cpu
        mount -t cgroup -o cpu cpu /sys/fs/cgroup/cpu
        ;;
    *) mount -t cgroup2 cgroup /sys/fs/cgroup ;;
esac
stty -F /dev/ttyS1 raw
/bin/ip link set lo up

. /suite.sh

cd /out && tar c -f - . >/dev/ttyS1
sync
poweroff -f
