# Completions of netstat for fish, as netstat --generate complete-fish writes them. The program itself says what to offer.
function __netstat_complete
    set -l before (commandline -opc)
    set -e before[1]
    set -l word (commandline -ct)
    for line in (command netstat --complete fish "--word=$word" -- $before 2>/dev/null)
        switch $line
            case \tfiles \tdirectories
                set -l option (string match -r -- '^--[^=]*=' "$word")
                set -l typed (string replace -r -- '^--[^=]*=' '' "$word")
                if test $line = \tfiles
                    set -f paths (__fish_complete_path $typed)
                else
                    set -f paths (__fish_complete_directories $typed)
                end
                for path in $paths
                    printf '%s%s\n' "$option" $path
                end
            case \t'*'
                # Fish adds no space behind what can go on, such as a comma.
            case '*'\t'*'
                printf '%s\n' $line
        end
    end
end
complete -c netstat -f -a '(__netstat_complete)'
