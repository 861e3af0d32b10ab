#!/bin/bash
# Every rule against libvirt's QEMU driver: what kvmtune calls an error is refused by it, or by QEMU when it
# starts; what is a warning is taken; and of two documents that differ in what the rule is about, the other
# is taken as well.
. "$(dirname "$0")/private.sh"
truncate -s 1M "$work/disk"
mkdir "$work/rules"
"${top_builddir:-.}/tests/live/rule-documents" "$work/rules" "$work/disk" > "$work/list" || exit 1

# ask FILE HOW: a virsh that defines (and starts) it; what it says stands between two marks
ask() {
    echo "echo '##$1 '"; echo "define --validate $work/rules/$1.xml"
    [ "$2" != start ] || echo 'start rule --paused'
    echo "echo '##end '"; [ "$2" != start ] || echo 'destroy rule'
    echo 'undefine rule'
}
{
    ask none define
    while read -r n how rule; do
        case $how in untried) continue ;; start) second=start ;; *) second=define ;; esac
        ask "$n-broken" "$how"; ask "$n-fine" "$second"
    done < "$work/list"
} > "$work/questions"
# Each opening of the embedded driver probes QEMU for seconds: one virsh asks them all.
command virsh -q -c "$embed" < "$work/questions" > "$work/answers" 2>&1

# refusal FILE: the last error that was said of it, or nothing
refusal() {
    awk -v mark="##$1 " 'index($0, "##") == 1 { on = index($0, mark) == 1 }
        on && /^error: / && !/^error: Failed to (define|start) domain/ { line = $0 } END { print line }' "$work/answers"
}
grep -q '^##end' "$work/answers" || {
    echo "1..0 # SKIP libvirt's embedded QEMU driver does not open here: $(tail -n 1 "$work/answers")"; exit 0; }
[ -n "$(refusal none)" ]; ok $? "a file that is not there is refused: answers are understood"

while read -r n how rule; do
    broken=$(refusal "$n-broken") fine=$(refusal "$n-fine")
    case $how in
    untried) ok 0 "$rule # SKIP needs a guest of KVM or hugetlbfs"; continue ;;
    taken) [ -z "$broken" ]; ok $? "$rule: a warning, and it is taken" "$broken" ;;
    define*) [ -n "$broken" ]; ok $? "$rule: an error, and it is refused: ${broken#error: }" ;;
    start)
        case $broken$fine in
        *'not permitted'*) ok 0 "$rule # SKIP nothing starts here: $fine" ; continue ;;
        esac
        [ -n "$broken" ]; ok $? "$rule: an error, and it does not start" ;;
    esac
    [ "$how" != define-only ] || continue
    [ -z "$fine" ]; ok $? "$rule: without the fault it is taken" "$fine"
done < "$work/list"
finish
