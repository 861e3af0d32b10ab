#!/bin/bash
# KSM, THP and hugepage pools of this very kernel: set, read back, undone, and all put back.
. "$(dirname "$0")/tap.sh"
ksm=/sys/kernel/mm/ksm thp=/sys/kernel/mm/transparent_hugepage
pool=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
giant=/sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages
if [ "$(id -u)" -ne 0 ] || [ ! -w $ksm/run ]; then
    rmdir "$work"; skip_all "needs root and a writable $ksm"
fi

chosen() { sed 's/.*\[\(.*\)\].*/\1/' "$1"; }
run=$(cat $ksm/run) scan=$(cat $ksm/pages_to_scan) merge=$(cat $ksm/merge_across_nodes)
enabled=$(chosen $thp/enabled) pages=$(cat $pool 2>/dev/null)
restore() {
    [ -z "${sharer:-}" ] || kill "$sharer" 2>/dev/null
    echo 2 > $ksm/run; echo "$merge" > $ksm/merge_across_nodes; echo "$run" > $ksm/run
    echo "$scan" > $ksm/pages_to_scan; echo "$enabled" > $thp/enabled
    [ -z "$pages" ] || echo "$pages" > $pool
    rm -rf "$work"
}
trap restore EXIT

exits 0 "a dry run is shown" "$kvmtune" set host ksm.pages_to_scan=$((scan + 1)) --dry-run
contains "$output" "$ksm/pages_to_scan: $scan → $((scan + 1))" "the dry run names file, old and new"
is "$(cat $ksm/pages_to_scan)" "$scan" "a dry run writes nothing"

other=$([ "$enabled" = never ] && echo madvise || echo never)
exits 0 "two files in one transaction" "$kvmtune" set host ksm.pages_to_scan=$((scan + 1)) thp.enabled=$other
is "$(cat $ksm/pages_to_scan)" $((scan + 1)) "ksm.pages_to_scan is written"
is "$(chosen $thp/enabled)" "$other" "thp.enabled is written"
exits 0 "the journal lists it" "$kvmtune" journal
contains "$output" "host ksm.pages_to_scan=$((scan + 1)), now (+1)" "with what was set"
exits 0 "undo" "$kvmtune" undo
is "$(cat $ksm/pages_to_scan)" "$scan" "ksm.pages_to_scan is as before"
is "$(chosen $thp/enabled)" "$enabled" "thp.enabled is as before"
exits 1 "nothing is left to undo" "$kvmtune" undo

# One that the kernel refuses takes the others back.
exits 1 "a value the kernel refuses fails" "$kvmtune" set host ksm.pages_to_scan=$((scan + 1)) thp.khugepaged.max_ptes_none=60000
is "$(cat $ksm/pages_to_scan)" "$scan" "and takes back what was written before it"
exits 1 "which leaves nothing to undo" "$kvmtune" undo

while IFS='|' read -r key sentence; do
    exits 2 "refused: $key" "$kvmtune" set host "$key"
    contains "$output" "$sentence" "with a sentence: $sentence"
done <<'BAD'
ksm.run=7|ksm.run cannot be "7": 1, 0 or 2 is allowed
ksm.rum=1|the nearest is ksm.run
ksm.pages_to_scan=-1|a whole number from 0 to 4294967295
ksm.pages_to_scan=99999999999999999999|a whole number from 0 to 4294967295
hugepages.node99.2M=1|the host has no NUMA node 99
hugepages.node0.4M=1|node 0 has no pages of this size
ksm.run|no KEY=VALUE
vcpupin.0=1|a key of a domain
BAD

if [ -n "$pages" ]; then
    exits 0 "a pool grows" "$kvmtune" set host hugepages.node0.2M=$((pages + 3))
    is "$(cat $pool)" $((pages + 3)) "by what was asked"
    exits 0 "and shrinks by undo" "$kvmtune" undo
    is "$(cat $pool)" "$pages" "to what it was"
fi
# More giant pages than there can be: the kernel grants some, kvmtune says so and puts them back. Only
# where it is asked for: some kernels lose pages of files when they make room for giant ones, and
# whatever needs such a page hangs for ever.
if [ -n "${KVMTUNE_LIVE_GIANT:-}" ] && [ -w $giant ] && [ "$(cat $giant)" -eq 0 ]; then
    ask=$(awk '/MemTotal/ {print int($2 / 1048576) + 8}' /proc/meminfo)
    exits 1 "a short grant fails" "$kvmtune" set host hugepages.node0.1G="$ask"
    contains "$output" "$ask was asked" "and says what was asked"
    is "$(cat $giant)" 0 "and is put back"
fi

# A real EBUSY: a process with equal pages, merged by the real ksmd.
"${top_builddir:-.}/tests/live/sharer" & sharer=$!
echo 1 > $ksm/run; echo 20000 > $ksm/pages_to_scan
for _ in $(seq 100); do [ "$(cat $ksm/pages_shared)" -gt 0 ] && break; sleep 0.1; done
if [ "$(cat $ksm/pages_shared)" -gt 0 ]; then
    new=$((1 - merge))
    exits 1 "merge_across_nodes is refused while pages are shared" "$kvmtune" set host ksm.merge_across_nodes=$new
    contains "$output" "ksm.run=2 must unmerge them first" "and the way is named"
    exits 0 "unmerged first, it changes" "$kvmtune" set host ksm.run=2 ksm.merge_across_nodes=$new
    is "$(cat $ksm/merge_across_nodes) $(cat $ksm/pages_shared)" "$new 0" "and nothing is shared"
    exits 0 "undo goes the way back" "$kvmtune" undo
    is "$(cat $ksm/merge_across_nodes) $(cat $ksm/run)" "$merge 1" "to the old values"
else
    ok 0 "# SKIP ksmd merged no page of the sharer in 10 s"
fi
finish
