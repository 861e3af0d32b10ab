# Completion of kvmtune's command line for bash.
_kvmtune()
{
    local current=$2 previous=$3 command='' word
    local -i i

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -c | --connect | -d | --delay | --theme | --sysroot | --xml | --format) i+=1 ;;
        --policy | --reserve | --plan | --root) i+=1 ;;
        -*) ;;
        *)
            command=$word
            break
            ;;
        esac
    done

    COMPREPLY=()
    case $previous in
    --theme)
        mapfile -t COMPREPLY < <(compgen -W 'dark light colorblind' -- "$current")
        return
        ;;
    --sysroot | --root)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W 'virsh ansible xml' -- "$current")
        return
        ;;
    --policy)
        mapfile -t COMPREPLY < <(compgen -W 'pack spread isolate' -- "$current")
        return
        ;;
    --xml | --plan)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    -c | --connect | -d | --delay | --reserve) return ;;
    esac

    case $command in
    '')
        word='host domains set apply diff export place undo journal recover tunables -c --connect --demo --sysroot --read-only
            -d --delay --theme --no-color --ascii --no-mouse --help --version'
        ;;
    host | domains) word='--json' ;;
    tunables) word="--json --names $(kvmtune tunables --names 2>/dev/null | cut -d' ' -f2)" ;;
    place) word="--json --all --policy --reserve --plan $(virsh -q list --all --name 2>/dev/null)" ;;
    set)
        word='--dry-run --command-line --live --config --now --boot --both --root --partial --xml'
        # The target stands after "set"; the keys after it.
        if [[ $previous == set ]]; then
            word+=" host $(virsh -q list --all --name 2>/dev/null)"
        elif [[ $current != -* ]]; then
            # vcpupin.N is offered up to the part that is to be filled in.
            local target=domain
            [[ ${COMP_WORDS[i + 1]} == host ]] && target=host
            word=$(kvmtune tunables --names 2>/dev/null |
                awk -v target=$target '$1 == target {
                    print sub(/(^|\.|[a-z])[A-Z]+(\.|$).*/, "", $2) ? $2 : $2 "=" }' | sort -u)
            compopt -o nospace
        fi
        ;;
    apply | diff | export)
        if [[ $current != -* ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
        word='--live --config'
        [[ $command == apply ]] && word+=' --dry-run --partial'
        [[ $command == export ]] && word+=' --format'
        ;;
    *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
}
complete -F _kvmtune kvmtune
