#!/bin/bash
# A real QEMU domain (TCG) through a real libvirtd: pins and backing are set, checked with taskset and
# virsh, and undone. With KVMTUNE_LIVE_EMBED=1 the pins through the embedded driver as well: not
# otherwise, for libvirt 9.0's now and then dies when a process opens it on a domain that another one
# has started, and in a build with sanitizers it may hang (live-connection.c says why).
. "$(dirname "$0")/private.sh"
domain_xml > "$work/domain.xml"
uris=(qemu:///system)
daemon || skip_all "no libvirtd starts here"
[ -z "${KVMTUNE_LIVE_EMBED:-}" ] || uris+=("$embed")
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
    virsh -q -c "$uri" "define $work/domain.xml; start $name" >/dev/null 2>"$work/err"
    [ "$(virsh -q -c "$uri" domstate "$name")" = running ] &&
        virsh -q -c "$uri" dumpxml --inactive "$name" > "$work/before.xml" && return
    pkill -9 -f "guest=$name,"
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
