//! Whom the recorder names as the owner of a connection, and whom programs name that take the current process: both in the
//! same run.

use super::judge;
use super::{Made, Options, Recorder};
use crate::workspace;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

const FOLDER: &str = "xtask/src/bench/record";
const PINS: &str = "/sys/fs/bpf/bench";

/// Returns the path of bpftool. Debian installs it in /usr/sbin, which is not in every user's PATH.
pub(super) fn bpftool() -> PathBuf {
    let usual = Path::new("/usr/sbin/bpftool");
    if usual.is_file() { usual.to_owned() } else { "bpftool".into() }
}

/// By side, server and port of the client.
type Named = BTreeMap<(bool, SocketAddr, u16), Vec<[u32; 2]>>;

/// The program that notes the current process, attached.
struct Beside(Child);

impl Beside {
    fn begin() -> Result<Self> {
        let object = std::env::temp_dir().join(format!("netstat-bench-current-{}.o", std::process::id()));
        let mut clang = workspace::program("clang");
        clang.args([
            "-target",
            "bpfel",
            "-mcpu=v3",
            "-O2",
            "-g",
            "-std=gnu11",
            "-Wall",
            "-Wextra",
            "-Werror",
        ]);
        clang.args(["-I", "crates/netstat-os/bpf", "-c"]).arg(format!("{FOLDER}/current.bpf.c"));
        clang.arg("-o").arg(&object);
        workspace::output(clang)?;
        let mut load = workspace::program(bpftool());
        load.args(["prog", "loadall"]).arg(&object).args([PINS, "pinmaps", PINS]);
        workspace::output(load)?;
        std::fs::remove_file(&object).context("remove the object")?;
        let mut attach = workspace::program("python3");
        attach.arg(format!("{FOLDER}/attach.py")).arg(format!("{PINS}/current_at_close"));
        let mut child = attach.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("run python3")?;
        let mut line = String::new();
        let output = child.stdout.take().context("its output")?;
        BufReader::new(output).read_line(&mut line).context("read from python3")?;
        if line != "ready\n" {
            bail!("the program beside the recorder cannot be attached");
        }
        Ok(Self(child))
    }

    /// Returns whom it named: by side, server and port of the client, the one noted before or at CLOSE, and the one at CLOSE.
    fn named(&self) -> Result<Named> {
        let mut dump = workspace::program(bpftool());
        dump.args(["-j", "map", "dump", "pinned", &format!("{PINS}/owners")]);
        let text = workspace::output(dump)?;
        let all: serde_json::Value = serde_json::from_slice(&text).context("bpftool map dump")?;
        let mut named = Named::new();
        for entry in all.as_array().into_iter().flatten() {
            let value = &entry["formatted"]["value"];
            let number = |name: &str| value[name].as_u64().and_then(|number| u32::try_from(number).ok());
            let end = |address: &str, port: &str| {
                let address = Ipv4Addr::from(number(address)?.to_ne_bytes());
                Some(SocketAddr::from((address, u16::try_from(number(port)?).ok()?)))
            };
            let ends = end("local", "local_port").zip(end("remote", "remote_port"));
            let (Some((local, remote)), Some(noted), Some(at_close)) =
                (ends, number("noted"), number("at_close"))
            else {
                continue;
            };
            let like_tcplife = if noted == 0 { at_close } else { noted };
            named.entry((true, remote, local.port())).or_default().push([like_tcplife, at_close]);
            named.entry((false, local, remote.port())).or_default().push([like_tcplife, at_close]);
        }
        Ok(named)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(PINS);
    }
}

/// Makes connections, a fifth of them by processes of their own, and counts wrong owners of both.
pub(super) fn compare(options: &Options) -> Result<()> {
    let recorder = Recorder::start(options)?;
    let beside = Beside::begin()?;
    // So many that the program beside has room for all of them.
    let seconds = options.seconds.min(30);
    let made = Made::make(&Options { seconds, ..options.clone() }, 2_500, 5)?;
    let named = beside.named()?;
    drop(beside);
    let (kept, lost) = recorder.end()?;
    judge::print(&format!("netstat record: {}", made.words()), &made.ends.judge(&kept), lost);
    let (mut judged, mut wrong) = (0, [0, 0]);
    for (key, pid) in made.ends.processes() {
        let Some([one]) = named.get(&key).map(Vec::as_slice) else { continue };
        judged += 1;
        for (wrong, named) in wrong.iter_mut().zip(one) {
            *wrong += u32::from(*named != pid);
        }
    }
    let [like_tcplife, at_close] = wrong;
    println!(
        "the current process, of {judged} ends whose ports were used once: wrong for {at_close} when it is taken at CLOSE, for \
         {like_tcplife} when it is taken at SYN_SENT or LAST_ACK and else at CLOSE, as bcc's tcplife does"
    );
    Ok(())
}
