//! Commands worth showing.

/// Commands, and what they do.
pub(super) const EXAMPLES: [(&str, &str); 6] = [
    ("netstat -ano", "All connections and listeners, as numbers, with the process ID."),
    ("netstat -anob", "The same, with the executable of each."),
    ("netstat -an -p tcp", "TCP over IPv4 only; -anp tcp and -an -ptcp are the same."),
    ("netstat -ano 5 --count 12", "Every five seconds, for a minute."),
    ("netstat -rn", "The routing table."),
    ("netstat -s -p udp", "The statistics of UDP over IPv4."),
];
