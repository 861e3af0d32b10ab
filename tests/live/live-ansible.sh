#!/bin/bash
# An exported playbook, run by Ansible with community.libvirt against a real libvirtd: it makes a
# plan so, virsh and the kernel say that it is so, a second run does no harm, and its way back
# leaves the domain as it was. Skipped where Ansible, the collection or what it needs is not there.
. "$(dirname "$0")/private.sh"
uri=qemu:///system
v() { virsh -q -c "$uri" "$@"; }
command -v ansible-playbook >/dev/null || skip_all "needs ansible-playbook"
# The Python that Ansible itself runs with, as for a host of the name localhost.
python=$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$(command -v ansible-playbook)")
"$python" -c 'import libvirt, lxml.etree' 2>/dev/null || skip_all "$python has no libvirt or lxml: community.libvirt needs them"
export HOME=$work LC_ALL=C.UTF-8 ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCAL_TEMP=$work/ansible ANSIBLE_REMOTE_TEMP=$work/ansible
timeout 60 ansible-doc -t module community.libvirt.virt >/dev/null 2>&1 || skip_all "needs Ansible's collection community.libvirt"
daemon || skip_all "no libvirtd starts here"
[ "$(nproc)" -ge 2 ] || skip_all "needs two CPUs to pin to"

truncate -s 1M "$work/disk.img"
disk="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$work/disk.img'/>\
<target dev='vda' bus='virtio'/></disk></devices>"
# What Jinja, YAML and a shell would each take for their own.
domain_xml "<cputune><vcpupin vcpu='0' cpuset='1'/><emulatorpin cpuset='1'/></cputune>
  <iothreads>1</iothreads>" |
    sed "s|</devices>|$disk|; s|</name>|&<title>{{ 1 + 1 }} {% raw %} \$(id) \`id\` é: #\"'</title>|" >"$work/domain.xml"
if ! v define "$work/domain.xml" >/dev/null 2>"$work/err" || ! v start "$name" >/dev/null 2>"$work/err"; then
    skip_all "no domain starts here: $(tr '\n' ' ' <"$work/err")"
fi
before=$(v dumpxml "$name") next=$(v dumpxml --inactive "$name")
sleep_file=/sys/kernel/mm/ksm/sleep_millisecs
slept=$(cat "$sleep_file" 2>/dev/null)
[ -n "$slept" ] && trap 'echo "$slept" >"$sleep_file"' EXIT

cat >"$work/web.plan" <<PLAN
[$name]
vcpupin.0=0
emulatorpin=0-1
iothreads=2
disk.vda.iotune.total_bytes_sec=1048576
memory.nosharepages=on
${slept:+[host]
ksm.sleep_millisecs=$((slept + 1))}
PLAN
kvmtune=$(realpath "$kvmtune")
cd "$work" || exit 1
# play [OPTIONS]: as root already, so without sudo
play() {
    timeout 120 ansible-playbook -i localhost, -c local -e ansible_become=false \
        -e "ansible_python_interpreter=$python" "$@" plan.yml
}
exits 0 "the plan becomes a playbook" "$kvmtune" -c "$uri" export web.plan --format ansible
printf '%s\n' "$output" >plan.yml
exits 0 "which Ansible can read" play --syntax-check
exits 5 "nothing of the plan stands yet" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the playbook runs" play
is "$(v vcpupin "$name" --live | awk '$1 == 0 { print $2 }')" 0 "vCPU 0 is pinned to CPU 0 now"
is "$(v vcpupin "$name" --config | awk '$1 == 0 { print $2 }')" 0 "and at the next start"
is "$(v dumpxml "$name" | grep -c "<emulatorpin cpuset='0-1'/>")" 1 "the emulator runs on 0-1"
is "$(v iothreadinfo "$name" --live | grep -c '^ *[0-9]')" 2 "there are two I/O threads"
is "$(v blkdeviotune "$name" vda --live | sed -n 's/^total_bytes_sec *: *//p')" 1048576 "the disk is limited"
is "$(v dumpxml --inactive "$name" | grep -c '<nosharepages/>')" 1 "the next start shares no pages"
is "$(v desc "$name" --title --config)" "$(v desc "$name" --title --live)" "the title came through as it was"
[ -z "$slept" ] || is "$(cat "$sleep_file")" $((slept + 1)) "the host's file is written"
exits 0 "all of the plan stands" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the way back runs" play --tags back
is "$(v dumpxml "$name")" "$before" "the running domain is as before"
is "$(v dumpxml --inactive "$name")" "$next" "so is its next start"
[ -z "$slept" ] || is "$(cat "$sleep_file")" "$slept" "so is the host's file"
v destroy "$name" >/dev/null
finish
