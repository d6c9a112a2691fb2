//! What is installed on Windows: a zip, an installer, and the manifests of winget, Scoop and Chocolatey.

use super::layout::{self, File, Files, filled};
use super::licences;
use super::toolchain::{Toolchain, WINDOWS_ARM};
use super::tools::{need, run, said};
use super::trial::{expect, skip};
use super::{Release, archive};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// The program for a processor.
#[derive(Debug)]
pub(super) struct Program {
    /// What we and RPM call the processor.
    pub(super) machine: &'static str,
    /// What Windows calls the processor.
    pub(super) windows: &'static str,
    bytes: Vec<u8>,
    third_party: String,
}

/// What has the path of a certificate with its key, in PKCS #12; and what has its password.
const CERTIFICATE: &str = "NETSTAT_CERTIFICATE";
const PASSWORD: &str = "NETSTAT_CERTIFICATE_PASSWORD";

impl Program {
    /// Builds the program for x86_64, which `cargo xtask windows` tests under Wine.
    pub(super) fn x86_64(release: &Release, sources: &Path, folder: &Path) -> Result<Self> {
        let bytes = fs::read(crate::windows::program(sources, folder)?)?;
        Self::new(release, "x86_64", "x64", &bytes, "x86_64-pc-windows-gnu")
    }

    /// Builds the program for ARM.
    pub(super) fn aarch64(release: &Release, toolchain: &Toolchain) -> Result<Self> {
        let mut bytes = fs::read(toolchain.build(WINDOWS_ARM)?)?;
        forget_time(&mut bytes).context("the program has no PE header")?;
        Self::new(release, "aarch64", "arm64", &bytes, WINDOWS_ARM.triple)
    }

    fn new(
        release: &Release,
        machine: &'static str,
        windows: &'static str,
        bytes: &[u8],
        target: &str,
    ) -> Result<Self> {
        let third_party = licences::third_party(&licences::linked(target)?)?;
        let path = release.work.join(format!("netstat-{machine}.exe"));
        fs::write(&path, bytes)?;
        sign(&path)?;
        Ok(Self { machine, windows, bytes: fs::read(path)?, third_party })
    }
}

/// Sets the time of the link in the headers of a program to zero. `None` if it has no such headers.
fn forget_time(program: &mut [u8]) -> Option<()> {
    let number = |program: &[u8], at: usize| Some(u32::from_le_bytes(*program.get(at..)?.first_chunk()?));
    let header = usize::try_from(number(program, 0x3c)?).ok()?;
    if !program.get(header..)?.starts_with(b"PE\0\0") {
        return None;
    }
    let at = header + 8;
    program.get_mut(at..at + 4)?.fill(0);
    Some(())
}

/// Signs a file in place with the certificate that the environment names. Without one it stays as it is.
pub(super) fn sign(path: &Path) -> Result<()> {
    let Some(certificate) = std::env::var_os(CERTIFICATE) else { return Ok(()) };
    need("osslsigncode", "osslsigncode")?;
    let signed = path.with_extension("signed");
    let _ = fs::remove_file(&signed);
    let mut words = vec!["sign".to_owned(), "-pkcs12".to_owned(), certificate.to_string_lossy().into_owned()];
    if let Some(file) = std::env::var_os(PASSWORD) {
        // From a file: arguments are seen by everybody on the machine.
        words.extend(["-readpass".to_owned(), file.to_string_lossy().into_owned()]);
    }
    words.extend(["-h", "sha256", "-n", "netstat", "-in"].map(str::to_owned));
    words.extend([path, &signed].map(|path| path.display().to_string()));
    words.insert(words.len() - 1, "-out".to_owned());
    run("osslsigncode", &words.iter().map(String::as_str).collect::<Vec<_>>())?;
    fs::rename(&signed, path).with_context(|| signed.display().to_string())
}

/// Makes the zip and returns its path.
pub(super) fn zip(release: &Release, program: &Program, out: &Path) -> Result<PathBuf> {
    need("zip", "zip")?;
    let name = format!("netstat-{}-{}-windows", release.version, program.machine);
    let top = release.work.join(&name);
    let mut files = Files::new();
    files.insert(format!("{name}/netstat.exe"), File::Program(program.bytes.clone()));
    files.insert(
        format!("{name}/netstat.ps1"),
        File::Data(layout::read("crates/netstat-cli/completions/netstat.ps1")?),
    );
    layout::documents(&mut files, &name)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        files.insert(format!("{name}/{licence}.txt"), File::Data(layout::read(licence)?));
    }
    let third_party = program.third_party.clone().into_bytes();
    files.insert(format!("{name}/THIRD-PARTY.txt"), File::Data(third_party));
    layout::lay_out(&files, &top, release.time)?;
    let path = out.join(format!("{name}.zip"));
    archive::zip(&top, &path)?;
    Ok(path)
}

/// What `wixl` cannot write: how the folder of the program comes into `PATH` of the machine, and goes again.
const ENVIRONMENT: &str = "\
Environment\tName\tValue\tComponent_\r
s72\tl255\tL255\ts72\r
Environment\tEnvironment\r
Nets\t=-*PATH\t[~];[INSTALLDIR]\tNets\r
Netstat\t=-*PATH\t[INSTALLDIR];[~]\tNetstat\r
";
const ACTIONS: [(&str, u32); 2] = [("RemoveEnvironmentStrings", 3300), ("WriteEnvironmentStrings", 5200)];

/// Makes the installer and returns its path. It holds what the zip of the same program was made of.
pub(super) fn msi(release: &Release, program: &Program, out: &Path) -> Result<PathBuf> {
    for (tool, package) in [("wixl", "wixl"), ("msibuild", "msitools"), ("faketime", "faketime")] {
        need(tool, package)?;
    }
    let name = format!("netstat-{}-{}-windows", release.version, program.machine);
    let folder = release.work.join(&name).join(&name);
    let path = out.join(format!("{name}.msi"));
    let wxs = release.work.join(format!("{name}.wxs"));
    let _ = fs::remove_file(&path);
    let text = String::from_utf8(layout::read("packaging/windows/netstat.wxs")?)?;
    let product = guid(&format!("product {} {}", release.version, program.machine))?;
    let package = guid(&format!("package {}", super::tools::sha256(&program.bytes)?))?;
    let values = [("VERSION", release.version.as_str()), ("PRODUCT", &product), ("PACKAGE", &package)];
    fs::write(&wxs, filled(&text, &values)?)?;
    let table = release.work.join("Environment.idt");
    fs::write(&table, ENVIRONMENT)?;
    let time = said("date", &["-u", "-d", &format!("@{}", release.time), "+%Y-%m-%d %H:%M:%S"])?;
    // Both programs write the time at which they run.
    let at_that_time = |words: &[&str]| {
        let all = [&["TZ=UTC", "faketime", "-f", time.trim()][..], words].concat();
        let mut command = crate::workspace::program("env");
        // Names of files are those in this folder.
        command.current_dir(&folder).args(all).stdout(std::process::Stdio::null());
        crate::workspace::run(&mut command, &format!("{} failed", words.join(" ")))
    };
    let msi = path.display().to_string();
    at_that_time(&["wixl", "-a", "x64", "-o", &msi, &wxs.display().to_string()])?;
    at_that_time(&["msibuild", &msi, "-i", &table.display().to_string()])?;
    for (action, number) in ACTIONS {
        let insert =
            format!("INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('{action}', {number})");
        at_that_time(&["msibuild", &msi, "-q", &insert])?;
    }
    // wixl knows no ARM, and makes up an identity of its own.
    let platform = if program.windows == "arm64" { "Arm64;1033" } else { "x64;1033" };
    let author = "the netstat developers";
    at_that_time(&["msibuild", &msi, "-s", "netstat", author, platform, &format!("{{{package}}}")])?;
    sign(&path)?;
    Ok(path)
}

/// Returns a GUID that is always the same for the same text.
fn guid(text: &str) -> Result<String> {
    let sum = super::tools::sha256(text.as_bytes())?.to_uppercase();
    Ok(format!("{}-{}-4{}-8{}-{}", &sum[..8], &sum[8..12], &sum[13..16], &sum[17..20], &sum[20..32]))
}

/// The key of the registry with the variables of the machine.
const VARIABLES: &str = r"HKLM\System\CurrentControlSet\Control\Session Manager\Environment";

/// Tries the zip and the installer under Wine: runs the program, installs it under each of its names, and removes it.
pub(super) fn try_them(release: &Release, program: &Program, out: &Path, work: &Path) -> Result<()> {
    if program.windows != "x64" {
        skip("the program for Windows on ARM", "Wine of this machine runs no such program");
        return Ok(());
    }
    let name = format!("netstat-{}-{}-windows", release.version, program.machine);
    let wine = crate::windows::Wine::start(&work.join("wine"))?;
    let unpacked = wine.drive().join("unpacked");
    fs::create_dir_all(&unpacked)?;
    let archive = out.join(format!("{name}.zip")).display().to_string();
    run("python3", &["-m", "zipfile", "-e", &archive, &unpacked.display().to_string()])?;
    let path = format!(r"C:\unpacked\{name}\netstat.exe");
    expect(&wine.run(&[&path, "--version"])?, &release.version, "the program of the zip")?;
    expect(&wine.run(&[&path, "-ano"])?, "Active Connections", "the program of the zip")?;

    fs::copy(out.join(format!("{name}.msi")), wine.drive().join("netstat.msi"))?;
    let msi = r"C:\netstat.msi";
    let folder = r"C:\Program Files\netstat\";
    let installed = wine.drive().join("Program Files/netstat");
    let places = || wine.run(&["reg", "query", VARIABLES, "/v", "PATH"]);
    let choices: [(&[&str], &str, bool); 2] =
        [(&[], "nets.exe", false), (&["ADDLOCAL=Texts,Netstat"], "netstat.exe", true)];
    for (choice, command, comes_first) in choices {
        wine.run(&[&["msiexec", "/i", msi, "/qn"][..], choice].concat())?;
        expect(&wine.run(&[&format!("{folder}{command}"), "--version"])?, &release.version, command)?;
        let path = places()?;
        let ours = path.find(folder).with_context(|| format!("PATH has no {folder}: {path}"))?;
        let system = path.find("system32").with_context(|| format!("PATH has no system32: {path}"))?;
        if (ours < system) != comes_first {
            bail!("{command} is at the wrong place of PATH: {path}");
        }
        if fs::read_dir(&installed)?.filter(is_program).count() != 1 {
            bail!("there is more than {command}");
        }
        wine.run(&["msiexec", "/x", msi, "/qn"])?;
        if installed.exists() || places()?.contains(folder) {
            bail!("{command} is not removed whole");
        }
    }
    println!("installed under both names, used and removed");
    Ok(())
}

fn is_program(entry: &std::io::Result<fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.path().extension().is_some_and(|end| end == "exe"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::tools::is_here;

    #[test]
    fn zip_and_installer_are_the_same_bytes_wherever_they_are_made() {
        for tool in ["zip", "wixl", "msibuild", "faketime", "msiinfo"] {
            if !is_here(tool) {
                return netstat_lab::skip(format!("{tool} is missing"));
            }
        }
        let top = std::env::temp_dir().join(format!("netstat-xtask-windows-{}", std::process::id()));
        let program = Program {
            machine: "aarch64",
            windows: "arm64",
            bytes: b"MZ a program".to_vec(),
            third_party: "licences\n".to_owned(),
        };
        let made = ["one", "two"].map(|name| {
            let folder = top.join(name);
            let release = Release { work: folder.join("work"), ..Release::for_tests() };
            fs::create_dir_all(&release.work).unwrap();
            let zip = zip(&release, &program, &folder).unwrap();
            let msi = msi(&release, &program, &folder).unwrap();
            let told = said("msiinfo", &["suminfo", &msi.display().to_string()]).unwrap();
            assert!(told.contains("Template: Arm64;1033"), "{told}");
            let table = said("msiinfo", &["export", &msi.display().to_string(), "Environment"]).unwrap();
            assert!(table.contains("[INSTALLDIR];[~]"), "{table}");
            (fs::read(zip).unwrap(), fs::read(msi).unwrap())
        });
        assert!(made[0] == made[1]);
        fs::remove_dir_all(top).unwrap();
    }

    #[test]
    fn the_time_of_the_link_is_forgotten() {
        let mut program = vec![0xff; 0x60];
        program[0x3c..0x40].copy_from_slice(&0x40u32.to_le_bytes());
        program[0x40..0x44].copy_from_slice(b"PE\0\0");
        forget_time(&mut program).unwrap();
        assert_eq!(program[0x44..0x50], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(forget_time(&mut [0; 0x60]), None);
        assert_eq!(forget_time(&mut program[..0x45]), None);
    }

    #[test]
    fn identities_depend_on_what_they_are_of() {
        let one = guid("one").unwrap();
        assert_eq!(one, guid("one").unwrap());
        assert_ne!(one, guid("two").unwrap());
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(one[14..].starts_with('4') && one[19..].starts_with('8'));
    }

    #[test]
    fn each_name_is_a_choice_and_has_its_place_in_path() {
        let text = String::from_utf8(layout::read("packaging/windows/netstat.wxs").unwrap()).unwrap();
        for (name, level, place) in [("Nets", "1", "[~];[INSTALLDIR]"), ("Netstat", "2", "[INSTALLDIR];[~]")]
        {
            assert!(text.contains(&format!("<Feature Id=\"{name}\" Level=\"{level}\">")), "{name}");
            assert!(text.contains(&format!("<Component Id=\"{name}\"")), "{name}");
            assert!(ENVIRONMENT.contains(&format!("{name}\t=-*PATH\t{place}\t{name}\r\n")), "{name}");
        }
    }
}
