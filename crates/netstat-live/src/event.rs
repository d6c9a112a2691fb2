//! What happens to the view, and what it wants done.

use crate::deed::Deed;
use crate::recalled::Recalled;
use netstat_check::Finding;
use netstat_engine::columns::ColumnNeeds;
use netstat_engine::look::Look;
use netstat_engine::text::Text;
use netstat_model::{HostAddress, InterfaceCounters, ProcessKey, Socket};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A key of the keyboard, as terminals tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Char(char),
    Ctrl(char),
    F(u8),
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
}

/// What happens to the view.
#[derive(Debug)]
pub(crate) enum Event {
    Key(Key),
    /// A button was pressed on a cell: column, line.
    Click(u16, u16),
    /// The wheel was turned, down where positive.
    Wheel(i8),
    /// The terminal has this many columns and lines.
    Resize(u16, u16),
    Look(Box<Look>),
    /// What a recorder has kept of that time.
    Recalled(SystemTime, Result<Box<Recalled>, Text>),
    /// What the interfaces have counted, by a clock that only goes forward.
    Links(Duration, Vec<InterfaceCounters>),
    /// The names that the resolver has for addresses.
    Named(Vec<(HostAddress, String)>),
    /// Something is to be said.
    Said(Text),
    /// What became of the packets that were written.
    Captured(Text),
    /// The interfaces could not be asked.
    NoLinks(Text),
    /// What the checks say.
    Findings(Vec<Finding>),
    /// The checks cannot judge.
    NotJudged(Text),
    /// A look failed. The table stays as it was.
    Failed(Text),
    /// What was asked for has been done, as far as was seen; and the processes that were asked to end and have not.
    Done {
        said: Text,
        left: Option<Vec<ProcessKey>>,
    },
    /// The terminal shows something else than what was drawn.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no such signal"))]
    Redraw,
    /// The program was told to stop for a while.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no such signal"))]
    Suspend,
    /// The program was told to end.
    End,
}

/// What the view wants done.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    End,
    /// Give the terminal back and stop, until somebody continues.
    Suspend,
    /// Draw everything again.
    Clear,
    /// Look this often.
    Every(Duration),
    /// Read this of each socket.
    Read(ColumnNeeds),
    /// These sockets are on the screen.
    Visible(Vec<Socket>),
    /// Whether interfaces are asked what they have counted.
    Links(bool),
    /// Whether the checks judge.
    Judge(bool),
    /// Do this to sockets or processes that were seen at that time.
    Act(Deed, SystemTime),
    /// Put a text where the terminal pastes from.
    Copy(String),
    /// Ask a recorder's history for the table of that time.
    Recall(SystemTime),
    /// Look up the names of these addresses.
    Name(Vec<HostAddress>),
    /// Write this to a new file of that name: so many rows.
    Write(PathBuf, Vec<u8>, usize),
    /// Write the packets that a filter means to a new file of that name.
    Capture(PathBuf, String),
    /// Write no more packets.
    EndCapture,
    /// Forget processes that hold nothing any more.
    ForgetProcesses,
}
