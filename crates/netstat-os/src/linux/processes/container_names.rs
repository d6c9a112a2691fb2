//! Names of containers, from the files that their runtimes keep. Nothing is asked of a daemon, and nothing of the network.
//!
//! | runtime | file |
//! |---|---|
//! | Docker | `/var/lib/docker/containers/ID/config.v2.json`: `Name` |
//! | Podman, CRI-O | `/var/lib/containers/storage/overlay-containers/containers.json`: `names` of each `id` |
//! | containerd under Kubernetes | `/run/containerd/io.containerd.runtime.v2.task/k8s.io/ID/config.json`: annotations |
//!
//! Without root both Docker and Podman keep theirs at home: below `.local/share` of the user whose service manager the
//! container runs under, by `/etc/passwd`.
//!
//! These files are for root, and hold secrets: only the names are kept of them, in recordings too. Of what may not be read, or
//! makes no sense, the name is unknown.

use crate::linux::source::Source;
use netstat_model::{Container, ContainerRuntime};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

const DOCKER: &str = "/var/lib/docker/containers";
const STORAGE: &str = "/var/lib/containers/storage/overlay-containers/containers.json";

/// The same below the home of a user.
const DOCKER_AT_HOME: &str = ".local/share/docker/containers";
const STORAGE_AT_HOME: &str = ".local/share/containers/storage/overlay-containers/containers.json";

const USERS: &str = "/etc/passwd";
const CONTAINERD: &str = "/run/containerd/io.containerd.runtime.v2.task/k8s.io";

/// The longest name that is believed, in bytes; runtimes allow a quarter of it.
const LONGEST: usize = 1024;

/// The names of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    name: Option<Box<str>>,
    pod: Option<Box<str>>,
}

/// What was read so far: each file is read once.
#[derive(Default)]
pub(in crate::linux) struct ContainerNames {
    known: FxHashMap<Box<str>, Found>,
    /// By the user, and of root without one.
    storage: FxHashMap<Option<u32>, FxHashMap<Box<str>, Box<str>>>,
}

impl ContainerNames {
    /// Enters the names of a container, as far as they are known. `user` has it run without root.
    pub(super) fn complete(&mut self, source: &dyn Source, container: &mut Container, user: Option<u32>) {
        if matches!(container.runtime, ContainerRuntime::Lxc | ContainerRuntime::Nspawn) {
            return;
        }
        let found = match self.known.get(&container.id) {
            Some(found) => found.clone(),
            None => {
                let found = self.find(source, container.runtime, &container.id, user);
                self.known.insert(container.id.clone(), found.clone());
                found
            }
        };
        (container.name, container.pod_name) = (found.name, found.pod);
    }

    fn find(&mut self, source: &dyn Source, runtime: ContainerRuntime, id: &str, user: Option<u32>) -> Found {
        let found = match runtime {
            ContainerRuntime::Docker => docker(source, id, user),
            ContainerRuntime::Podman | ContainerRuntime::CriO => self.storage(source, id, user),
            ContainerRuntime::Containerd => containerd(source, id),
            // The group of a pod may be that of any of them.
            ContainerRuntime::Kubernetes => {
                let stored = containerd(source, id).or_else(|| self.storage(source, id, user));
                stored.or_else(|| docker(source, id, user))
            }
            ContainerRuntime::Lxc | ContainerRuntime::Nspawn => None,
        };
        found.unwrap_or_default()
    }

    fn storage(&mut self, source: &dyn Source, id: &str, user: Option<u32>) -> Option<Found> {
        let stored = self.storage.entry(user).or_insert_with(|| {
            let path = at_home(source, user, STORAGE_AT_HOME).unwrap_or_else(|| STORAGE.to_owned());
            kept(source, &path, keep_storage).and_then(|text| decode_storage(&text)).unwrap_or_default()
        });
        stored.get(id).and_then(|name| plain(name))
    }
}

/// Reads what is kept of a file.
fn kept(source: &dyn Source, path: &str, keep: fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    source.read_kept(path, &keep, &mut text).ok()?;
    Some(text)
}

fn docker(source: &dyn Source, id: &str, user: Option<u32>) -> Option<Found> {
    let folder = at_home(source, user, DOCKER_AT_HOME).unwrap_or_else(|| DOCKER.to_owned());
    decode_docker(&kept(source, &format!("{folder}/{id}/config.v2.json"), keep_docker)?)
}

/// Returns a path below the home of a user; `None` for none, root, and one whose home is not known.
fn at_home(source: &dyn Source, user: Option<u32>, path: &str) -> Option<String> {
    let user = user.filter(|&user| user != 0)?;
    let mut users = Vec::new();
    source.read(USERS, &mut users).ok()?;
    Some(format!("{}/{path}", decode_home(&users, user)?))
}

/// Decodes the home of a user in `/etc/passwd`.
fn decode_home(users: &[u8], user: u32) -> Option<String> {
    users.split(|&byte| byte == b'\n').find_map(|line| {
        let fields: Vec<&str> = std::str::from_utf8(line).ok()?.split(':').collect();
        let [_, _, id, _, _, home, ..] = fields[..] else { return None };
        (id.parse() == Ok(user) && home.starts_with('/')).then(|| home.trim_end_matches('/').to_owned())
    })
}

fn containerd(source: &dyn Source, id: &str) -> Option<Found> {
    decode_containerd(&kept(source, &format!("{CONTAINERD}/{id}/config.json"), keep_containerd)?)
}

/// Returns the names in the name of a container; a kubelet makes `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`, whose parts have
/// no underscores.
fn plain(name: &str) -> Option<Found> {
    let name = name.strip_prefix('/').unwrap_or(name);
    let parts: Vec<&str> = name.split('_').collect();
    match parts[..] {
        ["k8s", container, pod, _, _, _] => Some(Found { name: sound(container), pod: sound(pod) }),
        _ => Some(Found { name: sound(name), pod: None }),
    }
    .filter(|found| found.name.is_some())
}

fn sound(name: &str) -> Option<Box<str>> {
    (1..=LONGEST).contains(&name.len()).then(|| name.into())
}

#[derive(Serialize, Deserialize)]
struct OfDocker {
    #[serde(rename = "Name")]
    name: String,
}

#[derive(Serialize, Deserialize)]
struct OfStorage {
    id: String,
    #[serde(default)]
    names: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct OfContainerd {
    annotations: Annotations,
}

#[derive(Serialize, Deserialize)]
struct Annotations {
    #[serde(rename = "io.kubernetes.cri.container-name")]
    container: Option<String>,
    #[serde(rename = "io.kubernetes.cri.sandbox-name")]
    pod: Option<String>,
    /// `sandbox` for the container that holds the namespaces of a pod, which has no name of its own.
    #[serde(rename = "io.kubernetes.cri.container-type")]
    kind: Option<String>,
}

/// Leaves of a document only the fields of a type; nothing of what is something else. What is left is left whole by another
/// call.
fn keep<'a, T: Serialize + Deserialize<'a>>(text: &'a [u8]) -> Vec<u8> {
    let document: Option<T> = serde_json::from_slice(text).ok();
    document.and_then(|document| serde_json::to_vec(&document).ok()).unwrap_or_default()
}

fn keep_docker(text: &[u8]) -> Vec<u8> {
    keep::<OfDocker>(text)
}

fn keep_storage(text: &[u8]) -> Vec<u8> {
    keep::<Vec<OfStorage>>(text)
}

fn keep_containerd(text: &[u8]) -> Vec<u8> {
    keep::<OfContainerd>(text)
}

fn decode_docker(text: &[u8]) -> Option<Found> {
    plain(&serde_json::from_slice::<OfDocker>(text).ok()?.name)
}

fn decode_storage(text: &[u8]) -> Option<FxHashMap<Box<str>, Box<str>>> {
    let stored: Vec<OfStorage> = serde_json::from_slice(text).ok()?;
    let named =
        stored.into_iter().filter_map(|one| Some((one.id.into(), one.names.into_iter().next()?.into())));
    Some(named.collect())
}

fn decode_containerd(text: &[u8]) -> Option<Found> {
    let OfContainerd { annotations } = serde_json::from_slice(text).ok()?;
    let is_sandbox = annotations.kind.as_deref() == Some("sandbox");
    let name = annotations.container.or_else(|| is_sandbox.then(|| "POD".to_owned()));
    Some(Found { name: name.as_deref().and_then(sound), pod: annotations.pod.as_deref().and_then(sound) })
}

/// Runs every decoder on the same bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_docker(&keep_docker(bytes));
    decode_storage(&keep_storage(bytes));
    decode_containerd(&keep_containerd(bytes));
    decode_home(bytes, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use crate::linux::source::Recording;
    use crate::tape::{Player, Recorder};
    use proptest::prelude::*;
    use rustix::io::Errno;
    use std::sync::Arc;

    const ID: &str = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869";
    const SECRET: &str = "PASSWORD=hunter2";

    fn named(source: &dyn Source, runtime: ContainerRuntime) -> (Option<String>, Option<String>) {
        let mut container = Container { runtime, id: ID.into(), name: None, pod: None, pod_name: None };
        ContainerNames::default().complete(source, &mut container, None);
        (container.name.map(String::from), container.pod_name.map(String::from))
    }

    fn some(name: &str, pod: &str) -> (Option<String>, Option<String>) {
        (Some(name.to_owned()), (!pod.is_empty()).then(|| pod.to_owned()))
    }

    fn docker_file(name: &str) -> Fake {
        let text =
            format!(r#"{{"State":{{"Pid":7}},"ID":"{ID}","Config":{{"Env":["{SECRET}"]}},"Name":{name}}}"#);
        Fake::new().file(&format!("{DOCKER}/{ID}/config.v2.json"), text)
    }

    fn storage_file() -> Fake {
        let text = format!(
            r#"[{{"id":"other","names":["x"]}},{{"id":"bare"}},{{"id":"{ID}","names":["db","alias"],"metadata":"{SECRET}"}}]"#
        );
        Fake::new().file(STORAGE, text)
    }

    fn containerd_file(annotations: &str) -> Fake {
        let text = format!(
            r#"{{"ociVersion":"1.1.0","process":{{"env":["{SECRET}"]}},"annotations":{{{annotations}}}}}"#
        );
        Fake::new().file(&format!("{CONTAINERD}/{ID}/config.json"), text)
    }

    const ANNOTATIONS: &str =
        r#""io.kubernetes.cri.container-name":"app","io.kubernetes.cri.sandbox-name":"web-0","x":"y""#;

    #[test]
    fn each_runtime_has_a_file_with_the_name() {
        use ContainerRuntime::{Containerd, CriO, Docker, Kubernetes, Podman};
        assert_eq!(named(&docker_file(r#""/web""#), Docker), some("web", ""));
        let of_kubelet = docker_file(r#""/k8s_app_web-0_default_ac04f3f2-1f2c_3""#);
        assert_eq!(named(&of_kubelet, Docker), some("app", "web-0"));
        assert_eq!(named(&storage_file(), Podman), some("db", ""));
        assert_eq!(named(&storage_file(), CriO), some("db", ""));
        assert_eq!(named(&containerd_file(ANNOTATIONS), Containerd), some("app", "web-0"));
        let sandbox =
            r#""io.kubernetes.cri.container-type":"sandbox","io.kubernetes.cri.sandbox-name":"web-0""#;
        assert_eq!(named(&containerd_file(sandbox), Containerd), some("POD", "web-0"));
        for fake in [docker_file(r#""/web""#), storage_file(), containerd_file(ANNOTATIONS)] {
            assert!(named(&fake, Kubernetes).0.is_some());
        }
    }

    #[test]
    fn what_users_run_without_root_is_named_at_their_homes() {
        let users =
            "root:x:0:0::/root:/bin/sh\nann:x:1000:1000:,,,:/home/ann/:/bin/sh\nbob:x:1001:1001::nowhere:\n";
        let stored = format!(r#"[{{"id":"{ID}","names":["db"]}}]"#);
        let fake = Fake::new()
            .file(USERS, users)
            .file("/home/ann/.local/share/containers/storage/overlay-containers/containers.json", stored)
            .file(
                &format!("/home/ann/.local/share/docker/containers/{ID}/config.v2.json"),
                r#"{"Name":"/web"}"#,
            );
        let named = |runtime, user| {
            let mut container = Container { runtime, id: ID.into(), name: None, pod: None, pod_name: None };
            ContainerNames::default().complete(&fake, &mut container, Some(user));
            container.name.map(String::from)
        };
        assert_eq!(named(ContainerRuntime::Podman, 1000).as_deref(), Some("db"));
        assert_eq!(named(ContainerRuntime::Docker, 1000).as_deref(), Some("web"));
        for user in [0, 1001, 4] {
            assert_eq!(named(ContainerRuntime::Podman, user), None, "{user}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_makes_no_sense_has_no_name() {
        let path = format!("{DOCKER}/{ID}/config.v2.json");
        let long = format!("\"/{}\"", "x".repeat(LONGEST + 1));
        for fake in [
            Fake::new(),
            Fake::new().fails(&path, Errno::ACCESS),
            Fake::new().file(&path, "\x1b[2J"),
            Fake::new().file(&path, "[".repeat(100_000)),
            docker_file("7"),
            docker_file(r#""""#),
            docker_file(&long),
        ] {
            assert_eq!(named(&fake, ContainerRuntime::Docker), (None, None));
        }
        // Escaping is up to who shows it.
        assert_eq!(named(&docker_file(r#""/a\u001b[2J""#), ContainerRuntime::Docker), some("a\u{1b}[2J", ""));
    }

    #[test]
    fn a_file_is_read_once() {
        let fake = storage_file();
        let mut names = ContainerNames::default();
        for id in [ID, ID, "missing", "missing"] {
            let mut container = Container {
                runtime: ContainerRuntime::Podman,
                id: id.into(),
                name: None,
                pod: None,
                pod_name: None,
            };
            names.complete(&fake, &mut container, None);
            assert_eq!(container.name.is_some(), id == ID);
        }
        assert_eq!(fake.asked(), [STORAGE]);
    }

    #[test]
    fn a_recording_has_the_names_and_no_secrets() {
        let folder = std::env::temp_dir().join(format!("netstat-container-names-{}", std::process::id()));
        for (number, (fake, runtime)) in [
            (docker_file(r#""/web""#), ContainerRuntime::Docker),
            (storage_file(), ContainerRuntime::Podman),
            (containerd_file(ANNOTATIONS), ContainerRuntime::Containerd),
        ]
        .into_iter()
        .enumerate()
        {
            let folder = folder.join(number.to_string());
            let recording = Recording::new(fake, Arc::new(Recorder::create(&folder).unwrap()));
            let recorded = named(&recording, runtime);
            recording.finish().unwrap();
            assert!(recorded.0.is_some());
            for entry in std::fs::read_dir(&folder).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{runtime:?}");
            }
            assert_eq!(named(&Player::open(&folder).unwrap(), runtime), recorded);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_and_what_is_kept_stays(bytes: Vec<u8>, name in ".{0,20}", id in "[0-9a-f]{0,8}") {
            decode_all(&bytes);
            let documents = [
                serde_json::json!({ "Name": name, "x": [name] }),
                serde_json::json!([{ "id": id, "names": [name], "x": 1 }]),
                serde_json::json!({ "annotations": { "io.kubernetes.cri.container-name": name, "x": id } }),
            ];
            for (document, keep) in documents.iter().zip([keep_docker, keep_storage, keep_containerd]) {
                let text = serde_json::to_vec(document).unwrap();
                decode_all(&text);
                let kept = keep(&text);
                prop_assert!(!kept.is_empty());
                prop_assert_eq!(keep(&kept), kept);
            }
        }
    }
}
