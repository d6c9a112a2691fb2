//! A socket that stays in its state until it is dropped.

use crate::error::{Doing, LabError, Result};
use crate::namespace::eventually;
use crate::peer::{Pair, Peer};
use crate::row::{Protocol, Row, TcpState};
use crate::{socket, witness};
use rustix::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// A socket in a known state, held there until this value is dropped; then it is gone from every table at once.
#[derive(Debug)]
pub struct Held {
    /// The row that a socket table must have. `v6_only` is known where a descriptor of this test holds the socket.
    pub row: Row,
    /// Sockets that this one needs: the listener of a SYN_RECEIVED or of an accepted connection.
    pub companions: Vec<Row>,
    socket: Option<OwnedFd>,
    listener: Option<OwnedFd>,
    far_end: Option<(Arc<Peer>, Pair)>,
}

impl Held {
    pub(crate) fn new(row: Row, socket: Option<OwnedFd>) -> Self {
        Self { row, companions: Vec::new(), socket, listener: None, far_end: None }
    }

    /// Holds a socket of this process with the row that it reports. `state` is for TCP.
    pub(crate) fn of(socket: OwnedFd, protocol: Protocol, state: Option<TcpState>) -> Result<Self> {
        Ok(Self::new(socket::describe(&socket, protocol, state)?, Some(socket)))
    }

    pub(crate) fn with_far_end(mut self, peer: &Arc<Peer>, pair: Pair) -> Self {
        self.far_end = Some((Arc::clone(peer), pair));
        self
    }

    pub(crate) fn with_listener(mut self, row: Row, listener: OwnedFd) -> Self {
        self.companions.push(row);
        self.listener = Some(listener);
        self
    }

    /// Sends the FIN of this side; the descriptor stays.
    pub(crate) fn shut_down(&self) -> Result<()> {
        match &self.socket {
            Some(socket) => {
                rustix::net::shutdown(socket, Shutdown::Write).doing(|| "shut a socket down".into())
            }
            None => Ok(()),
        }
    }

    /// Waits until the socket reports the state.
    pub(crate) fn wait_for(&self, state: TcpState) -> Result<()> {
        match &self.socket {
            Some(socket) => socket::wait_for_state(socket, state),
            None => Ok(()),
        }
    }

    /// Closes the descriptor. From then on only the kernel keeps the socket.
    pub(crate) fn let_go(&mut self) {
        drop(self.socket.take());
        self.row.inode = None;
        self.row.pids.clear();
        self.row.v6_only = None;
    }

    /// Returns its row and those of its companions: everything that it adds to a socket table.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        std::iter::once(&self.row).chain(&self.companions)
    }

    /// Returns the descriptor of the socket; `None` for TIME_WAIT, half-open requests, and after [`Held::orphan`].
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Closes the descriptor of this process and leaves the socket to these processes, the PIDs of
    /// [`Holders`](crate::Holders) that share it.
    ///
    /// # Errors
    ///
    /// When there are none, or one of them does not hold the socket: then nothing would keep it open.
    pub fn leave_to(&mut self, mut pids: Vec<u32>) -> Result<()> {
        if pids.is_empty() || pids.iter().any(|pid| !self.row.pids.contains(pid)) {
            return Err(LabError::failed("leave a socket to child processes", "they do not hold it"));
        }
        pids.sort_unstable();
        drop(self.socket.take());
        self.row.pids = pids;
        Ok(())
    }

    /// Closes the descriptor while the connection goes on in the kernel, as after the exit of a program: from then
    /// on the socket has no process and no inode. The state stays for about a minute only.
    ///
    /// # Errors
    ///
    /// When the caller is not on the thread of the namespace, and for a state that closing would change: only
    /// FIN_WAIT_1, FIN_WAIT_2, CLOSING and LAST_ACK outlive their descriptor.
    pub fn orphan(mut self) -> Result<Self> {
        use TcpState::{Closing, FinWait1, FinWait2, LastAck};
        if !matches!(self.row.state, Some(FinWait1 | FinWait2 | Closing | LastAck)) {
            let why = format!("closing it changes its state, {:?}", self.row.state);
            return Err(LabError::failed("orphan a socket", why));
        }
        self.let_go();
        let key = self.row.key();
        let mut failure = None;
        // Another thread's fork may have a copy of the descriptor until its exec.
        eventually("an orphaned socket", || match witness::proc_net() {
            Ok(rows) => rows.iter().any(|row| row.key() == key && row.inode.is_none()).then_some(()),
            Err(error) => {
                failure = Some(error);
                Some(())
            }
        })?;
        failure.map_or(Ok(self), Err)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket::close_without_trace(socket);
        }
        if let Some((peer, pair)) = &self.far_end {
            peer.reset(*pair);
        }
    }
}
