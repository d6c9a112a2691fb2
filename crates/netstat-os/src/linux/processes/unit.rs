//! Finds the systemd unit in `/proc/PID/cgroup`, by the rules by which systemd makes these paths.
//!
//! A path begins with slices (`system.slice/system-getty.slice`), which only group units. The unit follows; components
//! after it are private to the unit (a container may run its own systemd there, whose units mean nothing here). Below a
//! user manager, `user@1000.service`, the same structure repeats with the units of that user, except for `init.scope`, which
//! is the manager itself. A component that could be confused with a file of the kernel has a `_` before it. Names keep
//! escapes such as `\x2d`.

/// The types of units, except slices.
const KINDS: [&[u8]; 10] = [
    b"service",
    b"scope",
    b"socket",
    b"mount",
    b"automount",
    b"swap",
    b"target",
    b"timer",
    b"path",
    b"device",
];

/// `UNIT_NAME_MAX`.
const LONGEST: usize = 255;

/// Decodes the unit; `None` for a process in none.
pub(super) fn decode_unit(cgroup: &[u8]) -> Option<&[u8]> {
    let path = |wanted: &[u8], by_name: bool| {
        cgroup.split(|&byte| byte == b'\n').find_map(|line| {
            let mut parts = line.splitn(3, |&byte| byte == b':');
            let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            (controllers == wanted && (by_name || number == b"0")).then_some(path)
        })
    };
    // cgroup v2 has one path for all controllers. Beside v1 it is empty, unless systemd uses it too.
    let unified = path(b"", false).filter(|path| *path != b"/");
    unit_of_path(unified.or_else(|| path(b"name=systemd", true))?)
}

fn unit_of_path(path: &[u8]) -> Option<&[u8]> {
    // The kernel marks a removed group, in which an ended process may still be.
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    let mut parts = path
        .split(|&byte| byte == b'/')
        // The kernel writes `..` for what is above the root of the reader's cgroup namespace.
        .filter(|part| !part.is_empty() && *part != b"..")
        .map(|part| part.strip_prefix(b"_").unwrap_or(part))
        .skip_while(|part| is_name(part, b"slice"));
    let unit = parts.next().filter(|part| is_unit(part))?;
    if !is_user_manager(unit) {
        return Some(unit);
    }
    let of_user = parts.find(|part| !is_name(part, b"slice"));
    of_user.filter(|part| is_unit(part) && *part != b"init.scope").or(Some(unit))
}

fn is_unit(name: &[u8]) -> bool {
    KINDS.iter().any(|kind| is_name(name, kind))
}

/// Whether this is a valid name for a unit of the type, other than a template (`getty@.service`).
fn is_name(name: &[u8], kind: &[u8]) -> bool {
    let Some(stem) = name.strip_suffix(kind).and_then(|stem| stem.strip_suffix(b".")) else { return false };
    name.len() <= LONGEST
        && !stem.is_empty()
        && !stem.starts_with(b"@")
        && !stem.ends_with(b"@")
        && stem.iter().all(|byte| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(byte))
}

/// Whether this is `user@UID.service`.
fn is_user_manager(unit: &[u8]) -> bool {
    let uid = unit.strip_prefix(b"user@").and_then(|rest| rest.strip_suffix(b".service"));
    uid.is_some_and(|uid| !uid.is_empty() && uid.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(path: &str) -> Option<String> {
        let cgroup = format!("0::{path}\n");
        decode_unit(cgroup.as_bytes()).map(|unit| String::from_utf8(unit.to_vec()).unwrap())
    }

    #[test]
    fn paths_of_systemd() {
        for (path, expected) in [
            ("/system.slice/nginx.service", Some("nginx.service")),
            ("/system.slice/nginx.service/worker/1", Some("nginx.service")),
            ("/init.scope", Some("init.scope")),
            ("/system.slice/system-getty.slice/getty@tty1.service", Some("getty@tty1.service")),
            ("/system.slice/system-serial\\x2dgetty.slice/a\\x2db.service", Some("a\\x2db.service")),
            ("/system.slice/_cpu.service", Some("cpu.service")),
            ("/system.slice/docker-0a1b.scope/system.slice/nginx.service", Some("docker-0a1b.scope")),
            ("/system.slice/dev-disk.swap", Some("dev-disk.swap")),
            ("/system.slice/var-lib.mount", Some("var-lib.mount")),
            ("/system.slice/ssh.socket", Some("ssh.socket")),
            ("/user.slice/user-1000.slice/session-2.scope", Some("session-2.scope")),
            ("/user.slice/user-1000.slice/user@1000.service/init.scope", Some("user@1000.service")),
            ("/user.slice/user-1000.slice/user@1000.service", Some("user@1000.service")),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.scope", Some("app-org.scope")),
            ("/user.slice/user-1000.slice/user@1000.service/server.service", Some("server.service")),
            ("/user.slice/user-1000.slice/user@1000.service/app.slice/x", Some("user@1000.service")),
            ("/user.slice/user-1000.slice/user@.service/server.service", None),
            ("/../../system.slice/nginx.service", Some("nginx.service")),
            ("/system.slice/nginx.service (deleted)", Some("nginx.service")),
            ("/system.slice", None),
            ("/docker/0a1b", None),
            ("/docker/0a1b/system.slice/nginx.service", None),
            ("/system.slice/getty####@tty6.service/x", None),
            ("/system.slice/.service", None),
            ("/system.slice/@x.service", None),
            ("/system.slice/x.nothing", None),
            ("/system.slice/a:b.service", Some("a:b.service")),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(unit(path).as_deref(), expected, "{path}");
        }
        assert_eq!(unit(&format!("/{}.service", "x".repeat(300))), None);
    }

    #[test]
    fn the_v1_hierarchy_counts_where_the_unified_one_is_empty() {
        let cgroup = b"3:cpu,cpuacct:/wrong.service\n1:name=systemd:/system.slice/old.service\n0::/\n";
        assert_eq!(decode_unit(cgroup), Some(&b"old.service"[..]));
        let cgroup = b"1:name=systemd:/system.slice/old.service\n";
        assert_eq!(decode_unit(cgroup), Some(&b"old.service"[..]));
        let cgroup = b"1:name=systemd:/a.service\n0::/system.slice/new.service\n";
        assert_eq!(decode_unit(cgroup), Some(&b"new.service"[..]));
        assert_eq!(decode_unit(b"3:cpu,cpuacct:/wrong.service\n"), None);
        assert_eq!(decode_unit(b""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_unit(&bytes);
        }

        #[test]
        fn the_id_comes_from_the_path(
            path in "(/(_|user@|\\.\\.)?[a-z0-9@.]{0,6}(\\.slice|\\.service|\\.scope)?){0,6}",
        ) {
            if let Some(found) = unit(&path) {
                prop_assert!(path.contains(&found));
                prop_assert!(!found.ends_with(".slice"));
            }
        }
    }
}
