#!/bin/sh
# What kvmtune costs and how soon it answers, beside htop and virt-top, in one run: `make bench`.
# The programs run one after the other on the same machine, so that ratios mean something where
# milliseconds do not. tests/bench/README.md explains the columns.
set -u

program=./kvmtune
tools=./tests/bench
idle=5
warm=3
repeat=100
real=60
sizes='10 100 1000'

usage()
{
    cat <<EOF
usage: bench.sh [--program PATH] [--tools DIR] [--idle SECONDS] [--warm SECONDS] [--repeat N] [--real N]
                [--sizes LIST]
  --program  the kvmtune to measure (./kvmtune)
  --tools    where ptydrive and bench-core are (./tests/bench)
  --idle     watch each program idle for so long ($idle)
  --warm     and that not before so long after its first frame ($warm)
  --repeat   press each key so often ($repeat)
  --real     so many real QEMU domains (TCG, 64 MiB) under a libvirtd of the bench's own, which nobody
             else sees; needs root, libvirtd, qemu-system-x86_64 and unshare; 0: none ($real)
  --sizes    numbers of test domains ("$sizes")
EOF
}

while [ $# -gt 0 ]; do
    case $1 in
    --program | --tools | --idle | --warm | --repeat | --real | --sizes)
        [ $# -ge 2 ] || { usage >&2; exit 2; }
        eval "${1#--}=\$2"
        shift 2
        ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
    esac
done

# The libvirtd of the real domains has its folders to itself: all of the bench runs in a mount namespace
# of its own, where there can be one.
can_be_real()
{
    [ "$(id -u)" = 0 ] || { why='not root'; return 1; }
    for tool in libvirtd virsh qemu-system-x86_64 unshare; do
        command -v "$tool" >/dev/null || { why="no $tool here"; return 1; }
    done
    unshare -m true 2>/dev/null || { why='no mount namespaces here'; return 1; }
}

why=
if [ "$real" -gt 0 ] && ! can_be_real; then
    echo "No real domains ($why): with --real 0 nothing is said of them." >&2
    real=0
fi
if [ "$real" -gt 0 ] && [ -z "${KVMTUNE_BENCH_OWN:-}" ]; then
    KVMTUNE_BENCH_OWN=yes exec unshare -m "$0" --program "$program" --tools "$tools" --idle "$idle" \
        --warm "$warm" --repeat "$repeat" --real "$real" --sizes "$sizes"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/kvmtune-bench-XXXXXX") || exit 1
chmod 755 "$work" # QEMU must pass
export XDG_STATE_HOME="$work/state" XDG_CONFIG_HOME="$work/config"
unset LIBVIRT_DEFAULT_URI
libvirtd=

clean_up()
{
    trap - EXIT INT TERM HUP
    if [ -n "$libvirtd" ]; then
        kill -CONT "$libvirtd" 2>/dev/null
        # Their pid files lie in folders that are the bench's own; none ends in a line end.
        for file in /run/libvirt/qemu/kvmtune-bench-*.pid; do
            kill -KILL "$(cat "$file" 2>/dev/null)" 2>/dev/null
        done
        kill "$libvirtd" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$libvirtd" 2>/dev/null && sleep 0.5; done
        kill -KILL "$libvirtd" 2>/dev/null
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

# A node of 64 CPUs with $1 running domains, for the test driver.
test_node()
{
    echo '<node><cpu><mhz>2400</mhz><model>x86_64</model><active>64</active><nodes>4</nodes>'
    echo '<sockets>1</sockets><cores>8</cores><threads>2</threads></cpu>'
    awk -v count="$1" 'BEGIN {
        for (i = 1; i <= count; i++)
            printf "<domain type=\"test\"><name>bench-%04d</name><memory unit=\"MiB\">512</memory>" \
                   "<vcpu>2</vcpu><os><type>hvm</type></os></domain>\n", i
    }'
    echo '</node>'
}

# value FILE NAME: a figure that ptydrive printed, or nothing.
value()
{
    awk -v name="$2" '$1 == name { print $2 }' "$1"
}

heading()
{
    printf '%-34s %8s %8s %7s %9s %8s %9s %8s %8s %8s\n' '' 'shown' 'frame' 'CPU' 'libvirtd' \
        'output' 'refresh' 'RSS' 'key p50' 'key p99'
    printf '%-34s %8s %8s %7s %9s %8s %9s %8s %8s %8s\n' 'program' 'ms' 'ms' '%' 'CPU %' 'B/s' \
        'B' 'MiB' 'ms' 'ms'
}

# row NAME LABEL OPTION…: runs ptydrive, keeps its figures in $work/NAME, prints a line of the table.
row()
{
    name=$1 label=$2
    shift 2
    if ! "$tools/ptydrive" --idle "$idle" --warm "$warm" --repeat "$repeat" "$@" >"$work/$name" 2>"$work/error"; then
        printf '%-34s %s\n' "$label" "$(head -n1 "$work/error")"
        : >"$work/$name"
        return
    fi
    awk -v label="$label" '
        { figure[$1] = $2 }
        function shown(name, format, divisor) {
            return name in figure ? sprintf(format, figure[name] / divisor) : "–"
        }
        function padded(text, width) {
            # "–" is three bytes for awks that count bytes.
            return text == "–" ? sprintf("%*s–", width - 1, "") : sprintf("%*s", width, text)
        }
        END {
            printf "%-34s %s %s %s %s %s %s %s %s %s%s\n", label,
                padded(shown("until_ms", "%.1f", 1), 8), padded(shown("first_frame_ms", "%.1f", 1), 8),
                padded(shown("idle_cpu_pct", "%.2f", 1), 7), padded(shown("also_cpu_pct", "%.2f", 1), 9),
                padded(shown("idle_bytes_s", "%.0f", 1), 8), padded(shown("refresh_bytes", "%.0f", 1), 9),
                padded(shown("rss_kib", "%.1f", 1024), 8), padded(shown("key_p50_ms", "%.2f", 1), 8),
                padded(shown("key_p99_ms", "%.2f", 1), 8),
                (figure["keys_unanswered"] > 0 ? "  (" figure["keys_unanswered"] + 0 " keys unanswered)" : "")
        }' "$work/$name"
}

# ratio TEXT A B: one line, where both figures are known.
ratio()
{
    [ -n "$2" ] && [ -n "$3" ] || return 0
    awk -v text="$1" -v a="$2" -v b="$3" 'BEGIN {
        if (b > 0) printf "%-60s %8.2f   (%.1f / %.1f)\n", text, a / b, a, b }'
}

# The host screen (shown with its first node), then, in a run of its own, how soon the domains are listed.
kvmtune_rows()
{
    key=$1 what=$2 uri=$3 sample=$4
    shift 4
    row "$key" "kvmtune, $what" --until 'node 0' --keys 'Right Left' "$@" -- "$program" -c "$uri"
    [ -n "$sample" ] || return 0
    row "$key-list" "kvmtune, $what, list" --first 4 --until "$sample" --keys 'Down Up' "$@" -- \
        "$program" -c "$uri"
}

virt_top_row()
{
    command -v virt-top >/dev/null || return 0
    row "virt-top-$1" "virt-top, $2" --until "$4" --quit q -- virt-top -c "$3" -d 2
}

# One edit of one test domain with its diff, as a process each: kvmtune, of the domain and of a file
# with its XML, beside virt-xml. What they print is thrown away; of a domain both connect, read it,
# and write nothing.
one_edit()
{
    echo 'One edit with its diff, as a process (ms: median, worst, CPU; runs):'
    test_node 1 >"$work/node-1.xml"
    "$tools/bench-process" 25 "$program" -c "test://$work/node-1.xml" set bench-0001 \
        memory.nosharepages=on --dry-run >"$work/set" || return 0
    awk '{ printf "  %-20s %10.1f %10.1f %8.1f %6d\n", "kvmtune set", $1, $2, $3, $4 }' "$work/set"
    virsh -c "test://$work/node-1.xml" dumpxml bench-0001 >"$work/domain.xml" &&
        "$tools/bench-process" 25 "$program" set --xml "$work/domain.xml" memory.nosharepages=on \
            --dry-run >"$work/set-xml" || return 0
    awk '{ printf "  %-20s %10.1f %10.1f %8.1f %6d\n", "kvmtune set --xml", $1, $2, $3, $4 }' "$work/set-xml"
    if ! command -v virt-xml >/dev/null; then
        echo '  virt-xml is not installed: nothing to compare with.'
        return 0
    fi
    "$tools/bench-process" 9 virt-xml -c "test://$work/node-1.xml" bench-0001 --edit \
        --memorybacking nosharepages=yes --print-diff >"$work/virt-xml" || return 0
    awk '{ printf "  %-20s %10.1f %10.1f %8.1f %6d\n", "virt-xml", $1, $2, $3, $4 }' "$work/virt-xml"
    for name in set set-xml; do
        ratio "  virt-xml / kvmtune $name, from start to end (ms)" "$(cut -d' ' -f1 "$work/virt-xml")" \
            "$(cut -d' ' -f1 "$work/$name")"
        ratio "  virt-xml / kvmtune $name, CPU (ms)" "$(cut -d' ' -f3 "$work/virt-xml")" \
            "$(cut -d' ' -f3 "$work/$name")"
    done
}

start_libvirtd()
{
    for folder in /run/libvirt /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do
        mkdir -p "$folder" "$work/own$folder" && mount --bind "$work/own$folder" "$folder" || return 1
    done
    # Files for what QEMU says, so that virtlogd is not needed; the rest as root, plainly.
    printf '%s\n' 'user = "root"' 'group = "root"' 'stdio_handler = "file"' 'security_driver = "none"' \
        'namespaces = [ ]' >/etc/libvirt/qemu.conf
    printf '%s\n' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' >/etc/libvirt/libvirtd.conf
    libvirtd -d -f /etc/libvirt/libvirtd.conf -p "$work/libvirtd.pid" || return 1
    libvirtd=$(cat "$work/libvirtd.pid")
    # As on a host that is in use: a libvirtd that was never asked runs every emulator first.
    for _ in $(seq 60); do
        virsh -q -c qemu:///system version >/dev/null 2>&1 && return
        sleep 0.5
    done
    return 1
}

# All of them by one virsh, which says so where one does not start.
start_domains()
{
    for i in $(seq "$real"); do
        cat >"$work/domain-$i.xml" <<EOF
<domain type='qemu'><name>kvmtune-bench-$i</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os>
<devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
EOF
        echo "create $work/domain-$i.xml"
    done >"$work/creates"
    virsh -q -c qemu:///system <"$work/creates" >/dev/null 2>"$work/error"
    running=$(virsh -q -c qemu:///system list --name | grep -c kvmtune-bench-)
    [ "$running" -eq "$real" ] && return
    echo "Of $real real domains $running run: $(head -n 1 "$work/error")"
    real=$running
    [ "$running" -gt 0 ]
}

# The clock ticks that the domains' QEMUs have run so far.
qemu_ticks()
{
    for file in /run/libvirt/qemu/kvmtune-bench-*.pid; do
        cat "/proc/$(cat "$file")/stat" 2>/dev/null
    done | awk '{ sum += $14 + $15 } END { print sum + 0 }'
}

# The firmware's start is work of its own, and takes the longer the more domains there are: waits
# until the CPUs are half free and what the domains take falls no more.
wait_for_calm()
{
    before=
    for _ in $(seq 36); do
        ticks=$(qemu_ticks)
        sleep 5
        grown=$(($(qemu_ticks) - ticks))
        [ -n "$before" ] && [ "$grown" -lt $(($(nproc) * 5 * $(getconf CLK_TCK) / 2)) ] &&
            [ $((grown * 10)) -ge $((before * 9)) ] && return
        before=$grown
    done
}

echo "$(uname -sr), $(nproc) CPUs, $(awk '{ print $1 }' /proc/loadavg) load; idle for $idle s, each key $repeat times"
heading
command -v htop >/dev/null && row htop 'htop' --until 'Load average' --keys 'Down Up' -- htop -d 10
test_node 0 >"$work/node-0.xml"
kvmtune_rows host 'host only' "test://$work/node-0.xml" ''
for count in $sizes; do
    test_node "$count" >"$work/node-$count.xml"
    kvmtune_rows "test-$count" "$count test domains" "test://$work/node-$count.xml" bench-0001
    virt_top_row "test-$count" "$count test domains" "test://$work/node-$count.xml" bench-0001
done
if [ "$real" -gt 0 ] && start_libvirtd && start_domains; then
    wait_for_calm
    kvmtune_rows real "$real real domains" qemu:///system kvmtune-bench- --also "$libvirtd"
    virt_top_row real "$real real domains" qemu:///system kvmtune-bench-
    row stopped 'kvmtune, libvirtd stopped' --until 'node 0' --keys 'Right Left' --also "$libvirtd" \
        --stop "$libvirtd" -- "$program" -c qemu:///system
    row stopped-list 'kvmtune, libvirtd stopped, list' --first 4 --until kvmtune-bench- --keys 'Down Up' \
        --also "$libvirtd" --stop "$libvirtd" -- "$program" -c qemu:///system
    kill -STOP "$libvirtd"
    row stopped-before 'kvmtune, libvirtd stopped before' --until 'node 0' --keys 'Right Left' -- \
        "$program" -c qemu:///system
    kill -CONT "$libvirtd"
fi

echo
ratio 'Host shown: kvmtune / htop (ms)' "$(value "$work/host" until_ms)" "$(value "$work/htop" until_ms)"
ratio 'First frame: kvmtune / htop (ms)' "$(value "$work/host" first_frame_ms)" \
    "$(value "$work/htop" first_frame_ms)"
ratio 'Output when idle, host only: kvmtune / htop (B/s)' "$(value "$work/host" idle_bytes_s)" \
    "$(value "$work/htop" idle_bytes_s)"
largest=${sizes##* } # of fewer domains the start of the process is most of it
connect=$("$tools/bench-core" "test://$work/node-$largest.xml" connect | awk '{ print $2 }')
ratio "List of $largest domains: kvmtune / virConnectOpen (ms)" \
    "$(value "$work/test-$largest-list" until_ms)" "$connect"
if command -v virt-top >/dev/null; then
    # shellcheck disable=SC2016
    total='$1 == "idle_cpu_pct" || $1 == "also_cpu_pct" { sum += $2 } END { if (NR) print sum }'
    ratio "CPU with $real real domains, libvirtd's in it: kvmtune / virt-top (%)" \
        "$(awk "$total" "$work/real-list" 2>/dev/null)" "$(awk "$total" "$work/virt-top-real" 2>/dev/null)"
else
    echo 'virt-top is not installed: nothing to compare with there.'
fi
echo
echo 'Single operations on the largest test host (median ms, worst ms, runs):'
"$tools/bench-core" "test://$work/node-$largest.xml" | awk '{ printf "  %-20s %10.3f %10.3f %6d\n", $1, $2, $3, $4 }'
echo
echo 'The board, with a chip carried over it by the mouse:'
"$tools/bench-board"
echo 'The tuning form of a domain of 256 vCPUs, and the list of 1,000 domains (median ms, worst ms, runs):'
"$tools/bench-screens" | awk '{ printf "  %-20s %10.3f %10.3f %6d\n", $1, $2, $3, $4 }'
echo
test_node 200 >"$work/node-200.xml"
echo 'The preview of one change on each of 200 test domains, and the look whether it still stands:'
for name in preview preview-is-current; do
    "$tools/bench-core" "test://$work/node-200.xml" "$name"
done | awk '{ printf "  %-20s %10.3f %10.3f %6d\n", $1, $2, $3, $4 }'
echo
echo 'Large plans (CPU ms: median, worst, runs):'
"$tools/bench-plan" | awk '{ printf "  %-20s %10.3f %10.3f %6d\n", $1, $2, $3, $4 }'
echo
one_edit
echo
echo 'Placement (median ms, worst ms, runs):'
"$tools/bench-place" | awk 'NF == 4 { printf "  %-26s %8.3f %10.3f %4d\n", $1, $2, $3, $4 }
                            NF == 2 { printf "  %-26s %8.1f\n", $1, $2 }'
