//! The decoders, open to the fuzzer alone: `cargo fuzz run NAME` (see `fuzz/`). None of them may panic.

pub use crate::os::fuzzing::*;
