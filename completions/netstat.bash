# Made by netstat --generate complete-bash. Do not edit.
_netstat() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    # --lang=ko arrives as three words.
    if [[ $cur == '=' ]]; then
        cur=
    elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    COMPREPLY=()
    case $prev in
        -[pP]|-[!-]*[pP]|--protocol)
            mapfile -t COMPREPLY < <(compgen -W 'tcp tcpv6 udp udpv6 ip ipv6 icmp icmpv6' -- "$cur")
            return
            ;;
        --at)
            COMPREPLY=()
            return
            ;;
        --color)
            mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
            return
            ;;
        --columns)
            COMPREPLY=()
            return
            ;;
        --config)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --count)
            COMPREPLY=()
            return
            ;;
        --dialect)
            mapfile -t COMPREPLY < <(compgen -W 'windows net-tools' -- "$cur")
            return
            ;;
        --explain)
            mapfile -t COMPREPLY < <(compgen -W 'port-exhaustion close-wait listen-queue connecting half-open retransmission stalled idle address-gone buffers descriptors conntrack exposed shadowed bind policy suspicious' -- "$cur")
            return
            ;;
        --family)
            COMPREPLY=()
            return
            ;;
        --generate)
            mapfile -t COMPREPLY < <(compgen -W 'man markdown complete-bash complete-zsh complete-fish complete-powershell schema check-schema checks dialects' -- "$cur")
            return
            ;;
        --geo)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --group-by)
            COMPREPLY=()
            return
            ;;
        --keep)
            COMPREPLY=()
            return
            ;;
        --keep-days)
            COMPREPLY=()
            return
            ;;
        --lang)
            mapfile -t COMPREPLY < <(compgen -W 'en ko' -- "$cur")
            return
            ;;
        --limit)
            COMPREPLY=()
            return
            ;;
        --netns)
            COMPREPLY=()
            return
            ;;
        --owners)
            mapfile -t COMPREPLY < <(compgen -W 'auto bpf proc' -- "$cur")
            return
            ;;
        --policy)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")
            return
            ;;
        --record)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return
            ;;
        --replay)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return
            ;;
        --resolve-timeout)
            COMPREPLY=()
            return
            ;;
        --set)
            COMPREPLY=()
            return
            ;;
        --since)
            COMPREPLY=()
            return
            ;;
        --sort)
            COMPREPLY=()
            return
            ;;
        --store)
            compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur")
            return
            ;;
        --table)
            COMPREPLY=()
            return
            ;;
        --timeout)
            COMPREPLY=()
            return
            ;;
        --until)
            COMPREPLY=()
            return
            ;;
        --watch)
            COMPREPLY=()
            return
            ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '-a --all -b --executable -c --port-counts -d --dscp -e --ethernet -f --full-names -h -? --help -i --time-in-state -n --numeric -o --pid -p --protocol -q --bound -r --route -s --statistics -t --offload -v --verbose -x --network-direct -y --template --all-namespaces --arguments --at --cmdline --color --columns --config --count --csv --dialect --exists --explain --family --follow --generate --geo --group-by --interfaces --json --jsonl --keep --keep-days --lang --learn --limit --list --multicast --netns --no-extra --no-header --no-rates --opens --owners --path --policy --process --record --replay --resolve-timeout --set --since --sort --status --stop --store --summary --table --timeout --until --utf8 --version --wait --watch' -- "$cur")
    elif ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == check ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'port-exhaustion close-wait listen-queue connecting half-open retransmission stalled idle address-gone buffers descriptors conntrack exposed shadowed bind policy suspicious' -- "$cur")
    elif ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'check record history' -- "$cur")
    fi
}
complete -F _netstat netstat
