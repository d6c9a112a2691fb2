//! [`Client`]: questions to a server, and rows to it, over HTTP.

use crate::error::FleetError;
use crate::target::Target;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::sync::{Arc, Once};
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// How long to wait for a connection, and for a server that says nothing while it works.
const CONNECT: Duration = Duration::from_secs(10);

/// What the server says of an error, at most.
const MOST_SAID: usize = 400;

/// The numbers of the server's errors that mean that the user is unknown or may not do this.
const DENIED: [u32; 6] = [192, 193, 194, 291, 497, 516];

/// The number of its error for a question that was taken back.
const CANCELLED: u32 = 394;

/// The numbers for a table and a database that are not there.
const MISSING: [u32; 2] = [60, 81];

/// A user and a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user; `None` for the one of the URL, or the server's default.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
}

/// Nobody may print a password by accident.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Asks a server and sends to it.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    target: Target,
    credentials: Credentials,
    timeout: Duration,
}

/// The longest text of an answer, in bytes.
const MOST_TEXT: u64 = 1 << 26;

/// Where an answer comes from.
pub(crate) type Answer = Box<dyn BufRead>;

impl Client {
    /// Returns a client of a database. A question may take as long as `timeout`.
    pub fn new(target: Target, credentials: Credentials, timeout: Duration) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // It fails where another one was installed, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        // Those that the system trusts; one that cannot be read is not trusted.
        let trusted =
            if target.is_secure { rustls_native_certs::load_native_certs().certs } else { Vec::new() };
        let trusted = trusted.iter().map(|one| Certificate::from_der(one).to_owned());
        let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(trusted.collect()))).build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            // The server is asked to give up first.
            .timeout_recv_response(Some(timeout + CONNECT))
            .timeout_send_body(Some(timeout + CONNECT))
            .timeout_recv_body(Some(timeout + CONNECT))
            .proxy(None)
            // A database sends nobody elsewhere: whoever does is none, and shall not have the password.
            .max_redirects(0)
            .user_agent(concat!("netstat/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, target, credentials, timeout }
    }

    /// Returns the database that is asked.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns a client that may take another time.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self::new(self.target.clone(), self.credentials.clone(), timeout)
    }

    /// Asks, and returns the answer as it comes.
    ///
    /// # Errors
    /// When there is no answer, or an error instead.
    pub(crate) fn ask(&self, sql: &str, query_id: Option<&str>) -> Result<Answer, FleetError> {
        // The text of the question is the body, because an address has no room for a long one.
        self.send(None, sql.as_bytes(), query_id, false)
    }

    /// Asks for one line of text.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn line(&self, sql: &str) -> Result<String, FleetError> {
        Ok(self.text(sql)?.trim_end_matches('\n').to_owned())
    }

    /// Asks for text.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn text(&self, sql: &str) -> Result<String, FleetError> {
        self.text_as(sql, None)
    }

    /// Asks for text under a name, by which the question can be taken back.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn text_as(&self, sql: &str, query_id: Option<&str>) -> Result<String, FleetError> {
        let mut text = Vec::new();
        self.ask(sql, query_id)?.take(MOST_TEXT + 1).read_to_end(&mut text)?;
        if text.len() as u64 > MOST_TEXT {
            return Err(FleetError::Garbled);
        }
        // Names of processes are whatever somebody has chosen.
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Does something that has no answer.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn run(&self, sql: &str) -> Result<(), FleetError> {
        self.text(sql).map(drop)
    }

    /// Sends rows. Returns how many bytes went over the wire.
    ///
    /// # Errors
    /// When they did not arrive, as far as this side can tell: they may have.
    pub(crate) fn insert(&self, sql: &str, rows: &[u8], query_id: &str) -> Result<u64, FleetError> {
        let mut packed = GzEncoder::new(Vec::with_capacity(rows.len() / 4), Compression::new(3));
        packed.write_all(rows)?;
        let packed = packed.finish()?;
        let mut answer = self.send(Some(sql), &packed, Some(query_id), true)?;
        // Who says something to rows that arrived is no database.
        let mut said = [0];
        match answer.read(&mut said)? {
            0 => Ok(packed.len() as u64),
            _ => Err(FleetError::Garbled),
        }
    }

    fn send(
        &self,
        sql: Option<&str>,
        body: &[u8],
        query_id: Option<&str>,
        is_packed: bool,
    ) -> Result<Answer, FleetError> {
        let seconds = self.timeout.as_secs().max(1).to_string();
        let mut request = self
            .agent
            .post(self.target.http())
            .query("database", &self.target.database)
            .query("max_execution_time", &seconds);
        for (name, value) in &self.target.settings {
            request = request.query(name, value);
        }
        if self.target.settings.iter().any(|(name, _)| name == "async_insert") {
            // What was not written yet has not arrived.
            request = request.query("wait_for_async_insert", "1");
        }
        if let Some(sql) = sql {
            request = request.query("query", sql);
        }
        if let Some(id) = query_id {
            request = request.query("query_id", id);
        }
        if let Some(user) = self.credentials.user.as_ref().or(self.target.user.as_ref()) {
            request = request.header("X-ClickHouse-User", user);
        }
        if let Some(password) = &self.credentials.password {
            request = request.header("X-ClickHouse-Key", password);
        }
        if is_packed {
            // What lies in a queue of one server has not arrived at the one that keeps it.
            request = request.query("insert_distributed_sync", "1").header("Content-Encoding", "gzip");
        } else {
            request = request.query("enable_http_compression", "1");
        }
        let mut response = request.send(body).map_err(away)?;
        if response.status().as_u16() == 200 {
            return Ok(Box::new(BufReader::with_capacity(1 << 17, response.into_body().into_reader())));
        }
        let mut said = Vec::new();
        let mut reader = response.body_mut().as_reader();
        let _ = (&mut reader).take(1 << 16).read_to_end(&mut said);
        Err(refusal(&String::from_utf8_lossy(&said), response.status().as_u16(), &self.target))
    }

    /// Takes a question back. Whether that succeeds is seen where its answer is read.
    pub fn cancel(&self, query_id: &str) {
        let _ = self.run(&format!("KILL QUERY WHERE query_id = {} ASYNC", quoted(query_id)));
    }

    /// Returns how many rows a question has read so far, and how many it is thought to read in all; `None` if it does not
    /// run.
    pub fn progress(&self, query_id: &str) -> Option<(u64, u64)> {
        let sql = format!(
            "SELECT read_rows, total_rows_approx FROM system.processes WHERE query_id = {}",
            quoted(query_id)
        );
        let line = self.line(&sql).ok()?;
        let (read, total) = line.split_once('\t')?;
        Some((read.parse().ok()?, total.parse().ok()?))
    }

    /// Returns whether something that was sent is still being worked on.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(crate) fn is_running(&self, query_id: &str) -> Result<bool, FleetError> {
        let sql = format!("SELECT count() FROM system.processes WHERE query_id = {}", quoted(query_id));
        Ok(self.line(&sql)? != "0")
    }
}

/// Returns a name for a question that no other has.
pub(crate) fn new_query_id() -> String {
    format!("netstat-{:016x}", RandomState::new().build_hasher().finish())
}

/// Returns a text within quotes of SQL.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        match character {
            '\\' | '\'' => quoted.extend(['\\', character]),
            '\0' => quoted.push_str("\\0"),
            _ => quoted.push(character),
        }
    }
    quoted + "'"
}

fn away(error: ureq::Error) -> FleetError {
    FleetError::Away(error.to_string())
}

/// Makes an error of what a server says: `Code: 60, e.displayText() = ...`, in one form or another.
pub(crate) fn refusal(said: &str, status: u16, target: &Target) -> FleetError {
    let code: u32 = said
        .split_once("Code: ")
        .and_then(|(_, rest)| rest.split(|next: char| !next.is_ascii_digit()).next()?.parse().ok())
        .unwrap_or(0);
    let text = said.split_once("displayText() = ").map_or(said, |(_, text)| text);
    let text = text.split_once(", e.what()").map_or(text, |(text, _)| text);
    let text: String = text.trim().chars().take(MOST_SAID).collect();
    let text = if text.is_empty() { format!("HTTP {status}") } else { text };
    match code {
        code if DENIED.contains(&code) => FleetError::Denied(text),
        0 if matches!(status, 401 | 403) => FleetError::Denied(text),
        CANCELLED => FleetError::Cancelled,
        code if MISSING.contains(&code) => FleetError::NoTables(target.database.clone()),
        code => FleetError::Refused(code, text),
    }
}
