//! [`Heard`]: what bytes tell so far.

use super::words::Told;
use netstat_model::{Application, ApplicationProtocol};

/// What the bytes of a stream tell so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Heard {
    /// More bytes may tell something.
    #[default]
    More,
    /// None of these protocols.
    Nothing,
    /// All there is.
    Application(Application),
}

impl Heard {
    /// Returns what they tell, if that is something.
    pub fn application(&self) -> Option<&Application> {
        match self {
            Self::Application(application) => Some(application),
            Self::More | Self::Nothing => None,
        }
    }
}

/// Puts together what a decoder says of its protocol. `is_last` says that nothing more will come.
pub(super) fn heard(protocol: ApplicationProtocol, told: Told, is_last: bool) -> Heard {
    match told {
        Told::More if is_last => Heard::Nothing,
        Told::More => Heard::More,
        Told::Nothing => Heard::Nothing,
        Told::Name(name) => Heard::Application(Application { protocol, name }),
    }
}
