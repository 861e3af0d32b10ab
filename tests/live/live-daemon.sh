#!/bin/bash
# The screen and a libvirtd that is stopped, killed and started again (host-job.screen, daemon.screen),
# and one that others use (config.screen).
. "$(dirname "$0")/private.sh"
runner=${top_builddir:-.}/tests/screen/run-screen
[ -x "$runner" ] || skip_all "needs run-screen, and with it libvterm"
daemon || skip_all "no libvirtd starts here"
domain_xml | sed "s/$name/victim/" >"$work/domain.xml"
virsh -q define "$work/domain.xml" >/dev/null 2>"$work/err" ||
    skip_all "no domain is defined here: $(tr '\n' ' ' <"$work/err")"
cp "$work/libvirtd.pid" /run/libvirt/test.pid # a place that the screen test knows
"$runner" "$(dirname "$0")/host-job.screen" "$(dirname "$0")/config.screen" \
    "$(dirname "$0")/daemon.screen"
