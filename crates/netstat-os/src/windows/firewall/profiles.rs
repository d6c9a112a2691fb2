//! The profiles of the Windows firewall.

use bitflags::bitflags;

bitflags! {
    /// Profiles of the firewall, which Windows chooses by the kind of network.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Profiles: u8 {
        const DOMAIN = 1;
        const PRIVATE = 2;
        const PUBLIC = 4;
    }
}

impl Profiles {
    pub(super) const EACH: [Self; 3] = [Self::DOMAIN, Self::PRIVATE, Self::PUBLIC];

    /// Returns their names.
    pub(super) fn words(self) -> Vec<&'static str> {
        let words = [(Self::DOMAIN, "domain"), (Self::PRIVATE, "private"), (Self::PUBLIC, "public")];
        words.into_iter().filter(|(profile, _)| self.contains(*profile)).map(|(_, word)| word).collect()
    }
}
