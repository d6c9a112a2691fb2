//! Compression of what goes over HTTP.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

/// Returns bytes compressed.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
