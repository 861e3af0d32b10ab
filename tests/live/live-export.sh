#!/bin/bash
# An exported script of virsh against a real libvirtd: it makes a plan so, virsh and the kernel say
# that it is so, and its way back leaves the domain as it was.
. "$(dirname "$0")/private.sh"
uri=qemu:///system
v() { virsh -q -c "$uri" "$@"; }
daemon || skip_all "no libvirtd starts here"
[ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs to pin to"

truncate -s 1M "$work/disk.img"
disk="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$work/disk.img'/>\
<target dev='vda' bus='virtio'/></disk></devices>"
domain_xml "<cputune><shares>1024</shares><vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='1'/></cputune>
  <iothreads>1</iothreads>" | sed "s|</devices>|$disk|" >"$work/domain.xml"
if ! v define "$work/domain.xml" >/dev/null 2>"$work/err" || ! v start "$name" >/dev/null 2>"$work/err"; then
    skip_all "no domain starts here: $(tr '\n' ' ' <"$work/err")"
fi
before=$(v dumpxml "$name") next=$(v dumpxml --inactive "$name")
sleep_file=/sys/kernel/mm/ksm/sleep_millisecs
slept=$(cat "$sleep_file" 2>/dev/null)
[ -n "$slept" ] && trap 'echo "$slept" >"$sleep_file"' EXIT

shares=
v schedinfo "$name" --set cpu_shares=1024 --live >/dev/null 2>&1 && shares=512
cat >"$work/web.plan" <<PLAN
[$name]
vcpupin.0=0
emulatorpin=0-1
iothreads=2
disk.vda.iotune.total_bytes_sec=1048576
memory.nosharepages=on
${shares:+cputune.shares=$shares}
${slept:+[host]
ksm.sleep_millisecs=$((slept + 1))}
PLAN
kvmtune=$(realpath "$kvmtune")
cd "$work" || exit 1
exits 0 "the plan becomes a script" "$kvmtune" -c "$uri" export web.plan --format virsh
printf '%s\n' "$output" >script
exits 0 "which is one of the shell" sh -n script
exits 5 "nothing of the plan stands yet" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the script runs" sh script
is "$(v vcpupin "$name" --live | awk '$1 == 0 { print $2 }')" 0 "vCPU 0 is pinned to CPU 0 now"
is "$(v vcpupin "$name" --config | awk '$1 == 0 { print $2 }')" 0 "and at the next start"
is "$(v dumpxml "$name" | grep -c "<emulatorpin cpuset='0-1'/>")" 1 "the emulator runs on 0-1"
is "$(v iothreadinfo "$name" --live | grep -c '^ *[0-9]')" 2 "there are two I/O threads"
is "$(v blkdeviotune "$name" vda --live | sed -n 's/^total_bytes_sec *: *//p')" 1048576 "the disk is limited"
is "$(v dumpxml --inactive "$name" | grep -c '<nosharepages/>')" 1 "the next start shares no pages"
[ -z "$shares" ] ||
    is "$(v schedinfo "$name" --live | sed -n 's/^cpu_shares *: *//p')" "$shares" "shares are $shares"
[ -z "$slept" ] || is "$(cat "$sleep_file")" $((slept + 1)) "the host's file is written"
exits 0 "all of the plan stands" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the way back runs" sh script back
is "$(v dumpxml "$name")" "$before" "the running domain is as before"
is "$(v dumpxml --inactive "$name")" "$next" "so is its next start"
[ -z "$slept" ] || is "$(cat "$sleep_file")" "$slept" "so is the host's file"

exits 0 "the plan as a document" "$kvmtune" -c "$uri" export web.plan --format xml
printf '%s\n' "$output" >domain-after.xml
exits 0 "libvirt takes it" virsh -q -c "$uri" define --validate domain-after.xml
is "$(v dumpxml --inactive "$name" | grep -c '<nosharepages/>')" 1 "and defines what the plan says"
v destroy "$name" >/dev/null
finish
