//! The history of a machine's connections, in one file that any number of programs can read while it is written.
//!
//! A recorder hands its events to a [`Writer`]; a [`Reader`] tells what ended in a span, what was open at a moment, and of
//! which spans the history is not whole. Ends are kept in blocks of columns, each compressed, inside a SQLite database: it
//! gives transactions, recovery after a crash, and readers beside the writer.
//!
//! This library never prints, never exits, and reads neither arguments nor the environment nor any configuration.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod beside;
mod block;
mod blocks;
mod bloom;
mod clock;
mod error;
mod following;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gap;
mod guard;
mod hosts;
mod kind;
mod life;
#[cfg(test)]
mod made;
mod older;
mod past;
mod pending;
mod preselect;
mod processes;
mod reached;
mod reader;
mod row;
mod scan;
mod schema;
mod session;
mod shipping;
mod size;
mod summary;
#[cfg(test)]
mod tests;
mod unsent;
mod vacuum;
mod writer;

pub use beside::{Beside, file_of};
pub use error::{Fault, StoreError};
pub use following::Place;
pub use gap::Gap;
pub use life::{Presence, Seen, presence, socket_of};
pub use past::{Past, show};
pub use preselect::Preselection;
pub use processes::ToldProcess;
pub use reader::{At, Filtered, Reader, Span, Standing};
pub use scan::EachSocket;
pub use schema::is_recording;
pub use session::WriterOptions;
pub use shipping::{Ledger, Shipped, is_shipping};
pub use size::StoreSize;
pub use summary::{
    Course, CourseLine, CourseWishes, Failure, Life, Listener, POINTS, Quantiles, Storm, Summary, Traffic,
};
pub use unsent::{Batch, Looked, Run, Told};
pub use writer::Writer;
