# What the tests of exported plans share: source it behind private.sh. A domain of their own, a plan
# for it and the host, $work/web.plan, and whether all of it stands or all is as before.
#
#   exported_begin ELEMENTS [XML]  starts a libvirtd and the domain, with XML behind its name; skips
#                                  the test where that cannot be. Then the folder is $work.
#   exported_plan [LINE]           writes web.plan, with a LINE more for the domain
#   exported_stands                the values of web.plan stand, by virsh and the kernel
#   exported_back                  everything is as exported_begin left it
uri=qemu:///system
v() { virsh -q -c "$uri" "$@"; }
sleep_file=/sys/kernel/mm/ksm/sleep_millisecs

exported_begin() {
    local disk
    daemon || skip_all "no libvirtd starts here"
    [ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs to pin to"
    truncate -s 1M "$work/disk.img"
    disk="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$work/disk.img'/>\
<target dev='vda' bus='virtio'/></disk></devices>"
    domain_xml "<cputune>$1<vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='1'/></cputune>
  <iothreads>1</iothreads>" | sed "s|</devices>|$disk|; s|</name>|&${2:-}|" >"$work/domain.xml"
    if ! v define "$work/domain.xml" >/dev/null 2>"$work/err" || ! v start "$name" >/dev/null 2>"$work/err"; then
        skip_all "no domain starts here: $(tr '\n' ' ' <"$work/err")"
    fi
    before=$(v dumpxml "$name") next=$(v dumpxml --inactive "$name")
    slept=$(cat "$sleep_file" 2>/dev/null)
    [ -n "$slept" ] && trap 'echo "$slept" >"$sleep_file"' EXIT
    kvmtune=$(realpath "$kvmtune")
    cd "$work" || exit 1
}

exported_plan() {
    cat >web.plan <<PLAN
[$name]
vcpupin.0=0
emulatorpin=0-1
iothreads=2
disk.vda.iotune.total_bytes_sec=1048576
memory.nosharepages=on
${1:-}
${slept:+[host]
ksm.sleep_millisecs=$((slept + 1))}
PLAN
}

exported_stands() {
    is "$(v vcpupin "$name" --live | awk '$1 == 0 { print $2 }')" 0 "vCPU 0 is pinned to CPU 0 now"
    is "$(v vcpupin "$name" --config | awk '$1 == 0 { print $2 }')" 0 "and at the next start"
    is "$(v dumpxml "$name" | grep -c "<emulatorpin cpuset='0-1'/>")" 1 "the emulator runs on 0-1"
    is "$(v iothreadinfo "$name" --live | grep -c '^ *[0-9]')" 2 "there are two I/O threads"
    is "$(v blkdeviotune "$name" vda --live | sed -n 's/^total_bytes_sec *: *//p')" 1048576 "the disk is limited"
    is "$(v dumpxml --inactive "$name" | grep -c '<nosharepages/>')" 1 "the next start shares no pages"
    [ -z "$slept" ] || is "$(cat "$sleep_file")" $((slept + 1)) "the host's file is written"
    exits 0 "all of the plan stands" "$kvmtune" -c "$uri" diff web.plan
}

exported_back() {
    is "$(v dumpxml "$name")" "$before" "the running domain is as before"
    is "$(v dumpxml --inactive "$name")" "$next" "so is its next start"
    [ -z "$slept" ] || is "$(cat "$sleep_file")" "$slept" "so is the host's file"
}
