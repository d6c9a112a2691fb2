//! Entry points for the fuzzer: `cargo fuzz run NAME` (see `fuzz/`). No decoder may panic.

use crate::block::{FAST, decode, encode};
use crate::row::Row;

/// Blocks of rows. What they hold can be packed again.
pub fn block(data: &[u8]) {
    if let Ok(mut rows) = decode(data) {
        rows.sort_by_key(Row::end);
        let again = encode(&rows, FAST)
            .and_then(|bytes| decode(&bytes).map_err(|_| std::io::Error::other("damaged")));
        assert!(again.is_ok_and(|again| again.len() == rows.len()));
    }
}
