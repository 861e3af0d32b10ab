# A live test's own place: source it instead of tap.sh, as the first thing. Then there are
#
#   $work    a folder that goes at the end, and with it every process that the test has started
#   $name    the name of a domain that nobody else has; more of them begin with it
#   $embed   the URI of libvirt's embedded QEMU driver, its root in $work
#   daemon [OPTIONS]  starts a libvirtd of the test's own at qemu:///system (daemon_pid is its pid), whose
#            folders nobody else sees; fails where it gives no answer
#   domain_xml [ELEMENTS]  prints a small domain of two vCPUs that TCG runs
#
# The test runs in a mount namespace of its own. What watches it stays outside: it ends what is left,
# whatever happened to the test, and where a process of the test hangs in the kernel (a kernel that
# lost a page lets QEMU wait for it for ever) the test is skipped, with that reason.
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
name=kvmtune-live-${work##*-}
embed="qemu:///embed?root=$work/embed"
HUNG_SECONDS=20

domain_xml() {
    cat <<XML
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  ${1:-}<devices><emulator>$(command -v qemu-system-x86_64)</emulator></devices>
</domain>
XML
}

# virsh, run again where it died by a signal: libvirt 9.0's embedded driver sometimes does when it is
# closed. What was written by then is thrown away.
virsh() {
    local try status
    for try in 1 2 3; do
        command virsh "$@" >"$work/virsh.out"
        status=$?
        [ "$status" -lt 128 ] && break
        echo "virsh died (status $status, try $try): $*" >&2
    done
    cat "$work/virsh.out"
    return "$status"
}

daemon() {
    libvirtd "$@" -d -f /etc/libvirt/libvirtd.conf -p "$work/libvirtd.pid" || return 1
    for _ in $(seq 60); do
        timeout 20 virsh -q -c qemu:///system uri >/dev/null 2>&1 && return
        sleep 0.5
    done
    return 1
}
daemon_pid() { cat "$work/libvirtd.pid"; }

# The folders of libvirt are the test's own from here on, empty but for the settings.
enter() {
    for folder in /run/libvirt /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
        mkdir -p "$folder" "$work/own$folder" && mount --bind "$work/own$folder" "$folder" || return 1
    done
    # As root, or QEMU cannot reach $work, and where /dev/kvm is root's alone libvirt asks a QEMU of
    # another user anew at every opening. Without namespaces, or it would not be seen to be ours.
    mkdir -p "$work/embed/etc"
    tee /etc/libvirt/qemu.conf >"$work/embed/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
stdio_handler = "file"
security_driver = "none"
namespaces = [ ]
CONF
    printf 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n' >/etc/libvirt/libvirtd.conf
    readlink /proc/self/ns/mnt >"$work/namespace"
}

# The pids of everything that runs in the test's namespace.
members() {
    [ -s "$work/namespace" ] && find /proc/[0-9]*/ns/mnt -maxdepth 0 \
        -lname "$(sed 's/[][]/\\&/g' "$work/namespace")" 2>/dev/null | cut -d/ -f3
}

# Sets why where a task was found in uninterruptible sleep for HUNG_SECONDS, every time; to be called
# again and again, not in a subshell.
declare -A asleep
hung() {
    local pid task now=$SECONDS
    local -A before
    for task in "${!asleep[@]}"; do before[$task]=${asleep[$task]}; done
    asleep=()
    for pid in $(members); do
        for task in $(grep -l '^State:[[:space:]]*D' /proc/"$pid"/task/*/status 2>/dev/null); do
            asleep[$task]=${before[$task]:-$now}
            [ $((now - asleep[$task])) -ge $HUNG_SECONDS ] || continue
            why="$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c -60) waits in the kernel ($(
                cat "${task%/status}/wchan" 2>/dev/null))"
            return 0
        done
    done
    return 1
}

end_members() {
    local pids i
    for i in $(seq 50); do
        pids=$(members) || return 0
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086 # a list
        kill "$([ "$i" -eq 1 ] && echo -TERM || echo -KILL)" $pids 2>/dev/null
        sleep 0.2
    done
}

clean_up() {
    end_members
    find /sys/fs/cgroup -depth -type d -name "*$name*" -exec rmdir {} + 2>/dev/null
    rm -rf "$work"
}

if [ -z "${KVMTUNE_LIVE_WORK:-}" ]; then
    trap 'rm -rf "$work"' EXIT
    for tool in virsh libvirtd taskset unshare qemu-system-x86_64; do
        command -v $tool >/dev/null || skip_all "needs $tool"
    done
    [ "$(id -u)" -eq 0 ] || skip_all "needs root"
    unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
    trap clean_up EXIT
    trap 'exit 143' HUP INT TERM
    KVMTUNE_LIVE_WORK=$work unshare -m "$BASH" "$0" >"$work/tap" 2>"$work/stderr" &
    test=$!
    while kill -0 "$test" 2>/dev/null; do
        hung || { sleep 0.3; continue; }
        sed 's/^/# /' "$work/tap" "$work/stderr"
        skip_all "$why: nothing can be told of QEMU on this kernel any more"
    done
    wait "$test"
    status=$?
    cat "$work/tap"
    sed 's/^/# /' "$work/stderr"
    exit "$status"
fi
enter || { ok 1 "a place of its own"; finish; exit 1; }
