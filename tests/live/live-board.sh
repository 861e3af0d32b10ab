#!/bin/bash
# A real QEMU domain (TCG) dragged in the real console by the bytes of a mouse: its vCPU from the tray to
# a CPU of the board, applied, looked for in the kernel and in libvirt, and undone there.
. "$(dirname "$0")/private.sh"
uri=qemu:///system
daemon || skip_all "no libvirtd starts here"
harness=${top_builddir:-.}/tests/screen/run-screen
[ -x "$harness" ] || { ok 0 "# SKIP the screen tests are not built: they need libvterm"; finish; exit; }
cpus=$(taskset -cp $$ | sed 's/.*: //')
# The second CPU there is: its cell is on the first picture, however many follow.
last=$(tr ',' '\n' <<<"$cpus" | awk -F- '{ for (i = $1; i <= $NF; i++) print i }' | sed -n 2p)
[ -n "$last" ] || { ok 0 "# SKIP needs two CPUs"; finish; exit; }
domain_xml > "$work/domain.xml"

# affinity: of the thread of vCPU 0
affinity() {
    for task in /proc/"$(pgrep -f "guest=$name")"/task/*; do
        case $(cat "$task/comm") in 'CPU 0/TCG') taskset -cp "${task##*/}" | sed 's/.*: //'; return ;; esac
    done
}
vcpupin() { virsh -q -c "$uri" "vcpupin $name --vcpu 0 $1" | awk '$1 == "0" { print $2; exit }'; }

# console NAME LOCALE: the steps of standard input, with the board of $uri open
console() {
    {
        printf 'test     %s\nlocale   %s\nargs     -c %s -d 1\ntimeout  90\n' "$1" "$2" "$uri"
        printf 'env      XDG_STATE_HOME=%s\n' "$work/state"
        printf 'wait %s\nkey 5\nwait ke\n' "libvirt"
        cat
        printf 'key q\nexpect-exit 0\nexpect-cooked\n'
    } > "$work/$1.screen"
    "$harness" ${3:-} "$work/$1.screen" > "$work/$1.tap" 2>&1
}

virsh -q -c "$uri" "define $work/domain.xml; start $name" >/dev/null 2>"$work/err"
[ "$(virsh -q -c "$uri" domstate "$name")" = running ] || {
    ok 0 "# SKIP $uri starts no domain here: $(tr '\n' ' ' < "$work/err")"
    finish
    exit
}
virsh -q -c "$uri" dumpxml --inactive "$name" > "$work/before.xml"

# Where the cell of the last CPU is: in ASCII a character is a byte.
KVMTUNE=$(realpath "$kvmtune") console look ascii --update <<STEPS
wait load
settle 500
expect
STEPS
place=$(LC_ALL=C awk -v cpu="$last" '
    /^[|]/ { line++ }
    /^[|]/ && !/LLC|node|package|pinned|siblings|cache of/ && match($0, "[[ ]" cpu "[-x .:=+*#in][- in.:=+*%#]") { print line "," RSTART; exit }
' "$work/look.screen")
[ -n "$place" ]
ok $? "the cell of CPU $last is on the board" "$(cat "$work/look.screen" "$work/look.tap")"

KVMTUNE=$(realpath "$kvmtune") console drag utf8 <<STEPS
wait load
mouse press "k0"
mouse move $place
wait k0 → CPU $last
mouse release $place
wait staged: k0 → CPU $last
key p
wait vcpupin.0
key a
wait applied as entry
STEPS
ok $? "vCPU 0 is dragged to CPU $last, and that applied" "$(cat "$work/drag.tap")"
is "$(affinity)" "$last" "taskset: its thread runs there"
is "$(vcpupin --live)" "$last" "virsh vcpupin: so says the running domain"
is "$(vcpupin --config)" "$last" "and its next start"

KVMTUNE=$(realpath "$kvmtune") console undo utf8 <<STEPS
key u
wait staged to be taken back
key a
wait undone as entry
STEPS
ok $? "u takes it back" "$(cat "$work/undo.tap")"
is "$(affinity)" "$cpus" "taskset: its thread runs anywhere again"
virsh -q -c "$uri" dumpxml --inactive "$name" | cmp -s - "$work/before.xml"
ok $? "the next start is as before, byte for byte"

# The domain is stopped, started, gone while its chip is dragged: nothing is dropped, and the release
# that comes later drops nothing either.
end() {
    printf 'mouse press "k0"\nmouse move %s\nwait k0 → CPU %s\n' "$place" "$last"
    printf 'sh virsh -q -c %s %s %s >/dev/null\nwait k0 %s: nothing dropped\n' "$uri" "$1" "$name" "$2"
    printf 'mouse release %s\nexpect-no staged\n' "$place"
}
{
    printf 'wait load\n'
    end destroy 'was stopped'
    end start 'was started'
    printf 'sh virsh -q -c %s destroy %s >/dev/null\nkey 4\nwait shut off\nkey 5\nwait load\n' "$uri" "$name"
    end undefine 'went away'
} | KVMTUNE=$(realpath "$kvmtune") console ends utf8
ok $? "a drag ends where its domain is stopped, started or gone" "$(cat "$work/ends.tap")"
virsh -q -c "$uri" "destroy $name; undefine $name" >/dev/null 2>&1
finish
