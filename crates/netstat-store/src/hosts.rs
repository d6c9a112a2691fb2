//! Which host each run recorded: a store can be carried to another machine, and a machine get another name.

use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The key of the table `meta` for the host of the first run. Of later ones it stands under their numbers, behind a point, where
/// it is another host than before.
const HOST: &str = "host";

/// Notes the host of a run.
pub(crate) fn note(transaction: &Transaction<'_>, session: i64, host: Option<&str>) -> rusqlite::Result<()> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM session WHERE id < ?)";
    let set = |key: &str, host: Option<&str>| {
        let sql = "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)";
        transaction.execute(sql, params![key, host]).map(drop)
    };
    match transaction.query_row(sql, [session], |row| row.get(0))? {
        true => set(HOST, host),
        false if read(transaction)?.of(session).as_deref() == host => Ok(()),
        false => set(&format!("{HOST}.{session}"), host),
    }
}

/// The hosts of runs.
pub(crate) struct Hosts {
    first: Option<Rc<str>>,
    /// The runs with which another host begins.
    later: BTreeMap<i64, Option<Rc<str>>>,
}

impl Hosts {
    /// Returns the host of a run.
    pub(crate) fn of(&self, session: i64) -> Option<Rc<str>> {
        let later = self.later.range(..=session).next_back();
        later.map_or(&self.first, |(_, host)| host).clone()
    }
}

/// Reads the hosts of all runs.
pub(crate) fn read(database: &Connection) -> rusqlite::Result<Hosts> {
    let mut hosts = Hosts { first: None, later: BTreeMap::new() };
    let sql = "SELECT key, value FROM meta WHERE key = ?1 OR key > ?1 || '.' AND key < ?1 || '/'";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query([HOST])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let host: Option<String> = row.get(1)?;
        let host = host.map(Rc::from);
        match key.strip_prefix(HOST).and_then(|rest| rest.strip_prefix('.')) {
            None => hosts.first = host,
            Some(session) => {
                if let Ok(session) = session.parse() {
                    hosts.later.insert(session, host);
                }
            }
        }
    }
    Ok(hosts)
}
