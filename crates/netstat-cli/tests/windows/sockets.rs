//! The connection table.

use crate::holder::{self, Held, Holder, NAME};
use crate::run::{lines, shown};

/// The row of a socket in the form of Windows, with the PID; for UDP without its peer if `peers` is false.
fn row(held: &Held, pid: u32, peers: bool) -> String {
    let Held { protocol, local, foreign, state } = held;
    match protocol.as_str() {
        "TCP" => format!("  TCP    {local:<21}  {foreign:<21}  {state:<12}    {pid}"),
        _ => {
            let foreign = if peers { foreign } else { "*:*" };
            format!("  UDP    {local:<21}  {foreign:<21}  {:<12}    {pid}", "")
        }
    }
}

#[test]
fn every_socket_has_its_row() {
    let holder = Holder::start();
    let text = shown("-ano");
    let lines = lines(&text);
    assert_eq!(lines[..3], ["", "Active Connections", ""]);
    assert_eq!(lines[3], "  Proto  Local Address          Foreign Address        State           PID");
    assert!(holder.sockets.len() >= 16, "{:?}", holder.sockets);
    let mut without_owner = 0;
    for held in &holder.sockets {
        let is_there = |pid, peers| lines.contains(&row(held, pid, peers).as_str());
        if is_there(holder.pid, true) || is_there(holder.pid, false) {
            continue;
        }
        without_owner += 1;
        assert!(holder::on_wine() && is_there(0, false), "{held:?} is not in\n{text}");
    }
    assert!(without_owner <= holder::OWNERLESS_ON_WINE, "{text}");
}

#[test]
fn names_of_processes_are_in_their_rows() {
    let holder = Holder::start();
    let text = shown("-ano --process");
    let lines = lines(&text);
    let of_holder: Vec<_> = lines.iter().filter(|line| line.contains(&format!(" {} ", holder.pid))).collect();
    assert!(of_holder.iter().all(|line| line.ends_with(&format!("{:<6} {NAME}", holder.pid))), "{text}");
    let ownerless = if holder::on_wine() { holder::OWNERLESS_ON_WINE } else { 0 };
    assert!(of_holder.len() + ownerless >= holder.sockets.len(), "{text}");
}
