//! Chromium without a screen, driven by ChromeDriver over plain HTTP on loopback.

use crate::support::Folder;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A browser, gone with the test.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: Folder,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.ask("DELETE", "", &json!({}))));
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

impl Browser {
    /// Starts one; `None` where there is none, which counts as skipped.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let browser = found(&["chromium", "chromium-browser", "google-chrome"]);
        let (Some(browser), Some(driver)) = (browser, found(&["chromedriver"])) else {
            netstat_lab::skip("chromium and chromedriver are not here");
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let said = lines.find_map(|line| {
            let line = line.ok()?;
            line.contains("started successfully on port").then_some(line)
        });
        let said = said.expect("a port");
        let digits: String =
            said.rsplit(' ').next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        // Whatever it says from now on is read by nobody, and must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = Folder::new(&format!("chromium-{name}"));
        let mut started =
            Self { driver, port: digits.parse().unwrap(), session: String::new(), _profile: profile };
        let folder = format!("--user-data-dir={}", started._profile.path("profile").display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1400,1000",
            &folder,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": browser, "args": arguments },
        } } });
        let answer = started.request("POST", "/session", &wanted);
        started.session = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Some(started)
    }

    fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // A machine with much else to do takes long to start a browser.
        stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        let body = body.to_string();
        let body = if method == "POST" { body.as_str() } else { "" };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        answer["value"].take()
    }

    fn ask(&self, method: &str, what: &str, body: &Value) -> Value {
        let answer = self.request(method, &format!("/session/{}{what}", self.session), body);
        assert!(answer.get("error").is_none(), "{what}: {answer}");
        answer
    }

    /// Opens a file.
    pub(crate) fn open(&self, file: &Path) {
        self.ask("POST", "/url", &json!({ "url": format!("file://{}", file.display()) }));
    }

    /// Returns what a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Calls a command of the DevTools protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.ask("POST", "/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Returns what the console has by now.
    pub(crate) fn console(&self) -> Vec<Value> {
        self.ask("POST", "/se/log", &json!({ "type": "browser" })).as_array().unwrap().clone()
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&self, keys: &[&str]) {
        let each = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        let actions =
            json!({ "actions": [{ "type": "key", "id": "keys", "actions": each.collect::<Vec<_>>() }] });
        self.ask("POST", "/actions", &actions);
    }
}
