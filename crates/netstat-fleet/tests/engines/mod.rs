//! Engines for tests: Debian's server and chdb, each from a folder of its own; and what stands between them and a sender.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A folder of its own for a test, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("netstat-fleet-{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running engine.
pub(crate) struct Engine {
    pub(crate) port: u16,
    host: Ipv4Addr,
    child: Child,
    _folder: Folder,
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Its data go with its folder, so there is nothing to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_ports(host: Ipv4Addr, count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind((host, 0)).unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

impl Engine {
    /// Starts Debian's server; `None` where there is none.
    pub(crate) fn server(host: Ipv4Addr) -> Option<Self> {
        Self::server_of(host, free_ports(host, 3), "")
    }

    /// Starts two of them that make a cluster named `two`.
    pub(crate) fn pair() -> Option<[Self; 2]> {
        let hosts = [Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2)];
        let ports = hosts.map(|host| free_ports(host, 3));
        let shards: String = hosts
            .iter()
            .zip(&ports)
            .map(|(host, ports)| {
                format!("<shard><replica><host>{host}</host><port>{}</port></replica></shard>", ports[1])
            })
            .collect();
        let more = format!("<remote_servers><two>{shards}</two></remote_servers>");
        let [one, two] = [(hosts[0], ports[0].clone()), (hosts[1], ports[1].clone())]
            .map(|(host, ports)| Self::server_of(host, ports, &more));
        Some([one?, two?])
    }

    fn server_of(host: Ipv4Addr, ports: Vec<u16>, more: &str) -> Option<Self> {
        let program = ["/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server"]
            .into_iter()
            .find(|program| Path::new(program).exists())?;
        let folder = Folder::new("server");
        let at = folder.0.display();
        let [http, tcp, between] = ports[..] else { return None };
        let config = format!(
            "<yandex><logger><level>warning</level><log>{at}/log</log><errorlog>{at}/errors</errorlog></logger>
             <listen_host>{host}</listen_host><http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
             <interserver_http_port>{between}</interserver_http_port><path>{at}/data/</path><tmp_path>{at}/tmp/</tmp_path>
             <users_config>{at}/users.xml</users_config><default_profile>default</default_profile>
             <default_database>default</default_database><mark_cache_size>67108864</mark_cache_size>{more}</yandex>"
        );
        let users = "<yandex><profiles><default/></profiles><users>
             <default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default>
             <alice><password>secret</password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></alice>
             </users><quotas><default/></quotas></yandex>";
        fs::write(folder.join("config.xml"), config).unwrap();
        fs::write(folder.join("users.xml"), users).unwrap();
        let log = fs::File::create(folder.join("out")).unwrap();
        let child = Command::new(program)
            .arg(format!("--config-file={}", folder.join("config.xml").display()))
            .current_dir(&folder.0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .ok()?;
        let mut engine = Self { port: http, host, child, _folder: folder };
        let begin = Instant::now();
        while engine.ask("SELECT 1").as_deref() != Some("1\n") {
            assert!(engine.child.try_wait().unwrap().is_none(), "the server has ended");
            assert!(begin.elapsed() < Duration::from_secs(60), "the server does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        engine.ask("CREATE DATABASE net").unwrap();
        Some(engine)
    }

    /// Starts the engine of chdb; `None` where that is not there.
    pub(crate) fn chdb() -> Option<Self> {
        let is_there = Command::new("python3")
            .args(["-c", "import chdb"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !is_there.is_ok_and(|status| status.success()) {
            return None;
        }
        let folder = Folder::new("chdb");
        let bridge = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge.py");
        let mut child = Command::new("python3")
            .arg(bridge)
            .arg(&folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let engine =
            Self { port: line.trim().parse().unwrap(), host: Ipv4Addr::LOCALHOST, child, _folder: folder };
        engine.ask("CREATE DATABASE net").unwrap();
        Some(engine)
    }

    /// Asks by a way of the test's own.
    pub(crate) fn ask(&self, sql: &str) -> Option<String> {
        let mut stream = TcpStream::connect((self.host, self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{sql}",
            sql.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        if !head.starts_with("HTTP/1.1 200") {
            panic!("{sql}: {answer}");
        }
        if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            return Some(body.to_owned());
        }
        let mut whole = String::new();
        let mut rest = body;
        while let Some((length, after)) = rest.split_once("\r\n") {
            let length = usize::from_str_radix(length.trim(), 16).ok()?;
            if length == 0 {
                break;
            }
            whole.push_str(after.get(..length)?);
            rest = after.get(length + 2..)?;
        }
        Some(whole)
    }

    pub(crate) fn number(&self, sql: &str) -> u64 {
        self.ask(sql).unwrap().trim().parse().unwrap()
    }

    pub(crate) fn url(&self) -> String {
        // What these tests keep is older than a month.
        format!("clickhouse://{}:{}/net?days=0", self.host, self.port)
    }
}

/// Stands between a sender and a server, and breaks connections.
pub(crate) struct Wire {
    pub(crate) port: u16,
    /// After so many bytes of one connection towards the server it breaks; and so many towards the sender.
    to_server: Arc<AtomicU64>,
    to_sender: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    /// How often it has broken one.
    pub(crate) cuts: Arc<AtomicU32>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Wire {
    pub(crate) fn new(server: &Engine) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            to_server: Arc::new(AtomicU64::new(u64::MAX)),
            to_sender: Arc::new(AtomicU64::new(u64::MAX)),
            is_over: Arc::default(),
            cuts: Arc::default(),
        };
        let (to_server, to_sender) = (Arc::clone(&wire.to_server), Arc::clone(&wire.to_sender));
        let (is_over, cuts) = (Arc::clone(&wire.is_over), Arc::clone(&wire.cuts));
        let there = (server.host, server.port);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(server) = TcpStream::connect(there) else { continue };
                for (from, to, limit) in [(&stream, &server, &to_server), (&server, &stream, &to_sender)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let (limit, cuts) = (Arc::clone(limit), Arc::clone(&cuts));
                    thread::spawn(move || pass(from, to, &limit, &cuts));
                }
            }
        });
        wire
    }

    /// Breaks the next connection that has more bytes than these, each way; then no other.
    pub(crate) fn cut_after(&self, to_server: Option<u64>, to_sender: Option<u64>) {
        self.to_server.store(to_server.unwrap_or(u64::MAX), Ordering::Relaxed);
        self.to_sender.store(to_sender.unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, limit: &AtomicU64, cuts: &AtomicU32) {
    let mut passed = 0;
    let mut bytes = vec![0; 1 << 14];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let left = limit.load(Ordering::Relaxed).saturating_sub(passed);
        if (count as u64) > left {
            limit.store(u64::MAX, Ordering::Relaxed);
            cuts.fetch_add(1, Ordering::Relaxed);
            let _ = to.write_all(&bytes[..usize::try_from(left).unwrap()]);
            for end in [&from, &to] {
                let _ = end.shutdown(Shutdown::Both);
            }
            return;
        }
        passed += count as u64;
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
