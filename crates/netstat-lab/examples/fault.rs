//! Makes a fault, or its look-alike, in a network namespace of its own, and runs a command there:
//! `fault SCENE COMMAND...`, as in `fault close-wait-leak netstat check`. Without a command it runs a shell. Without
//! arguments it lists the scenes. Needs root.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("fault: runs on Linux only, in network namespaces");
    ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use netstat_lab::faults::{
        BoundPorts, Churn, CloseWaitLeak, CloseWaitTraffic, Datagrams, Deferred, HalfOpen, HeldPorts,
        Program, Queue, Receiver, SlowReader, TimeWaitPile, Tracked, Transfer, Unanswered, Unread,
    };
    use netstat_lab::{Namespace, Place, RemoteHost, Result};
    use std::any::Any;
    use std::process::{Command, ExitCode};

    type Scene = Box<dyn Any>;
    type Maker = fn(&Namespace, &RemoteHost) -> Result<Scene>;

    fn hold<T: 'static>(scene: Result<T>) -> Result<Scene> {
        scene.map(|scene| Box::new(scene) as Scene)
    }

    fn time_wait(net: &Namespace, peers: usize) -> Result<Scene> {
        hold(TimeWaitPile::new(net, 12_000, 10_000, peers))
    }

    /// More than any program has now and then.
    fn many<T: 'static>(scene: impl Fn() -> Result<T>) -> Result<Scene> {
        hold((0..12).map(|_| scene()).collect::<Result<Vec<T>>>())
    }

    /// Each fault, followed by its look-alike.
    const SCENES: &[(&str, Maker)] = &[
        ("idle", |_, _| hold(Ok(()))),
        ("time-wait-to-one", |net, _| time_wait(net, 1)),
        ("time-wait-to-many", |net, _| time_wait(net, 100)),
        ("no-port-left", |net, _| hold(HeldPorts::exhausted(net, 500))),
        ("ports-spread", |net, _| hold(HeldPorts::spread(net, 500, 1_000, 20))),
        ("bound-only", |net, _| hold(BoundPorts::new(net, 300, 300))),
        ("few-buckets", |net, _| hold(Churn::with_buckets(net, 16))),
        ("many-buckets", |net, _| hold(Churn::with_buckets(net, 100_000))),
        ("close-wait-leak", |net, _| {
            hold(CloseWaitLeak::new(net, 1_200, 2, b"HTTP/1.1 408 Request Timeout\r\n\r\n"))
        }),
        ("close-wait-traffic", |net, _| hold(CloseWaitTraffic::new(net, 150))),
        ("full-queue", |net, _| hold(Queue::full(net, 64))),
        ("busy-queue", |net, _| hold(Queue::busy(net, 64))),
        ("syn-cookies", |net, host| hold(Queue::with_cookies(net, host, 64))),
        ("no-answer", |_, host| hold(Unanswered::new(host, &[([10, 99, 0, 66], 5432).into()], 100))),
        ("few-attempts", |_, host| hold(Unanswered::new(host, &[([10, 99, 0, 66], 5432).into()], 3))),
        ("half-open", |_, host| hold(HalfOpen::new(host, 400))),
        ("few-half-open", |_, host| hold(HalfOpen::new(host, 5))),
        ("deferred", |net, _| hold(Deferred::new(net, 150))),
        ("loss", |_, host| many(|| Transfer::new(host, Receiver::LosesOneIn(10)))),
        ("no-loss", |_, host| hold(Transfer::new(host, Receiver::Prompt))),
        ("silent-peer", |_, host| many(|| Transfer::new(host, Receiver::Silent))),
        ("zero-window", |net, _| many(|| Unread::new(net))),
        ("slow-reader", |net, _| many(|| SlowReader::new(net))),
        ("unread-datagrams", |net, _| hold(Datagrams::unread(net))),
        ("read-datagrams", |net, _| hold(Datagrams::read(net))),
        ("recovered-datagrams", |net, _| hold(Datagrams::recovered(net))),
        ("conntrack-full", |net, _| hold(Tracked::nearly_full(net))),
        ("conntrack-few", |net, _| hold(Tracked::few(net))),
        ("exposed", |net, _| hold(net.listener(Place::AnyV4, 3306))),
        ("not-exposed", |net, _| hold(net.listener(Place::LoopbackV4, 3306))),
        ("implant", |net, host| hold(Program::implant(net, host, ([93, 184, 215, 14], 4444).into()))),
        ("honest-program", |net, host| {
            hold(Program::in_its_place(net, host, ([93, 184, 215, 14], 443).into()))
        }),
    ];

    pub(super) fn main() -> ExitCode {
        let mut words = std::env::args_os().skip(1);
        let name = words.next().unwrap_or_default();
        let Some((_, make)) = SCENES.iter().find(|(scene, _)| *scene == name) else {
            let names: Vec<&str> = SCENES.iter().map(|(scene, _)| *scene).collect();
            eprintln!("usage: fault SCENE [COMMAND...]\nscenes: {}", names.join(", "));
            return ExitCode::FAILURE;
        };
        match run(*make, words.collect()) {
            Ok(code) => code,
            Err(error) => {
                eprintln!("fault: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(make: Maker, words: Vec<std::ffi::OsString>) -> Result<ExitCode> {
        let namespace = Namespace::enter()?;
        let host = RemoteHost::start(&namespace)?;
        let scene = make(&namespace, &host)?;
        let mut words = words.into_iter();
        let program = words.next().unwrap_or_else(|| "sh".into());
        let status = Command::new(&program).args(words).status();
        drop(scene);
        Ok(match status {
            Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
            Err(error) => {
                eprintln!("fault: cannot run {}: {error}", program.display());
                ExitCode::FAILURE
            }
        })
    }
}
