#!/bin/bash
# A real QEMU domain (TCG), through the embedded driver and through a real libvirtd: pins and backing
# are set, checked with taskset and virsh, and undone.
. "$(dirname "$0")/tap.sh"
started=
stop_all() {
    for uri in "${uris[@]}"; do
        virsh -q -c "$uri" destroy "$name" >/dev/null 2>&1; virsh -q -c "$uri" undefine "$name" >/dev/null 2>&1
    done
    for pid in $started; do kill "$pid" 2>/dev/null; done
    rm -rf "$work"
}
for tool in virsh virtlogd libvirtd taskset qemu-system-x86_64; do
    command -v $tool >/dev/null || { rm -rf "$work"; skip_all "needs $tool"; }
done
[ "$(id -u)" -eq 0 ] || { rm -rf "$work"; skip_all "needs root"; }

name=kvmtune-test-$$
uris=("qemu:///embed?root=$work/embed" qemu:///system)
trap stop_all EXIT
mkdir -p /run/libvirt "$work/embed"
pgrep -x virtlogd >/dev/null || { virtlogd -d; sleep 0.5; started="$started $(pgrep -x virtlogd)"; }
pgrep -x libvirtd >/dev/null || { libvirtd -d; sleep 1; started="$(pgrep -x libvirtd) $started"; }

cat > "$work/domain.xml" <<XML
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>$(command -v qemu-system-x86_64)</emulator></devices>
</domain>
XML
last=$(($(nproc --all) - 1))
all=$(taskset -cp $$ | sed 's/.*: //')

# affinity PATTERN: of the domain's thread of that name
affinity() {
    for task in /proc/"$(pgrep -f "guest=$name")"/task/*; do
        case $(cat "$task/comm") in $1) taskset -cp "${task##*/}" | sed 's/.*: //'; return ;; esac
    done
}
# virsh's own answer for vCPU 0 of the running domain
asked() { virsh -q -c "$uri" vcpupin "$name" --live | awk '$1 == 0 {print $2}'; }

for uri in "${uris[@]}"; do
    if ! virsh -q -c "$uri" define "$work/domain.xml" >/dev/null 2>"$work/err" ||
        ! virsh -q -c "$uri" start "$name" >/dev/null 2>"$work/err"; then
        ok 0 "# SKIP $uri starts no domain here: $(tr '\n' ' ' < "$work/err")"
        continue
    fi
    virsh -q -c "$uri" dumpxml --inactive "$name" > "$work/before.xml"

    exits 0 "$uri: vcpupin.0 is set" "$kvmtune" -c "$uri" set "$name" vcpupin.0=$last
    is "$(affinity 'CPU 0/TCG')" $last "the thread of vCPU 0 runs there"
    is "$(asked)" $last "virsh says so as well"
    contains "$(virsh -q -c "$uri" dumpxml --inactive "$name")" "<vcpupin vcpu='0' cpuset='$last'/>" "and so does the next start"
    exits 0 "domains --json" "$kvmtune" -c "$uri" domains --json
    contains "$output" "\"$name\"" "names the domain"
    exits 0 "undo" "$kvmtune" -c "$uri" undo
    is "$(affinity 'CPU 0/TCG')" "$all" "vCPU 0 runs anywhere again"
    virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "the next start is as before, byte for byte"

    exits 0 "emulatorpin, running only" "$kvmtune" -c "$uri" set "$name" emulatorpin=0 --live
    is "$(affinity 'qemu-system-x86')" 0 "the main thread runs there"
    virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "--live leaves the next start alone"

    exits 0 "memory.hugepages and nosharepages, dry" "$kvmtune" -c "$uri" set "$name" memory.hugepages=2M memory.nosharepages=on --dry-run
    contains "$output" "+      <page size='2048' unit='KiB'/>" "the diff shows the page element"
    contains "$output" "waits for a restart" "and that it waits"
    exits 0 "set for real" "$kvmtune" -c "$uri" set "$name" memory.hugepages=2M memory.nosharepages=on
    contains "$(virsh -q -c "$uri" dumpxml --inactive "$name")" "<nosharepages/>" "stands at the next start"
    exits 0 "undone" "$kvmtune" -c "$uri" undo
    virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "and gone again"

    exits 2 "a vCPU it has not" "$kvmtune" -c "$uri" set "$name" vcpupin.2=0
    exits 2 "a CPU the host has not" "$kvmtune" -c "$uri" set "$name" vcpupin.0=4095
    exits 2 "a page size the host has not" "$kvmtune" -c "$uri" set "$name" memory.hugepages=4M
    exits 2 "an unknown domain" "$kvmtune" -c "$uri" set "$name-not" vcpupin.0=0
    exits 1 "read-only refuses" "$kvmtune" --read-only -c "$uri" set "$name" vcpupin.0=0
    virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "and nothing is written"
    virsh -q -c "$uri" destroy "$name" >/dev/null; virsh -q -c "$uri" undefine "$name" >/dev/null
done
finish
