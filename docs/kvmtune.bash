# Completion of kvmtune's command line for bash.
_kvmtune()
{
    local current=$2 previous=$3 command='' word
    local -i i

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        -c | --connect | -d | --delay | --theme | --sysroot | --xml) i+=1 ;;
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
    --sysroot)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --xml)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    -c | --connect | -d | --delay) return ;;
    esac

    case $command in
    '')
        word='host domains set undo journal tunables -c --connect --demo --sysroot --read-only
            -d --delay --theme --no-color --ascii --no-mouse --help --version'
        ;;
    host | domains) word='--json' ;;
    set)
        word='--dry-run --live --config --partial --xml'
        # The target stands after "set"; the keys after it.
        if [[ $previous == set ]]; then
            word+=" host $(virsh -q list --all --name 2>/dev/null)"
        elif [[ $current != -* ]]; then
            # vcpupin.N is offered up to the part that is to be filled in.
            word=$(kvmtune tunables 2>/dev/null |
                awk '$1 ~ /\./ { print sub(/[A-Z].*/, "", $1) ? $1 : $1 "=" }' | sort -u)
            compopt -o nospace
        fi
        ;;
    *) return ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
}
complete -F _kvmtune kvmtune
