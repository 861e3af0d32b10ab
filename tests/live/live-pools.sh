#!/bin/bash
# Hugepages and KSM of this very kernel: a domain that does not start for want of pages is told of, the
# pool grown as told, and it starts; what KSM saves is what the kernel's files say; a container's
# read-only /sys, hidden cgroups, sizes and numbers that cannot be. All is put back.
. "$(dirname "$0")/private.sh"
ksm=/sys/kernel/mm/ksm
pool=/sys/devices/system/node/node0/hugepages/hugepages-2048kB
uri=qemu:///system
if [ ! -w $ksm/run ] || [ ! -w $pool/nr_hugepages ]; then
    skip_all "needs a writable $ksm and pool"
fi
pages=$(cat $pool/nr_hugepages) run=$(cat $ksm/run) scan=$(cat $ksm/pages_to_scan)
restore() {
    [ -z "${sharer:-}" ] || kill "$sharer" 2>/dev/null
    virsh -q -c $uri destroy "$name" >/dev/null 2>&1
    echo 2 > $ksm/run; echo "$run" > $ksm/run; echo "$scan" > $ksm/pages_to_scan
    echo "$pages" > $pool/nr_hugepages
}
trap restore EXIT
# member NAME: the values of that member in $output, a JSON document, one a line
member() { sed -n "s/.*\"$1\" : \([^,]*\),\{0,1\}\$/\1/p" <<<"$output"; }

# ---- a pool that is too small ----
mkdir -p /dev/hugepages && mount -t hugetlbfs none /dev/hugepages
domain_xml "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>" > "$work/domain.xml"
if daemon && virsh -q -c $uri define "$work/domain.xml" >/dev/null; then
    exits 0 "the pool is made small" "$kvmtune" set host hugepages.node0.2M=$((pages + 4))
    # The 64 MiB of the domain are 32 pages.
    missing=$((32 - $(cat $pool/free_hugepages)))
    [ $missing -gt 0 ]; ok $? "for the domain"
    exits 0 "domains" "$kvmtune" -c $uri domains
    contains "$output" "$name will not start: $missing pages of 2M missing" "says what is missing"
    hint=$(sed -n 's/^  kvmtune //p' <<<"$output")
    is "$hint" "set host hugepages.node0.2M=$((pages + 4 + missing))" "and the command that helps"
    ! virsh -q -c $uri start "$name" >/dev/null 2>&1; ok $? "libvirt does not start it, indeed"
    # shellcheck disable=SC2086 # words
    exits 0 "the command is run" "$kvmtune" $hint
    is "$(cat $pool/nr_hugepages)" $((pages + 4 + missing)) "the pool has grown"
    exits 0 "domains" "$kvmtune" -c $uri domains --json
    is "$(member starts)" true "says that it starts"
    virsh -q -c $uri start "$name" >/dev/null 2>"$work/err"; ok $? "it starts" "$(cat "$work/err")"
    used=$(($(cat $pool/nr_hugepages) - $(cat $pool/free_hugepages)))
    is $used 32 "its pages are the pool's"
    exits 0 "domains of what runs" "$kvmtune" -c $uri domains --json
    is "$(member starts)" true "it would start again: it gives its pages back"
    exits 0 "the pool is set to nothing under it" "$kvmtune" set host hugepages.node0.2M=0
    contains "$output" "32 pages of this pool are in use" "which is said"
    is "$(cat $pool/nr_hugepages) $(cat $pool/surplus_hugepages)" "32 32" "the pages in use stay, as surplus"
    exits 0 "undo" "$kvmtune" undo
    is "$(cat $pool/nr_hugepages) $(cat $pool/surplus_hugepages)" "$((pages + 4 + missing)) 0" "makes them the pool's own again"

    output=$(unshare -m sh -c "mount -t tmpfs none /sys/fs/cgroup && '$kvmtune' -c $uri domains --json" 2>&1)
    is $? 0 "without cgroups domains are told all the same"
    is "$(member memory_by_node) $(member anon_kib)" "null null" "their memory by node is not known then"
    virsh -q -c $uri destroy "$name" >/dev/null; virsh -q -c $uri undefine "$name" >/dev/null
    exits 0 "undo" "$kvmtune" undo
    is "$(cat $pool/nr_hugepages)" $((pages + 4)) "shrinks it again"
    exits 0 "and once more" "$kvmtune" undo
    is "$(cat $pool/nr_hugepages)" "$pages" "to what it was"
else
    ok 0 "# SKIP no libvirtd starts here"
fi

# ---- a pool that grows by portions, watched and stopped; only where much is free ----
# What the kernel would have to take from others is not asked for: a short grant is test-pools'.
if [ "$(awk '/^MemFree/ { print $2 }' /proc/meminfo)" -gt $((6 * 1024 * 1024)) ]; then
    exits 0 "a pool grows by 1 GiB" "$kvmtune" set host hugepages.node0.2M=$((pages + 512))
    is "$(cat $pool/nr_hugepages)" $((pages + 512)) "in portions, to what was asked"
    exits 0 "undo" "$kvmtune" undo
    is "$(cat $pool/nr_hugepages)" "$pages" "shrinks it"
    output=$("${top_builddir:-.}/tests/live/poolstop" "$work/stopped" $((pages + 1024)) 2 2>"$work/err"); is $? 1 "one that is stopped in the middle fails"
    is "$output" $((pages + 512)) "after two portions of four"
    contains "$(cat "$work/err")" "$((pages + 512)) was granted (stopped by you)" "says how far it came and who stopped it"
    is "$(cat $pool/nr_hugepages)" "$pages" "and goes back to what it was"
else
    ok 0 "# SKIP less than 6 GiB are free"
fi

# ---- KSM ----
"${top_builddir:-.}/tests/live/sharer" & sharer=$!
[ "$(cat $ksm/run)" = 0 ] || echo 0 > $ksm/run
exits 0 "KSM is turned on" "$kvmtune" set host ksm.pages_to_scan=20000 ksm.run=1
contains "$output" "a VM can learn by timing" "with a word on what it costs"
# Of the sharer alone where the kernel tells it (5.19): other VMs may run here, and come first.
merging() { cat /proc/$sharer/ksm_merging_pages 2>/dev/null || cat $ksm/pages_sharing; }
for _ in $(seq 400); do [ "$(merging)" -gt 1000 ] && break; sleep 0.1; done
exits 0 "and stopped: what is merged stays" "$kvmtune" set host ksm.run=0
if [ "$(merging)" -gt 0 ]; then
    sharing=$(cat $ksm/pages_sharing) page=$(($(getconf PAGESIZE) / 1024))
    exits 0 "host --json" "$kvmtune" host --json
    is "$(member saved_kib)" $((sharing * page)) "what is saved is pages_sharing"
    if [ -e $ksm/general_profit ]; then
        is "$(member profit_bytes) $(member profit_by)" "$(cat $ksm/general_profit) \"general_profit\"" "the profit is the kernel's"
    fi
    exits 0 "unmerged" "$kvmtune" set host ksm.run=2
    contains "$output" "unmerging takes" "with a word on the memory it takes"
    is "$(cat $ksm/pages_sharing)" 0 "nothing is shared any more"
    exits 0 "host --json" "$kvmtune" host --json
    is "$(member saved_kib)" 0 "and nothing saved"
else
    ok 0 "# SKIP ksmd merged no page of the sharer in 40 s"
fi
kill $sharer; sharer=

# ---- what cannot be ----
exits 2 "a page size the kernel lacks" "$kvmtune" set host hugepages.node0.16M=1
contains "$output" "has no pages of this size" "is named"
exits 1 "more than there is" "$kvmtune" set host hugepages.node0.2M=99999999
contains "$output" "in all: ask for" "is refused"
is "$(cat $pool/nr_hugepages)" "$pages" "and not tried"
output=$(unshare -m sh -c "mount --bind /sys /sys && mount -o remount,bind,ro /sys && '$kvmtune' set host ksm.pages_to_scan=77" 2>&1)
is $? 1 "a read-only /sys fails"
contains "$output" "Read-only file system; it is mounted read-only, as in a container" "and says why"
is "$(cat $ksm/pages_to_scan)" 20000 "and nothing is written"
finish
