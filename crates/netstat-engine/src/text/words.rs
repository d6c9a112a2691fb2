//! Words for TCP states, offload states and unknown values, as Windows prints them in every language.

use super::decimal::decimal;
use netstat_model::{Container, ContainerRuntime, Offload, TcpState};

/// Stands for a value that is unknown.
pub const UNKNOWN: &str = "-";

/// Stands for the template of a socket that has none.
pub const NOT_APPLICABLE: &str = "Not Applicable";

/// Returns the word for a TCP state, as [`write_state`] writes it.
pub fn state(state: TcpState) -> String {
    let mut word = Vec::with_capacity(12);
    write_state(&mut word, state);
    String::from_utf8_lossy(&word).into_owned()
}

/// Writes the word for a TCP state. An unknown state is `UNKNOWN_` and its number: still one word that fits the
/// column.
pub fn write_state(out: &mut Vec<u8>, state: TcpState) {
    match state {
        TcpState::Unknown(number) => {
            out.extend_from_slice(b"UNKNOWN_");
            decimal(out, u64::from(number));
        }
        state => out.extend_from_slice(known_state(state).as_bytes()),
    }
}

/// Returns the word for a state that has a name, of at most 12 characters; the empty word for [`TcpState::Unknown`].
pub fn known_state(state: TcpState) -> &'static str {
    match state {
        TcpState::Closed => "CLOSED",
        TcpState::Listen => "LISTENING",
        TcpState::SynSent => "SYN_SENT",
        TcpState::SynReceived => "SYN_RECEIVED",
        TcpState::Established => "ESTABLISHED",
        TcpState::FinWait1 => "FIN_WAIT_1",
        TcpState::FinWait2 => "FIN_WAIT_2",
        TcpState::CloseWait => "CLOSE_WAIT",
        TcpState::Closing => "CLOSING",
        TcpState::LastAck => "LAST_ACK",
        TcpState::TimeWait => "TIME_WAIT",
        TcpState::Bound => "BOUND",
        TcpState::DeleteTcb => "DELETE_TCB",
        TcpState::Unknown(_) => "",
    }
}

/// Returns the word for an offload state.
pub fn offload(offload: Offload) -> &'static str {
    match offload {
        Offload::InHost => "InHost",
        Offload::Offloading => "Offloading",
        Offload::Offloaded => "Offloaded",
        Offload::Uploading => "Uploading",
    }
}

/// The words for container runtimes, in the order of [`ContainerRuntime`]; also for the schema.
pub const RUNTIME_WORDS: [&str; 7] =
    ["docker", "podman", "containerd", "cri-o", "kubernetes", "lxc", "systemd-nspawn"];

/// Returns runtime and name, or where that is not known the first twelve digits of the ID, as people know a container by. The
/// name is not escaped.
pub fn short_container(container: &Container) -> String {
    let id = container.id.get(..12).unwrap_or(&container.id);
    format!("{}:{}", runtime_word(container.runtime), container.name.as_deref().unwrap_or(id))
}

/// Returns the word for a container runtime.
pub fn runtime_word(runtime: ContainerRuntime) -> &'static str {
    let [docker, podman, containerd, crio, kubernetes, lxc, nspawn] = RUNTIME_WORDS;
    match runtime {
        ContainerRuntime::Docker => docker,
        ContainerRuntime::Podman => podman,
        ContainerRuntime::Containerd => containerd,
        ContainerRuntime::CriO => crio,
        ContainerRuntime::Kubernetes => kubernetes,
        ContainerRuntime::Lxc => lxc,
        ContainerRuntime::Nspawn => nspawn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_fits_its_column() {
        let all = TcpState::ALL.into_iter().chain((0..=255).map(TcpState::Unknown));
        for state in all {
            let mut out = Vec::new();
            write_state(&mut out, state);
            let word = String::from_utf8(out).unwrap();
            assert!(word.len() <= 12, "{word}");
            assert!(!word.contains(' '), "{word}");
        }
    }
}
