#!/bin/bash
# A transaction over several domains of a real libvirtd, in which kvmtune is killed, libvirtd is
# killed, and the journal's disk is full.
. "$(dirname "$0")/private.sh"
fault=${top_builddir:-.}/tests/live/fault
begin() { daemon 2>"$work/err" || { skip_all "libvirtd does not start here: $(tail -1 "$work/err")"; }; }
begin
uri=qemu:///system journal=$XDG_STATE_HOME/kvmtune/journal domains=("$name-a" "$name-b" "$name-c")
for domain in "${domains[@]}"; do
    domain_xml | sed "s/<name>.*</<name>$domain</" > "$work/domain.xml"
    virsh -q -c $uri define "$work/domain.xml" >/dev/null 2>"$work/err" ||
        skip_all "no QEMU domain can be defined: $(tail -1 "$work/err")"
done
all() { for domain in "${domains[@]}"; do virsh -q -c $uri dumpxml --inactive "$domain"; done; }
pinned() { all | grep -c "<vcpupin vcpu='0' cpuset='0'/>"; }
all > "$work/before"
as_before() { all | cmp -s - "$work/before"; ok $? "$1"; }

# Begun, (begun, done) three times, ended: written after one domain, then within the third.
"$fault" $uri "$journal" 4 self "${domains[@]}"; is $? 137 "kvmtune is killed in the middle"
is "$(pinned)" 1 "one of three domains is changed"
exits 0 "journal" "$kvmtune" journal
contains "$output" "its kvmtune is gone" "says that it was not ended"
exits 0 "recover says what stands" "$kvmtune" recover
contains "$output" "written: $name-a vcpupin.0: (nothing) → 0, next start" "the first is written"
contains "$output" "not written: $name-c vcpupin.0" "the last is not"
exits 0 "recover --back" "$kvmtune" recover --back
as_before "every next start is as before, byte for byte"
"$fault" $uri "$journal" 6 self "${domains[@]}"; is $? 137 "killed again, later"
exits 0 "recover --finish" "$kvmtune" recover --finish
is "$(pinned)" 3 "all three are changed"
exits 0 "undo" "$kvmtune" undo
as_before "and undone"
exits 0 "nothing is left open" "$kvmtune" recover
contains "$output" "nothing was left open" "and it says so"

output=$("$fault" $uri "$journal" 4 "$(daemon_pid)" "${domains[@]}" 2>&1); is $? 4 "libvirtd is killed in the middle"
contains "$output" "kvmtune recover" "what to do is said"
contains "$output" "set " "and the command for each that may stand"
exits 1 "without libvirtd nothing is recovered" "$kvmtune" recover --back
rm "$work/libvirtd.pid"
begin
is "$(pinned)" 1 "one of three is changed"
exits 0 "with libvirtd it is" "$kvmtune" recover --back
as_before "every next start is as before"

mkdir "$work/full"
mount -t tmpfs -o size=4k tmpfs "$work/full" && head -c 4096 /dev/zero > "$work/full/ballast"
output=$("$fault" $uri "$work/full" 99 self "${domains[@]}" 2>&1); is $? 1 "the journal's disk is full"
contains "$output" "No space left" "the reason is said"
as_before "nothing is changed"
umount "$work/full"
finish
