#!/bin/bash
# How QEMU's command line would change, asked of libvirt's real QEMU driver: by command, and on the
# screen. Nothing is started, and the domain stays as it was defined.
. "$(dirname "$0")/private.sh"
uri=qemu:///system
daemon || skip_all "no libvirtd starts here"

domain_xml >"$work/domain.xml"
if ! virsh -q -c "$uri" "define $work/domain.xml; dumpxml --inactive $name" >"$work/before.xml" 2>"$work/err"; then
    skip_all "libvirtd defines no domain here: $(tr '\n' ' ' <"$work/err")"
fi

exits 0 "a dry run with the command line" \
    "$kvmtune" -c "$uri" set "$name" memory.nosharepages=on vcpupin.0=0 --dry-run --command-line
contains "$output" "+    <vcpupin vcpu='0' cpuset='0'/>" "the diff of the XML is there"
contains "$output" "virDomainDefineXMLFlags($name, validate)" "and the call of libvirt"
contains "$output" "-- QEMU's command line of $name" "and the command line's heading"
changed=$(printf '%s\n' "$output" | sed -n "/^-- QEMU's/,\$p")
contains "$changed" "- -machine " "the machine as it is goes"
contains "$changed" "mem-merge=off" "and comes with mem-merge=off"
is "$(printf '%s\n' "$changed" | grep -c '^[-+] ')" 2 "no other argument changes"

exits 0 "a pin is no argument of QEMU" \
    "$kvmtune" -c "$uri" set "$name" vcpupin.0=0 --dry-run --command-line
contains "$output" "# stays as it is" "the command line stays as it is"
exits 2 "--command-line without --dry-run" "$kvmtune" -c "$uri" set "$name" vcpupin.0=0 --command-line

screen=${top_builddir:-.}/tests/screen/run-screen
if [ -x "$screen" ]; then
    cat >"$work/command.screen" <<SCREEN
test     the command line on the screen
args     -c $uri
timeout  90
key 4
wait shut off
key Enter
wait emulator
key n
wait staged: $name memory.nosharepages
key p
wait 1 staged,
key End Enter
wait mem-merge=off
key q
wait will be forgotten
key y
expect-exit 0
expect-cooked
SCREEN
    exits 0 "unfolded on the screen it is asked for, and comes" "$screen" "$work/command.screen"
else
    ok 0 "unfolded on the screen # SKIP run-screen is not built here"
fi
virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"
ok $? "the domain is as it was"
finish
