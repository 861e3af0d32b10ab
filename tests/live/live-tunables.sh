#!/bin/bash
# Every row of the catalogue that has a live path, on a running TCG domain of a real libvirtd: set
# while it runs, read back from the kernel or by virsh, undone. What virsh cannot set here either is
# skipped, with libvirt's reason; a row with a live path and no line below fails.
. "$(dirname "$0")/private.sh"
uri=qemu:///system mac=52:54:00:4b:54:01
v() { virsh -q -c "$uri" "$@"; }
daemon || { ok 0 "# SKIP libvirtd gives no answer here"; finish; exit; }

truncate -s 1M "$work/disk.img"
devices="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$work/disk.img'/>\
<target dev='vda' bus='virtio'/></disk>\
<interface type='ethernet'><mac address='$mac'/><model type='virtio'/></interface></devices>"
domain_xml "<iothreads>1</iothreads>" |
    sed "s|<vcpu>2</vcpu>|<vcpu current='1'>2</vcpu>|; s|</devices>|$devices|" >"$work/domain.xml"
if ! v define "$work/domain.xml" >/dev/null 2>"$work/err" || ! v start "$name" >/dev/null 2>"$work/err"; then
    ok 0 "# SKIP no domain starts here: $(tr '\n' ' ' <"$work/err")"; finish; exit
fi
pid=$(pgrep -f "guest=$name,")

# cgroup CONTROLLER FILE: of the domain, version 1 or 2
cgroup() {
    local own
    own=$(awk -F: -v c="$1" '{ n = split($2, a, ","); for (i = 1; i <= n; i++) if (a[i] == c) print $3 }' "/proc/$pid/cgroup")
    cat "/sys/fs/cgroup/$1/${own%/emulator}/$2" 2>&1
}
# affinity COMM: the CPUs of the thread of that name
affinity() {
    for task in "/proc/$pid"/task/*; do
        case $(cat "$task/comm") in $1) taskset -cp "${task##*/}" | sed 's/.*: //'; return ;; esac
    done
}
xml() { v dumpxml "$name" | grep -cF -- "$1"; }
iotune() { v blkdeviotune "$name" vda | sed -n "s/^$1 *: *//p"; }
threads() { v iothreadinfo "$name" | grep -c '^ *[0-9]'; }
iftune() { v domiftune "$name" "$mac" | sed -n "s/^$1\.average *: //p"; }
blkio() { v blkiotune "$name" | sed -n "s/^$1 *: //p"; }
online() { v vcpucount "$name" --live --current; }

tested=
# try KEYS VALUES VIRSH READ WANTED: each comma-free list in words; VIRSH is the same by virsh, for
# the reason where it cannot be; READ prints WANTED then
try() {
    local what=$1 by=$2 read=$3 wanted=$4 before now word reason
    for word in $what; do tested+=" ${word%%=*}"; done
    before=$(v dumpxml "$name")
    # shellcheck disable=SC2086 # words
    if ! output=$("$kvmtune" -c "$uri" set "$name" $what --live 2>&1); then
        if reason=$(v $by 2>&1); then
            ok 1 "$what" "virsh $by can, kvmtune says: $output"
        else
            ok 0 "$what # SKIP virsh cannot either: $(tr '\n' ' ' <<<"$reason")"
        fi
        return
    fi
    is "$($read)" "$wanted" "$what: $read"
    [ "${5:-}" = stays ] && return
    exits 0 "undone" "$kvmtune" -c "$uri" undo
    now=$(v dumpxml "$name")
    [ "${5:-}" = shown ] || is "$now" "$before" "the running domain is as before"
}

sched() { echo "schedinfo $name --live --set $1"; }
last=$(($(nproc --all) - 1))
try "vcpupin.0=$last" "vcpupin $name 0 $last --live" "affinity CPU?0/TCG" "$last" shown
try "emulatorpin=0" "emulatorpin $name 0 --live" "affinity qemu-system-x86" 0 shown
try "iothreadpin.1=$last" "iothreadpin $name 1 $last --live" "affinity IO?iothread1" "$last" shown
# once set, these are shown with the kernel's default when they are taken away
try cputune.shares=2048 "$(sched cpu_shares=2048)" "cgroup cpu cpu.shares" 2048 shown
try cputune.period=50000 "$(sched vcpu_period=50000)" "cgroup cpu vcpu0/cpu.cfs_period_us" 50000 shown
try cputune.quota=20000 "$(sched vcpu_quota=20000)" "cgroup cpu vcpu0/cpu.cfs_quota_us" 20000 shown
try cputune.global_period=50000 "$(sched global_period=50000)" "cgroup cpu cpu.cfs_period_us" 50000 shown
try cputune.global_quota=60000 "$(sched global_quota=60000)" "cgroup cpu cpu.cfs_quota_us" 60000 shown
try cputune.emulator_period=50000 "$(sched emulator_period=50000)" "cgroup cpu emulator/cpu.cfs_period_us" 50000 shown
try cputune.emulator_quota=20000 "$(sched emulator_quota=20000)" "cgroup cpu emulator/cpu.cfs_quota_us" 20000 shown
try cputune.iothread_period=50000 "$(sched iothread_period=50000)" "cgroup cpu iothread1/cpu.cfs_period_us" 50000 shown
try cputune.iothread_quota=20000 "$(sched iothread_quota=20000)" "cgroup cpu iothread1/cpu.cfs_quota_us" 20000 shown

try memtune.soft_limit=800M "memtune $name --live --soft-limit 819200" \
    "cgroup memory memory.soft_limit_in_bytes" 838860800
try memtune.hard_limit=900M "memtune $name --live --hard-limit 921600" \
    "cgroup memory memory.limit_in_bytes" 943718400
try "memtune.hard_limit=900M memtune.swap_hard_limit=1G" "memtune $name --live --swap-hard-limit 1048576" \
    "cgroup memory memory.memsw.limit_in_bytes" 1073741824
try memballoon.period=5 "dommemstat $name --period 5 --live" "xml <stats period='5'/>" 1
try iothreads=3 "iothreadadd $name 9 --live" threads 3

for kind in bytes iops; do
    for way in total read write; do
        base=disk.vda.iotune.${way}_${kind}_sec by="blkdeviotune $name vda --live --$way-$kind-sec 1000000"
        try "$base=1000000" "$by" "iotune ${way}_${kind}_sec" 1000000
        try "$base=1000000 ${base}_max=2000000" "$by --$way-$kind-sec-max 2000000" "iotune ${way}_${kind}_sec_max" 2000000
        try "$base=1000000 ${base}_max=2000000 ${base}_max_length=3" "$by --$way-$kind-sec-max 2000000 --$way-$kind-sec-max-length 3" \
            "iotune ${way}_${kind}_sec_max_length" 3 shown # QEMU's own length, a second, is shown then
    done
done
try "disk.vda.iotune.total_iops_sec=1000 disk.vda.iotune.size_iops_sec=4096" \
    "blkdeviotune $name vda --live --total-iops-sec 1000 --size-iops-sec 4096" "iotune size_iops_sec" 4096

try "interface.$mac.bandwidth.in=1000,2000,512" "domiftune $name $mac --live --inbound 1000,2000,512" "iftune inbound" 1000
try "interface.$mac.bandwidth.out=500" "domiftune $name $mac --live --outbound 500" "iftune outbound" 500

try blkio.weight=600 "blkiotune $name --live --weight 600" "blkio weight" 600 shown
device=$(lsblk -dnpo NAME,TYPE 2>/dev/null | awk '$2 == "disk" { print $1; exit }')
for parameter in weight read_iops_sec write_iops_sec read_bytes_sec write_bytes_sec; do
    if [ -z "$device" ]; then
        tested+=" blkio.device.PATH.$parameter"
        ok 0 "blkio.device.PATH.$parameter # SKIP the host has no disk"
    else
        option=${parameter//_/-} named=device_$parameter
        [ $parameter = weight ] && option=weights
        try "blkio.device.$device.$parameter=600" "blkiotune $name --live --device-$option $device,600" \
            "blkio $named" "$device,600"
    fi
done

# A guest without a system answers no balloon: libvirt takes the call, and what stands is told.
tested+=" memory.current"
exits 1 "memory.current: the guest has no driver" "$kvmtune" -c "$uri" set "$name" memory.current=48M --live
contains "$output" "memory.current: 48M was asked, 64M was granted" "and that is told"
if [ "$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l)" -eq 1 ]; then
    tested+=" numatune.nodeset"
    ok 0 "numatune.nodeset # SKIP the host has one NUMA node"
else
    try numatune.nodeset=0 "numatune $name --live --nodeset 0" "xml nodeset='0'" 1 shown
fi
# The last: an unplugged vCPU needs a guest that lets it go.
try vcpus.current=2 "setvcpus $name 2 --live" online 2 stays

missing=
for key in $("$kvmtune" tunables --json | awk -F'"' '$2 == "key" { key = $4 } $2 == "live" && $4 { print key }'); do
    pattern=${key//DEV/vda} pattern=${pattern//MAC/$mac} pattern=${pattern//PATH/${device:-PATH}}
    pattern=${pattern/%.N/.*} pattern=${pattern/vcpupin.all/vcpupin.0}
    found=
    for word in $tested; do
        # shellcheck disable=SC2254 # a pattern
        case $word in $pattern) found=1 ;; esac
    done
    [ "$found" ] || missing+=" $key"
done
is "$missing" "" "every row with a live path was tried"
v destroy "$name" >/dev/null; v undefine "$name" >/dev/null
finish
