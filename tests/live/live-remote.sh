#!/bin/bash
# Another host, reached by libvirt only (here this very one, by TCP): its domains are seen and changed,
# its loads come from libvirt, and this host's /sys is not taken for its own.
. "$(dirname "$0")/private.sh"
runner=${top_builddir:-.}/tests/screen/run-screen
port=$((20000 + RANDOM % 10000))
uri=qemu+tcp://127.0.0.1:$port/system
cat >>/etc/libvirt/libvirtd.conf <<CONF
listen_tls = 0
listen_tcp = 1
tcp_port = "$port"
listen_addr = "127.0.0.1"
auth_tcp = "none"
CONF
daemon -l || skip_all "no libvirtd starts here"
timeout 20 virsh -q -c "$uri" uri >/dev/null 2>&1 || skip_all "libvirtd does not listen on TCP here"
domain_xml >"$work/domain.xml"
virsh -q "define $work/domain.xml; start $name" >/dev/null 2>"$work/err" ||
    skip_all "no domain starts here: $(tr '\n' ' ' <"$work/err")"
virsh -q dumpxml --inactive "$name" >"$work/before.xml"

exits 0 "domains --json" "$kvmtune" -c "$uri" domains --json
contains "$output" "\"$name\"" "names the domain"
grep -q '"load" : [0-9]' <<<"$output"
ok $? "and its load, which libvirt tells" "got: $output"
contains "$output" '"pid" : null' "but no process of this host"
exits 0 "a pin is set" "$kvmtune" -c "$uri" set "$name" vcpupin.0=0
contains "$(virsh -q dumpxml --inactive "$name")" "<vcpupin vcpu='0' cpuset='0'/>" "and stands there"
exits 0 "undo" "$kvmtune" -c "$uri" undo
virsh -q dumpxml --inactive "$name" | cmp -s - "$work/before.xml"; ok $? "the next start is as before"
exits 2 "\"host\" is refused" "$kvmtune" -c "$uri" set host ksm.run=1
printf '[host]\nthp.enabled=never\n' >"$work/host.plan"
exits 2 "and so is a plan for it" "$kvmtune" -c "$uri" apply "$work/host.plan"
contains "$output" "run kvmtune there" "which says where it can be done"

# Its screens; their URI is known only now.
if [ -x "$runner" ]; then
    sed "s,@URI@,$uri," "$(dirname "$0")/remote.screen" >"$work/remote.screen"
    "$runner" "$work/remote.screen" >"$work/screen.out" 2>&1
    ok $? "the screens show what is not known as such, and offer no file of it" "$(cat "$work/screen.out")"
fi
virsh -q "destroy $name; undefine $name" >/dev/null 2>&1
finish
