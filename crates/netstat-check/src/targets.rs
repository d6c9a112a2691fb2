//! Who answers what a rule sends elsewhere: a socket of this machine, a container, or another host behind it.

use super::Evidence;
use super::surroundings::listens;
use super::text::{EN, KO, Text, named};
use netstat_model::{ContainerRuntime, Family, IpSocketRef, Published, Target, Tenant};
use std::net::IpAddr;

/// Whether a socket of the right protocol and family answers what a rule sends to a target.
pub(crate) fn answers(socket: &IpSocketRef<'_>, to: &Target) -> bool {
    let Target::Here { address, ports: (first, last) } = to else { return false };
    let own = socket.local.address;
    let is_bound_so = own.is_unspecified()
        || match address {
            Some(address) => own == *address,
            // One of the interface, and so none of the loopback.
            None => !own.is_loopback(),
        };
    (*first..=*last).contains(&socket.local.port) && is_bound_so
}

/// Whether a socket has to do with a port that is passed on: a listener of its protocol and family.
pub(crate) fn is_of(socket: &IpSocketRef<'_>, published: &Published) -> bool {
    let families = socket.families();
    let serves = match published.family {
        Family::V4 => families.v4,
        Family::V6 => families.v6,
    };
    listens(socket) && socket.protocol == published.protocol && serves
}

/// Returns the sockets that answer what is sent to a target.
pub(crate) fn listeners<'a>(
    evidence: &'a Evidence,
    published: &'a Published,
    to: &'a Target,
) -> impl Iterator<Item = IpSocketRef<'a>> + use<'a> {
    evidence.now.sockets.iter_ip().filter(|socket| is_of(socket, published) && answers(socket, to))
}

/// Names ports: `80`, `8000-8100`.
pub(crate) fn ports((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// Returns the end that a target names: `172.17.0.2:80`.
pub(crate) fn end(to: &Target) -> String {
    let with = |address: IpAddr, of: (u16, u16)| match address {
        IpAddr::V4(address) => format!("{address}:{}", ports(of)),
        IpAddr::V6(address) => format!("[{address}]:{}", ports(of)),
    };
    match to {
        Target::Here { address: Some(address), ports } => with(*address, *ports),
        Target::Here { address: None, ports: of } => format!("*:{}", ports(*of)),
        Target::Behind { addresses: None, ports: of, .. } => format!("?:{}", ports(*of)),
        Target::Behind { addresses: Some((from, to)), ports, .. } if from == to => with(*from, *ports),
        Target::Behind { addresses: Some((from, to)), ports: of, .. } => {
            format!("{from}-{to}:{}", ports(*of))
        }
    }
}

/// Names a target, for people.
pub(crate) fn text(to: &Target) -> Text {
    match to {
        Target::Here { address: None, ports: of } => {
            let ports = ports(*of);
            Text::new(format!("port {ports} of this machine"), format!("이 시스템의 포트 {ports}"))
        }
        Target::Here { .. } => Text::same(end(to)),
        Target::Behind { addresses: None, ports: of, .. } => {
            let ports = ports(*of);
            Text::new(format!("port {ports} of another host"), format!("다른 호스트의 포트 {ports}"))
        }
        Target::Behind { tenant: None, .. } => Text::same(end(to)),
        Target::Behind { tenant: Some(tenant), .. } => {
            let (end, tenant) = (end(to), tenant_text(tenant));
            let whole = |language| format!("{end} ({})", tenant.of(language));
            Text::new(whole(EN), whole(KO))
        }
    }
}

/// Names the container at a target, or one of the processes there.
fn tenant_text(tenant: &Tenant) -> Text {
    let Some(container) = &tenant.container else {
        let pid = tenant.pid;
        return Text::new(
            format!("process {pid} in another network namespace"),
            format!("다른 네트워크 네임스페이스의 프로세스 {pid}"),
        );
    };
    // The part of an ID by which the tools of containers know it; a name stays whole.
    let digits = match container.runtime {
        ContainerRuntime::Lxc | ContainerRuntime::Nspawn => usize::MAX,
        _ => 12,
    };
    let id: String = container.id.chars().take(digits).collect();
    let runtime = match container.runtime {
        ContainerRuntime::Docker => "Docker ",
        ContainerRuntime::Podman => "Podman ",
        ContainerRuntime::Containerd => "containerd ",
        ContainerRuntime::CriO => "CRI-O ",
        ContainerRuntime::Kubernetes => "Kubernetes ",
        ContainerRuntime::Lxc => "LXC ",
        ContainerRuntime::Nspawn => "systemd-nspawn ",
    };
    Text::new(format!("{runtime}container {id}"), format!("{runtime}컨테이너 {id}"))
}

/// How many of several things a text names.
const NAMED: usize = 5;

/// Joins the first of some texts, and says how many more there are.
pub(crate) fn few(texts: &[Text]) -> Text {
    let all = |language| texts.iter().map(|text| text.of(language).to_owned()).collect::<Vec<_>>();
    let whole = |language| named(&all(language), NAMED).of(language).to_owned();
    Text::new(whole(EN), whole(KO))
}

/// Joins texts.
pub(crate) fn joined(texts: &[Text], between: &str) -> Text {
    let whole = |language| texts.iter().map(|text| text.of(language)).collect::<Vec<_>>().join(between);
    Text::new(whole(EN), whole(KO))
}
