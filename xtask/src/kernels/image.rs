//! A kernel with the modules that matter, from packages of Debian.

use super::apt::Root;
use super::guests::Kernel;
use super::place::folder;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The package that needs the newest kernel of a release.
const NEWEST: &str = "linux-image-cloud-amd64";

/// The modules that a guest may load.
const MODULES: [&str; 12] = [
    "inet_diag",
    "tcp_diag",
    "udp_diag",
    "raw_diag",
    "unix_diag",
    "netlink_diag",
    "af_packet_diag",
    "mptcp_diag",
    "ipv6",
    "af_packet",
    "unix",
    "veth",
];

/// A kernel that can be booted.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) vmlinuz: PathBuf,
    /// A folder with `lib/modules/RELEASE`.
    pub(super) modules: PathBuf,
}

/// A kernel, or why there is none.
#[derive(Debug)]
pub(super) enum Fetched {
    Here(Image),
    Not(String),
}

/// Fetches a kernel, if it is not here.
pub(super) fn fetch(kernel: &Kernel) -> Result<Fetched> {
    let place = folder().join("images").join(kernel.name);
    let image = Image { vmlinuz: place.join("vmlinuz"), modules: place.join("modules") };
    if image.vmlinuz.exists() {
        return Ok(Fetched::Here(image));
    }
    let place_of_lists = folder().join("apt").join(kernel.name);
    let root = match Root::make(&place_of_lists, kernel.release, kernel.suites) {
        Ok(root) => root,
        Err(error) => return Ok(Fetched::Not(format!("no packages of {}: {error:#}", kernel.release))),
    };
    let is_image = |need: &String| need.starts_with("linux-image-");
    let Some(image_package) = root.needs(NEWEST)?.and_then(|needs| needs.into_iter().find(is_image)) else {
        return Ok(Fetched::Not(format!(
            "the mirror of this machine has no {NEWEST} for {} ({})",
            kernel.name, kernel.release
        )));
    };
    println!("== {image_package}");
    let mut packages = vec![image_package.clone()];
    // Newer ones are in several packages.
    let parts = ["linux-base-", "linux-binary-", "linux-modules-"];
    let needs = root.needs(&image_package)?.unwrap_or_default();
    packages.extend(needs.into_iter().filter(|need| parts.iter().any(|part| need.starts_with(part))));
    let draft = folder().join("draft");
    let _ = fs::remove_dir_all(&draft);
    fs::create_dir_all(&draft)?;
    if let Err(error) = root.download(&packages, &draft) {
        return Ok(Fetched::Not(format!("{image_package} is not to be had: {error}")));
    }
    unpack(&draft, &place).with_context(|| format!("unpack {image_package}"))?;
    fs::remove_dir_all(&draft)?;
    Ok(Fetched::Here(image))
}

/// Unpacks the packages in a folder, and keeps the kernel and some modules. The kernel goes last: where it is, all is.
fn unpack(draft: &Path, place: &Path) -> Result<()> {
    let tree = draft.join("tree");
    for entry in fs::read_dir(draft)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let mut dpkg = workspace::program("dpkg-deb");
            dpkg.arg("-x").arg(&path).arg(&tree);
            workspace::run(&mut dpkg, "dpkg-deb failed")?;
            fs::remove_file(&path)?;
        }
    }
    let files = files_below(&tree)?;
    let named = |path: &Path, start: &str| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start))
    };
    let vmlinuz = files.iter().find(|path| named(path, "vmlinuz")).context("there is no kernel in it")?;
    let order =
        files.iter().find(|path| named(path, "modules.order")).context("there are no modules in it")?;
    let from = order.parent().context("modules lie in a folder")?;
    let release = from.file_name().context("modules lie in a folder")?;
    let modules = place.join("modules");
    let to = modules.join("lib/modules").join(release);
    let _ = fs::remove_dir_all(&modules);
    for file in files.iter().filter(|path| path.starts_with(from)) {
        let is_list = named(file, "modules.builtin") || named(file, "modules.order");
        if !is_list && !is_wanted(file) {
            continue;
        }
        let target = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(target.parent().context("a file lies in a folder")?)?;
        fs::copy(file, &target)?;
        if target.extension().is_some_and(|extension| extension == "xz") {
            let mut xz = workspace::program("xz");
            xz.arg("-d").arg(&target);
            workspace::run(&mut xz, "xz failed")?;
        }
    }
    let mut depmod = workspace::program("/usr/sbin/depmod");
    depmod.arg("-b").arg(&modules).arg(release);
    workspace::run(&mut depmod, "depmod failed")?;
    fs::copy(vmlinuz, place.join("vmlinuz"))?;
    Ok(())
}

fn is_wanted(file: &Path) -> bool {
    module_of(file).is_some_and(|name| MODULES.contains(&name))
}

/// Returns the name of the module in a file: `tcp_diag` for `tcp_diag.ko.xz`.
pub(super) fn module_of(file: &Path) -> Option<&str> {
    let (name, ending) = file.file_name()?.to_str()?.split_once('.')?;
    ["ko", "ko.xz"].contains(&ending).then_some(name)
}

/// Lists all files below a folder.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    if files.is_empty() {
        bail!("{} is empty", folder.display());
    }
    Ok(files)
}
