//! The account that a process runs as.

use super::part::{START, missing};
use crate::windows::memory::{Memory, text, u64_at, units};
use crate::windows::source::{Question, Source};
use crate::windows::win32_error::{NONE_MAPPED, is};
use netstat_model::Missing;
use rustc_hash::FxHashMap;
use std::ffi::OsString;

/// The names of accounts by SID. Each is looked up once, because that may involve a domain controller.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    names: FxHashMap<Box<[u8]>, Result<OsString, Missing>>,
}

impl Accounts {
    /// Returns the name of the user of a token: `DOMAIN\name`, or the SID if it belongs to no account.
    pub(super) fn name(&mut self, source: &dyn Source, token_user: &Memory) -> Result<OsString, Missing> {
        let sid = decode_sid(token_user).ok_or(Missing::Unreadable)?;
        let look_up = || match source.ask(&Question::Account(sid.into())) {
            Ok(answer) => decode_account(answer.bytes()).ok_or(Missing::Unreadable),
            Err(error) if is(&error, NONE_MAPPED) => Ok(sid_text(sid).into()),
            Err(error) => Err(missing(&error)),
        };
        self.names.entry(sid.into()).or_insert_with(look_up).clone()
    }
}

/// Returns the SID of a `TOKEN_USER`, which begins with a pointer to it. The second byte of a SID tells its length.
pub(super) fn decode_sid(token_user: &Memory) -> Option<&[u8]> {
    let sid = token_user.at(u64_at(token_user.bytes(), START)?)?;
    let parts = usize::from(*sid.get(1)?);
    sid.get(..8 + 4 * parts)
}

/// Decodes the name and the domain, which are zero-terminated and come in this order.
fn decode_account(answer: &[u8]) -> Option<OsString> {
    let all: Vec<u16> = units(answer).collect();
    let mut texts = all.split(|&unit| unit == 0);
    let (name, domain) = (texts.next()?, texts.next()?);
    if name.is_empty() {
        return None;
    }
    let separator: &[u16] = if domain.is_empty() { &[] } else { &[b'\\' as u16] };
    Some(text(&[domain, separator, name].concat()))
}

/// Formats a SID as `S-1-5-21-...`: the revision, the authority (six bytes, big-endian), the parts.
fn sid_text(sid: &[u8]) -> String {
    let authority =
        sid.get(2..8).unwrap_or_default().iter().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    let parts = sid.get(8..).unwrap_or_default().chunks_exact(4).filter_map(|part| part.try_into().ok());
    parts
        .map(u32::from_le_bytes)
        .fold(format!("S-{}-{authority}", sid.first().unwrap_or(&1)), |text, part| format!("{text}-{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;

    fn system() -> Box<[u8]> {
        Box::new([1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0])
    }

    fn token(sid: &[u8]) -> Memory {
        let bytes = [&0x1010u64.to_le_bytes()[..], &[0; 8], sid].concat();
        Memory::new(0x1000, bytes).after(77)
    }

    #[test]
    fn the_name_of_a_sid_is_looked_up_once() {
        let answer: Vec<u8> = "SYSTEM\0NT AUTHORITY\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let source = Fake::new().says(Question::Account(system()), Memory::flat(answer));
        let mut accounts = Accounts::default();
        for _ in 0..2 {
            assert_eq!(accounts.name(&source, &token(&system())), Ok(r"NT AUTHORITY\SYSTEM".into()));
        }
        assert_eq!(source.asked().len(), 1);
    }

    #[test]
    fn a_sid_of_no_account_is_its_own_name() {
        let name = |error| {
            let source = Fake::new().fails(Question::Account(system()), error);
            Accounts::default().name(&source, &token(&system()))
        };
        assert_eq!(name(1332), Ok("S-1-5-18".into()));
        assert_eq!(name(5), Err(Missing::NotPermitted));
        let cut = token(&system()[..9]);
        assert_eq!(Accounts::default().name(&Fake::new(), &cut), Err(Missing::Unreadable));
    }
}
