//! Ports that the listeners of two programs share by their addresses.

use crate::answer::{assert_found, assert_quiet};
use crate::support::Keeper;
use netstat_lab::on_own_thread;
use std::net::TcpListener;

#[test]
fn two_programs_that_share_a_port_by_address_are_noticed() {
    on_own_thread(|_| {
        let one = Keeper::cat(TcpListener::bind("127.0.0.1:3001").unwrap());
        assert_quiet("shadowed", "");
        let other = Keeper::cat(TcpListener::bind("[::]:3001").unwrap());
        let finding = assert_found("shadowed", "", "notice");
        assert_eq!(finding.subject(), "3001/tcp");
        for keeper in [&one, &other] {
            assert!(finding.sentence().contains(&format!("cat ({})", keeper.pid())), "{finding:?}");
        }
        assert_eq!(finding.fact("addresses"), &serde_json::json!(["127.0.0.1", "::"]));
        assert_eq!(finding.rows().len(), 3);
    });
}
