//! [`Gathered`]: the first bytes of one direction, in whatever order they come.

/// So many bytes of each direction are put together, of so many pieces that came too early.
pub(crate) const MOST_BYTES: usize = 4096;
const MOST_PIECES: usize = 16;

/// The first bytes of a direction.
#[derive(Debug)]
pub(crate) struct Gathered {
    first: u32,
    bytes: Vec<u8>,
    /// What came too early, and where it belongs.
    early: Vec<(usize, Vec<u8>)>,
}

impl Gathered {
    /// Begins with the byte of this number.
    pub(crate) fn new(first: u32) -> Self {
        Self { first, bytes: Vec::new(), early: Vec::new() }
    }

    /// Returns what is whole from the first byte on.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether it has every byte before the one of this number.
    pub(crate) fn is_whole_before(&self, sequence: u32) -> bool {
        sequence.wrapping_sub(self.first) as usize == self.bytes.len()
    }

    /// Returns how many bytes it holds.
    #[cfg(test)]
    pub(crate) fn holds(&self) -> usize {
        self.bytes.len() + self.early.iter().map(|(_, piece)| piece.len()).sum::<usize>()
    }

    /// Adds a segment.
    pub(crate) fn add(&mut self, sequence: u32, payload: &[u8]) {
        // What lies before the first byte is far behind it.
        let at = sequence.wrapping_sub(self.first) as usize;
        let Some(room) = MOST_BYTES.checked_sub(at).filter(|room| *room > 0) else { return };
        let payload = payload.get(..payload.len().min(room)).unwrap_or_default();
        if at > self.bytes.len() {
            let kept: usize = self.early.iter().map(|(_, piece)| piece.len()).sum();
            if self.early.len() < MOST_PIECES && kept + payload.len() <= MOST_BYTES {
                self.early.push((at, payload.to_vec()));
            }
            return;
        }
        self.append(at, payload);
        while let Some(next) = self.early.iter().position(|(at, _)| *at <= self.bytes.len()) {
            let (at, piece) = self.early.swap_remove(next);
            self.append(at, &piece);
        }
    }

    /// Adds a datagram, which follows those before it.
    pub(crate) fn append_datagram(&mut self, payload: &[u8]) {
        let room = MOST_BYTES.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(payload.get(..payload.len().min(room)).unwrap_or_default());
    }

    /// Adds what is new of a piece that begins within the bytes, or behind the last one.
    fn append(&mut self, at: usize, piece: &[u8]) {
        let known = self.bytes.len().saturating_sub(at);
        self.bytes.extend_from_slice(piece.get(known..).unwrap_or_default());
    }
}
