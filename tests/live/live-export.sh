#!/bin/bash
# An exported script of virsh against a real libvirtd: it makes a plan so, virsh and the kernel say
# that it is so, and its way back leaves the domain as it was.
. "$(dirname "$0")/private.sh"
. "$(dirname "$0")/exported.sh"
exported_begin "<shares>1024</shares>"

shares=
v schedinfo "$name" --set cpu_shares=1024 --live >/dev/null 2>&1 && shares=512
exported_plan "${shares:+cputune.shares=$shares}"
exits 0 "the plan becomes a script" "$kvmtune" -c "$uri" export web.plan --format virsh
printf '%s\n' "$output" >script
exits 0 "which is one of the shell" sh -n script
exits 5 "nothing of the plan stands yet" "$kvmtune" -c "$uri" diff web.plan
exits 0 "the script runs" sh script
[ -z "$shares" ] ||
    is "$(v schedinfo "$name" --live | sed -n 's/^cpu_shares *: *//p')" "$shares" "shares are $shares"
exported_stands
exits 0 "the way back runs" sh script back
exported_back

exits 0 "the plan as a document" "$kvmtune" -c "$uri" export web.plan --format xml
printf '%s\n' "$output" >domain-after.xml
exits 0 "libvirt takes it" virsh -q -c "$uri" define --validate domain-after.xml
is "$(v dumpxml --inactive "$name" | grep -c '<nosharepages/>')" 1 "and defines what the plan says"
v destroy "$name" >/dev/null
finish
