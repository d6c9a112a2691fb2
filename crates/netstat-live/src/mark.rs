//! What a look does to a row.

/// A place in the book. It belongs to one socket until that is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub(crate) u32);

/// What happened to a row of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Nothing,
    New,
    /// Its state is another.
    Changed,
    Gone,
}

/// What a look changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Changes {
    pub(crate) opened: usize,
    pub(crate) closed: usize,
    pub(crate) changed: usize,
    /// Whether bytes went over a connection.
    pub(crate) moved: bool,
    /// Ends that there was no room to tell of.
    pub(crate) untold: usize,
}

impl Changes {
    /// Whether there are none that are seen.
    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }
}
