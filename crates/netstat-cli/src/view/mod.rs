//! What is asked, answered from plain data: one file per question.

pub mod rates;
pub mod statistics;
