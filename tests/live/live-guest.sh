#!/bin/bash
# Hugepages where all memory may be asked for: in a machine of its own of two nodes, which QEMU emulates
# and this host's kernel runs. A short grant by the kernel and its reason, one pool's memory given to
# another, a write that a signal cuts short, and what is kept, set by the programs of the boot.
. "$(dirname "$0")/tap.sh"

# ---- outside: the machine is made and started ----
if [ -z "${KVMTUNE_GUEST:-}" ]; then
    trap 'rm -rf "$work"' EXIT
    for tool in qemu-system-x86_64 busybox cpio gzip ldd timeout; do
        command -v $tool >/dev/null || skip_all "needs $tool"
    done
    [ "$(uname -m)" = x86_64 ] || skip_all "needs x86_64"
    # shellcheck disable=SC2012 # names of kernels
    kernel=$(ls -t /boot/vmlinuz-* 2>/dev/null | head -1)
    [ -r "$kernel" ] || skip_all "needs a kernel's image in /boot"
    config=/boot/config-${kernel#/boot/vmlinuz-}
    for option in HUGETLBFS NUMA SERIAL_8250_CONSOLE DEVTMPFS BLK_DEV_INITRD; do
        grep -q "^CONFIG_$option=y" "$config" 2>/dev/null || skip_all "needs CONFIG_$option=y in $config"
    done

    tree=$work/tree
    mkdir -p "$tree"/{bin,dev,etc/tmpfiles.d,proc,root,run,sys,tmp}
    echo 'root:x:0:0::/root:/bin/sh' >"$tree/etc/passwd"
    echo 'root:x:0:' >"$tree/etc/group"
    # take FILE NAME: a program, as /bin/NAME, and the libraries it needs
    take() {
        cp -L "$1" "$tree/bin/$2"
        ldd "$1" 2>/dev/null | grep -o '/[^ )]*' | while read -r library; do
            mkdir -p "$tree${library%/*}" && cp -Lu "$library" "$tree$library"
        done
    }
    take "$(command -v busybox)" busybox
    take "$BASH" bash
    take "$kvmtune" kvmtune
    for tool in sysctl systemd-tmpfiles; do
        [ -z "$(command -v $tool)" ] || take "$(command -v $tool)" "boot-$tool"
    done
    cp "$(dirname "$0")/tap.sh" "$0" "$tree/"
    cat >"$tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root KVMTUNE_GUEST=1 top_builddir=/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
echo "guest begins"
bash /live-guest.sh 2>&1
echo "guest ends"
poweroff -f
INIT
    chmod +x "$tree/init"
    (cd "$tree" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initrd"
    rm -rf "$tree"
    timeout 400 qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 2548M -nodefaults -no-reboot -display none \
        -object memory-backend-ram,id=m0,size=448M -numa node,nodeid=0,memdev=m0,cpus=0 \
        -object memory-backend-ram,id=m1,size=2100M -numa node,nodeid=1,memdev=m1,cpus=1 \
        -kernel "$kernel" -initrd "$work/initrd" -serial "file:$work/console" \
        -append "console=ttyS0 loglevel=1 panic=-1 mitigations=off init_on_alloc=0 hugepagesz=1G hugepages=1:1" \
        2>"$work/qemu" || true
    tr -d '\r' <"$work/console" >"$work/text"
    grep -q '^guest begins' "$work/text" ||
        skip_all "$kernel does not come up in QEMU: $(tail -1 "$work/qemu" "$work/text" | tr '\n' ' ')"
    sed -n '/^guest begins/,/^guest ends/{/^guest /d;p}' "$work/text"
    grep -q '^guest ends' "$work/text" || echo "Bail out! the machine stopped in the middle"
    exit
fi

# ---- inside ----
node() { echo "/sys/devices/system/node/node$1/hugepages/hugepages-${2:-2048}kB"; }
pages() { cat "$(node "$@")/nr_hugepages"; }
echo "# $(uname -r), free on node 1: $(awk '/MemFree/ { print $4 }' /sys/devices/system/node/node1/meminfo) kB"
is "$(pages 0) $(pages 1) $(pages 1 1048576)" "0 0 1" "a page of 1G on node 1 was made at boot"

# ---- a short grant ----
exits 1 "more than is free" "$kvmtune" set host hugepages.node1.2M=480
echo "# $output"
granted=$(sed -n 's/.*480 was asked, \([0-9]*\) was granted.*/\1/p' <<<"$output")
[ "${granted:-0}" -gt 50 ] && [ "${granted:-0}" -lt 480 ]; ok $? "is granted in part" "$output"
contains "$output" "was granted (node 1 has " "with the reason"
contains "$output" "drop caches, or keep it at boot)" "and what to do"
contains "$output" "everything is as before; --partial keeps what is granted" "and how to keep it"
is "$(pages 0) $(pages 1)" "0 0" "nothing is kept of it"
exits 0 "with --partial" "$kvmtune" set host hugepages.node1.2M=480 --partial
kept=$(pages 1)
contains "$output" "hugepages.node1.2M: $kept granted of 480 asked" "what is granted is told as the kernel tells it"
[ "$kept" -gt 50 ] && [ "$kept" -lt 480 ]; ok $? "and stays" "$kept"
exits 0 "undo" "$kvmtune" undo
is "$(pages 0) $(pages 1)" "0 0" "takes it back"

# ---- the memory of one pool for another ----
exits 0 "2M pages for a page of 1G, named behind them" "$kvmtune" set host hugepages.node1.2M=850 hugepages.node1.1G=0
contains "$output" "on node 1, with its other pools" "what is left is told of both"
is "$(pages 1) $(pages 1 1048576)" "850 0" "are granted"
contains "$output" "may not be had again before a restart" "it is said that the page of 1G may be gone for good"
if output=$("$kvmtune" undo 2>&1); then
    is "$(pages 1) $(pages 1 1048576)" "0 1" "undo makes them a page of 1G again"
else # something that cannot be moved lies there by now
    contains "$output" "1G: 1 was asked, 0 was granted (node 1 has " "undo says why there is no page of 1G any more"
    is "$(pages 1) $(pages 1 1048576)" "850 0" "and leaves all as it is"
fi
exits 0 "both pools are emptied" "$kvmtune" set host hugepages.node1.1G=0 hugepages.node1.2M=0

# ---- a signal in the middle: the kernel ends that write early ----
"$kvmtune" set host hugepages.node1.2M=500 >/tmp/out 2>&1 &
job=$! stops=0
while kill -STOP $job 2>/dev/null; do
    stops=$((stops + 1))
    kill -CONT $job
    sleep 0.02
done
wait $job; status=$?
is "$status $(pages 1)" "0 500" "a pool grows to its end though it was stopped $stops times ($(cat /tmp/out))"
exits 0 "undo" "$kvmtune" undo

# ---- more than there is ----
exits 1 "more than the node has at all" "$kvmtune" set host hugepages.node0.2M=230
contains "$output" "pages of 2M are 460 MiB, and node 0 has" "is refused"
exits 1 "at boot too" "$kvmtune" set host hugepages.node0.2M=230 --boot
is "$(pages 0) $(ls /etc/tmpfiles.d)" "0 " "and nothing is tried or kept"

# ---- what is kept, set as at boot ----
swappiness=$(cat /proc/sys/vm/swappiness)
exits 0 "values are kept" "$kvmtune" set host hugepages.node0.2M=7 hugepages.node1.2M=9 hugepages.overcommit.2M=3 \
    ksm.pages_to_scan=321 thp.enabled=madvise vm.swappiness=$((swappiness + 1)) --boot
is "$(pages 0) $(pages 1) $(cat /proc/sys/vm/swappiness)" "0 0 $swappiness" "and not set now"
if [ -x /bin/boot-systemd-tmpfiles ]; then
    exits 0 "systemd-tmpfiles takes the file" boot-systemd-tmpfiles --create kvmtune.conf
    is "$(pages 0) $(pages 1) $(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages) \
$(cat /sys/kernel/mm/ksm/pages_to_scan)" "7 9 3 321" "and the kernel has the values"
    contains "$(cat /sys/kernel/mm/transparent_hugepage/enabled)" "[madvise]" "all of them"
fi
if [ -x /bin/boot-sysctl ]; then
    exits 0 "sysctl takes the file" boot-sysctl -p /etc/sysctl.d/60-kvmtune.conf
    is "$(cat /proc/sys/vm/swappiness)" $((swappiness + 1)) "and the kernel has the value"
fi
finish
