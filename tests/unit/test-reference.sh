#!/bin/bash
# What is made from the catalogue stands in the source as it would be made now; the command that
# explains it, and the completions, know every key and every command.
. "$(dirname "$0")/../live/tap.sh"
trap 'rm -rf "$work"' EXIT
echo leak:libcrypto > "$work/leaks"; export LSAN_OPTIONS=suppressions=$work/leaks:print_suppressions=0
src=${top_srcdir:-.} made=${top_builddir:-.}/docs/doc-tables

"$made" markdown | cmp - "$src/docs/tunables.md" >"$work/out" 2>&1
ok $? "docs/tunables.md is as made (else: make doc-tables)" "$(cat "$work/out")"
"$made" man "$src/docs/kvmtune.1" | cmp - "$src/docs/kvmtune.1" >"$work/out" 2>&1
ok $? "docs/kvmtune.1 is as made (else: make doc-tables)" "$(cat "$work/out")"
if command -v man >/dev/null && command -v groff >/dev/null; then
    is "$(LC_ALL=C.UTF-8 MANROFFSEQ='' man --warnings -E UTF-8 -l -Tutf8 "$src/docs/kvmtune.1" 2>&1 >/dev/null)" "" \
        "the man page is read without a warning"
fi
"$made" nonsense 2>/dev/null; is $? 2 "another word is refused"

exits 0 "tunables --names" "$kvmtune" tunables --names
names=$(cut -d' ' -f2 <<<"$output")
is "$(sort <<<"$names" | uniq -d)" "" "each key once"
exits 0 "tunables --json" "$kvmtune" tunables --json
printf '%s' "$output" >"$work/json"
is "$(grep -c '^    "key"' "$work/json")" "$(wc -l <<<"$names")" "has as many keys"
missing=
while read -r key; do
    grep -qF "### \`$key\`" "$src/docs/tunables.md" || missing+=" $key"
done <<<"$names"
is "$missing" "" "tunables.md has every key"
exits 0 "one, explained" "$kvmtune" tunables vcpupin.3
contains "$output" "Live by: virDomainPinVcpuFlags" "says by which call"
contains "$output" "Since: libvirt 0.9.0" "and since when"
is "$(for key in memory.hugepages ksm.run disk.DEV.cache vm.dirty_bytes; do "$kvmtune" tunables "$key"; done | LC_ALL=C.UTF-8 grep -E '.{80}')" \
    "" "its lines fit a terminal of 80 columns"
contains "$("$kvmtune" tunables vm.compact_memory)" "Takes effect: once, when it is written" "what is done once is not kept"
exits 0 "a beginning" "$kvmtune" tunables disk.DEV.iotune
is "$(wc -l <<<"$output")" "$(grep -c '^disk.DEV.iotune' <<<"$names")" "lists those that begin so"
exits 2 "none" "$kvmtune" tunables nonsense
exits 2 "--names where it has no place" "$kvmtune" host --names

# The completion of bash, as bash calls it.
mkdir "$work/bin"; printf '#!/bin/sh\nexec "%s" "$@"\n' "$(realpath "$kvmtune")" >"$work/bin/kvmtune"
chmod +x "$work/bin/kvmtune"
complete_words() { # complete_words WORD…: what is offered for the last
    PATH=$work/bin:$PATH bash -c 'compopt() { :; }; . "$0"; shift 0
        COMP_WORDS=(kvmtune "$@"); COMP_CWORD=$#
        _kvmtune kvmtune "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}"' "$src/docs/kvmtune.bash" "$@"
}
is "$(complete_words set web1 cputune.sh)" "cputune.shares=" "bash completes a domain's key"
is "$(complete_words set host ksm.ru)" "ksm.run=" "and the host's"
is "$(complete_words set web1 ksm.ru)" "" "each its own"
is "$(complete_words set web1 vcpupi | sort)" "vcpupin
vcpupin.all=" "up to what is to be filled in"
for command in $("$kvmtune" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
    for file in kvmtune.bash _kvmtune kvmtune.fish; do
        grep -qw -- "$command" "$src/docs/$file"; ok $? "$file knows $command"
    done
done
for theme in "$src"/themes/*.theme; do
    name=$(basename "$theme" .theme)
    for file in kvmtune.bash _kvmtune kvmtune.fish kvmtune.1; do
        grep -qw -- "$name" "$src/docs/$file"; ok $? "$file knows the theme $name"
    done
done
finish
