//! Names of containers, from a made-up layout of the files of each runtime in a mount namespace of the test.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::on_own_thread;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use support::{Folder, NETSTAT, Run, finish};

const ID: &str = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869";
const POD: &str = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa";

/// Where this process seems to run, and the files of the runtime.
struct Layout {
    folder: Folder,
    /// The file that stands for the cgroup of this process.
    cgroup: PathBuf,
}

impl Layout {
    /// `file` is below `/var/lib` or `/run`.
    fn new(name: &str, cgroup: &str, file: &str, text: &str) -> Self {
        let folder = Folder::new(name);
        let path = folder.path("root").join(file.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        for needed in ["root/var/lib", "root/run"] {
            std::fs::create_dir_all(folder.path(needed)).unwrap();
        }
        let path = folder.path("cgroup");
        std::fs::write(&path, format!("0::{cgroup}\n")).unwrap();
        Self { folder, cgroup: path }
    }

    /// Runs the program where this layout is that of the machine.
    fn netstat(&self, words: &str) -> Run {
        let root = self.folder.path("root").display().to_string();
        let script = format!(
            "mount --bind {root}/var/lib /var/lib && mount --bind {root}/run /run && \
             mount --bind {} /proc/{}/cgroup && exec {NETSTAT} {words}",
            self.cgroup.display(),
            std::process::id(),
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &script]).env("LC_ALL", "C");
        finish(command)
    }

    /// The container in the only row with this port.
    fn container(&self, port: u16, more: &str) -> Value {
        let run = self.netstat(&format!("--json --columns container,pod lport {port} {more}"));
        let document: Value =
            serde_json::from_str(&run.text).unwrap_or_else(|error| panic!("{error}: {run:?}"));
        let rows = document["sockets"].as_array().unwrap();
        rows.first().map_or(Value::Null, |row| row["container"].clone())
    }
}

#[test]
fn each_runtime_tells_the_names_of_its_containers() {
    let docker = format!("/var/lib/docker/containers/{ID}/config.v2.json");
    let storage = "/var/lib/containers/storage/overlay-containers/containers.json";
    let containerd = format!("/run/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}/config.json");
    let annotations = r#"{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"web-0"}}"#;
    let in_pod = format!("/kubepods/burstable/pod{POD}/{ID}");
    let stored = format!(r#"[{{"id":"{ID}","names":["db"]}}]"#);
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for (name, cgroup, file, text, expected) in [
            (
                "docker",
                format!("/system.slice/docker-{ID}.scope"),
                docker.as_str(),
                r#"{"Config":{"Env":["A=b"]},"Name":"/web"}"#,
                json!({ "runtime": "docker", "id": ID, "name": "web", "pod": null, "pod_name": null }),
            ),
            (
                "podman",
                format!("/machine.slice/libpod-{ID}.scope"),
                storage,
                &stored,
                json!({ "runtime": "podman", "id": ID, "name": "db", "pod": null, "pod_name": null }),
            ),
            (
                "kubernetes",
                in_pod.clone(),
                &containerd,
                annotations,
                json!({ "runtime": "kubernetes", "id": ID, "name": "app", "pod": POD, "pod_name": "web-0" }),
            ),
            (
                "containerd",
                format!("/system.slice/cri-containerd-{ID}.scope"),
                &containerd,
                annotations,
                json!({ "runtime": "containerd", "id": ID, "name": "app", "pod": null, "pod_name": "web-0" }),
            ),
            (
                "crio",
                format!("/kubepods/besteffort/pod{POD}/crio-{ID}"),
                storage,
                &stored,
                json!({ "runtime": "cri-o", "id": ID, "name": "db", "pod": POD, "pod_name": null }),
            ),
            (
                "lxc",
                "/lxc.payload.web/system.slice/nginx.service".to_owned(),
                "/run/none",
                "",
                json!({ "runtime": "lxc", "id": "web", "name": "web", "pod": null, "pod_name": null }),
            ),
            (
                "nspawn",
                r"/machine.slice/systemd-nspawn@my\x2ddb.service/payload/init.scope".to_owned(),
                "/run/none",
                "",
                json!({ "runtime": "systemd-nspawn", "id": "my-db", "name": "my-db", "pod": null, "pod_name": null }),
            ),
            (
                "nameless",
                format!("/docker/{ID}"),
                &docker,
                "no JSON",
                json!({ "runtime": "docker", "id": ID, "name": null, "pod": null, "pod_name": null }),
            ),
        ] {
            let layout = Layout::new(&format!("container-{name}"), &cgroup, file, text);
            assert_eq!(layout.container(port, ""), expected, "{name}");
        }
    });
}

#[test]
fn filters_take_names_and_hostile_ones_are_escaped_and_replay() {
    let file = format!("/var/lib/docker/containers/{ID}/config.v2.json");
    let layout = Layout::new(
        "container-hostile",
        &format!("/docker/{ID}"),
        &file,
        r#"{"Name":"/a\u001b[2J","Config":{"Env":["PASSWORD=hunter2"]}}"#,
    );
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for (filter, matches) in [
            ("container 'a*'", true),
            ("container 'docker:a*'", true),
            ("container 9687bac", true),
            ("container 'b*'", false),
            ("container 'podman:a*'", false),
        ] {
            // The shell of the layout takes the quotes.
            assert_eq!(layout.container(port, filter) != Value::Null, matches, "{filter}");
        }
        let tape = layout.folder.path("tape");
        let words = format!("--columns container --no-header lport {port}");
        let recorded = layout.netstat(&format!("{words} --record {}", tape.display()));
        assert_eq!(recorded.text, "docker:a\\x1b[2J\n");
        let mut replay = Command::new(NETSTAT);
        replay.args(words.split(' ')).arg("--replay").arg(&tape).env("LC_ALL", "C");
        assert_eq!(finish(replay).text, recorded.text);
        for entry in std::fs::read_dir(&tape).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "a recording holds a secret");
        }
    });
}
