# Completion of kvmtune's command line for fish.
set -l commands host domains set apply diff export place undo journal recover tunables

function __kvmtune_keys
    set -l target domain
    contains host (commandline -opc); and set target host
    # vcpupin.N is offered up to the part that is to be filled in.
    kvmtune tunables --names 2>/dev/null | awk -v target=$target '$1 == target {
        at = match($2, /[A-Z]+(\.|$)/)
        print at ? substr($2, 1, at - 1) : $2 "=" }' | sort -u
end

complete -c kvmtune -f
complete -c kvmtune -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c kvmtune -s c -l connect -x -d 'the libvirt connection'
complete -c kvmtune -l demo -d 'show the bundled host'
complete -c kvmtune -l sysroot -x -a '(__fish_complete_directories)' -d 'read /sys and /proc below DIR'
complete -c kvmtune -s r -l read-only -d 'change nothing'
complete -c kvmtune -s d -l delay -x -d 'seconds between two pictures'
complete -c kvmtune -l theme -x -a 'dark light colorblind' -d 'colours'
complete -c kvmtune -l no-color -d 'no colours'
complete -c kvmtune -l ascii -d 'ASCII only'
complete -c kvmtune -l no-mouse -d 'leave the mouse to the terminal'
complete -c kvmtune -s h -l help -d 'help'
complete -c kvmtune -l version -d 'the version'
complete -c kvmtune -n '__fish_seen_subcommand_from host domains place tunables' -l json -d 'print JSON'
complete -c kvmtune -n '__fish_seen_subcommand_from tunables' -l names -d 'print the keys only'
complete -c kvmtune -n '__fish_seen_subcommand_from set apply undo' -l dry-run -d 'show what would change'
complete -c kvmtune -n '__fish_seen_subcommand_from set' -l command-line -d "QEMU's command line, too"
complete -c kvmtune -n '__fish_seen_subcommand_from set apply diff' -l live -d 'the running domain only'
complete -c kvmtune -n '__fish_seen_subcommand_from set apply diff' -l config -d 'the next start only'
complete -c kvmtune -n '__fish_seen_subcommand_from set' -l now -d 'the host until it restarts'
complete -c kvmtune -n '__fish_seen_subcommand_from set' -l boot -d 'the host at every boot'
complete -c kvmtune -n '__fish_seen_subcommand_from set' -l both -d 'the host now and at every boot'
complete -c kvmtune -n '__fish_seen_subcommand_from set undo journal recover' -l root -x -a '(__fish_complete_directories)' -d 'an image'
complete -c kvmtune -n '__fish_seen_subcommand_from set apply undo' -l partial -d 'keep what is granted'
complete -c kvmtune -n '__fish_seen_subcommand_from export' -l format -x -a 'virsh ansible xml' -d 'of the export'
complete -c kvmtune -n '__fish_seen_subcommand_from place' -l policy -x -a 'pack spread isolate' -d 'how VMs lie'
complete -c kvmtune -n '__fish_seen_subcommand_from place' -l all -d 'those that are off, too'
complete -c kvmtune -n '__fish_seen_subcommand_from place' -l reserve -x -d 'CPUs for no vCPU'
complete -c kvmtune -n '__fish_seen_subcommand_from place' -l plan -r -F -d 'write the plan to FILE'
complete -c kvmtune -n '__fish_seen_subcommand_from place' -a '(virsh -q list --all --name 2>/dev/null)'
complete -c kvmtune -n '__fish_seen_subcommand_from set' -l xml -r -F -d 'edit this file and print it'
complete -c kvmtune -n '__fish_seen_subcommand_from apply diff export' -F
complete -c kvmtune -n '__fish_seen_subcommand_from set' -a 'host (virsh -q list --all --name 2>/dev/null) (__kvmtune_keys)'
complete -c kvmtune -n '__fish_seen_subcommand_from tunables' -a '(kvmtune tunables --names 2>/dev/null | cut -d" " -f2)'
