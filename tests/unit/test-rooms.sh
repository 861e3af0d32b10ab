#!/bin/bash
# The rooms of the house: what the files of each include, held against the table below (which is that
# of docs/architecture.md); and that no screen sees libvirt or libxml2, through however many headers.
. "$(dirname "$0")/../live/tap.sh"
trap 'rm -rf "$work"' EXIT
cd "${top_srcdir:-.}" || exit 99

# The room | what it may include besides itself (core/ left out; CORE: all of core) | the libraries
# besides GLib
cat >"$work/rooms" <<'END'
core/util||hwloc/bitmap json-glib
core/keep|util|
core/host|util keep|hwloc json-glib
core/virt|util host xml|libvirt libxml numaif
core/xml|util|libxml
core/catalogue|util xml virt host keep snapshot|json-glib
core/tune|util xml virt host keep catalogue snapshot|json-glib
core/rules|util xml virt host tune|
core/preview|util virt host keep tune rules|json-glib
core/apply|util virt host keep tune preview|json-glib
core/place|util host tune|
core/snapshot|util host virt|json-glib
core/demo|util virt|gio
core/collector|util host virt demo snapshot|
tui/terminal|util tui/resources|curses term gio
tui/widgets|util host tui/terminal|
tui/app|CORE tui/terminal tui/widgets|
tui/screens|CORE tui/terminal tui/widgets tui/app tui/screens|
tui/screens/board|CORE tui/terminal tui/widgets tui/app tui/screens|
tui/screens/memory|CORE tui/terminal tui/widgets tui/app tui/screens|
tui/screens/preview|CORE tui/terminal tui/widgets tui/app|
tui/screens/tuning|CORE tui/terminal tui/widgets tui/app|
tui/commands|CORE|
tui|CORE tui/widgets tui/app tui/commands|
END

# "FILE INCLUDE", a line each; a library's in its angle bracket. The C library is everybody's.
find core tui -name '*.[ch]' | LC_ALL=C sort | xargs awk '/^#include/ {
    gsub(/"/, "", $2)
    if ($2 !~ /^</ || $2 ~ /^<(gio|hwloc|json-glib|libvirt|libxml|numa|curses|ncurses|term\.h)/)
        print FILENAME, $2
}' >"$work/includes"

beyond=$(awk '
    function room_of(path) { sub(/\/[^\/]*$/, "", path); return path }
    # Whether @name begins with one of @words, up to the end of a part of a path.
    function among(words, name,    each, i, n) {
        n = split(words, each, " ")
        for (i = 1; i <= n; i++)
            if (index(name "/", each[i] "/") == 1 || index(name, each[i] ".") == 1)
                return 1
        return 0
    }
    FILENAME ~ /rooms$/ { split($0, cell, "|"); inner[cell[1]] = cell[2]; outer[cell[1]] = cell[3]; next }
    { room = room_of($1); name = $2; sub(/^(core\/|<)/, "", name) }
    !(room in inner) { print $1 " is in no room" }
    $2 ~ /^</ && !among(outer[room], name) { print $1 " includes " $2 }
    $2 ~ /^core\// && inner[room] ~ /^CORE/ { next }
    $2 ~ /^(core|tui)\// && room_of($2) != room && !among(inner[room], name) { print $1 " includes " $2 }
' "$work/rooms" "$work/includes")
is "$beyond" "" "every file includes only what its room may"

far=$(awk '
    { to[$1] = to[$1] " " $2 }
    function reach(start, file,    each, i, n) {
        if ((start, file) in seen)
            return
        seen[start, file] = 1
        n = split(to[file], each, " ")
        for (i = 1; i <= n; i++)
            if (each[i] ~ /^<(libvirt|libxml)\//)
                print start " sees " each[i] " by " file
            else
                reach(start, each[i])
    }
    END {
        for (file in to)
            if (file ~ /^tui\//)
                reach(file, file)
    }' "$work/includes")
is "$far" "" "no screen and no command sees libvirt or libxml2"
is "$(grep -c . "$work/includes" | grep -c '^[1-9][0-9][0-9]')" 1 "the files were looked at"
finish
