//! `docs/kernels.md` and its Korean.

use super::explain;
use super::guests::GUESTS;
use super::verdict::{COLUMNS, Cell, Verdict};
use crate::workspace;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes both pages from what is known of all guests.
pub(super) fn write(verdicts: &[Verdict]) -> Result<()> {
    for (name, is_korean) in [("docs/kernels.md", false), ("docs/kernels.ko.md", true)] {
        let path = workspace::root().join(name);
        std::fs::write(&path, page(verdicts, is_korean)?).with_context(|| name.to_owned())?;
        println!("written to {name}");
    }
    Ok(())
}

fn page(verdicts: &[Verdict], is_korean: bool) -> Result<String> {
    let pick = |en: &'static str, ko: &'static str| if is_korean { ko } else { en };
    let mut out = String::new();
    out.push_str(pick(HEAD, HEAD_KO));
    writeln!(out, "\n{}\n", pick("## Kernels as they come", "## 설치된 그대로의 커널"))?;
    table(&mut out, verdicts.iter().filter(|verdict| verdict.special.is_none()), is_korean)?;
    let absent: Vec<&str> = GUESTS
        .iter()
        .filter(|guest| guest.special.is_none())
        .map(|guest| guest.name)
        .filter(|name| !verdicts.iter().any(|verdict| verdict.guest == *name))
        .collect();
    if !absent.is_empty() {
        let what = pick("Not to be had from the mirror, or not booted: ", "미러에 없거나 부팅하지 않음: ");
        writeln!(out, "\n{what}{}.", absent.join(", "))?;
    }
    writeln!(out, "\n{}\n", pick("## With a difference", "## 조건을 바꾼 경우"))?;
    table(&mut out, verdicts.iter().filter(|verdict| verdict.special.is_some()), is_korean)?;
    out.push_str(pick(COLUMNS_SAY, COLUMNS_SAY_KO));
    writeln!(out, "\n{}\n", pick("## What is said", "## 나오는 말"))?;
    out.push_str(pick(SAID, SAID_KO));
    said(&mut out, verdicts, is_korean)?;
    let bad: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.is_good()).collect();
    if !bad.is_empty() {
        writeln!(out, "\n{}\n", pick("## Not as it should be", "## 기대와 다른 것"))?;
        for verdict in bad {
            for wrong in verdict.wrong.iter().take(5) {
                writeln!(out, "- {}: {}", verdict.guest, wrong.trim().replace('\n', " "))?;
            }
        }
    }
    Ok(out)
}

fn table<'a>(out: &mut String, verdicts: impl Iterator<Item = &'a Verdict>, is_korean: bool) -> Result<()> {
    let pick = |(en, ko): (&'static str, &'static str)| if is_korean { ko } else { en };
    let heads: Vec<&str> = COLUMNS.iter().map(|&head| pick(head)).collect();
    writeln!(out, "| {} | {} |", pick(("kernel", "커널")), heads.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(heads.len()))?;
    for verdict in verdicts {
        let name = match verdict.special {
            Some(special) => format!("{}: {}", verdict.release, pick(special)),
            None => format!("{} ({})", verdict.release, verdict.guest),
        };
        let shown = |cell: &Cell| if is_korean { cell.ko.clone() } else { cell.en.clone() };
        let cells: Vec<String> = verdict.cells.iter().map(shown).collect();
        writeln!(out, "| {name} | {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Writes each sentence, where it was said, and why.
fn said(out: &mut String, verdicts: &[Verdict], is_korean: bool) -> Result<()> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for verdict in verdicts {
        for said in &verdict.said {
            places.entry(said).or_default().push(verdict.guest);
        }
    }
    let head = if is_korean { "| 문장 | 나온 곳 | 이유 |" } else { "| sentence | where | why |" };
    writeln!(out, "{head}\n|---|---|---|")?;
    for (sentence, guests) in places {
        let everywhere = if is_korean { "모두" } else { "all" };
        let guests = if guests.len() == verdicts.len() { everywhere.to_owned() } else { guests.join(", ") };
        let why = explain::why(sentence).map_or("?", |(en, ko)| if is_korean { ko } else { en });
        writeln!(out, "| {} | {guests} | {why} |", sentence.replace('|', "\\|"))?;
    }
    Ok(())
}

const HEAD: &str = "\
# Kernels

[한국어](kernels.ko.md)

[Kernels as they come](#kernels-as-they-come) ·
[With a difference](#with-a-difference) ·
[What is said](#what-is-said)

Written by `cargo xtask kernels`; run it to see again. It boots kernels of Debian in qemu, without KVM, with busybox, `ip`,
`ss` and this program, makes sockets in every state that stays, held by root, by another user, by two processes and by
none, and asks. Each answer is compared with `/proc/net`, with the descriptors of all processes and with `ss -tuanpei` of the
same guest, taken before and after. What a kernel can do is found out by asking it, never by its version. What differs without
an explanation below fails the command.
";

const HEAD_KO: &str = "\
# 커널

[English](kernels.md)

[설치된 그대로의 커널](#설치된-그대로의-커널) ·
[조건을 바꾼 경우](#조건을-바꾼-경우) ·
[나오는 말](#나오는-말)

`cargo xtask kernels` 명령이 작성한 문서이며, 다시 확인하려면 이 명령을 실행합니다. Debian 커널을 KVM 없이 qemu에서 busybox, `ip`, \
`ss`, 이 프로그램과 함께 부팅하고, 유지되는 모든 상태의 소켓을 root, 다른 사용자, 두 프로세스가 함께, 또는 아무 프로세스 없이 \
만들어 놓고 묻습니다. 답은 모두 같은 게스트에서 앞뒤로 얻은 `/proc/net`, 모든 프로세스의 디스크립터, `ss -tuanpei`와 비교합니다. \
커널이 무엇을 할 수 있는지는 버전을 보지 않고 물어서 알아냅니다. 아래에 설명이 없는 차이가 나오면 명령이 실패합니다.
";

const COLUMNS_SAY: &str = "
- **rows**: sockets that are the same in all of `netstat -a --json`, `/proc/net` and the descriptors; values of their
  connections (queues, RTT, window, bytes, segments, inode, cookie) are as ss has them.
- **owners**: every process that holds a socket, found in /proc and by the BPF program, is one that has its descriptor.
- **TCP by BPF iterator**: `--source iter`.
- **`--netns all`**: sockets of a second namespace, as `ss` has them there.
- **recorder**: 50 connections that live for some milliseconds, found in `netstat history`.
- **capture**: 10 such connections, found in the file of `netstat capture`.
- **checks judged**: by `netstat check`, as root.
- As a user without rights and in a user namespace, the rows are the same; owners are those that the user may see.
- qemu 7.2 spoils the flags of the processor in `cmpxchg16b`, so a guest that does not come up is booted once more without this
  instruction. On Linux 7.2 and 7.3 that would change the answers: there the kernel gives BPF programs no memory for what
  they keep of a socket without it, and the recorder then says that ends were not seen.
";

const COLUMNS_SAY_KO: &str = "
- **행**: `netstat -a --json`, `/proc/net`, 디스크립터에서 모두 같은 소켓입니다. 연결의 값(큐, RTT, 윈도, 바이트, 세그먼트, inode, \
쿠키)은 ss의 값과 같습니다.
- **소유자**: /proc와 BPF 프로그램으로 찾은 소유자는 모두 그 소켓의 디스크립터를 실제로 가진 프로세스입니다.
- **BPF 반복자로 TCP**: `--source iter`.
- **`--netns all`**: 두 번째 네임스페이스의 소켓이 그 안에서 본 `ss`와 같습니다.
- **기록기**: 몇 밀리초 만에 끝나는 연결 50개를 `netstat history`에서 찾습니다.
- **캡처**: 같은 연결 10개를 `netstat capture`의 파일에서 찾습니다.
- **판단한 검사**: root로 실행한 `netstat check`.
- 권한이 없는 사용자와 사용자 네임스페이스에서도 행은 같으며, 소유자는 그 사용자가 볼 수 있는 것만 나옵니다.
- qemu 7.2는 `cmpxchg16b`에서 프로세서 플래그를 망가뜨리므로, 부팅되지 않은 게스트는 이 명령어를 빼고 한 번 더 부팅합니다. Linux \
7.2와 7.3에서는 그렇게 하면 답이 달라집니다. 이 명령어가 없으면 BPF 프로그램이 소켓마다 기억할 메모리를 커널이 주지 않으며, 이때 기록기는 \
보지 못한 연결이 있다고 알립니다.
";

const SAID: &str = "\
What the program says on standard error, with `-v` where a table is asked for, and why. N stands for a number.

";

const SAID_KO: &str = "\
프로그램이 표준 오류에 쓰는 문장(표를 물을 때는 `-v`와 함께)과 그 이유입니다. N은 숫자를 나타냅니다.

";
