//! [`Target`]: which database of which server, as a URL names it.

use std::fmt;

/// The ports of a server without and with TLS.
const PORT: u16 = 8123;
const SECURE_PORT: u16 = 8443;

/// How long ends are kept unless it is said, in days.
const DAYS: u32 = 30;

/// A database of a server: `clickhouse://[USER@]HOST[:PORT]/DATABASE[?secure=1&cluster=NAME&days=N&SETTING=VALUE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The user that the URL names; the password is nowhere near it.
    pub user: Option<String>,
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// The port of its HTTP interface.
    pub port: u16,
    /// The database.
    pub database: String,
    /// Whether to speak TLS.
    pub is_secure: bool,
    /// The cluster that tables are made on; `None` for one server.
    pub cluster: Option<String>,
    /// For how many days tables keep ends, where the server can forget them by itself; 0 for ever.
    pub days: u32,
    /// Settings of the server that go with everything that is sent.
    pub settings: Vec<(String, String)>,
}

/// What is wrong with a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetError {
    /// It does not begin with `clickhouse://`.
    Scheme,
    /// It has a password, which everybody could see in the list of processes.
    Password,
    /// It names no host, or none that there can be.
    Host,
    /// Its port is none.
    Port,
    /// It names no database, or one with other characters than letters, digits and `_`.
    Database,
    /// Something behind its `?` is none of `NAME=VALUE`.
    Setting,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("clickhouse") => rest,
            _ => return Err(TargetError::Scheme),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = place.split_once('/').ok_or(TargetError::Database)?;
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(TargetError::Password);
        }
        let user = user.map(decoded).filter(|user| !user.is_empty());
        let (host, port) = match host.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(TargetError::Host)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| TargetError::Host)?;
                match port.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if port.is_empty() => (host, None),
                    None => return Err(TargetError::Host),
                }
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err(TargetError::Host);
        }
        let database = database.trim_end_matches('/');
        if !is_name(database) {
            return Err(TargetError::Database);
        }
        let mut target = Self {
            user,
            host: host.to_owned(),
            port: PORT,
            database: database.to_owned(),
            is_secure: false,
            cluster: None,
            days: DAYS,
            settings: Vec::new(),
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(TargetError::Setting)?;
            let value = decoded(value);
            match name {
                "secure" => target.is_secure = !matches!(value.as_str(), "0" | "false"),
                "cluster" if is_name(&value) => target.cluster = Some(value),
                "days" => target.days = value.parse().map_err(|_| TargetError::Setting)?,
                "password" | "user" => return Err(TargetError::Password),
                name if is_name(name) => target.settings.push((name.to_owned(), value)),
                _ => return Err(TargetError::Setting),
            }
        }
        target.port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(TargetError::Port)?,
            None if target.is_secure => SECURE_PORT,
            None => PORT,
        };
        Ok(target)
    }

    /// Returns the URL of its HTTP interface.
    pub(crate) fn http(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        format!("{scheme}://{open}{}{close}:{}/", self.host, self.port)
    }
}

/// The place alone: who asks, and how, makes no other place of it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "clickhouse://{open}{}{close}:{}/{}", self.host, self.port, self.database)
    }
}

/// Whether a text needs no quotes in SQL.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_part) && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// Undoes percent-encoding. What is none stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        rest = match (*first == b'%').then(|| digit(0).zip(digit(1))).flatten() {
            Some((high, low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                after.get(2..).unwrap_or_default()
            }
            None => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_database() {
        let target = Target::parse("clickhouse://ch.example.com/net").unwrap();
        assert_eq!((target.http().as_str(), &*target.database), ("http://ch.example.com:8123/", "net"));
        let url = "clickhouse://ops%40x@[::1]:9000/net?secure=1&cluster=c1&async_insert=1";
        let target = Target::parse(url).unwrap();
        assert_eq!(target.user.as_deref(), Some("ops@x"));
        assert_eq!(target.http(), "https://[::1]:9000/");
        assert_eq!(target.cluster.as_deref(), Some("c1"));
        assert_eq!(target.settings, [("async_insert".to_owned(), "1".to_owned())]);
        assert_eq!(target.to_string(), "clickhouse://[::1]:9000/net");
        assert_eq!(Target::parse("clickhouse://h/d?secure=1").unwrap().port, 8443);
    }

    #[test]
    fn what_is_no_url_is_refused_with_a_reason() {
        for (url, why) in [
            ("http://h/d", TargetError::Scheme),
            ("h", TargetError::Scheme),
            ("clickhouse://u:p@h/d", TargetError::Password),
            ("clickhouse://h/d?password=p", TargetError::Password),
            ("clickhouse:///d", TargetError::Host),
            ("clickhouse://a b/d", TargetError::Host),
            ("clickhouse://[::1/d", TargetError::Host),
            ("clickhouse://h:0/d", TargetError::Port),
            ("clickhouse://h:x/d", TargetError::Port),
            ("clickhouse://h", TargetError::Database),
            ("clickhouse://h/", TargetError::Database),
            ("clickhouse://h/d'", TargetError::Database),
            ("clickhouse://h/d?x", TargetError::Setting),
            ("clickhouse://h/d?a-b=1", TargetError::Setting),
        ] {
            assert_eq!(Target::parse(url), Err(why), "{url}");
        }
    }
}
