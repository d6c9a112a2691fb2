/// The connection tracking table of Linux, in the current network namespace.
///
/// Counters only grow. They are sums over all processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "nf_conntrack")]
pub struct Conntrack {
    /// Current number of entries.
    #[doc(alias = "nf_conntrack_count")]
    pub entries: Option<u64>,
    /// The limit on entries.
    #[doc(alias = "nf_conntrack_max")]
    pub max: Option<u64>,
    /// Packets dropped because no entry could be allocated, mostly because the table was full.
    pub drop: Option<u64>,
    /// Entries evicted early to make room for others.
    pub early_drop: Option<u64>,
    /// Insertions that failed because another entry had the same ends.
    pub insert_failed: Option<u64>,
}
