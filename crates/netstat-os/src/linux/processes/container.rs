//! Finds the container in `/proc/PID/cgroup`, by the names that container runtimes give their control groups.
//!
//! | runtime | systemd driver | cgroupfs driver |
//! |---|---|---|
//! | Docker | `docker-ID.scope` | `docker/ID`, on Amazon ECS `ecs/TASK/ID` |
//! | Podman | `libpod-ID.scope`, in a unit of its own `libpod-payload-ID` | `libpod_parent/libpod-ID` |
//! | containerd | `nerdctl-ID.scope` | `NAMESPACE/ID`: `default`, `k8s.io` |
//! | Kubernetes | `kubepods-QOS-podUID.slice/`, then `cri-containerd-ID.scope`, `crio-ID.scope` or `docker-ID.scope` | `kubepods/QOS/podUID/ID`, of CRI-O `crio-ID` |
//! | LXC, Incus, LXD | `lxc.payload.NAME`, before LXC 4 `lxc/NAME` | the same |
//! | systemd-nspawn | `systemd-nspawn@NAME.service/payload`, `machine-NAME.scope/payload` | |
//!
//! An ID has 64 hexadecimal digits. This excludes groups with similar names: container monitors
//! (`libpod-conmon-ID.scope`), mounts (`docker-ID-mounts-shm.mount`). The path of a nested container has the names of both;
//! the inner one counts. LXC and systemd-nspawn have names alone. One with other characters than those of host names is taken for
//! none: anybody may give a group of his own such a name.

use netstat_model::{Container, ContainerRuntime};

/// Decodes the container; `None` for a process in none that is known by its name.
pub(super) fn decode_container(cgroup: &[u8]) -> Option<Container> {
    // In cgroup v1 each controller has its own path, and not all of them need be in the container.
    cgroup.split(|&byte| byte == b'\n').find_map(|line| {
        let path = std::str::from_utf8(line.splitn(3, |&byte| byte == b':').nth(2)?).ok()?;
        container_of_path(path)
    })
}

fn container_of_path(path: &str) -> Option<Container> {
    let path = path.strip_suffix(" (deleted)").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    (0..parts.len()).rev().find_map(|at| {
        let (before, part) = (parts.get(..at)?, parts.get(at)?);
        if let Some((runtime, name)) = by_name(before, part) {
            let name: Box<str> = name.into();
            return Some(Container {
                runtime,
                id: name.clone(),
                name: Some(name),
                pod: None,
                pod_name: None,
            });
        }
        let (runtime, id) = named(part).or_else(|| bare(before, part))?;
        Some(Container {
            runtime,
            id: id.into(),
            name: None,
            pod_name: None,
            pod: before.iter().rev().chain([part]).find_map(|part| pod(part)),
        })
    })
}

/// Recognizes a group whose own name contains the runtime and the ID.
fn named(part: &str) -> Option<(ContainerRuntime, &str)> {
    // A kubelet with the systemd driver and containerd with cgroupfs make `SLICE:cri-containerd:ID`.
    if let Some((_, id)) = part.rsplit_once(":cri-containerd:") {
        return is_id(id).then_some((ContainerRuntime::Containerd, id));
    }
    let stem = part.strip_suffix(".scope").unwrap_or(part);
    let (prefix, id) = stem.rsplit_once('-')?;
    let runtime = match prefix {
        "docker" => ContainerRuntime::Docker,
        "libpod" | "libpod-payload" => ContainerRuntime::Podman,
        "cri-containerd" | "containerd" | "nerdctl" => ContainerRuntime::Containerd,
        "crio" => ContainerRuntime::CriO,
        _ => return None,
    };
    is_id(id).then_some((runtime, id))
}

/// Recognizes a group whose name is a bare ID by the groups above it.
fn bare<'a>(before: &[&str], part: &'a str) -> Option<(ContainerRuntime, &'a str)> {
    if !is_id(part) {
        return None;
    }
    let runtime = match before {
        [.., parent] if pod(parent).is_some() => ContainerRuntime::Kubernetes,
        [.., "docker"] | [.., "ecs", _] => ContainerRuntime::Docker,
        [.., "default" | "k8s.io"] => ContainerRuntime::Containerd,
        _ => return None,
    };
    Some((runtime, part))
}

/// Recognizes a container that has a name and no ID.
fn by_name(before: &[&str], part: &str) -> Option<(ContainerRuntime, String)> {
    let (runtime, name) = if let Some(name) = part.strip_prefix("lxc.payload.") {
        (ContainerRuntime::Lxc, name.to_owned())
    } else if let [.., "lxc"] = before {
        (ContainerRuntime::Lxc, part.to_owned())
    } else if part == "payload" {
        // What is beside it belongs to the host.
        let unit = before.last()?;
        let template = unit.strip_prefix("systemd-nspawn@").and_then(|rest| rest.strip_suffix(".service"));
        let scope = || unit.strip_prefix("machine-").and_then(|rest| rest.strip_suffix(".scope"));
        (ContainerRuntime::Nspawn, unescape(template.or_else(scope)?))
    } else {
        return None;
    };
    is_name(&name).then_some((runtime, name))
}

/// Turns the escapes in the name of a unit (`\\x2d` for a hyphen) into what they stand for.
fn unescape(text: &str) -> String {
    let mut parts = text.split("\\x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_at_checked(2).map(|(digits, rest)| (u8::from_str_radix(digits, 16), rest)) {
            Some((Ok(byte), rest)) if byte.is_ascii() => {
                out.push(char::from(byte));
                out.push_str(rest);
            }
            _ => {
                out.push_str("\\x");
                out.push_str(part);
            }
        }
    }
    out
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+@:".contains(&byte);
    (1..=255).contains(&name.len()) && name.bytes().all(allowed)
}

/// Decodes the user whose service manager a process runs under, as rootless containers do.
pub(super) fn decode_user(cgroup: &[u8]) -> Option<u32> {
    let parts = cgroup.split(|&byte| byte == b'/' || byte == b'\n');
    let mut parts = parts.filter_map(|part| std::str::from_utf8(part).ok());
    parts.find_map(|part| {
        let slice = || part.strip_prefix("user-").and_then(|rest| rest.strip_suffix(".slice"));
        let manager = || part.strip_prefix("user@").and_then(|rest| rest.strip_suffix(".service"));
        slice().or_else(manager)?.parse().ok()
    })
}

/// Returns the UID of the pod from the name of its group: `podUID`, or `kubepods-QOS-podUID.slice` with `_` for each `-`.
fn pod(part: &str) -> Option<Box<str>> {
    let uid = if let Some(uid) = part.strip_prefix("pod") {
        uid.to_owned()
    } else {
        // The slice may be followed by `:cri-containerd:ID`.
        let (slice, _) = part.split_once(".slice")?;
        let (above, uid) = slice.rsplit_once("-pod")?;
        above.contains("kubepods").then(|| uid.replace('_', "-"))?
    };
    is_uid(&uid).then(|| uid.into())
}

fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(is_lower_hex)
}

fn is_uid(text: &str) -> bool {
    let groups = || text.split('-').map(str::len);
    text.bytes().all(|byte| byte == b'-' || is_lower_hex(byte))
        && (groups().eq([8, 4, 4, 4, 12]) || groups().eq([32]))
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "9687bac58d5c4d1606aa46af33d1a21c1d1652e0ac9fb3fc0fc86e3495f42869";
    const OUTER: &str = "6dc3fdffbf66b1239d55e98da9aaa759ea51ed35d04eb09d19ebd78963aa26c2";
    const POD: &str = "ac04f3f2-1f2c-11e9-b015-1ebee232acfa";
    const POD_OF_SYSTEMD: &str = "ac04f3f2_1f2c_11e9_b015_1ebee232acfa";

    /// A path with `ID`, `OUTER`, `POD` and `SLICED` filled in.
    fn filled(path: &str) -> String {
        path.replace("OUTER", OUTER).replace("ID", ID).replace("POD", POD).replace("SLICED", POD_OF_SYSTEMD)
    }

    fn of(path: &str) -> Option<(ContainerRuntime, bool)> {
        decode_container(format!("0::{}\n", filled(path)).as_bytes()).map(|container| {
            assert_eq!(container.id.as_ref(), ID, "{path}");
            assert!(container.pod.as_deref().is_none_or(|pod| pod == POD), "{path}");
            (container.runtime, container.pod.is_some())
        })
    }

    #[test]
    fn the_names_of_each_runtime() {
        use ContainerRuntime::{Containerd, CriO, Docker, Kubernetes, Podman};
        for (path, runtime, in_pod) in [
            ("/system.slice/docker-ID.scope", Docker, false),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope", Docker, false),
            ("/docker/ID", Docker, false),
            ("/docker/ID/system.slice/nginx.service", Docker, false),
            ("/../../docker/ID", Docker, false),
            ("/ecs/f7d4b5a1e2c34d0a9b8c7d6e5f4a3b2c/ID", Docker, false),
            (
                "/ecstasks.slice/ecstasks-f7d4b5a1e2c34d0a9b8c7d6e5f4a3b2c.slice/docker-ID.scope",
                Docker,
                false,
            ),
            ("/docker/OUTER/docker/ID", Docker, false),
            ("/machine.slice/libpod-ID.scope", Podman, false),
            ("/machine.slice/libpod-ID.scope/container", Podman, false),
            ("/machine.slice/machine-libpod_pod_OUTER.slice/libpod-ID.scope", Podman, false),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope", Podman, false),
            ("/system.slice/nginx.service/libpod-payload-ID", Podman, false),
            ("/libpod_parent/libpod-ID", Podman, false),
            ("/libpod_parent/OUTER/libpod-ID", Podman, false),
            ("/system.slice/nerdctl-ID.scope", Containerd, false),
            ("/default/ID", Containerd, false),
            ("/k8s.io/ID", Containerd, false),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSLICED.slice/cri-containerd-ID.scope",
                Containerd,
                true,
            ),
            ("/kubepods.slice/kubepods-podSLICED.slice/cri-containerd-ID.scope/init", Containerd, true),
            (
                "/system.slice/containerd.service/kubepods-burstable-podSLICED.slice:cri-containerd:ID",
                Containerd,
                true,
            ),
            (
                "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podSLICED.slice/crio-ID.scope",
                CriO,
                true,
            ),
            ("/kubepods/besteffort/podPOD/crio-ID", CriO, true),
            ("/kubepods.slice/kubepods-podSLICED.slice/docker-ID.scope", Docker, true),
            ("/kubepods/burstable/podPOD/ID", Kubernetes, true),
            ("/kubepods/podPOD/ID", Kubernetes, true),
            ("/docker/OUTER/kubelet/kubepods/besteffort/podPOD/ID", Kubernetes, true),
            (
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podSLICED.slice/cri-containerd-ID.scope",
                Containerd,
                true,
            ),
            ("/docker/ID (deleted)", Docker, false),
        ] {
            assert_eq!(of(path), Some((runtime, in_pod)), "{path}");
        }
    }

    #[test]
    fn containers_that_have_names_alone() {
        use ContainerRuntime::{Docker, Lxc, Nspawn};
        let long = format!("/lxc.payload.{}", "x".repeat(256));
        let docker = format!("/lxc.payload.web/docker/{ID}");
        for (path, expected) in [
            ("/lxc.payload.web", Some((Lxc, "web"))),
            ("/lxc.payload.web/system.slice/nginx.service", Some((Lxc, "web"))),
            ("/lxc.payload.proj_web-1/init.scope", Some((Lxc, "proj_web-1"))),
            ("/lxc/old.name/init.scope", Some((Lxc, "old.name"))),
            ("/lxc.monitor.web", None),
            ("/lxc.pivot", None),
            ("/lxc", None),
            ("/lxc.payload.", None),
            ("/lxc.payload.a b", None),
            ("/lxc.payload.\u{1b}[2J", None),
            (&long, None),
            ("/machine.slice/systemd-nspawn@db.service/payload/init.scope", Some((Nspawn, "db"))),
            ("/machine.slice/systemd-nspawn@db.service/supervisor", None),
            ("/machine.slice/systemd-nspawn@my\\x2ddb.service/payload", Some((Nspawn, "my-db"))),
            ("/machine.slice/machine-my\\x2ddb.scope/payload", Some((Nspawn, "my-db"))),
            ("/machine.slice/machine-a\\x1bb.scope/payload", None),
            ("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt", None),
            ("/payload", None),
            (&docker, Some((Docker, ID))),
        ] {
            let found = container_of_path(path).map(|found| (found.runtime, found.id.into_string()));
            assert_eq!(found, expected.map(|(runtime, id)| (runtime, id.to_owned())), "{path}");
        }
        let named = container_of_path("/lxc.payload.web").unwrap();
        assert_eq!((named.name.as_deref(), named.pod), (Some("web"), None));
    }

    #[test]
    fn the_user_of_a_rootless_container_is_in_its_path() {
        for (path, user) in [
            ("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-x.scope\n", Some(1000)),
            ("0::/user@7.service/x\n", Some(7)),
            ("0::/user.slice/user-.slice\n", None),
            ("0::/machine.slice/libpod-x.scope\n", None),
        ] {
            assert_eq!(decode_user(path.as_bytes()), user, "{path}");
        }
    }

    #[test]
    fn paths_without_a_container() {
        for path in [
            "/",
            "/system.slice/docker.service",
            "/system.slice/containerd.service",
            "/user.slice/user-1000.slice/session-2.scope",
            "/machine.slice/libpod-conmon-ID.scope",
            "/machine.slice/crio-conmon-ID.scope",
            "/system.slice/docker-ID-mounts-shm.mount",
            "/ID",
            "/else/ID",
            "/docker/IDa",
            "/docker/short",
            "/kubepods/burstable/podPOD",
            "/kubepods/burstable/podnothing/ID",
            "/system.slice/nginx.service/runtime",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn a_static_pod_has_a_uid_without_hyphens() {
        let path = format!("0::/kubepods/burstable/podc704ef4c297ab11032b83ce52cbfc87b/{ID}\n");
        let pod = decode_container(path.as_bytes()).unwrap().pod;
        assert_eq!(pod.as_deref(), Some("c704ef4c297ab11032b83ce52cbfc87b"));
    }

    #[test]
    fn any_v1_controller_may_name_the_container() {
        let cgroup =
            format!("12:pids:/user.slice\n11:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::/\n");
        let found = decode_container(cgroup.as_bytes()).unwrap();
        assert_eq!((found.runtime, found.id.as_ref()), (ContainerRuntime::Docker, ID));
        assert_eq!(decode_container(b"12:pids:/\n1:name=systemd:/init.scope\n"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_container(&bytes);
            let _ = decode_user(&bytes);
        }

        #[test]
        fn the_id_comes_from_the_path(
            path in "(/(docker|lxc|lxc.payload.|kubepods|crio-|libpod-|pod|:cri-containerd:)?([0-9a-f]{64}|[0-9a-f_-]{0,40})?(\\.scope|\\.slice)?){0,5}",
        ) {
            if let Some(found) = container_of_path(&path) {
                prop_assert!(is_id(&found.id) || found.name.as_deref().is_some_and(is_name));
                prop_assert!(path.contains(found.id.as_ref()));
            }
        }
    }
}
