# TAP for the live tests: source it, call ok/is/exits/contains, end with finish.
kvmtune=${top_builddir:-.}/kvmtune
count=0 work=${KVMTUNE_LIVE_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/kvmtune-live-XXXXXX")}
chmod 755 "$work" # QEMU runs as a user of its own, and must pass
export XDG_STATE_HOME=$work/state XDG_CONFIG_HOME=$work/config
unset LIBVIRT_DEFAULT_URI

ok() { # ok STATUS NAME [DIAGNOSTIC]
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then echo "ok $count - $2"; return; fi
    echo "not ok $count - $2"
    [ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
}
is() { [ "$1" = "$2" ]; ok $? "$3" "got: $1
wanted: $2"; }
contains() { case $1 in *"$2"*) ok 0 "$3" ;; *) ok 1 "$3" "got: $1
wanted in it: $2" ;; esac; }
# exits CODE NAME COMMAND...: runs it; its output and errors are in $output
exits() {
    local wanted=$1 label=$2; shift 2
    output=$("$@" 2>&1); status=$?
    [ "$status" -eq "$wanted" ]; ok $? "$label" "exit $status, wanted $wanted: $* : $output"
}
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
finish() { echo "1..$count"; }
