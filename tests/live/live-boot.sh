#!/bin/bash
# What is kept across a reboot, as the programs read it that set it then; and hugetlbfs mounted and
# unmounted. In a mount namespace of its own: /etc's folders and /proc/sys/vm are the test's there.
. "$(dirname "$0")/tap.sh"
if [ -z "${KVMTUNE_LIVE_WORK:-}" ]; then
    trap 'rm -rf "$work"' EXIT
    [ "$(id -u)" -eq 0 ] || skip_all "needs root"
    unshare -m true 2>/dev/null || skip_all "needs mount namespaces"
    KVMTUNE_LIVE_WORK=$work unshare -m --propagation private "$BASH" "$0"
    exit $?
fi
image=$work/image pool=/sys/kernel/mm/hugepages/hugepages-2048kB
tmpfiles=$image/etc/tmpfiles.d/kvmtune.conf sysctl=$image/etc/sysctl.d/60-kvmtune.conf
node=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages

# ---- an image: written, then read by sysctl and systemd-tmpfiles ----
exits 1 "a folder that is no host's is refused" "$kvmtune" set host ksm.run=1 --boot --root "$work"
contains "$output" "is no tree of a host" "with a sentence"
mkdir -p "$image/etc/sysctl.d"
printf '# mine\nvm.dirty_ratio=7\n' >"$sysctl"
exits 0 "an image is set" "$kvmtune" set host vm.swappiness=11 vm.dirty_ratio=13 kernel.numa_balancing=0 \
    ksm.run=1 ksm.pages_to_scan=250 thp.enabled=madvise hugepages.node0.2M=24 \
    hugetlbfs.1G=/mnt/huge-1G --boot --root "$image"
is "$(cat "$sysctl")" "# mine
vm.dirty_ratio=13
vm.swappiness = 11
kernel.numa_balancing = 0" "the owner's lines stay, a value changes where it stands"
is "$(find /etc/sysctl.d /etc/tmpfiles.d -name '*kvmtune*')" "" "the host itself is left alone"

mkdir -p "$work/vm" "$work/kernel"
for file in vm/swappiness vm/dirty_ratio kernel/numa_balancing; do echo 99 >"$work/$file"; done
if command -v sysctl >/dev/null && mount --bind "$work/vm" /proc/sys/vm && mount --bind "$work/kernel" /proc/sys/kernel; then
    exits 0 "sysctl takes the file" sysctl -p "$sysctl"
    is "$(cat /proc/sys/vm/swappiness /proc/sys/vm/dirty_ratio /proc/sys/kernel/numa_balancing | xargs)" \
        "11 13 0" "and sets what was asked"
    umount /proc/sys/vm /proc/sys/kernel
else
    echo "# /proc/sys cannot be covered, or there is no sysctl: it is not asked"
fi
if command -v systemd-tmpfiles >/dev/null; then
    for file in /sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/pages_to_scan \
        /sys/kernel/mm/transparent_hugepage/enabled $node; do
        mkdir -p "$image${file%/*}" && : >"$image$file"
    done
    exits 0 "systemd-tmpfiles takes the file" systemd-tmpfiles --create --root="$image"
    is "$(cat "$image"/sys/kernel/mm/ksm/{run,pages_to_scan} "$image/sys/kernel/mm/transparent_hugepage/enabled" \
        "$image$node" | tr -c '0-9a-z' ' ' | xargs -n9)" "1250madvise24" "and sets what was asked"
else
    echo "# systemd-tmpfiles is not installed: it is not asked"
fi
unit=$(systemd-escape -p --suffix=mount /mnt/huge-1G 2>/dev/null || echo 'mnt-huge\x2d1G.mount')
[ -f "$image/etc/systemd/system/$unit" ]
ok $? "the unit has the name that systemd-escape gives"
if command -v systemctl >/dev/null; then
    is "$(systemctl --root="$image" is-enabled "$unit" 2>&1)" enabled "systemctl finds it enabled"
fi
if command -v systemd-analyze >/dev/null; then
    is "$(systemd-analyze verify "$image/etc/systemd/system/$unit" 2>&1 | grep -F "$unit")" "" \
        "systemd-analyze has nothing to say of it"
fi
exits 0 "undo" "$kvmtune" undo --root "$image"
is "$(cat "$sysctl")" "# mine
vm.dirty_ratio=7" "gives the owner's bytes back"
is "$(find "$image/etc" -name '*kvmtune.conf' -o -name '*.mount' | wc -l)" 1 "and takes away what was made"

# ---- this host, its folders below /etc replaced by the test's ----
# What systemd itself mounts is not known to the test then.
folders="/etc/sysctl.d /etc/tmpfiles.d /etc/systemd/system /usr/lib/systemd/system"
for folder in $folders; do
    [ -d "$folder" ] || skip_all "needs the folder $folder"
    mkdir -p "$work/own$folder" && mount --bind "$work/own$folder" "$folder" || skip_all "cannot cover $folder"
done
swappiness=$(cat /proc/sys/vm/swappiness)
other=$((swappiness == 60 ? 61 : 60))
trap 'echo $swappiness >/proc/sys/vm/swappiness' EXIT
exits 0 "now and at boot" "$kvmtune" set host vm.swappiness=$other --both
is "$(cat /proc/sys/vm/swappiness)" $other "is set now"
is "$(tail -1 /etc/sysctl.d/60-kvmtune.conf)" "vm.swappiness = $other" "and kept"
exits 0 "undo" "$kvmtune" undo
is "$(cat /proc/sys/vm/swappiness) $(ls /etc/sysctl.d)" "$swappiness " "takes both back"

printf '\377\376\n' >/etc/sysctl.d/60-kvmtune.conf
exits 1 "a file that is no text is refused" "$kvmtune" set host vm.swappiness=$other --both
contains "$output" "it is no text" "with a sentence"
is "$(cat /proc/sys/vm/swappiness) $(od -An -tx1 /etc/sysctl.d/60-kvmtune.conf | xargs)" \
    "$swappiness ff fe 0a" "and nothing changes"
printf 'garbage [\t=\n = 3\n\n' >/etc/sysctl.d/60-kvmtune.conf
exits 0 "among garbage" "$kvmtune" set host vm.swappiness=$other --boot
is "$(cat /etc/sysctl.d/60-kvmtune.conf)" "$(printf 'garbage [\t=\n = 3\n\nvm.swappiness = %s' $other)" \
    "only the line is written"
exits 0 "undo" "$kvmtune" undo
is "$(od -An -c /etc/sysctl.d/60-kvmtune.conf)" "$(printf 'garbage [\t=\n = 3\n\n' | od -An -c)" "takes only that away"
mount -o remount,bind,ro /etc/sysctl.d
exits 1 "an /etc that cannot be written fails" "$kvmtune" set host ksm.sleep_millisecs=77 vm.swappiness=$other --both
contains "$output" "/etc/sysctl.d/60-kvmtune.conf cannot be written" "names the file"
contains "$output" "it stays as it was; make it writable, or set the value only for now" "and what to do"
contains "$output" "everything is as before" "and says that nothing changed"
is "$(cat /proc/sys/vm/swappiness) $(ls /etc/tmpfiles.d)" "$swappiness " "which is so"

# ---- hugetlbfs ----
if [ ! -d $pool ] || ! { mkdir -p "$work/try" && mount -t hugetlbfs -o pagesize=2M none "$work/try"; }; then
    echo "# no hugetlbfs here: it is not mounted"
    finish
    exit
fi
umount "$work/try"
there=$(awk '$3 == "hugetlbfs" && ($4 ~ /pagesize=2M/ || $4 !~ /pagesize/) { printf "%s,", $2 }' /proc/mounts)
at=$work/huge
unit=$(systemd-escape -p --suffix=mount "$at" 2>/dev/null)
mounted() { awk -v at="$at" '$2 == at && $3 == "hugetlbfs" { print $4 }' /proc/mounts; }
exits 0 "a mount is made" "$kvmtune" set host "hugetlbfs.2M=$there$at"
contains "$(mounted)" "pagesize=2M" "of the size asked for"
exec 9>"$at/held"
exits 1 "one that is in use stays" "$kvmtune" undo
contains "$output" "it is in use" "with a sentence"
contains "$(mounted)" "pagesize=2M" "and is still there"
exec 9>&-
rm -f "$at/held"
exits 0 "undo unmounts it" "$kvmtune" undo
is "$(mounted)" "" "and it is gone"
touch "$at/mine"
exits 1 "a folder that holds something is refused" "$kvmtune" set host "hugetlbfs.2M=$there$at" --both
contains "$output" "it is not empty" "with a sentence"
is "$(mounted)$(ls /etc/systemd/system)" "" "and nothing is kept"
rm "$at/mine"
if [ -z "$there" ] && [ -n "$unit" ]; then
    exits 0 "mounted now and at boot" "$kvmtune" set host "hugetlbfs.2M=$at" --both
    contains "$(mounted)" "pagesize=2M" "is mounted"
    is "$(readlink "/etc/systemd/system/local-fs.target.wants/$unit")" "/etc/systemd/system/$unit" "and enabled"
    exits 0 "emptied" "$kvmtune" set host hugetlbfs.2M= --both
    is "$(mounted)$(ls /etc/systemd/system)" "" "both are gone"
    exits 0 "undo mounts it again" "$kvmtune" undo
    contains "$(mounted)" "pagesize=2M" "at the same place"
fi

# ---- what else is mounted there ----
[ -z "$(mounted)" ] || exits 0 "unmounted" "$kvmtune" set host "hugetlbfs.2M=${there%,}"
mkdir -p "$work/own-mount" "$XDG_STATE_HOME/kvmtune/journal"
mount -t hugetlbfs -o pagesize=2M hugetlbfs "$work/own-mount"
mount -t tmpfs own "$work/own-mount" && echo precious >"$work/own-mount/file"
exits 1 "what lies below another file system is not unmounted" "$kvmtune" set host "hugetlbfs.2M=${there%,}"
contains "$output" "has several file systems, one over the other (tmpfs too)" "with a sentence"
# No preview looks at what a dead kvmtune left: the write itself does.
cat >"$XDG_STATE_HOME/kvmtune/journal/00000999.open" <<END
{"state":"open","time":1,"uri":"qemu:///system","undoes":0,"steps":[{"kind":"mount","target":"host","name":"host","key":"hugetlbfs.2M","old":"${there%,}","new":"$there$work/own-mount"}]}
{"begun":[0]}
END
"$kvmtune" recover 999 --back >"$work/said" 2>&1
contains "$(cat "$work/said")" "something else is mounted over it by now" "nor by a recovery"
is "$(cat "$work/own-mount/file")" precious "and keeps what is in it"
umount "$work/own-mount"
umount "$work/own-mount"
mount -t hugetlbfs -o pagesize=2M,mode=1770 none "$work/own-mount"
exits 1 "nor a mount whose options undo could not give back" "$kvmtune" set host "hugetlbfs.2M=${there%,}"
contains "$output" "is mounted with mode=1770 and the source \"none\"" "with a sentence"
umount "$work/own-mount"

# ---- one below another ----
exits 0 "one below another is mounted" "$kvmtune" set host "hugetlbfs.2M=$there$at,$at/sub"
exits 1 "of which the upper one is in use" "$kvmtune" set host "hugetlbfs.2M=$there$at/sub"
contains "$output" "is mounted below it, at $at/sub" "with a sentence"
exits 0 "both are undone" "$kvmtune" undo
is "$(mounted)" "" "and gone"

exits 2 "a path that no unit can name is refused" "$kvmtune" set host "hugetlbfs.2M=relative"
contains "$output" "a folder such as /dev/hugepages is allowed" "with a sentence"
exits 2 "a size the kernel has not is refused" "$kvmtune" set host hugetlbfs.4M=/mnt/x
finish
