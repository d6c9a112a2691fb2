//! One boot, from the command line of the kernel to the folder with what came back.

use super::answers;
use super::guests::{Extent, Guest};
use super::image::Image;
use super::initramfs::Base;
use super::place::folder;
use crate::workspace;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Returns the time that a guest may take. It takes about 40 s.
fn limit(extent: Extent) -> Duration {
    Duration::from_secs(if extent == Extent::Quick { 150 } else { 400 })
}

/// The processors of the guests, one after the other where a guest does not answer. qemu 7.2 spoils the flags where an
/// interrupt comes within `cmpxchg16b`, which the allocator of Linux 6.12 uses wherever it is; newer kernels give BPF programs no
/// memory without it.
const PROCESSORS: [&str; 2] = ["max", "max,cx16=off"];

/// A running qemu, which ends with this value.
#[derive(Debug)]
struct Machine(Child);

impl Machine {
    /// Waits until it ends by itself; returns whether it did.
    fn wait(&mut self, limit: Duration) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if self.0.try_wait()?.is_some() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(false)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Boots a guest and unpacks its answers. Returns false of one that does not end, or does not answer, and has none.
pub(super) fn run(guest: &Guest, image: &Image, base: &Base, extent: Extent) -> Result<bool> {
    for processor in PROCESSORS {
        if boot(guest, image, base, extent, processor)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Boots it with this processor; returns whether it answered.
fn boot(guest: &Guest, image: &Image, base: &Base, extent: Extent, processor: &str) -> Result<bool> {
    let begun = Instant::now();
    answers::forget(guest.name)?;
    let place = answers::place(guest.name);
    fs::create_dir_all(&place)?;
    let initramfs = folder().join("initramfs");
    base.with_modules(image, guest.without, &initramfs)?;
    let console = place.join("console");
    let sent = place.join("sent.tar");
    let limit = limit(extent);
    let extent = if extent == Extent::Quick { "quick" } else { "whole" };
    let words = format!(
        "console=ttyS0 panic=-1 quiet loglevel=4 random.trust_cpu=on EXTENT={extent} GUEST={} {}",
        guest.words, guest.parameters
    );
    let mut qemu = workspace::program("qemu-system-x86_64");
    // With a thread for each processor, one runs code that another is just patching.
    qemu.args(["-accel", "tcg,thread=single", "-cpu", processor, "-m", "1024", "-smp", "2"]);
    qemu.args(["-nographic", "-no-reboot", "-nodefaults", "-nic", "none"]);
    qemu.arg("-serial").arg(to_file(&console)).arg("-serial").arg(to_file(&sent));
    qemu.arg("-kernel").arg(&image.vmlinuz).arg("-initrd").arg(&initramfs).args(["-append", words.trim()]);
    qemu.stdout(Stdio::null());
    let mut machine = Machine(qemu.spawn().context("cannot run qemu-system-x86_64")?);
    let ended = machine.wait(limit)?;
    drop(machine);
    let mut tar = workspace::program("tar");
    tar.arg("-xf").arg(&sent).arg("-C").arg(&place).stderr(Stdio::null());
    let answered = tar.status().context("cannot run tar")?.success();
    println!(
        "== {} ({processor}): {} after {} s",
        guest.name,
        match (ended, answered) {
            (true, true) => "answered",
            (true, false) => "did not answer",
            (false, _) => "did not end",
        },
        begun.elapsed().as_secs()
    );
    if !answered {
        let said = fs::read(&console).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().collect();
        for line in lines.iter().skip(lines.len().saturating_sub(20)) {
            println!("   {}", line.escape_debug());
        }
    }
    Ok(answered)
}

fn to_file(path: &Path) -> String {
    format!("file:{}", path.display())
}
