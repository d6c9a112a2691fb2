//! Text of single values, shared by everything that writes: addresses, numbers, state words, escaping of untrusted
//! text, widths in terminal cells. Depends on the model alone.
//!
//! ```
//! use netstat_engine::text::{escape, words};
//! use netstat_model::TcpState;
//!
//! let mut line = Vec::new();
//! escape::write_text(&mut line, "evil\x1b[2J".as_ref());
//! assert_eq!(line, br"evil\x1b[2J");
//! assert_eq!(words::state(TcpState::Listen), "LISTENING");
//! ```

pub mod address;
pub mod amount;
pub mod both;
pub mod cells;
pub mod decimal;
pub mod escape;
pub mod json;
pub mod language;
pub mod lifespan;
pub mod line;
mod nearest;
pub mod quote;
pub mod system;
pub mod time;
pub mod when;
pub mod words;
pub mod wrap;
pub mod zone;

pub use both::Text;
pub use cells::{blanks, cells, pad};
pub use decimal::decimal;
pub use language::Language;
pub use nearest::nearest;
pub use when::When;
pub use wrap::wrapped;
pub use zone::Zone;
