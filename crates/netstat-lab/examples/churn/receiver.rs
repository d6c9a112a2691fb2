//! Passing descriptors from one process to another.

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A short-lived descriptor is closed after this many further ones, well after its connection has ended.
const KEPT: usize = 1_000;

/// The byte sent with a descriptor: whether its connection stays to the end.
#[derive(Clone, Copy)]
pub(crate) enum Lasts {
    Always,
    AWhile,
}

impl Lasts {
    fn byte(self) -> u8 {
        match self {
            Self::Always => b'a',
            Self::AWhile => b'w',
        }
    }
}

pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

pub(crate) fn send(through: &OwnedFd, descriptor: BorrowedFd<'_>, lasts: Lasts) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    if !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for a descriptor"));
    }
    sendmsg(through, &[IoSlice::new(&[lasts.byte()])], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Receives descriptors through standard input, reports each, and keeps it as long as its connection lasts.
pub(crate) fn run() -> io::Result<()> {
    let input = io::stdin();
    let mut steady = Vec::new();
    let mut kept = VecDeque::new();
    loop {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received =
            recvmsg(input.as_fd(), &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
        if received.bytes == 0 {
            return Ok(());
        }
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                if byte[0] == Lasts::Always.byte() {
                    steady.extend(descriptors);
                } else {
                    kept.extend(descriptors);
                }
            }
        }
        rustix::io::write(&input, b"a")?;
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }
}
