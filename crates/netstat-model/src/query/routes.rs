use crate::{Family, TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN};
use bitflags::bitflags;
use std::fmt;
use std::str::FromStr;

bitflags! {
    /// Address families.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Families: u8 {
        /// IPv4.
        const V4 = 1;
        /// IPv6.
        const V6 = 2;
    }
}

impl Families {
    /// Returns the set of one family.
    pub fn of(family: Family) -> Self {
        match family {
            Family::V4 => Self::V4,
            Family::V6 => Self::V6,
        }
    }
}

/// A selection of routing tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tables {
    /// The tables that every packet is looked up in by default: local, main and default.
    #[default]
    Default,
    /// One table, by its number.
    Id(u32),
    /// All tables.
    All,
}

impl Tables {
    /// Returns true if the table is selected.
    pub fn contain(self, table: u32) -> bool {
        match self {
            Self::Default => matches!(table, TABLE_MAIN | TABLE_LOCAL | TABLE_DEFAULT),
            Self::Id(wanted) => wanted == table,
            Self::All => true,
        }
    }
}

/// The error for a text that is not the name or number of a routing table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTable;

impl fmt::Display for UnknownTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a routing table: expected a number from 1 to {}, main, local, default or all",
            u32::MAX
        )
    }
}

impl std::error::Error for UnknownTable {}

impl FromStr for Tables {
    type Err = UnknownTable;

    /// Parses `all`, `main`, `local` or `default` in any letter case, or a decimal number.
    fn from_str(text: &str) -> Result<Self, UnknownTable> {
        let named = [
            ("all", Self::All),
            ("main", Self::Id(TABLE_MAIN)),
            ("local", Self::Id(TABLE_LOCAL)),
            ("default", Self::Id(TABLE_DEFAULT)),
        ];
        if let Some((_, tables)) = named.into_iter().find(|(name, _)| text.eq_ignore_ascii_case(name)) {
            return Ok(tables);
        }
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(UnknownTable);
        }
        // The kernel uses table 0 for "no table".
        text.parse().ok().filter(|&id| id > 0).map(Self::Id).ok_or(UnknownTable)
    }
}

/// Which routes to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteQuery {
    /// The routing tables.
    pub tables: Tables,
    /// The address families.
    pub families: Families,
}

impl Default for RouteQuery {
    fn default() -> Self {
        Self { tables: Tables::Default, families: Families::all() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_by_name_and_number() {
        assert_eq!("ALL".parse(), Ok(Tables::All));
        assert_eq!("main".parse(), Ok(Tables::Id(254)));
        assert_eq!("Local".parse(), Ok(Tables::Id(255)));
        assert_eq!("default".parse(), Ok(Tables::Id(253)));
        assert_eq!("4294967295".parse(), Ok(Tables::Id(u32::MAX)));
        for text in ["", "0", "-1", "+1", "4294967296", "0x10", "mains", " 1", "٣"] {
            assert_eq!(text.parse::<Tables>(), Err(UnknownTable), "{text}");
        }
    }

    #[test]
    fn the_default_leaves_other_tables_out() {
        assert!([253, 254, 255].into_iter().all(|id| Tables::Default.contain(id)));
        assert!(![0, 1, 252, 256, 1000].into_iter().any(|id| Tables::Default.contain(id)));
    }
}
