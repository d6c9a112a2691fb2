//! Sockets made for tests, and searches for their owners.

use super::Search;
use super::attach_asking;
use super::search::Found;
use crate::linux::fake::Fake;
use crate::linux::source::Source;
use crate::linux::source::Walk;
use netstat_model::query::{Keep, Owners};
use netstat_model::{
    Answer, Error, Family, IpEndpoint, NoOwner, OwnerMethod, Ownership, ShortId, Socket, SocketTable,
    Transport,
};

/// What listing the sockets again answers.
pub(super) type Again = Result<Answer<Vec<Socket>>, Error>;

/// The link to the PID namespace that the machine booted with.
pub(super) const INITIAL: &str = "pid:[4026531836]";

pub(super) fn socket(inode: u64) -> Socket {
    let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None);
    socket.id.inode = Some(inode);
    socket
}

pub(super) fn sockets(inodes: &[u64]) -> Vec<Socket> {
    inodes.iter().copied().map(socket).collect()
}

pub(super) fn id(socket: &Socket) -> ShortId {
    ShortId::new(socket.id.inode, socket.id.cookie)
}

/// Searches for the owners of all sockets that have an inode, beginning with what was found before.
pub(super) fn attach_found<'a>(
    source: &'a dyn Source,
    sockets: &mut [Socket],
    by: Owners,
    found: Found<'a>,
    list: &mut dyn FnMut() -> Again,
) -> Result<Answer<OwnerMethod>, Error> {
    let mut table = SocketTable::new(Keep::EVERYTHING);
    for socket in sockets.iter_mut() {
        let inode = socket.id.inode;
        socket.ownership = inode.map_or(Ownership::Unowned(NoOwner::NoProcess), |_| Ownership::NotRead);
        assert!(table.push_wanted(&(&*socket).into()));
    }
    let search = Search::new(source, &table, by, Walk::Full, found);
    let answer = attach_asking(search, &mut table, &mut |_, each| {
        let again = list()?;
        again.data.iter().map(id).for_each(each);
        Ok(again.warnings)
    })?;
    for (socket, row) in sockets.iter_mut().zip(table.iter()) {
        socket.ownership = row.to_socket().ownership;
    }
    Ok(answer)
}

/// Searches for the owners of all sockets; `list` lists them again.
pub(super) fn attach_listing(
    source: &dyn Source,
    sockets: &mut [Socket],
    by: Owners,
    list: &mut dyn FnMut() -> Again,
) -> Result<Answer<OwnerMethod>, Error> {
    attach_found(source, sockets, by, Found::default(), list)
}

/// Searches for the owners of all sockets, none of which is closed meanwhile.
pub(super) fn attach_open(
    source: &dyn Source,
    sockets: &mut [Socket],
    by: Owners,
) -> Result<Answer<OwnerMethod>, Error> {
    let same = sockets.to_vec();
    attach_listing(source, sockets, by, &mut || Ok(Answer::whole(same.clone())))
}

/// The process IDs and descriptors of the owners.
pub(super) fn held(socket: &Socket) -> Vec<(u32, u32)> {
    match &socket.ownership {
        Ownership::Held(owners) => {
            owners.iter().map(|owner| (owner.process.pid, owner.descriptor.unwrap())).collect()
        }
        other => panic!("not held but {other:?}"),
    }
}

pub(super) fn unowned(socket: &Socket) -> NoOwner {
    match socket.ownership {
        Ownership::Unowned(reason) => reason,
        ref other => panic!("{other:?}"),
    }
}

pub(super) fn times_asked(fake: &Fake, path: &str) -> usize {
    fake.asked().iter().filter(|asked| *asked == path).count()
}
