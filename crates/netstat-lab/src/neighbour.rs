//! Another machine: a network namespace with a thread of its own, connected with the namespace of a test.

use crate::error::{Doing, LabError, Result};
use crate::namespace::Namespace;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

type Work = Box<dyn FnOnce(&Namespace) + Send>;

/// A namespace beside that of a test. It ends with the last socket and process inside.
#[derive(Debug)]
pub struct Neighbour {
    path: String,
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Neighbour {
    /// Starts a thread in a new namespace.
    ///
    /// # Errors
    ///
    /// Those of [`Namespace::enter`].
    pub fn new() -> Result<Self> {
        let (work, receiver) = channel();
        let (started, start) = channel();
        let thread = std::thread::Builder::new()
            .name("neighbour".into())
            .spawn(move || serve(&started, &receiver))
            .doing(|| "start a neighbour".into())?;
        let path =
            start.recv().map_err(|_| LabError::failed("start a neighbour", "its thread has ended"))??;
        Ok(Self { path, work: Some(work), thread: Some(thread) })
    }

    /// Makes a pair of interfaces, one here and one there, and brings both up.
    ///
    /// # Errors
    ///
    /// Those of [`Namespace::ip`].
    pub fn connect(&self, namespace: &Namespace, ours: &str, theirs: &str) -> Result<()> {
        let path = &self.path;
        namespace.ip(&format!(
            "link add {ours} type veth peer name {theirs} netns {path}\nlink set {ours} up\n"
        ))?;
        let up = format!("link set {theirs} up\n");
        self.run(move |namespace| namespace.ip(&up))
    }

    /// Runs something there. Threads, sockets and processes that it makes are inside.
    ///
    /// # Panics
    ///
    /// If it panics.
    #[expect(clippy::panic, reason = "a panic is how a test fails")]
    pub fn run<T: Send + 'static>(&self, body: impl FnOnce(&Namespace) -> T + Send + 'static) -> T {
        let (sender, answer) = channel();
        let work: Work = Box::new(move |namespace| drop(sender.send(body(namespace))));
        let sent = self.work.as_ref().is_some_and(|thread| thread.send(work).is_ok());
        match answer.recv() {
            Ok(answer) if sent => answer,
            _ => panic!("the network laboratory: a neighbour has panicked"),
        }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(started: &Sender<Result<String>>, work: &Receiver<Work>) {
    let namespace = match Namespace::enter() {
        Ok(namespace) => namespace,
        Err(error) => return drop(started.send(Err(error))),
    };
    let thread = std::fs::read_link("/proc/thread-self").doing(|| "read /proc/thread-self".into());
    let path = thread.map(|thread| format!("/proc/{}/ns/net", thread.display()));
    drop(started.send(path));
    work.iter().for_each(|body| body(&namespace));
}
