//! Ports that the listeners of two programs share by their addresses.

use crate::answer::{ask, assert_found};
use crate::support::Keeper;
use netstat_lab::{Place, on_own_thread};
use std::net::TcpListener;

#[test]
fn two_programs_that_share_a_port_by_address_are_noticed() {
    on_own_thread(|namespace| {
        let one = Keeper::cat(TcpListener::bind("127.0.0.1:3001").unwrap());
        assert_eq!(ask("shadowed").of("shadowed")[0].severity(), "ok");
        let _other = namespace.listener(Place::AnyV6Only, 3001).unwrap();
        let finding = assert_found("shadowed", "", "notice");
        assert_eq!(finding.subject(), "3001/tcp");
        for holder in [one.pid(), std::process::id()] {
            assert!(finding.sentence().contains(&format!(" ({holder}) has ")), "{finding:?}");
        }
        assert_eq!(finding.fact("addresses"), &serde_json::json!(["127.0.0.1", "::"]));
        assert_eq!(finding.rows().len(), 2);
    });
}
