#!/bin/bash
# Where a real QEMU's pages are, and moving them: to the node where they are, which is no change, by
# the kernel's own call; and of a process that has ended. On a host of several nodes, there and back.
. "$(dirname "$0")/private.sh"
daemon || { ok 1 "a libvirtd of the test's own"; finish; exit 0; }
virsh -q -c qemu:///system create <(domain_xml) >/dev/null; ok $? "a domain runs"
pid=$(cat /run/libvirt/qemu/"$name".pid)
[ -r "/proc/$pid/numa_maps" ] || skip_all "this kernel has no numa_maps"
nodes=$(cat /sys/devices/system/node/online 2>/dev/null || echo 0)

exits 0 "its pages are asked to be on all nodes" "$kvmtune" set "$name" "pages=$nodes"
contains "$output" "nothing to do" "which they are"
exits 0 "the same, previewed" "$kvmtune" set "$name" "pages=$nodes" --dry-run
contains "$output" "pages are on $nodes already" "says so"
exits 2 "a node that the host has not" "$kvmtune" set "$name" pages=4095
exits 2 "no nodes at all" "$kvmtune" set "$name" pages=x
exits 1 "at its next start" "$kvmtune" set "$name" pages=0 --config
contains "$output" "only a running domain has pages to move" "says why"

if [[ $nodes == *[-,]* ]]; then
    first=${nodes%%[-,]*} last=${nodes##*[-,]}
    exits 0 "all to the first node" "$kvmtune" set "$name" "pages=$first"
    exits 0 "all to the last node" "$kvmtune" set "$name" "pages=$last"
    contains "$output" " moved" "tells how much"
    exits 0 "taken back" "$kvmtune" undo
    contains "$output" " moved" "tells how much went back"
fi
exits 0 "domains --json" "$kvmtune" domains --json
contains "$output" '"memory_use"' "has what memory is used for"
contains "$output" '"outside_numatune_kib"' "and where pages are"

virsh -q -c qemu:///system destroy "$name"
exits 2 "a domain that has ended" "$kvmtune" set "$name" "pages=$nodes"
finish
