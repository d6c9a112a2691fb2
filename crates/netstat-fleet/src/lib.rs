//! The histories of many hosts, kept in ClickHouse: there is no server of ours.
//!
//! A [`Sender`] brings the ends that a recorder keeps to a server, each once; [`FleetPast`] asks it about all hosts, as a
//! history of one is asked. Rows go over HTTP as RowBinary.
//!
//! This library never prints, never exits, and reads neither arguments nor the environment nor any configuration.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod client;
mod course;
mod error;
mod groups;
mod known;
mod past;
mod question;
mod row;
mod send;
mod sql;
mod summary;
mod tables;
mod target;
mod wire;

pub use client::{Client, Credentials};
pub use course::Course;
pub use error::FleetError;
pub use known::{HostFilter, HostGap, Hosts, Moments};
pub use past::{Fleet, FleetPast};
pub use question::{Asked, First, Question};
pub use send::{Sender, Sent};
pub use summary::{Amount, Failing, FleetSummary, Fresh};
pub use tables::{Flavour, Server, schema};
pub use target::{Target, TargetError};
