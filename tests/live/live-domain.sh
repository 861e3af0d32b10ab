#!/bin/bash
# A real QEMU domain (TCG), through the embedded driver and through a real libvirtd: pins and backing
# are set, checked with taskset and virsh, and undone.
. "$(dirname "$0")/tap.sh"
started=
stop_all() {
    for uri in "${uris[@]}"; do
        case $(pgrep -f "guest=$name,") in ?*) virsh -q -c "$uri" "destroy $name; undefine $name" >/dev/null 2>&1 ;; esac
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
mkdir -p /run/libvirt "$work/embed/etc"
# Where /dev/kvm is root's alone, libvirt asks a QEMU of another user anew at every opening.
printf 'user = "root"\ngroup = "root"\n' > "$work/embed/etc/qemu.conf"
# A daemon is there when it answers: one that ended may still stand in the process table.
answers() { timeout 20 virsh -q -c qemu:///system uri >/dev/null 2>&1; }
if ! answers; then
    [ -S /run/libvirt/virtlogd-sock ] && pgrep -x virtlogd >/dev/null || virtlogd -d -p "$work/virtlogd.pid"
    # The same for the daemon, in a mount namespace of its own: nobody else's qemu.conf changes.
    unshare -m sh -c 'mount --bind "$1/embed/etc/qemu.conf" /etc/libvirt/qemu.conf
        exec libvirtd -d -p "$1/libvirtd.pid"' sh "$work"
    for _ in $(seq 50); do answers && break; sleep 0.2; done
    started="$(cat "$work"/*.pid 2>/dev/null)"
fi

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

# Defines and starts the domain on $uri; its next start as libvirt writes it is in before.xml. One virsh
# for all: where KVM cannot be used, every opening of the embedded driver probes QEMU for seconds.
begin() {
    virsh -q -c "$uri" "define $work/domain.xml; start $name" >/dev/null 2>"$work/err" &&
        virsh -q -c "$uri" dumpxml --inactive "$name" > "$work/before.xml" && return
    ok 0 "# SKIP $uri starts no domain here: $(tr '\n' ' ' < "$work/err")"
    return 1
}
finish_domain() { virsh -q -c "$uri" "destroy $name; undefine $name" >/dev/null 2>&1; }
as_before() { virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "$1"; }

# The one thing that everything else is made of, on both.
pin_and_undo() {
    exits 0 "$uri: vcpupin.0 is set" "$kvmtune" -c "$uri" set "$name" vcpupin.0=$last
    is "$(affinity 'CPU 0/TCG')" $last "the thread of vCPU 0 runs there"
    virsh -q -c "$uri" "vcpupin $name --live; dumpxml --inactive $name" > "$work/after"
    is "$(awk '$1 == "0" {print $2; exit}' "$work/after")" $last "virsh says so as well"
    contains "$(cat "$work/after")" "<vcpupin vcpu='0' cpuset='$last'/>" "and so does the next start"
    exits 0 "undo" "$kvmtune" -c "$uri" undo
    is "$(affinity 'CPU 0/TCG')" "$all" "vCPU 0 runs anywhere again"
    as_before "the next start is as before, byte for byte"
}

everything_else() {
    exits 0 "domains --json" "$kvmtune" -c "$uri" domains --json
    contains "$output" "\"$name\"" "names the domain"
    exits 0 "emulatorpin, running only" "$kvmtune" -c "$uri" set "$name" emulatorpin=0 --live
    is "$(affinity 'qemu-system-x86')" 0 "the main thread runs there"
    as_before "--live leaves the next start alone"

    exits 0 "memory.hugepages and nosharepages, dry" "$kvmtune" -c "$uri" set "$name" memory.hugepages=2M memory.nosharepages=on --dry-run
    contains "$output" "+      <page size='2048' unit='KiB'/>" "the diff shows the page element"
    contains "$output" "waits for a restart" "and that it waits"
    exits 0 "set for real" "$kvmtune" -c "$uri" set "$name" memory.hugepages=2M memory.nosharepages=on
    contains "$(virsh -q -c "$uri" dumpxml --inactive "$name")" "<nosharepages/>" "stands at the next start"
    exits 0 "undone" "$kvmtune" -c "$uri" undo
    as_before "and gone again"

    exits 2 "a vCPU it has not" "$kvmtune" -c "$uri" set "$name" vcpupin.2=0
    exits 2 "a CPU the host has not" "$kvmtune" -c "$uri" set "$name" vcpupin.0=4095
    exits 2 "a page size the host has not" "$kvmtune" -c "$uri" set "$name" memory.hugepages=4M
    exits 2 "an unknown domain" "$kvmtune" -c "$uri" set "$name-not" vcpupin.0=0
    exits 1 "read-only refuses" "$kvmtune" --read-only -c "$uri" set "$name" vcpupin.0=0
    as_before "and nothing is written"
}

for uri in "${uris[@]}"; do
    begin || continue
    pin_and_undo
    [ "$uri" = qemu:///system ] && everything_else
    finish_domain
done
finish
