//! Text of single values, shared by everything that writes: addresses, numbers, state words, escaping of untrusted
//! text, widths in terminal cells. Depends on the model alone.

pub mod address;
pub mod cells;
pub mod decimal;
pub mod escape;
pub mod json;
pub mod language;
pub mod quote;
pub mod time;
pub mod words;

pub use cells::{blanks, cells, pad};
pub use decimal::decimal;
pub use language::Language;
