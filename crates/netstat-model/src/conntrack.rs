/// The table in which the firewall of Linux keeps what it tracks, of the current network namespace.
///
/// Counters only grow, and are summed over all processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "nf_conntrack")]
pub struct Conntrack {
    /// Entries now.
    #[doc(alias = "nf_conntrack_count")]
    pub entries: Option<u64>,
    /// The most entries there may be.
    #[doc(alias = "nf_conntrack_max")]
    pub max: Option<u64>,
    /// Packets dropped because there was no entry for them to be had, for a full table mostly.
    pub drop: Option<u64>,
    /// Entries removed early to make room for others.
    pub early_drop: Option<u64>,
    /// Entries that could not be put into the table, because another had the same ends.
    pub insert_failed: Option<u64>,
}
