//! Names of users from the users database.

use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// The names of user IDs in the users database. Users of a directory service are not in it.
///
/// Names come from a file and are only known to be UTF-8: escape them before showing them on a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserNames {
    names: FxHashMap<u32, Box<str>>,
}

impl UserNames {
    /// Parses the text of the database, as returned by [`netstat_os::NameDatabases::users`].
    ///
    /// A line is `name:password:uid:...`. Of several names of a user ID the first wins. All other lines are skipped,
    /// comments and the `+` lines of NIS among them.
    pub fn parse(database: &[u8]) -> Self {
        let mut names = FxHashMap::default();
        for line in database.split(|&byte| byte == b'\n') {
            if let Some((uid, name)) = parse_line(line)
                && let Entry::Vacant(free) = names.entry(uid)
            {
                free.insert(name.into());
            }
        }
        Self { names }
    }

    /// Returns every user that has a name: number and name.
    pub fn all(&self) -> impl Iterator<Item = (u32, &str)> {
        self.names.iter().map(|(&uid, name)| (uid, name.as_ref()))
    }

    /// Returns the name of a user, if it has one.
    pub fn name(&self, uid: u32) -> Option<&str> {
        self.names.get(&uid).map(AsRef::as_ref)
    }

    /// Returns the ID of a user; the lowest of several with this name.
    pub fn uid(&self, name: &str) -> Option<u32> {
        self.names.iter().filter(|(_, known)| known.as_ref() == name).map(|(&uid, _)| uid).min()
    }
}

fn parse_line(line: &[u8]) -> Option<(u32, &str)> {
    let mut fields = std::str::from_utf8(line).ok()?.split(':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['#', '+', '-']))?;
    let uid = fields.nth(1)?;
    // The standard library would also accept a plus sign.
    uid.bytes().all(|byte| byte.is_ascii_digit()).then(|| uid.parse().ok())?.map(|uid| (uid, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_by_number_and_back() {
        let users = UserNames::parse(
            b"root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/:/bin/false\ntoor:x:0:0::/:\nbob::1000",
        );
        assert_eq!(
            (users.name(0), users.name(33), users.name(1000)),
            (Some("root"), Some("www-data"), Some("bob"))
        );
        assert_eq!((users.uid("www-data"), users.uid("toor"), users.uid("nobody")), (Some(33), None, None));
        assert_eq!(users.name(1), None);
    }

    #[test]
    fn invalid_lines_are_skipped() {
        let users = UserNames::parse(
            b"#a:x:1:\n+b:x:2:\n-c:x:3:\n:x:4:\nd:x:\ne:x:+5:\nf:x:99999999999:\ng\xff:x:6:\nh\n\ni:x:7:",
        );
        assert_eq!((1..=7).filter_map(|uid| users.name(uid)).collect::<Vec<_>>(), ["i"]);
        assert_eq!(users.names.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = UserNames::parse(&bytes);
        }

        #[test]
        fn a_user_is_found_again(name in "[a-z_][a-z0-9_-]{0,30}", uid: u32) {
            let users = UserNames::parse(format!("{name}:x:{uid}:100:gecos:/home:/bin/sh\n").as_bytes());
            prop_assert_eq!(users.name(uid), Some(name.as_str()));
            prop_assert_eq!(users.uid(&name), Some(uid));
        }
    }
}
