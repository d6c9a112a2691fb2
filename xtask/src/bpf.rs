//! The kernel program that finds the owners of sockets: from its C source to the two files that are checked in.
//!
//! The result depends on the compiler and the linker of skeletons, not on the machine. A third file says which they
//! were and what went in and came out, so that a source that was changed without this is found even where they are
//! not installed.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{fs, io};

const SOURCES: &str = "crates/netstat-os/bpf";
const SOURCE: &str = "owners.bpf.c";
const HEADER: &str = "owners.h";
const GENERATED: &str = "crates/netstat-os/bpf/generated";

/// What the loader of skeletons is given, and its name in the header that bpftool writes.
const BLOBS: [(&str, &str); 2] = [("owners.data", "data"), ("owners.insns", "insns")];

/// What was used, and the checksums of what went in and came out.
const BUILD: &str = "owners.build";

/// What the compiler and bpftool make of the source.
#[derive(Debug)]
struct Built {
    tools: String,
    blobs: Vec<(&'static str, Vec<u8>)>,
}

/// Why there is nothing to compare with.
#[derive(Debug)]
struct NotInstalled(&'static str);

/// Writes the files.
pub(crate) fn write() -> Result<()> {
    let tools = match tools()? {
        Ok(tools) => tools,
        Err(NotInstalled(what)) => bail!("{what} is not installed; install clang and bpftool"),
    };
    let built = build(tools)?;
    let folder = workspace::root().join(GENERATED);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for (name, bytes) in &built.blobs {
        fs::write(folder.join(name), bytes).with_context(|| format!("cannot write {GENERATED}/{name}"))?;
    }
    let text = format!("{}{}", built.tools, checksums()?);
    fs::write(folder.join(BUILD), text).with_context(|| format!("cannot write {GENERATED}/{BUILD}"))?;
    println!("wrote {GENERATED}: {}", sizes(&built.blobs));
    Ok(())
}

/// Fails if the files are not what the source gives.
pub(crate) fn check() -> Result<()> {
    let path = format!("{GENERATED}/{BUILD}");
    let recorded = fs::read_to_string(workspace::root().join(&path)).with_context(|| path.clone())?;
    let (then, sums) = split(&recorded);
    if let Some(file) = first_change(&sums, &checksums()?) {
        bail!("{file} has changed since the kernel program was built; run cargo xtask bpf");
    }
    let now = match tools()? {
        Ok(tools) => tools,
        Err(NotInstalled(what)) => {
            println!("skipped: {what} is not installed, so only checksums were compared");
            return Ok(());
        }
    };
    if now != then {
        println!("skipped: other versions of the tools give other bytes, so only checksums were compared");
        print!("built with:\n{then}here are:\n{now}");
        return Ok(());
    }
    for (name, bytes) in build(now)?.blobs {
        let path = format!("{GENERATED}/{name}");
        let kept = fs::read(workspace::root().join(&path)).with_context(|| path.clone())?;
        if kept != bytes {
            bail!("{path} is not what {SOURCE} gives; run cargo xtask bpf");
        }
    }
    Ok(())
}

fn sizes(blobs: &[(&str, Vec<u8>)]) -> String {
    let sizes: Vec<String> =
        blobs.iter().map(|(name, bytes)| format!("{name} {} bytes", bytes.len())).collect();
    sizes.join(", ")
}

/// The lines that name the tools, and those with checksums.
fn split(recorded: &str) -> (String, String) {
    let (mut tools, mut sums) = (String::new(), String::new());
    for line in recorded.lines() {
        let into = if line.starts_with("file ") { &mut sums } else { &mut tools };
        into.push_str(line);
        into.push('\n');
    }
    (tools, sums)
}

/// The file of the first line that differs.
fn first_change(then: &str, now: &str) -> Option<String> {
    let file = |line: &str| line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut then, mut now) = (then.lines(), now.lines());
    loop {
        match (then.next(), now.next()) {
            (None, None) => return None,
            (old, new) if old == new => {}
            (_, Some(line)) | (Some(line), None) => return Some(file(line)),
        }
    }
}

/// A line for each file that goes in or comes out.
fn checksums() -> Result<String> {
    let mut text = String::new();
    let sources = [SOURCE, HEADER].map(|name| format!("{SOURCES}/{name}"));
    let blobs = BLOBS.map(|(name, _)| format!("{GENERATED}/{name}"));
    for path in sources.into_iter().chain(blobs) {
        let mut git = workspace::program("git");
        git.args(["hash-object", "--no-filters", "--", &path]);
        let sum = String::from_utf8(workspace::output(git)?).context("git hash-object")?;
        text.push_str(&format!("file {path} {}\n", sum.trim()));
    }
    Ok(text)
}

/// Where bpftool is: not all systems have its folder among those of programs of ordinary users.
fn bpftool() -> PathBuf {
    let usual = Path::new("/usr/sbin/bpftool");
    if usual.is_file() { usual.to_owned() } else { "bpftool".into() }
}

/// The versions of the tools, a line each.
fn tools() -> Result<Result<String, NotInstalled>> {
    let mut text = String::new();
    for (what, program) in [("clang", PathBuf::from("clang")), ("bpftool", bpftool())] {
        let mut command = workspace::program(&program);
        command.arg(if what == "clang" { "--version" } else { "version" });
        let output = match command.output() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(NotInstalled(what))),
            answer => answer.with_context(|| what.to_owned())?,
        };
        if !output.status.success() {
            bail!("{what} does not tell its version ({})", output.status);
        }
        text.push_str(&versions(what, &String::from_utf8_lossy(&output.stdout)));
    }
    Ok(Ok(text))
}

/// The lines of versions, without where the program is.
fn versions(what: &str, said: &str) -> String {
    let lines = said.lines().filter(|line| line.contains(" version ") || line.contains(" v")).take(2);
    lines
        .map(|line| match line.find(what) {
            Some(at) => line.get(at..).unwrap_or(line),
            None => line,
        })
        .fold(String::new(), |text, line| text + line.trim() + "\n")
}

fn build(tools: String) -> Result<Built> {
    let folder = std::env::temp_dir().join(format!("netstat-bpf-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let built = build_in(&folder);
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(Built { tools, blobs: built? })
}

fn build_in(folder: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let object = folder.join("owners.bpf.o");
    let mut clang = workspace::program("clang");
    // Paths of the machine would go into the type information.
    clang.current_dir(workspace::root().join(SOURCES)).arg("-fdebug-compilation-dir=.");
    clang.args(["-target", "bpfel", "-mcpu=v3", "-O2", "-g", "-std=gnu11"]);
    clang.args(["-Wall", "-Wextra", "-Werror", "-c", SOURCE, "-o"]).arg(&object);
    workspace::output(clang)?;
    let mut bpftool = workspace::program(bpftool());
    bpftool.args(["gen", "skeleton", "-L"]).arg(&object).args(["name", "owners"]);
    let header = String::from_utf8(workspace::output(bpftool)?).context("the skeleton")?;
    BLOBS.into_iter().map(|(file, name)| Ok((file, blob(&header, name)?))).collect()
}

/// The bytes of `opts.NAME` in the header, as many as `opts.NAME_sz` says.
fn blob(header: &str, name: &str) -> Result<Vec<u8>> {
    let after = |mark: &str| {
        let at = header.find(mark).with_context(|| format!("the skeleton has no {mark}"))?;
        Ok::<_, anyhow::Error>(header.get(at + mark.len()..).unwrap_or_default())
    };
    let size = after(&format!("opts.{name}_sz = "))?;
    let size: usize = size.split(';').next().unwrap_or_default().trim().parse().context("a size")?;
    let text = after(&format!("opts.{name} = (void *)\""))?;
    let end = text.find("\";").context("a string without an end")?;
    let mut bytes = unescape(text.get(..end).unwrap_or_default())?;
    // A C string ends in a zero that is not written.
    if bytes.len() + 1 == size {
        bytes.push(0);
    }
    if bytes.len() != size {
        bail!("the skeleton says {name} has {size} bytes, and has {}", bytes.len());
    }
    Ok(bytes)
}

/// The bytes of a C string in which every byte is written `\0` or `\xNN`.
fn unescape(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for escape in text.split('\\').skip(1) {
        match (escape.trim_end(), escape.strip_prefix('x')) {
            ("", _) => {}
            ("0", _) => bytes.push(0),
            (_, Some(digits)) if digits.trim_end().len() == 2 => {
                bytes.push(u8::from_str_radix(digits.trim_end(), 16).context("a byte")?);
            }
            (other, _) => bail!("the skeleton has an escape not known here: \\{other}"),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_skeleton_are_read() {
        let header = "\topts.data_sz = 4;\n\topts.data = (void *)\"\\\n\\0\\x9f\\\n\\x22\\0\";\n\
                      \topts.insns_sz = 2;\n\topts.insns = (void *)\"\\\n\\x01\";\n";
        assert_eq!(blob(header, "data").unwrap(), [0, 0x9f, 0x22, 0]);
        assert_eq!(blob(header, "insns").unwrap(), [1, 0]);
        assert!(blob(header, "other").is_err());
        assert!(blob(&header.replace("_sz = 4", "_sz = 9"), "data").is_err());
        assert!(blob(&header.replace("\\x22", "\\n"), "data").is_err());
        assert!(blob(&header.replace("\\x22", "\\xzz"), "data").is_err());
    }

    #[test]
    fn a_changed_file_is_named() {
        let recorded = "clang version 14\nfile a 1\nfile b 2\n";
        let (tools, sums) = split(recorded);
        assert_eq!(tools, "clang version 14\n");
        assert_eq!(first_change(&sums, "file a 1\nfile b 2\n"), None);
        assert_eq!(first_change(&sums, "file a 1\nfile b 3\n").as_deref(), Some("b"));
        assert_eq!(first_change(&sums, "file a 1\n").as_deref(), Some("b"));
        assert_eq!(first_change("", &sums).as_deref(), Some("a"));
    }

    #[test]
    fn versions_are_told_without_places() {
        let clang = "Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\nInstalledDir: /usr/bin\n";
        assert_eq!(versions("clang", clang), "clang version 14.0.6\n");
        let bpftool = "/usr/sbin/bpftool v7.1.0\nusing libbpf v1.1\nfeatures: x\n";
        assert_eq!(versions("bpftool", bpftool), "bpftool v7.1.0\nusing libbpf v1.1\n");
    }

    #[test]
    fn the_loader_has_whole_instructions() {
        let insns = fs::read(workspace::root().join(GENERATED).join("owners.insns")).unwrap();
        assert!(!insns.is_empty() && insns.len().is_multiple_of(8), "{}", insns.len());
    }
}
