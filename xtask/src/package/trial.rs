//! Installs the packages in roots of their own, uses them, upgrades them and removes them. What cannot be tried on this
//! machine is told as skipped, with the reason.

use super::tools::{is_here, run, run_in, said};
use super::{Built, Release, deb, rpm};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The longest that one program of a trial may take, in seconds.
const LIMIT: &str = "300";

/// Tells what cannot be tried, in the words that `.ci/run` counts.
pub(super) fn skip(what: &str, why: &str) {
    println!("skipped: {what}: {why}");
}

/// A program that ends after a time.
pub(super) fn limited(words: &[&str]) -> Command {
    let mut command = workspace::program("timeout");
    command.args(["-k", "10", LIMIT]).args(words);
    command
}

/// Fails if a text lacks another.
pub(super) fn expect(text: &str, part: &str, what: &str) -> Result<()> {
    if !text.contains(part) {
        bail!("{what}: {part:?} is not in {text:?}");
    }
    Ok(())
}

/// A system in a folder, which programs see as theirs.
struct Root(PathBuf);

/// Starts a listener and shows it with the command `$1`, in Perl, which every Debian has.
const LISTENER: &str = "perl -MIO::Socket::INET -e '\
    $s = IO::Socket::INET->new(Listen => 1, LocalAddr => \"0.0.0.0\", LocalPort => 8080) or die; print qx(COMMAND)'";

impl Root {
    /// Makes a fresh copy of a base system, which debootstrap makes once. `None` with a message where it cannot.
    fn new(work: &Path) -> Result<Option<Self>> {
        if !is_here("debootstrap") {
            skip("packages in a Debian of their own", "debootstrap is missing: apt-get install debootstrap");
            return Ok(None);
        }
        let base = work.join("base");
        if !base.join("complete").exists() {
            let system = fs::read_to_string("/etc/os-release").context("/etc/os-release")?;
            let name = system.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
            let name = name.unwrap_or("stable");
            println!("== debootstrap {name}");
            let log = fs::File::create(work.join("debootstrap.log"))?;
            let _ = fs::remove_dir_all(&base);
            let words = ["-k", "10", "900", "debootstrap", "--variant=minbase", name];
            let mut debootstrap = workspace::program("timeout");
            debootstrap.args(words).arg(&base).stdout(log.try_clone()?).stderr(log);
            if !debootstrap.status().context("run debootstrap")?.success() {
                let log = work.join("debootstrap.log");
                skip("packages in a Debian of their own", &format!("debootstrap failed: {}", log.display()));
                return Ok(None);
            }
            fs::write(base.join("complete"), "")?;
        }
        let root = work.join("root");
        if root.exists() {
            fs::remove_dir_all(&root).with_context(|| root.display().to_string())?;
        }
        run("cp", &["-a", &base.display().to_string(), &root.display().to_string()])?;
        let root = Self(root);
        let alone = root.command("true").output().context("run unshare")?;
        if !alone.status.success() {
            let why = String::from_utf8_lossy(&alone.stderr).trim().to_owned();
            skip("packages in a Debian of their own", &format!("no namespaces can be made: {why}"));
            return Ok(None);
        }
        Ok(Some(root))
    }

    /// Prepares a script that runs in the root, with processes and a network of its own.
    fn command(&self, script: &str) -> Command {
        let root = self.0.display().to_string();
        let words = ["unshare", "--mount", "--pid", "--fork", "--net", "--mount-proc", "--root", &root];
        let mut command = limited(&words);
        command.args(["/bin/sh", "-ec", script]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }

    /// Runs a script and returns what it printed. Fails where it does.
    fn run(&self, script: &str) -> Result<String> {
        let output = self.command(script).output().context("run unshare")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("{script}: {}\n{text}{complaint}", output.status);
        }
        Ok(text)
    }

    /// Fails if what a script prints lacks a text.
    fn shows(&self, script: &str, part: &str) -> Result<()> {
        expect(&self.run(script)?, part, script)
    }

    /// Fails if the command does not show a socket that listens, in the text of Windows.
    fn lists(&self, command: &str) -> Result<()> {
        let script = LISTENER.replace("COMMAND", &format!("{command} -ano"));
        let text = self.run(&script)?;
        expect(&text, "Active Connections", command)?;
        let is_row = |line: &&str| line.contains("0.0.0.0:8080 ") && line.contains(" LISTENING ");
        let row = text.lines().find(is_row).with_context(|| format!("{command} has no row: {text}"))?;
        // The program knows whose it is.
        let pid = row.split_whitespace().last().unwrap_or_default();
        if pid.parse::<u32>().is_err() {
            bail!("{command} has no owner: {row}");
        }
        Ok(())
    }

    fn copy(&self, package: &Path) -> Result<String> {
        let name = package.file_name().context("a package without a name")?;
        let inside = Path::new("tmp").join(name);
        fs::copy(package, self.0.join(&inside)).with_context(|| package.display().to_string())?;
        Ok(format!("/{}", inside.display()))
    }
}

const OURS: &str = "/usr/lib/netstat/netstat";
const LEADS_TO: &str = "readlink -f /usr/bin/netstat";

/// Tries the package of Debian: alone, with net-tools that comes later, and beside net-tools.
pub(super) fn try_deb(release: &Release, built: &Built, work: &Path) -> Result<()> {
    let packages = work.join("packages");
    fs::create_dir_all(&packages)?;
    let first = deb::make(release, built, 1, &packages)?;
    let second = deb::make(release, built, 2, &packages)?;
    if is_here("lintian") {
        let found =
            limited(&["lintian", "--allow-root", "--fail-on", "warning,error", &first.display().to_string()])
                .output()
                .context("run lintian")?;
        if !found.status.success() {
            bail!("lintian: {}", String::from_utf8_lossy(&found.stdout));
        }
        println!("lintian has nothing to say");
    } else {
        skip("lintian", "apt-get install lintian");
    }
    let Some(root) = Root::new(work)? else { return Ok(()) };
    let (first, second) = (root.copy(&first)?, root.copy(&second)?);

    root.run(&format!("dpkg -i {first}"))?;
    root.shows(LEADS_TO, OURS)?;
    root.lists("netstat")?;
    root.lists("nets")?;
    root.shows("netstat --version", &release.version)?;
    root.shows("netstat check", "checks of ")?;
    root.shows("bash -c '. /usr/share/bash-completion/completions/nets; complete -p nets'", "-F _nets")?;
    root.run(&format!("dpkg -i {second}"))?;
    root.shows("dpkg -s netstat", "-2")?;
    capabilities(&root, &format!("dpkg -i {second}"))?;
    println!("installed, used and upgraded alone");

    let net_tools = download("net-tools", work)?;
    if let Some(package) = &net_tools {
        let package = root.copy(package)?;
        root.run(&format!("dpkg -i {package}"))?;
        root.shows("netstat --version 2>&1 || true", "net-tools")?;
        root.lists("nets")?;
        root.run(&format!("update-alternatives --set netstat {OURS}"))?;
        root.lists("netstat")?;
        root.run("update-alternatives --set netstat /usr/lib/netstat/net-tools")?;
        root.shows("netstat -an", "Active Internet connections (servers and established)")?;
        root.run(&format!("dpkg -i {second}"))?;
        root.shows(LEADS_TO, "/usr/lib/netstat/net-tools")?;
        root.run("dpkg -r netstat")?;
        root.shows("netstat --version 2>&1 || true", "net-tools")?;
        let changed = root.run("dpkg --verify net-tools | grep -v /usr/share || true")?;
        if !changed.is_empty() {
            bail!("net-tools is not as it was: {changed}");
        }
        println!("net-tools came later, was chosen against, and is as it was after a removal");
        root.run(&format!("dpkg -i {first}"))?;
        root.shows("netstat --version 2>&1 || true", "net-tools")?;
        root.run("dpkg -r net-tools")?;
        root.shows(LEADS_TO, OURS)?;
        root.lists("netstat")?;
        println!("installed beside net-tools, which then went");
    }
    root.run("dpkg -P netstat")?;
    let left = root.run(
        "dpkg -P libcap2-bin >/dev/null 2>&1; dpkg-divert --list '*netstat*'; find / -xdev \\( -name '*netstat*' -o -name 'nets' -o -name 'nets.*' \\) \
         -not -path '/proc/*' -not -path '/tmp/*' -not -path '/usr/share/*/systemd*' -not -path '*/perl*/*'",
    )?;
    let left: Vec<&str> =
        left.lines().filter(|line| !line.starts_with("/usr/share/bash-completion/")).collect();
    if !left.is_empty() {
        bail!("this is left after purging: {}", left.join(" "));
    }
    println!("removed, and nothing is left");
    Ok(())
}

/// Runs a command as a user without rights.
const AS_NOBODY: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";

/// Gives the program its capabilities, which stay over an installation, and tries what a user can do with it then.
fn capabilities(root: &Root, install: &str) -> Result<()> {
    let what = "the capabilities of the package";
    let Some(packages) = ["libcap2", "libcap2-bin"]
        .into_iter()
        .map(|name| download(name, root.0.parent().unwrap_or(&root.0)))
        .collect::<Result<Option<Vec<PathBuf>>>>()?
    else {
        return Ok(());
    };
    for package in &packages {
        let inside = root.copy(package)?;
        root.run(&format!("dpkg -i {inside}"))?;
    }
    root.run("printf 'password = \"secret\"\\n' > /root/own.toml; chmod 600 /root/own.toml; chmod 755 /tmp")?;
    let caps = "/usr/lib/netstat/caps";
    root.shows(&format!("{caps} show"), "off")?;
    if !root.command(&format!("{caps} on")).output().context("run caps")?.status.success() {
        skip(what, "this kernel or file system keeps none");
        return Ok(());
    }
    root.run(install)?;
    root.shows("getcap /usr/lib/netstat/netstat", "cap_sys_ptrace")?;
    // Perl, which holds the listener, is root's.
    root.lists(&format!("{AS_NOBODY} netstat"))?;
    for refused in [
        "check --config /root/own.toml",
        "check --policy /root/own.toml",
        "-ano --columns local,country --geo /root/own.toml",
        "-ano --record /tmp/recording",
        "-ano --replay /root",
        "history --store /root",
        "capture --read /root/own.toml",
        "capture lport 1 -w /tmp/x --for 1s",
        "record --store /tmp/store",
        "close --yes lport 8080 listening",
        "end --yes lport 8080 listening",
        "--netns 1 -ano",
    ] {
        let output = root.command(&format!("{AS_NOBODY} netstat {refused}")).output()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        if output.status.success() || text.contains("secret") {
            bail!("netstat {refused}: is not refused: {text}");
        }
        expect(&text, "this program has more rights than you have", refused)?;
    }
    root.run(&format!("{caps} off"))?;
    if !root.run("getcap /usr/lib/netstat/netstat")?.is_empty() {
        bail!("the capabilities are not taken away");
    }
    println!("capabilities: kept over an installation, refused for files and acts, and taken away");
    Ok(())
}

/// Fetches a package of Debian that no test may change. `None` with a message where it is not to be had.
fn download(package: &str, work: &Path) -> Result<Option<PathBuf>> {
    let folder = work.join("downloads");
    fs::create_dir_all(&folder)?;
    let find = || -> Result<Option<PathBuf>> {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&format!("{package}_")))
            {
                return Ok(Some(path));
            }
        }
        Ok(None)
    };
    if let Some(path) = find()? {
        return Ok(Some(path));
    }
    let mut apt = limited(&["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]);
    apt.current_dir(&folder);
    if !apt.status().context("run apt-get")?.success() {
        skip(&format!("what takes {package}"), "apt-get cannot download it");
    }
    find()
}

/// Tries the package of Fedora with the rpm of this machine: what it lists, and its scripts in a root.
pub(super) fn try_rpm(release: &Release, built: &Built, work: &Path) -> Result<()> {
    let packages = work.join("packages");
    fs::create_dir_all(&packages)?;
    let first = rpm::make(release, built, 1, &packages)?;
    let second = rpm::make(release, built, 2, &packages)?;
    let listed = said("rpm", &["-qpl", &first.display().to_string()])?;
    for path in
        ["/usr/bin/nets\n", "/usr/share/man/man1/netstat.1.gz\n", "/usr/share/licenses/netstat/THIRD-PARTY\n"]
    {
        expect(&listed, path, "rpm -qpl")?;
    }
    if is_here("rpmlint") {
        let rules = workspace::root().join("packaging/rpm/rpmlint.toml").display().to_string();
        let found = limited(&["rpmlint", "-c", &rules, &first.display().to_string()]).output()?;
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        expect(&text, " 0 errors, 0 warnings", "rpmlint")?;
        println!("rpmlint has nothing to say");
    } else {
        skip("rpmlint", "apt-get install rpmlint");
    }
    let Some(root) = Root::new(work)? else { return Ok(()) };
    let inside = root.0.display().to_string();
    let rpm = |words: &[&str]| {
        let all = [&["rpm", "--root", &inside, "--dbpath", "/var/lib/rpm", "--nodeps"][..], words].concat();
        workspace::run(&mut limited(&all), &format!("rpm {} failed", words.join(" ")))
    };
    rpm(&["-i", &first.display().to_string()])?;
    root.lists("nets")?;
    rpm(&["-U", &second.display().to_string()])?;
    root.lists("nets")?;
    rpm(&["--verify", "netstat"])?;
    rpm(&["-e", "netstat"])?;
    if root.0.join("usr/lib/netstat").exists() || root.0.join("usr/bin/nets").exists() {
        bail!("the package of Fedora leaves files behind");
    }
    println!("installed, used, upgraded, verified and removed");
    Ok(())
}

/// Tries what is in the archives: their sums, and the program, also that for another processor.
pub(super) fn try_archives(release: &Release, built: &Built, out: &Path, work: &Path) -> Result<()> {
    let folder = work.join("unpacked");
    for end in ["tar.gz", "tar.zst"] {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let name = format!("netstat-{}-{}-linux", release.version, built.target.machine);
        let archive = out.join(format!("{name}.{end}")).display().to_string();
        run_in(&folder, "tar", &["-xf", &archive])?;
        let program = folder.join(name).join("bin/netstat").display().to_string();
        runs(&program, built, &release.version)?;
    }
    run_in(out, "sha256sum", &["--check", "--quiet", "SHA256SUMS"])
}

/// Fails if a program does not tell its version, on this processor or on one that qemu is.
fn runs(program: &str, built: &Built, version: &str) -> Result<()> {
    let machine = built.target.machine;
    let emulator = format!("qemu-{machine}-static");
    let words: Vec<&str> = if std::env::consts::ARCH == machine {
        vec![program]
    } else if is_here(&emulator) {
        vec![&emulator, program]
    } else {
        skip(
            &format!("the program for {machine}"),
            &format!("apt-get install qemu-user-static: no {emulator}"),
        );
        return Ok(());
    };
    let outputs =
        [(vec!["--version"], version), (vec!["-ano"], "Active Connections"), (vec!["-r"], "Active Routes")];
    for (arguments, part) in outputs {
        let all: Vec<&str> = words.iter().copied().chain(arguments).collect();
        let output = limited(&all).output().with_context(|| format!("run {program}"))?;
        expect(&String::from_utf8_lossy(&output.stdout), part, &all.join(" "))?;
    }
    println!("{program} runs");
    Ok(())
}

/// Tries a container image: what skopeo reads of it, and its only layer as a root.
pub(super) fn try_container(release: &Release, built: &Built, image: &Path, work: &Path) -> Result<()> {
    if is_here("skopeo") {
        for transport in ["oci-archive", "docker-archive"] {
            let source = format!("{transport}:{}", image.display());
            let told = said("skopeo", &["inspect", "--config", &source])?;
            let told: serde_json::Value = serde_json::from_str(&told).context("skopeo inspect")?;
            let is_right = told["architecture"] == built.target.oci
                && told["config"]["Entrypoint"] == serde_json::json!(["/usr/bin/netstat"]);
            if !is_right {
                bail!("skopeo reads another image: {told}");
            }
        }
        let copy = work.join("copied");
        let _ = fs::remove_dir_all(&copy);
        let to = format!("dir:{}", copy.display());
        // Checks every sum.
        run(
            "skopeo",
            &["--insecure-policy", "copy", "--quiet", &format!("oci-archive:{}", image.display()), &to],
        )?;
    } else {
        skip("what other programs read of the container image", "apt-get install skopeo");
    }
    let root = work.join("container");
    let _ = fs::remove_dir_all(&root);
    fs::create_dir_all(&root)?;
    run_in(&root, "tar", &["-xf", &image.display().to_string()])?;
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(root.join("manifest.json"))?)?;
    let layer = manifest[0]["Layers"][0].as_str().context("the image has no layer")?;
    run_in(&root, "tar", &["-xzf", layer])?;
    runs(&root.join("usr/bin/netstat").display().to_string(), built, &release.version)
}
