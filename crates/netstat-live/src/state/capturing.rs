//! Writing the packets of a connection that was chosen to a file.

use super::{Mode, State};
use crate::event::{Effect, Key};
use crate::item::Item;
use crate::line::Line;
use netstat_engine::both;
use netstat_model::SocketRef;
use std::path::PathBuf;

/// How the file is called where nobody says anything else.
const NAME: &str = "netstat.pcapng";

impl State {
    /// Asks for the name of a file for the packets of the connection at the cursor; ends what is being written.
    pub(super) fn press_capture(&mut self, effects: &mut Vec<Effect>) {
        if self.captures {
            self.message = Some(both!("no more packets are written ...", "패킷 저장을 끝내는 중 ..."));
            effects.push(Effect::EndCapture);
            return;
        }
        let book = self.shown_book();
        let socket = match self.at_cursor() {
            Some(Item::Socket(slot)) => book.socket(slot),
            _ => None,
        };
        // The same ends may be those of a connection of this namespace.
        if socket.and_then(|socket| socket.namespace()).is_some_and(|of| Some(of) != self.environment.own) {
            self.message = Some(both!(
                "it is in another network namespace: netstat capture --netns captures there",
                "다른 네트워크 네임스페이스의 연결입니다. netstat capture --netns로 캡처하세요"
            ));
            return;
        }
        let chosen = socket.and_then(|socket| filter_of(&socket));
        match chosen {
            Some(filter) => self.mode = Mode::Capture(Line::new(NAME.to_owned()), filter),
            None => {
                self.message = Some(both!(
                    "no connection of TCP or UDP is chosen here",
                    "고른 TCP나 UDP 연결이 없습니다"
                ));
            }
        }
    }

    pub(super) fn type_capture(
        &mut self,
        mut line: Line,
        filter: String,
        key: Key,
        effects: &mut Vec<Effect>,
    ) {
        match key {
            Key::Esc => return,
            Key::Enter if !line.text().is_empty() => {
                let file = PathBuf::from(line.text());
                self.captures = true;
                self.message = Some(both!(
                    "packets go to {file}; w ends it",
                    "패킷을 {file}에 저장하는 중. 끝내려면 w",
                    file = line.text().to_owned()
                ));
                effects.push(Effect::Capture(file, filter));
                return;
            }
            key => {
                line.press(key);
            }
        }
        self.mode = Mode::Capture(line, filter);
    }
}

/// Returns the filter that means the packets of a socket. A wildcard says nothing; `None` where there is no port at all.
fn filter_of(socket: &SocketRef<'_>) -> Option<String> {
    let mut filter = socket.protocol.transport()?.to_string().to_ascii_lowercase();
    let local = socket.local_ip().filter(|end| end.port != 0)?;
    let ends = [("src", "lport", Some(local)), ("dst", "rport", socket.remote_ip())];
    for (address, port, end) in ends {
        let Some(end) = end else { continue };
        if !end.address.is_unspecified() {
            filter.push_str(&format!(" {address} {}", end.address));
        }
        filter.push_str(&format!(" {port} {}", end.port));
    }
    Some(filter)
}
