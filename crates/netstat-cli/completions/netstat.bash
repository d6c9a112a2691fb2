# Completions of netstat for bash, as netstat --generate complete-bash writes them. The program itself says what to offer.
_netstat() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            $'\tfiles')
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$2")
                ;;
            $'\tdirectories')
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -d -- "$2")
                ;;
            $'\tgoes-on') compopt -o nospace ;;
            *$'\t'*) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(command netstat --complete bash "--line=${COMP_LINE:0:COMP_POINT}" \
        "--breaks=$COMP_WORDBREAKS" 2>/dev/null)
}
# The order of the program is that of its documents. Bash sorts before 4.4.
complete -o nosort -F _netstat netstat 2>/dev/null || complete -F _netstat netstat
