# Made by netstat --generate complete-powershell. Do not edit.
Register-ArgumentCompleter -Native -CommandName 'netstat', 'netstat.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text })
    $previous = if ($before.Count -gt 0) { $before[-1] } else { '' }
    $values = @(switch -Regex ($previous) {
        '^([-/][a-z]*p|--protocol)$' { @('tcp', 'tcpv6', 'udp', 'udpv6', 'ip', 'ipv6', 'icmp', 'icmpv6'); break }
        '^(--generate)$' { @('man', 'markdown', 'complete-bash', 'complete-zsh', 'complete-fish', 'complete-powershell'); break }
        '^(--lang)$' { @('en', 'ko'); break }
        '^(--owners)$' { @('auto', 'bpf', 'proc'); break }
    })
    if ($values.Count -gt 0) {
        $values | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
        }
        return
    }
    $options = @(
        @('-a', 'Show listening ports and UDP as well')
        @('/a', 'Show listening ports and UDP as well')
        @('--all', 'Show listening ports and UDP as well')
        @('-b', 'Show the executable behind each row')
        @('/b', 'Show the executable behind each row')
        @('--executable', 'Show the executable behind each row')
        @('-c', 'List processes by the number of ports they hold')
        @('/c', 'List processes by the number of ports they hold')
        @('--port-counts', 'List processes by the number of ports they hold')
        @('-d', 'Show the DSCP value of each connection')
        @('/d', 'Show the DSCP value of each connection')
        @('--dscp', 'Show the DSCP value of each connection')
        @('-e', 'Show interface statistics')
        @('/e', 'Show interface statistics')
        @('--ethernet', 'Show interface statistics')
        @('-f', 'Show whole host names of foreign addresses')
        @('/f', 'Show whole host names of foreign addresses')
        @('--full-names', 'Show whole host names of foreign addresses')
        @('-h', 'Show the help text')
        @('/h', 'Show the help text')
        @('-?', 'Show the help text')
        @('/?', 'Show the help text')
        @('--help', 'Show the help text')
        @('-i', 'Show how long connections have been in their state')
        @('/i', 'Show how long connections have been in their state')
        @('--time-in-state', 'Show how long connections have been in their state')
        @('-n', 'Show addresses and ports as numbers')
        @('/n', 'Show addresses and ports as numbers')
        @('--numeric', 'Show addresses and ports as numbers')
        @('-o', 'Show the ID of the process that owns each row')
        @('/o', 'Show the ID of the process that owns each row')
        @('--pid', 'Show the ID of the process that owns each row')
        @('-p', 'Show one protocol only')
        @('/p', 'Show one protocol only')
        @('--protocol', 'Show one protocol only')
        @('-q', 'Show bound ports that do not listen as well')
        @('/q', 'Show bound ports that do not listen as well')
        @('--bound', 'Show bound ports that do not listen as well')
        @('-r', 'Show the routing table')
        @('/r', 'Show the routing table')
        @('--route', 'Show the routing table')
        @('-s', 'Show statistics by protocol')
        @('/s', 'Show statistics by protocol')
        @('--statistics', 'Show statistics by protocol')
        @('-t', 'Show the offload state of each connection')
        @('/t', 'Show the offload state of each connection')
        @('--offload', 'Show the offload state of each connection')
        @('-v', 'Accepted for scripts written for Windows XP')
        @('/v', 'Accepted for scripts written for Windows XP')
        @('--components', 'Accepted for scripts written for Windows XP')
        @('-x', 'Show NetworkDirect (RDMA) connections')
        @('/x', 'Show NetworkDirect (RDMA) connections')
        @('--network-direct', 'Show NetworkDirect (RDMA) connections')
        @('-y', 'Show the TCP template of each connection')
        @('/y', 'Show the TCP template of each connection')
        @('--template', 'Show the TCP template of each connection')
        @('--count', 'With an interval, stop after this many displays')
        @('--generate', 'Write the man page, the reference or a completion')
        @('--lang', 'Choose the language of titles and headings')
        @('--owners', 'Choose how the owners of sockets are found')
        @('--path', 'With -b, show full paths of executables')
        @('--record', 'Write every answer of the operating system to files')
        @('--replay', 'Answer from a directory that --record wrote')
        @('--resolve-timeout', 'Limit the time that name look-ups may take')
        @('--version', 'Show the version')
    )
    $options | Where-Object { $_[0].StartsWith($wordToComplete, 'OrdinalIgnoreCase') } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterName', $_[1])
    }
}
