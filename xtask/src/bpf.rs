//! Builds the kernel programs, one that finds socket owners, two that list TCP sockets, one that tells who joined
//! multicast groups and one that records connections: each from its C source to two files that are checked in.
//!
//! The result depends on the versions of clang and bpftool, not on the machine. A third file records these versions, the
//! names of maps and programs in the order of the loader, and checksums of sources and results, so that a source that was
//! changed without a build is found where neither is installed.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::{fs, io};

const SOURCES: &str = "crates/netstat-os/bpf";
const GENERATED: &str = "crates/netstat-os/bpf/generated";

/// The programs: NAME.bpf.c, further sources NAME.*, and `generated/NAME.*`.
const PROGRAMS: [&str; 6] = ["everywhere", "groups", "owners", "recorder", "tcp", "udp"];

/// Headers of one program that another includes.
const SHARED: [(&str, &str); 3] =
    [("udp", "recorder.h"), ("udp", "recorder.kernel.h"), ("udp", "recorder.process.h")];

/// What all of them include.
const COMMON: &str = "program.h";

/// The files that the loader needs, by their endings: they have the names that bpftool gives them in its header.
const BLOBS: [&str; 2] = ["data", "insns"];

/// What a program is built to.
struct Built {
    /// Names and bytes of the files.
    blobs: Vec<(String, Vec<u8>)>,
    /// A line for each map and program, in the order in which the loader makes them.
    names: String,
}

/// The tool that is missing.
#[derive(Debug)]
struct NotInstalled(&'static str);

/// Builds the programs and writes the files.
pub(crate) fn write() -> Result<()> {
    let tools = match tools()? {
        Ok(tools) => tools,
        Err(NotInstalled(what)) => bail!("{what} is not installed; install clang and bpftool"),
    };
    let folder = workspace::root().join(GENERATED);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for program in PROGRAMS {
        let built = build(program)?;
        for (name, bytes) in &built.blobs {
            fs::write(folder.join(name), bytes)
                .with_context(|| format!("cannot write {GENERATED}/{name}"))?;
            println!("wrote {GENERATED}/{name}: {} bytes", bytes.len());
        }
        let text = format!("{tools}{}{}", built.names, checksums(program)?);
        let path = record_of(program);
        fs::write(workspace::root().join(&path), text).with_context(|| format!("cannot write {path}"))?;
    }
    Ok(())
}

/// Fails if the files are out of date. Without the recorded tool versions only checksums are compared.
pub(crate) fn check() -> Result<()> {
    PROGRAMS.into_iter().try_for_each(check_program)
}

fn check_program(program: &str) -> Result<()> {
    let path = record_of(program);
    let recorded = fs::read_to_string(workspace::root().join(&path)).with_context(|| path.clone())?;
    if let Some(file) = first_change(&recorded, &checksums(program)?) {
        bail!("{file} has changed since the kernel program was built; run cargo xtask bpf");
    }
    match tools()? {
        Ok(now) if recorded.starts_with(&now) => {}
        Ok(now) => {
            println!("skipped: the tools have other versions, so only checksums were compared");
            print!("recorded:\n{recorded}installed:\n{now}");
            return Ok(());
        }
        Err(NotInstalled(what)) => {
            println!("skipped: {what} is not installed, so only checksums were compared");
            return Ok(());
        }
    }
    let built = build(program)?;
    for (name, bytes) in built.blobs {
        let path = format!("{GENERATED}/{name}");
        let kept = fs::read(workspace::root().join(&path)).with_context(|| path.clone())?;
        if kept != bytes {
            bail!("{path} differs from what {program}.bpf.c compiles to; run cargo xtask bpf");
        }
    }
    if !recorded.contains(&built.names) {
        bail!("{path} has other maps or programs than {program}.bpf.c; run cargo xtask bpf");
    }
    Ok(())
}

/// Returns the path of the file with tool versions, names and checksums.
fn record_of(program: &str) -> String {
    format!("{GENERATED}/{program}.build")
}

/// Returns the first file whose checksum is not in the record.
fn first_change<'a>(recorded: &str, checksums: &'a str) -> Option<&'a str> {
    let is_new = |line: &&str| !recorded.lines().any(|recorded| recorded == *line);
    checksums.lines().find(is_new)?.split(' ').nth(1)
}

/// Returns a line for each source and each result.
fn checksums(program: &str) -> Result<String> {
    let mut text = String::new();
    let folder = workspace::root().join(SOURCES);
    let mut sources = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| SOURCES.to_owned())? {
        let name = entry.with_context(|| SOURCES.to_owned())?.file_name().to_string_lossy().into_owned();
        if name == COMMON
            || name.starts_with(&format!("{program}."))
            || SHARED.contains(&(program, name.as_str()))
        {
            sources.push(format!("{SOURCES}/{name}"));
        }
    }
    sources.sort_unstable();
    let blobs = BLOBS.map(|ending| format!("{GENERATED}/{program}.{ending}"));
    for path in sources.into_iter().chain(blobs) {
        let mut git = workspace::program("git");
        git.args(["hash-object", "--no-filters", "--", &path]);
        let sum = String::from_utf8(workspace::output(git)?).context("git hash-object")?;
        text.push_str(&format!("file {path} {}\n", sum.trim()));
    }
    Ok(text)
}

/// Returns the path of bpftool. Debian installs it in /usr/sbin, which is not in every user's PATH.
fn bpftool() -> PathBuf {
    let usual = Path::new("/usr/sbin/bpftool");
    if usual.is_file() { usual.to_owned() } else { "bpftool".into() }
}

/// Returns the versions of the tools, one line each.
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
            bail!("{what} does not report its version ({})", output.status);
        }
        text.push_str(&versions(what, &String::from_utf8_lossy(&output.stdout)));
    }
    Ok(Ok(text))
}

/// Picks the lines with versions, and cuts off the program's folder, which differs between machines.
fn versions(what: &str, said: &str) -> String {
    let lines = said.lines().filter(|line| line.contains(" version ") || line.contains(" v")).take(2);
    lines
        .map(|line| match line.find(what) {
            Some(at) => line.get(at..).unwrap_or(line),
            None => line,
        })
        .fold(String::new(), |text, line| text + line.trim() + "\n")
}

fn build(program: &str) -> Result<Built> {
    let folder = std::env::temp_dir().join(format!("netstat-bpf-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let built = build_in(&folder, program);
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    built
}

fn build_in(folder: &Path, program: &str) -> Result<Built> {
    let object = folder.join(format!("{program}.bpf.o"));
    let mut clang = workspace::program("clang");
    // Otherwise the type information would contain this machine's paths.
    clang.current_dir(workspace::root().join(SOURCES)).arg("-fdebug-compilation-dir=.");
    clang.args(["-target", "bpfel", "-mcpu=v3", "-O2", "-g", "-std=gnu11"]);
    clang.args(["-Wall", "-Wextra", "-Werror", "-c", &format!("{program}.bpf.c"), "-o"]).arg(&object);
    workspace::output(clang)?;
    let mut bpftool = workspace::program(bpftool());
    bpftool.args(["gen", "skeleton", "-L"]).arg(&object).args(["name", program]);
    let header = String::from_utf8(workspace::output(bpftool)?).context("the skeleton")?;
    let blobs = BLOBS.into_iter().map(|ending| Ok((format!("{program}.{ending}"), blob(&header, ending)?)));
    Ok(Built { blobs: blobs.collect::<Result<_>>()?, names: names(&header) })
}

/// Returns a line for each map and program that the header declares, in its order.
fn names(header: &str) -> String {
    let mut text = String::new();
    for line in header.lines().map(str::trim) {
        for (kind, before) in [("map", "struct bpf_map_desc "), ("program", "struct bpf_prog_desc ")] {
            if let Some(name) = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(';')) {
                text.push_str(&format!("{kind} {name}\n"));
            }
        }
    }
    text
}

/// Reads the bytes of `opts.NAME` from the header, and checks their number against `opts.NAME_sz`.
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
    // The zero byte that ends a C string is not written out.
    if bytes.len() + 1 == size {
        bytes.push(0);
    }
    if bytes.len() != size {
        bail!("the skeleton announces {size} bytes of {name} and has {}", bytes.len());
    }
    Ok(bytes)
}

/// Decodes a C string in which every byte is written as `\0` or `\xNN`.
fn unescape(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for escape in text.split('\\').skip(1) {
        match (escape.trim_end(), escape.strip_prefix('x')) {
            ("", _) => {}
            ("0", _) => bytes.push(0),
            (_, Some(digits)) if digits.trim_end().len() == 2 => {
                bytes.push(u8::from_str_radix(digits.trim_end(), 16).context("a byte")?);
            }
            (other, _) => bail!("unknown escape in the skeleton: \\{other}"),
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
        assert_eq!(first_change(recorded, "file a 1\nfile b 2\n"), None);
        assert_eq!(first_change(recorded, "file a 1\nfile b 3\n"), Some("b"));
        assert_eq!(first_change(recorded, "file a 1\nfile c 2\n"), Some("c"));
    }

    #[test]
    fn versions_have_no_folders() {
        let clang = "Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\nInstalledDir: /usr/bin\n";
        assert_eq!(versions("clang", clang), "clang version 14.0.6\n");
        let bpftool = "/usr/sbin/bpftool v7.1.0\nusing libbpf v1.1\nfeatures: x\n";
        assert_eq!(versions("bpftool", bpftool), "bpftool v7.1.0\nusing libbpf v1.1\n");
    }

    #[test]
    fn the_loader_program_consists_of_whole_instructions() {
        for program in PROGRAMS {
            let insns = fs::read(workspace::root().join(GENERATED).join(format!("{program}.insns"))).unwrap();
            assert!(!insns.is_empty() && insns.len().is_multiple_of(8), "{program} {}", insns.len());
        }
    }

    #[test]
    fn maps_and_programs_are_named_in_order() {
        let header = "struct x {\n\tstruct {\n\t\tstruct bpf_map_desc b;\n\t\tstruct bpf_map_desc a;\n\t} maps;\n\
                      \tstruct {\n\t\tstruct bpf_prog_desc run;\n\t} progs;\n";
        assert_eq!(names(header), "map b\nmap a\nprogram run\n");
    }
}
