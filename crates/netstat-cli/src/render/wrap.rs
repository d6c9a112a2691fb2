//! Steps to take, broken into lines between their words.

use netstat_engine::text::wrap::filled;

/// Breaks a step to take into lines. A command in it stays whole, however long it is, so that it can be copied.
pub(crate) fn wrapped_step(text: &str, width: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut in_command = false;
    for word in text.split(' ') {
        // A command ends where its explanation begins: in parentheses, or in Korean.
        in_command &= !word.starts_with('(') && word.is_ascii();
        match pieces.last_mut() {
            Some(command) if in_command => {
                command.push(' ');
                command.push_str(word);
            }
            _ => {
                in_command = COMMANDS.contains(&word);
                pieces.push(word.to_owned());
            }
        }
        in_command &= !word.ends_with([',', ';']);
    }
    filled(pieces, width)
}

/// The first words of commands.
const COMMANDS: [&str; 14] = [
    "Find-NetRoute",
    "cat",
    "cp",
    "grep",
    "ip",
    "mtr",
    "netsh",
    "netstat",
    "pathping",
    "ping",
    "pktmon",
    "reg",
    "sysctl",
    "tcpdump",
];

#[cfg(test)]
mod tests {
    use super::wrapped_step;

    #[test]
    fn a_command_to_copy_is_not_broken() {
        for (step, lines) in [
            (
                "if it is meant to be so: netstat check --set exposed.except=6379",
                &["if it is meant to be so:", "netstat check --set exposed.except=6379"][..],
            ),
            (
                "widen it: sysctl -w net.ipv4.ip_local_port_range='1024 65535' (reserve ports first), or connect",
                &[
                    "widen it:",
                    "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
                    "(reserve ports first), or",
                    "connect",
                ],
            ),
            (
                "sysctl -w net.core.somaxconn=4096 후 프로그램을 다시",
                &["sysctl -w net.core.somaxconn=4096", "후 프로그램을 다시"],
            ),
            ("ping a, netstat check connecting", &["ping a,", "netstat check connecting"]),
        ] {
            assert_eq!(wrapped_step(step, 25), lines);
        }
    }
}
