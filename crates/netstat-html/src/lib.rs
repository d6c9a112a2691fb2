//! What happened in a span as one page of HTML: plots, tables and findings, to mail to somebody.
//!
//! The page is a function of a [`Report`], which is plain data: what a history told of a span ([`Summary`], [`Course`]), where
//! it has gaps, and what checks found. It needs nothing from outside, and a content security policy in it lets nothing
//! from outside in. All of it can be read without scripts; the one script adds sorting, filtering, and values under
//! the pointer.
//!
//! | file | its job |
//! |---|---|
//! | `report.rs` | what goes in |
//! | `page.rs`, `page.css`, `page.js` | the page around its sections; how it looks; what it can do |
//! | `sections.rs`, `sections/` | one file for each section: from what was told to plots and tables |
//! | `plot.rs`, `plot/` | a plot over time, as SVG: scale of values, axis of time, gaps, legend, table of values |
//! | `table.rs` | a table with typed cells |
//! | `shown.rs` | text from outside, made visible; numbers, bytes, durations and times in words |
//!
//! HTML is made by [`maud`], which escapes whatever is put into it. Text from outside is made visible before that
//! (`shown.rs`), so that no name moves the text around it.
//!
//! [`Summary`]: netstat_store::Summary
//! [`Course`]: netstat_store::Course

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod page;
mod plot;
mod report;
mod sections;
mod shown;
mod table;
#[cfg(test)]
mod tests;

pub use page::page;
pub use report::{Break, Interval, Judged, NotJudged, Report, intervals, wishes};
