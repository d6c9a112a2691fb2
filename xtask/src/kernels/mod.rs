//! Boots kernels of Debian in qemu, asks inside, and compares what netstat says with `/proc` and `ss` of the same guest.
//!
//! Everything is below `target/kernels`: a private root of apt, kernels with the modules that matter, and the answers of
//! each guest. One guest runs at a time, for a bounded time, without KVM.

mod answers;
mod apt;
mod boot;
mod compare;
mod explain;
mod guests;
mod image;
mod initramfs;
mod page;
mod place;
mod ss;
mod tools;
mod verdict;

use anyhow::{Result, bail};
use guests::{Extent, GUESTS, Guest};
use verdict::Verdict;

/// Runs all guests and writes docs/kernels.md, or those that are named, or two of them.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let (netstat, arguments) = match arguments {
        ["--netstat", file, rest @ ..] => (Some(*file), rest),
        all => (None, all),
    };
    let quick = arguments.contains(&"--quick");
    let or_skip = arguments.contains(&"--or-skip");
    let names: Vec<&str> = arguments.iter().copied().filter(|word| !word.starts_with("--")).collect();
    if let Some(odd) = arguments
        .iter()
        .find(|&&word| !(["--quick", "--or-skip", "--page"].contains(&word) || guests::named(word).is_some()))
    {
        let known: Vec<&str> = GUESTS.iter().map(|guest| guest.name).collect();
        bail!("there is no guest {odd}; there are {}", known.join(", "));
    }
    if arguments.contains(&"--page") {
        return page::write(&judged()?);
    }
    if let Err(missing) = tools::missing() {
        if or_skip {
            println!("skipped: no kernel was booted: {missing}");
            return Ok(());
        }
        bail!("{missing}");
    }
    let chosen: Vec<&'static Guest> = GUESTS
        .iter()
        .filter(|guest| if quick { guest.quick } else { names.is_empty() || names.contains(&guest.name) })
        .collect();
    let extent = if quick { Extent::Quick } else { Extent::Whole };
    let bad = boot_all(&chosen, netstat, extent, or_skip)?;
    if !quick && names.is_empty() {
        page::write(&judged()?)?;
    }
    if !bad.is_empty() {
        bail!("not as /proc and ss, or not explained: {}", bad.join(", "));
    }
    Ok(())
}

/// Boots guests one after another, and returns those that were not as they should be.
fn boot_all(
    chosen: &[&'static Guest],
    netstat: Option<&str>,
    extent: Extent,
    or_skip: bool,
) -> Result<Vec<&'static str>> {
    let base = initramfs::Base::build(netstat)?;
    let mut bad = Vec::new();
    for guest in chosen {
        let image = match image::fetch(guest.kernel)? {
            image::Fetched::Here(image) => image,
            image::Fetched::Not(why) => {
                answers::forget(guest.name)?;
                println!("{}{}: {why}", if or_skip { "skipped: " } else { "" }, guest.name);
                continue;
            }
        };
        if !boot::run(guest, &image, &base, extent)? && or_skip {
            println!("skipped: {} did not answer in time", guest.name);
            continue;
        }
        let verdict = Verdict::of(guest, extent)?;
        verdict.print();
        if !verdict.is_good() {
            bad.push(guest.name);
        }
    }
    Ok(bad)
}

/// Judges what is known of all guests.
fn judged() -> Result<Vec<Verdict>> {
    GUESTS
        .iter()
        .filter(|guest| answers::are_here(guest.name))
        .map(|guest| Verdict::of(guest, Extent::Whole))
        .collect()
}
