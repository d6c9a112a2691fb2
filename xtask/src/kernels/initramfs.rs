//! The root file system of a guest: busybox, ip, ss, our programs and what they are linked with.

use super::image::{self, Image};
use super::place::folder;
use super::tools;
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const INIT: &str = include_str!("guest/init.sh");
const SUITE: &str = include_str!("guest/suite.sh");

/// What all guests have.
#[derive(Debug)]
pub(super) struct Base {
    archive: PathBuf,
}

impl Base {
    /// Builds our programs, and packs everything. `netstat` is a program that was built before.
    pub(super) fn build(netstat: Option<&str>) -> Result<Self> {
        if netstat.is_none() {
            workspace::build(&["--package", "netstat-cli", "--bin", "netstat"])?;
        }
        let netstat = netstat.map_or_else(|| workspace::built("netstat"), PathBuf::from);
        workspace::build(&["--package", "netstat-lab", "--example", "hold_guest"])?;
        let root = folder().join("base");
        let _ = fs::remove_dir_all(&root);
        for part in ["bin", "sbin", "dev", "proc", "sys", "tmp", "run", "out", "root", "etc"] {
            fs::create_dir_all(root.join(part))?;
        }
        fs::copy("/usr/bin/busybox", root.join("bin/busybox"))?;
        let mut list = workspace::program("/usr/bin/busybox");
        list.arg("--list");
        let applets = String::from_utf8(workspace::output(list)?)?;
        let ours = ["netstat", "ip", "busybox"];
        for applet in applets.lines().filter(|applet| !ours.contains(applet)) {
            symlink("busybox", root.join("bin").join(applet))?;
        }
        // The kernel calls it by this path when a module is asked for.
        symlink("../bin/busybox", root.join("sbin/modprobe"))?;
        let found = |name: &str| tools::path_of(name).with_context(|| format!("there is no {name}"));
        for (name, from) in [
            ("netstat", netstat),
            ("hold_guest", workspace::built("examples/hold_guest")),
            ("ip", found("ip")?),
            ("ss", found("ss")?),
        ] {
            add_program(&root, name, &from)?;
        }
        for (path, text) in [
            ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n"),
            ("etc/group", "root:x:0:\nuser:x:1000:\n"),
            ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
            ("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"),
            ("init", INIT),
            ("suite.sh", SUITE),
        ] {
            fs::write(root.join(path), text)?;
        }
        fs::set_permissions(root.join("init"), fs::Permissions::from_mode(0o755))?;
        let archive = folder().join("base.cpio");
        pack(&root, &archive)?;
        Ok(Self { archive })
    }

    /// Writes the initramfs of a guest: the base, and the modules of its kernel.
    pub(super) fn with_modules(&self, image: &Image, without: &[&str], to: &Path) -> Result<()> {
        let copy = folder().join("modules");
        let _ = fs::remove_dir_all(&copy);
        for file in image::files_below(&image.modules)? {
            if image::module_of(&file).is_some_and(|name| without.contains(&name)) {
                continue;
            }
            let target = copy.join(file.strip_prefix(&image.modules)?);
            fs::create_dir_all(target.parent().context("a file lies in a folder")?)?;
            fs::copy(&file, &target)?;
        }
        let packed = folder().join("modules.cpio");
        pack(&copy, &packed)?;
        // Archives follow one another; cpio fills each up to a whole block.
        let mut bytes = fs::read(&self.archive)?;
        bytes.extend(fs::read(&packed)?);
        fs::write(to, bytes).with_context(|| to.display().to_string())
    }
}

/// Copies a program and the libraries that it is linked with, which keep their paths.
fn add_program(root: &Path, name: &str, from: &Path) -> Result<()> {
    let to = root.join("bin").join(name);
    fs::copy(from, &to).with_context(|| from.display().to_string())?;
    let mut ldd = workspace::program("ldd");
    ldd.arg(from);
    // Fails for a static program, which has none.
    let said = ldd.stderr(Stdio::null()).output().context("cannot run ldd")?;
    for library in String::from_utf8_lossy(&said.stdout).split_whitespace() {
        if let Some(path) = library.strip_prefix('/') {
            let target = root.join(path);
            fs::create_dir_all(target.parent().context("a library lies in a folder")?)?;
            fs::copy(library, target).with_context(|| library.to_owned())?;
        }
    }
    Ok(())
}

/// Packs a folder as the kernel reads it, with everything owned by root.
fn pack(folder: &Path, archive: &Path) -> Result<()> {
    let file = fs::File::create(archive).with_context(|| archive.display().to_string())?;
    let mut find = workspace::program("find")
        .arg(".")
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run find")?;
    let names = find.stdout.take().context("find has no output")?;
    let mut cpio = workspace::program("cpio");
    cpio.args(["-o", "-H", "newc", "-R", "0:0", "--quiet"]).current_dir(folder).stdin(names).stdout(file);
    workspace::run(&mut cpio, "cpio failed")?;
    if !find.wait()?.success() {
        bail!("find failed");
    }
    Ok(())
}
