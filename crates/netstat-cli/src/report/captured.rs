//! `netstat capture --read`: the connections in a capture, asked the questions of a history.

use super::unavailable::Available;
use super::{Failure, Session, connections, explain, rights};
use crate::output::{self, Trouble, Warnings};
use crate::settings::{Connections, is_told};
use netstat_capture::read::{Flaw, ReadError};
use netstat_capture::{Captured, MOST_CONNECTIONS};
use netstat_engine::both;
use netstat_engine::text::Text;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::system;
use netstat_model::query::{Listing, ProcessFields, RouteQuery, Visit};
use netstat_model::{
    Answer, Error, Interface, Namespace, OwnerMethod, PersistentRoute, Process, ProcessKey, Route, SocketRef,
    SocketTable, Warning,
};
use netstat_os::{Machine, NameDatabases, NameLookup, Opened, Processes, Routes, Sockets};
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The columns that a capture has values for.
pub(super) const OF_CAPTURES: Available =
    Available { is: is_told, template: false, why: "a capture does not tell it" };

/// A capture as a system: sockets and processes are those of the file; services are called as they are here.
struct CapturedSystem<'a> {
    captured: &'a Captured,
    live: &'a Opened,
}

impl Sockets for CapturedSystem<'_> {
    fn sockets(
        &self,
        listing: &Listing<'_>,
        visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
    ) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
        self.captured.sockets(listing, visit)
    }
}

impl Processes for CapturedSystem<'_> {
    fn processes(&self, wanted: &[ProcessKey], fields: ProcessFields) -> Answer<Vec<Process>> {
        self.captured.processes(wanted, fields)
    }
}

impl Machine for CapturedSystem<'_> {
    fn host_name(&self) -> Result<String, Error> {
        self.captured.host_name()
    }

    fn uptime(&self) -> Result<Duration, Error> {
        self.captured.uptime()
    }

    fn now(&self) -> Option<SystemTime> {
        self.captured.now()
    }

    fn boot_id(&self) -> Option<Box<str>> {
        self.captured.boot_id()
    }

    fn namespace(&self) -> Option<Namespace> {
        self.captured.namespace()
    }
}

impl NameDatabases for CapturedSystem<'_> {
    fn local_addresses(&self) -> Result<Answer<Vec<IpAddr>>, Error> {
        self.live.local_addresses()
    }

    fn services(&self) -> Answer<Vec<u8>> {
        self.live.services()
    }

    fn users(&self) -> Answer<Vec<u8>> {
        Answer::whole(Vec::new())
    }

    fn name_lookup(&self) -> Arc<dyn NameLookup> {
        self.live.name_lookup()
    }
}

/// A capture has none.
impl Routes for CapturedSystem<'_> {
    fn interfaces(&self) -> Result<Answer<Vec<Interface>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn routes(&self, _: &RouteQuery) -> Result<Answer<Vec<Route>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }

    fn persistent_routes(&self) -> Result<Answer<Vec<PersistentRoute>>, Error> {
        Ok(Answer::whole(Vec::new()))
    }
}

/// Shows the connections of a capture.
///
/// # Errors
/// Why it cannot be read, or shown.
pub(super) fn run(session: &mut Session<'_>, path: &Path, table: &Connections) -> Result<ExitCode, Trouble> {
    rights::may_open_what_the_user_names()
        .map_err(|why| both!("the capture is not opened: {why}", "캡처 파일을 열지 않습니다: {why}", why))?;
    let file = quoted(path.as_os_str());
    let opened = File::open(path).map_err(ReadError::from);
    let captured = opened.and_then(|opened| Captured::read(BufReader::with_capacity(1 << 18, opened)));
    let captured = captured.map_err(|error| cannot_read(&file, &error))?;
    if let Some(filter) = &mut session.filter {
        filter.set_now(captured.now());
    }
    let live = Rc::clone(&session.backend);
    let system = CapturedSystem { captured: &captured, live: &live };
    session.displays += 1;
    let mut out = output::stdout();
    let shown = connections::table(session, &system, table, &mut out);
    let shown = shown.and_then(|lacks| Ok((lacks, out.flush()?)));
    drop(out);
    match shown {
        Ok((mut lacks, ())) => {
            // Who held a connection is in the file, or will never be known.
            lacks.retain(|lack| !matches!(lack, Warning::OwnersVanished { .. }));
            Warnings::default().say(lacks);
        }
        Err(Failure::System(error)) => return Err(explain(&error, session.settings).into()),
        Err(Failure::Output(error)) => {
            output::outcome(Err(error))?;
        }
    }
    say_what_is_missing(&captured, file);
    let unread: u64 = captured.unread.values().sum();
    // An empty table is none of a file of which nothing was read.
    Ok(if unread > 0 && unread == captured.packets { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn say_what_is_missing(captured: &Captured, file: String) {
    match captured.flaw {
        Some(Flaw::Cut) => output::complain(&both!(
            "{file} ends in the middle of a packet: what comes before is shown",
            "{file}: 패킷 중간에서 끝나므로, 그 앞까지만 표시합니다",
            file = file.clone()
        )),
        Some(Flaw::Odd(at)) => output::complain(&both!(
            "{file} makes no sense from byte {at} on: what comes before is shown",
            "{file}: {at}바이트부터 형식이 맞지 않으므로, 그 앞까지만 표시합니다",
            file = file.clone(),
            at
        )),
        None => {}
    }
    for (link, packets) in &captured.unread {
        output::complain(&both!(
            "{file}: {packets:packet|packets} of links of type {link} were not read, only of Ethernet, Linux cooked, PPP, loopback and plain IP",
            "{file}: 링크 타입 {link}의 패킷 {packets}개는 읽지 못했습니다. 이더넷, Linux cooked, PPP, 루프백, IP만 읽습니다",
            file = file.clone(),
            packets = *packets,
            link = u64::from(*link)
        ));
    }
    if captured.left_out > 0 {
        output::complain(&both!(
            "{file} has more than {most} connections: {packets:packet|packets} of others were left out",
            "{file}: 연결이 {most}개를 넘어, 나머지 연결의 패킷 {packets}개를 뺐습니다",
            file,
            most = MOST_CONNECTIONS,
            packets = captured.left_out
        ));
    }
}

fn cannot_read(file: &str, error: &ReadError) -> Text {
    let file = file.to_owned();
    match error {
        ReadError::System(error) => {
            both!(
                "cannot read {file}: {why}",
                "{file}: 읽을 수 없습니다. {why}",
                file,
                why = system::io_error(error)
            )
        }
        ReadError::NoCapture => both!(
            "{file} is no capture: files of pcapng and pcap are read",
            "{file}: 캡처 파일이 아닙니다. pcapng와 pcap 파일을 읽을 수 있습니다",
            file
        ),
        ReadError::Damaged(by) => both!(
            "{file} is compressed by {by}, and cut off or damaged before the first packet",
            "{file}: {by}로 압축된 파일인데, 첫 패킷 전에 잘렸거나 손상되었습니다",
            file,
            by = *by
        ),
        ReadError::Compressed(by) => both!(
            "{file} is compressed: type {by} -d first",
            "{file}: 압축된 파일입니다. 먼저 {by} -d로 푸세요",
            file,
            by = *by
        ),
    }
}
