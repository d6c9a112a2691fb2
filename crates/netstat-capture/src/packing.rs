//! [`Packed`]: a file that is written as it is, or compressed by gzip or zstd.

use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Bytes that a compressor may hold back, at most: a block and its window; and what it adds to what has no shorter form.
const HELD_BACK: u64 = 3 << 17;
const ADDED: u64 = 1 << 10;

/// Bytes that are handed to the system at once.
const AT_ONCE: usize = 1 << 18;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    /// Not at all.
    #[default]
    None,
    /// As gzip does.
    Gzip,
    /// As zstd does.
    Zstd,
}

impl Packing {
    /// Returns what the name of a file asks for by its end: `.gz`, `.zst`.
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A file that counts what goes into it.
#[derive(Debug)]
struct Counted {
    out: BufWriter<File>,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

enum Form {
    Plain(Counted),
    Gzip(GzEncoder<Counted>),
    Zstd(zstd::Encoder<'static, Counted>),
}

/// A file that is being written.
pub struct Packed {
    form: Form,
    /// Bytes before they are compressed.
    given: u64,
}

impl Packed {
    /// Writes to a file, or a pipe, from where it is.
    ///
    /// # Errors
    /// Those of the compressor.
    pub fn new(file: File, packing: Packing) -> io::Result<Self> {
        let out = Counted { out: BufWriter::with_capacity(AT_ONCE, file), bytes: 0 };
        let form = match packing {
            Packing::None => Form::Plain(out),
            // The fastest: packets must not be dropped meanwhile.
            Packing::Gzip => Form::Gzip(GzEncoder::new(out, flate2::Compression::fast())),
            Packing::Zstd => {
                let mut encoder = zstd::Encoder::new(out, 1)?;
                encoder.include_checksum(true)?;
                Form::Zstd(encoder)
            }
        };
        Ok(Self { form, given: 0 })
    }

    /// Returns how large the file is at most if it ends now.
    pub fn reaches(&self) -> u64 {
        let compressed = match &self.form {
            Form::Plain(_) => return self.given,
            Form::Gzip(out) => out.get_ref().bytes,
            Form::Zstd(out) => out.get_ref().bytes,
        };
        (self.given + self.given / 256 + ADDED).min(compressed + HELD_BACK)
    }

    /// Ends the file. Returns how many bytes were written.
    ///
    /// # Errors
    /// Those of the system.
    pub fn finish(self) -> io::Result<u64> {
        let mut out = match self.form {
            Form::Plain(out) => out,
            Form::Gzip(out) => out.finish()?,
            Form::Zstd(out) => out.finish()?,
        };
        out.flush()?;
        Ok(out.bytes)
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.form {
            Form::Plain(out) => out.write(bytes),
            Form::Gzip(out) => out.write(bytes),
            Form::Zstd(out) => out.write(bytes),
        }?;
        self.given += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Plain(out) => out.flush(),
            Form::Gzip(out) => out.flush(),
            Form::Zstd(out) => out.flush(),
        }
    }
}
