#!/bin/bash
# Bad input on the command line: the exit code, one clear sentence, nothing written.
. "$(dirname "$0")/../live/tap.sh"
trap 'rm -rf "$work"' EXIT
# libcrypto, which libvirt brings, frees its per-thread state at exit or not at all.
echo leak:libcrypto > "$work/leaks"; export LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0
tree=$work/tree ksm=$work/tree/sys/kernel/mm/ksm journal=$work/tree/var/lib/kvmtune/journal
mkdir -p "$ksm" "$tree"/sys/devices/system/{cpu/cpu0/topology,node/node0} "$tree/proc" "$work/empty"
echo 0-1 | tee "$tree"/sys/devices/system/{cpu/online,cpu/present,node/node0/cpulist} >/dev/null
echo 'MemTotal: 100 kB' > "$tree/proc/meminfo"; echo 0 > "$ksm/run"; echo 5 > "$ksm/pages_to_scan"
cd "$work" || exit 1
case $kvmtune in /*) ;; *) kvmtune=$OLDPWD/$kvmtune ;; esac

# refuses CODE SENTENCE ARGUMENTS…: that code, and one line on standard error that holds SENTENCE
refuses() {
    local wanted=$1 sentence=$2 status; shift 2
    "$kvmtune" "$@" >"$work/out" 2>"$work/err" </dev/null; status=$?
    [ "$status" -eq "$wanted" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && [ ! -s "$work/out" ] &&
        grep -qF -- "$sentence" "$work/err"
    ok $? "exit $wanted: ${*:0:5}" "exit $status: $(head -c 600 "$work/err")"
}

while IFS='|' read -r code sentence arguments; do
    read -ra words <<<"$arguments"
    refuses "$code" "$sentence" "${words[@]}"
done <<'BAD'
2|no domain "nosuch"|--demo set nosuch vcpupin.0=0
2|there is no key "foo.bar"|--demo set web1 foo.bar=1
2|there is no key "foo"; `kvmtune tunables` lists them all|tunables foo
2|there is no key "vcpupn"; the nearest is vcpupin.N|tunables vcpupn
2|is no KEY=VALUE|--demo set web1 vcpupin
2|the host has no CPU 4096|--demo set web1 vcpupin.0=4096
2|vcpupin.0 cannot be "-1"|--demo set web1 vcpupin.0=-1
2|vcpupin.0 cannot be "0-4294967295"|--demo set web1 vcpupin.0=0-4294967295
2|has no vCPU 99|--demo set web1 vcpupin.99=0
2|the guest has no NUMA cell 9|--demo set web1 memory.hugepages=2M@9
2|memory.hugepages cannot be "3M"|--demo set web1 memory.hugepages=3M
2|no NUMA node 9|--demo set host hugepages.node9.2M=1
2|no pages of this size|--demo set host hugepages.node0.4M=1
2|0 to 2147483647 pages|--demo set host hugepages.node0.2M=-1
2|0 to 2147483647 pages|--demo set host hugepages.node0.2M=99999999999999999999
2|1, 0 or 2 is allowed|--demo set host ksm.run=3
2|is a key of a domain|--demo set host vcpupin.0=1
2|is no entry of the journal|--demo undo x
2|there is no command "nosuch"|nosuch
2|Unknown option --nosuch|--nosuch
2|host takes no --live; it takes --json|--demo host --live
2|set takes no --json; it takes --dry-run|--demo set web1 vcpupin.0=0 --json
2|journal takes no --dry-run|--demo journal --dry-run
2|undo takes no --xml|--demo undo --xml x
2|no policy "fast"|--demo place --policy fast
2|--reserve: |--demo place --reserve x
2|CPU 999 cannot be reserved|--demo place --reserve 0,999
2|names no CPU|--demo place --reserve=
2|names no CPU|--demo place --reserve 3,^3
2|no domain "nosuch"|--demo place nosuch
2|place takes no --live|--demo place --live
2|host takes no --plan|--demo host --plan x
2|exclude one another|--demo set web1 vcpupin.0=0 --live --config
2|one is enough|--demo set host ksm.run=1 --boot --both
2|the host takes --now, --boot or --both|--demo set host ksm.run=1 --config
2|a domain takes --live or --config|--demo set web1 vcpupin.0=0 --boot
2|has no NUMA node 9|--demo set build pages=9
2|has no NUMA node 9|--demo set build pages=0:50,9:50
2|vcpupin.0 stands twice|--demo set web1 vcpupin.0=1 vcpupin.00=2
2|ksm.run stands twice|--demo set host ksm.run=1 ksm.run=0
2|ksm.run cannot be ""|--demo set host ksm.run= --both
2|--root is for what an image sets|set host ksm.run=1 --root empty
2|--root is an image: leave out|--demo set host ksm.run=1 --boot --root empty
2|this one is empty|set host ksm.run=1 --boot --root=
2|--root goes with a command|--root empty
2|--root goes with a command|--demo --root empty
2|apply takes no --root|apply x --root empty
1|driver does not take cpu_shares of a running domain (desktop)|--demo set desktop cputune.shares=2048 --live
1|is no tree of a host|set host ksm.run=1 --boot --root empty
2|from 0.1 to 86400|-d nan host
2|out of range|-d 1e309 host
2|is another one: run kvmtune there|-c qemu+ssh://user:secret@far/system set host ksm.run=1
2|qemu+ssh://user@far/system is another one|-c qemu+ssh://user:secret@far/system host
2|leave it out for this host|--sysroot= host
1|no picture of a host|--sysroot empty host
1|no picture of a host|--sysroot /dev/null host
1|no connection to test:///nosuch|-c test:///nosuch domains
1|qemu+tcp://user@127.0.0.1:1|-c qemu+tcp://user:secret@127.0.0.1:1/system domains
1|qemu+tcp://user@127.0.0.1:1|-c qemu+tcp://user:sec@ret@127.0.0.1:1/system domains
BAD
! grep -q ret "$work/err"; ok $? "no part of the password is shown"
is "$(ls "$work/empty")" "" "a folder that is no tree stays empty"
refuses 2 '\x1b[31m' --demo set $'\e[31m' vcpupin.0=0

printf "<domain><cpu><numa><cell id='0'/><cell id='1'/></numa></cpu></domain>" > cells.xml
refuses 2 "memory.hugepages: the guest has no NUMA cell 9; it has 2" set --xml cells.xml memory.hugepages=2M@9
exits 0 "a cell that it has" "$kvmtune" set --xml cells.xml memory.hugepages=2M@1
refuses 2 "the guest has no NUMA cell 3; it has 2" set --xml cells.xml "memory.hugepages=2M@0;1G@1-3"
printf '<domain><vcpu>1</vcpu></domain>' > ok.xml
: > empty.xml; printf '<domain>' > cut.xml; printf '<network/>' > network.xml
printf '<domain>\0</domain>' > nul.xml; printf '\377\376<\0' > utf16.xml
printf '<!DOCTYPE d [<!ENTITY a "&b;&b;"><!ENTITY b "x">]><domain>&a;</domain>' > bomb.xml
{ printf '<domain><!--'; head -c 10485760 /dev/zero | tr '\0' x; printf -- '--></domain>'; } > big.xml
while IFS='|' read -r file sentence; do
    refuses 2 "$sentence" set --xml "$file" vcpupin.0=0
done <<'BAD'
empty.xml|the document is empty
cut.xml|not well-formed XML
network.xml|not a <domain>
nul.xml|NUL byte
utf16.xml|UTF-16
bomb.xml|DOCTYPE declares entities
big.xml|not well-formed XML
/dev/zero|larger than 16 MiB
/nosuch|No such file
BAD
printf '<domain>\r\n  <vcpu>1</vcpu>\r\n</domain>' > before.xml
"$kvmtune" set --xml before.xml vcpupin.0=0 > after.xml
exits 0 "--dry-run of a file's edit" "$kvmtune" set --xml before.xml vcpupin.0=0 --dry-run
is "$("$kvmtune" set --xml before.xml vcpupin.0=0 --dry-run | tail -n +3)" \
    "$(diff -u before.xml after.xml | tail -n +3)" "is its diff"
is "$("$kvmtune" set --xml after.xml vcpupin.0=0 --dry-run)" "" "and empty where nothing changes"
"$kvmtune" set --xml ok.xml vcpupin.0=0 >/dev/full 2>"$work/err"; is $? 1 "a full standard output fails"
"$kvmtune" --sysroot "$tree" tunables >/dev/full 2>"$work/err"; is $? 1 "and for a long text"
exits 0 "what follows -- is no option" "$kvmtune" --demo set --dry-run -- web1 vcpupin.0=2
contains "$output" "cpuset='2'" "but arguments"

# Plan files. The tree's host is left as it is by every bad one.
mkdir folder; : > nothing.plan; head -c 104857600 /dev/zero > huge.plan
printf '[host]\nksm.run=1\n\nksm.rum=0\n' > key.plan
printf '[host]\nksm.run=1\n# again\nksm.run=0\n' > twice.plan
printf '[host]\nksm.run=1\n[host]\n' > groups.plan
printf '[host]\nksm.run=1\n\377\n' > latin.plan
printf '[host]\nksm.run=1\n\0\n' > nul.plan
printf '[host]\nksm.run=1\nksm.pages_to_scan=-1\n' > value.plan
printf '[nosuch]\nvcpupin.0=1\n' > group.plan
while IFS='|' read -r file sentence; do
    for command in apply diff; do
        refuses 2 "$sentence" --sysroot "$tree" -c test:///default $command "$file"
    done
done <<'BAD'
key.plan|key.plan, line 4: there is no key "ksm.rum"
twice.plan|twice.plan, line 4: ksm.run has a value already, in line 2
groups.plan|groups.plan, line 3: [host] stands already in line 1
latin.plan|latin.plan, line 3: not UTF-8
nul.plan|nul.plan, line 3: a NUL byte
value.plan|value.plan, line 3: ksm.pages_to_scan cannot be "-1"
group.plan|group.plan, line 1: there is no domain "nosuch"
huge.plan|larger than 4 MiB
folder|Is a directory
nosuch.plan|No such file
BAD
rm huge.plan
is "$(cat "$ksm/run")" 0 "and nothing is written"
exits 0 "an empty plan" "$kvmtune" --sysroot "$tree" apply nothing.plan
contains "$output" "nothing to do" "says so"
refuses 2 "no --json" --sysroot "$tree" apply nothing.plan --json
refuses 2 "usage: kvmtune apply PLAN" apply
printf '# ours\n[host]\nksm.run = 1\n' > good.plan
exits 5 "a plan that does not stand" "$kvmtune" --sysroot "$tree" diff good.plan
contains "$output" "host ksm.run: 0, not 1" "names what differs"
exits 0 "is previewed" "$kvmtune" --sysroot "$tree" apply good.plan --dry-run
is "$(cat "$ksm/run")" 0 "with nothing written"
exits 0 "with --config the host is left out" "$kvmtune" --sysroot "$tree" apply good.plan --config
is "$(cat "$ksm/run")" 0 "and not written"
printf '[host]\nksm.run@both = 1\nthp.enabled@boot=never\n' > kept.plan
exits 5 "what is not kept does not stand" "$kvmtune" --sysroot "$tree" diff kept.plan
contains "$output" "host thp.enabled: (nothing), not never, at boot" "and is named"
exits 0 "with --config only what is for the boot is kept" "$kvmtune" --sysroot "$tree" apply kept.plan --config
is "$(cat "$ksm/run") $(grep -c '^w ' "$tree/etc/tmpfiles.d/kvmtune.conf")" "0 2" "and nothing is set now"
exits 0 "and is undone" "$kvmtune" --sysroot "$tree" undo
is "$(ls "$tree/etc/tmpfiles.d")" "" "with the file gone"
rm -r "$tree/etc" "$journal"
exits 0 "is applied from standard input" "$kvmtune" --sysroot "$tree" apply - < good.plan
is "$(cat "$ksm/run")" 1 "and written"
exits 0 "then it stands" "$kvmtune" --sysroot "$tree" diff good.plan
mkdir -p "$tree/proc/sys/vm" && : > "$tree/proc/sys/vm/compact_memory"
printf '[host]\nvm.compact_memory = 1\n' > once.plan
exits 0 "what is done once leaves nothing to differ" "$kvmtune" --sysroot "$tree" diff once.plan
is "$output" "" "and nothing is said"
rm -r "$tree/proc/sys/vm/compact_memory" once.plan
echo 0 > "$ksm/run"
exits 0 "what somebody took back" "$kvmtune" --sysroot "$tree" undo --dry-run
contains "$output" "nothing is left to take back of entry 1" "is told by a dry run, too"
echo 1 > "$ksm/run"
exits 0 "and is undone" "$kvmtune" --sysroot "$tree" undo
rm -r "$journal"
for format in virsh ansible xml; do
    exits 0 "export --format $format" "$kvmtune" --demo export - --format $format <<<$'[web1]\nvcpupin.0=2'
    contains "$output" "<vcpupin vcpu='0' cpuset='2'/>" "holds the definition"
done
exits 0 "a script of the demo" "$kvmtune" --demo export - --format virsh <<<$'[web1]\nvcpupin.0=2'
contains "$output" "It does not run: the host is that of kvmtune's demo" "says so"
exits 1 "and refuses to run" sh -c "$output"
printf '[build]\npages=2\n' > pages.plan
refuses 1 "neither virsh nor an Ansible module moves pages" --demo export pages.plan --format virsh
refuses 1 "neither virsh nor an Ansible module moves pages" --demo export pages.plan --format ansible
refuses 1 "there is no XML to export" --demo export pages.plan --format xml
refuses 2 "virsh, ansible or xml" --demo export good.plan
refuses 2 'not "json"' --demo export good.plan --format json
exits 5 "a plan of domains and marks" "$kvmtune" --demo diff - <<'PLAN'
[web1]
vcpupin.0@now=2
memory.nosharepages@next=on
PLAN
is "$(wc -l <<<"$output")" 3 "is two differences and their number"

# A proposal as a plan: it is written, it is a plan, and JSON is the same twice.
exits 0 "a proposal" "$kvmtune" --demo place web1 db --reserve 0,32 --plan "$work/place.plan"
grep -qx '\[web1\]' "$work/place.plan" && grep -q '^vcpupin.0=' "$work/place.plan"
ok $? "is written as a plan"
exits 5 "that differs from how it is" "$kvmtune" --demo diff "$work/place.plan"
for document in host domains place; do
    "$kvmtune" --demo "$document" --json >"$work/out" 2>/dev/null && ! grep -qE '[0-9]\.[0-9]{3}' "$work/out"
    ok $? "$document --json has no figure that was not counted" "$(grep -E '[0-9]\.[0-9]{3}' "$work/out" | head -3)"
done
exits 0 "host --json" "$kvmtune" --demo host --json
contains "$output" '"guests_kib" : null' "leaves the guests to domains --json"
contains "$output" '"pools_free_kib" : 33554432' "and tells what else memory is used for"
"$kvmtune" --demo place --json --policy isolate >"$work/first.json" 2>/dev/null
"$kvmtune" --demo place --json --policy isolate >"$work/second.json" 2>/dev/null
[ -s "$work/first.json" ] && cmp -s "$work/first.json" "$work/second.json"
ok $? "the same question has the same answer"

# Standard input, output and error that are closed become no file of kvmtune's.
exits 0 "ksm.run=1, everything closed" sh -c '"$@" <&- >&- 2>&-; [ $? -eq 1 ]' sh "$kvmtune" --sysroot "$tree" set host ksm.run=1
is "$(cat "$ksm/run") $(wc -l <"$journal/00000001.json") $(grep -c state "$journal/00000001.json")" "1 4 2" "is written, and its entry is whole"
"$kvmtune" --sysroot "$tree" undo >/dev/null; rm -r "$tree/var"
for document in "host" "domains -c test:///default"; do
    read -ra words <<<"$document"
    exits 1 "$document --json" sh -c '"$@" >&-' sh "$kvmtune" "${words[@]}" --json
    contains "$output" "kvmtune: standard output: " "says that nobody has read it"
done
# Without make's own descriptors, which would be counted.
exits 1 "files are few" sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -n 4; "$@"' sh "$kvmtune" -c test:///default domains
contains "$output" "may open only 4 files" "and that is said"
exits 0 "a limit that may be raised" sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; ulimit -S -n 4; "$@"' sh "$kvmtune" -c test:///default domains

# No /sys, as in some containers: the host is not told to be another machine's tree.
if unshare -m sh -c 'mount -t tmpfs none /sys' 2>/dev/null; then
    exits 1 "without /sys" unshare -m sh -c 'mount -t tmpfs none /sys && exec "$@"' sh "$kvmtune" host
    contains "$output" "this host cannot be read" "the host is said to be"
    contains "$output" "is /sys mounted?" "and why"
else
    ok 0 "# SKIP needs mount namespaces"
fi
# What root may not write is no matter of being root.
mkdir -p "$tree/etc/tmpfiles.d"; echo '# mine' > "$tree/etc/tmpfiles.d/kvmtune.conf"
if chattr +i "$tree/etc/tmpfiles.d/kvmtune.conf" 2>/dev/null; then
    refuses 1 "lsattr shows whether" set host ksm.run=1 --boot --root "$tree"
    chattr -i "$tree/etc/tmpfiles.d/kvmtune.conf"
else
    ok 0 "# SKIP no file can be made immutable"
fi
rm -r "$tree/etc" "$tree/var"

# The commands in --help fit a terminal of 80 columns, in two columns of their own.
help=$(LC_ALL=C.UTF-8 "$kvmtune" --help | sed -n '/^Commands/,$p' | sed 's/…/./g')
is "$(awk 'length > 80' <<<"$help")" "" "the commands in --help fit 80 columns"
is "$(grep -c '^  [a-z].\{22\}[a-z]' <<<"$help")" "$(grep -c '^  [a-z]' <<<"$help")" "each explained in one column"

# The journal of a tree: bad files, pipes, no place to write.
exits 0 "listing an unwritten journal" "$kvmtune" --sysroot "$work/nowhere" journal
[ ! -e "$work/nowhere" ]; ok $? "makes no folder"
exits 0 "one change" "$kvmtune" --sysroot "$tree" set host ksm.run=1
contains "$output" "\`kvmtune undo --sysroot '$tree'\` takes it back" "the way back names the tree"
mkfifo "$journal/00000002.json"
refuses 1 "damaged" --sysroot "$tree" undo
refuses 2 "the journal of $tree has no entry 3; \`kvmtune journal\`, with the same" --sysroot "$tree" undo 3
is "$(cat "$ksm/run")" 1 "nothing older is undone instead"
exits 0 "by its number it is" "$kvmtune" --sysroot "$tree" undo 1
is "$(cat "$ksm/run")" 0 "and stands as before"
# A journal may be somebody else's: its URI, which can name a program to run, is not followed.
rm -r "$journal"; mkdir -p "$journal" "$tree/etc"
printf '#!/bin/sh\ntouch %s/ran\n' "$work" > program; chmod +x program
entry() { # STATE URI KIND TARGET KEY OLD NEW
    echo "{\"state\":\"$1\",\"time\":1,\"uri\":\"$2\",\"steps\":[{\"kind\":\"$3\",\"target\":\"$4\",\"key\":\"$5\",\"old\":\"$6\",\"new\":\"$7\"}]}"
}
uri="qemu+ext:///system?command=$work/program"
entry done "$uri" config 6695eb01-f6a4-8304-79aa-97f2502e193f vcpupin.0 0 1 > "$journal/00000001.json"
entry open "$uri" config 6695eb01-f6a4-8304-79aa-97f2502e193f vcpupin.0 0 1 > "$journal/00000002.open"
refuses 2 "say so with -c 'qemu+ext:" --sysroot "$tree" undo 1
refuses 2 "say so with -c 'qemu+ext:" --sysroot "$tree" recover 2
refuses 1 "is not of an image" undo 1 --root "$tree"
refuses 2 "there is no key" set host hugepages.node0.3M=1 --boot --root "$tree"
refuses 2 "there is no key" set host hugetlbfs.7K=/x --boot --root "$tree"
refuses 1 "is not of an image" undo 1 --dry-run --root "$tree"
refuses 1 "is not of an image" recover 2 --root "$tree"
refuses 1 "is not of an image" recover 2 --back --root "$tree"
entry open "" boot host ksm.run "" 1 > "$journal/00000003.open"
exits 0 "an entry that was left open" "$kvmtune" journal --root "$tree"
contains "$output" "\`kvmtune recover 3 --root '$tree'\` says what stands" "names the image"
exits 0 "and what stands of it" "$kvmtune" recover 3 --root "$tree"
contains "$output" "\`kvmtune recover 3 --root '$tree' --back\` puts back" "does so too"
# The line of an end that is lost: both commands go by what is in the file, not by its name.
mv "$journal/00000003.open" "$journal/00000003.json"
exits 0 "an entry without its end" "$kvmtune" journal 3 --root "$tree"
contains "$output" "recover 3 --root" "is open"
exits 0 "and to be recovered" "$kvmtune" recover --root "$tree"
contains "$output" "entry 3 was not ended" "without its number"
exits 0 "and with it" "$kvmtune" recover 3 --back --root "$tree"
refuses 1 "was ended" recover 3 --root "$tree"
refuses 2 "has no entry 4" recover 4 --root "$tree"
[ ! -e ran ]; ok $? "and the program of its URI does not run"
entry done test:///default config 6695eb01-f6a4-8304-79aa-97f2502e193f vcpupin.0 0 1 > "$journal/00000001.json"
LIBVIRT_DEFAULT_URI=test:///default exits 0 "the default is used where the entry names the same" \
    "$kvmtune" --sysroot "$tree" undo 1 --dry-run
exits 0 "and what is asked for" "$kvmtune" --sysroot "$tree" -c test:///default undo 1 --dry-run
entry done "" host host ksm.run 0 1 > "$journal/00000001.json"
refuses 1 "is not of an image" undo 1 --root "$tree"
rm -r "$tree/var"
# Nor is anything written beside the tree, whichever folder of the journal's is a link.
mkdir "$work/outside" "$work/outside/kvmtune" "$work/outside/lib"
while read -r folder target; do
    mkdir -p "$(dirname "$tree/$folder")"; ln -s "$work/outside$target" "$tree/$folder"
    refuses 1 "leads out of" --sysroot "$tree" set host ksm.run=1
    refuses 1 "leads out of" set host ksm.run=1 --boot --root "$tree"
    refuses 1 "leads out of" journal --root "$tree"
    refuses 1 "leads out of" --sysroot "$tree" undo
    is "$(find "$work/outside" -type f) $(cat "$ksm/run")" " 0" "$folder: nothing is written"
    rm -r "$tree/var"
done <<'LINKS'
var
var/lib /lib
var/lib/kvmtune /kvmtune
var/lib/kvmtune/journal
LINKS
ln -s "$work/nowhere" "$tree/var"
refuses 1 "$tree/var is a link that leads nowhere" set host ksm.run=1 --boot --root "$tree"
refuses 1 "$tree/var is a link that leads nowhere" --sysroot "$tree" set host ksm.run=1
[ ! -e "$work/nowhere" ]; ok $? "and nothing is made there"
rm "$tree/var"
# What may not be looked into is called that; root's capabilities know no such folder.
nobody=()
[ "$(id -u)" -ne 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkdir -p "$journal"
for closed in "$tree/var/lib/kvmtune" "$tree"; do
    chmod 0 "$closed"
    for command in journal undo recover; do
        exits 1 "$closed is closed: $command" "${nobody[@]}" "$kvmtune" $command --root "$tree"
        contains "$output" "cannot be looked into: Permission denied; run kvmtune as root" "is said as it is"
    done
    [ "$closed" != "$tree" ] || exits 1 "set" "${nobody[@]}" "$kvmtune" set host ksm.run=1 --boot --root "$tree"
    chmod 755 "$closed"
done
contains "$output" "$tree cannot be looked into: Permission denied; run kvmtune as root" "says so too"
rm -r "$tree/var"
echo 0 > victim; ln -sf "$work/victim" "$ksm/run"
refuses 1 "leads out of" --sysroot "$tree" set host ksm.run=1
is "$(cat victim)" 0 "a link out of the tree is not written through"
exec 9>>"$tree/var/lib/kvmtune/lock"; flock 9
refuses 1 "another kvmtune" --sysroot "$tree" set host ksm.pages_to_scan=6
exec 9>&-
is "$(cat "$ksm/pages_to_scan")" 5 "the lock held, nothing is written"
finish
