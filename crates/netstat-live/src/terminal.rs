//! The terminal: taken at the start, and given back as it was whatever ends the view.
#![expect(
    clippy::disallowed_methods,
    reason = "the view has the terminal for itself, and nothing else is written"
)]

use crate::event::{Event, Key};
#[cfg(unix)]
use netstat_engine::both;
#[cfg(unix)]
use netstat_engine::text::Text;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    self, DisableMouseCapture, EnableMouseCapture, Event as Heard, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers, MouseButton, MouseEventKind,
};
use ratatui::crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

/// Whether the terminal is ours, for whoever has to give it back in a hurry.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is reported.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// The terminal while the view has it.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    /// The columns and lines that are drawn on.
    size: (u16, u16),
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// What it refused.
    pub(crate) fn take(mouse: bool) -> io::Result<Self> {
        MOUSE.store(mouse, Ordering::Relaxed);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
        enter()?;
        let size = terminal::size().unwrap_or((80, 24));
        Ok(Self { terminal: blank(size)?, size })
    }

    /// Returns columns and lines.
    pub(crate) fn size(&self) -> (u16, u16) {
        self.size
    }

    /// Draws what differs from what stands there.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub(crate) fn draw(
        &mut self,
        size: (u16, u16),
        draw: impl FnOnce(&mut ratatui::Frame<'_>),
    ) -> io::Result<()> {
        if self.size != size {
            self.size = size;
            self.forget()?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(draw)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Takes the terminal again, whatever somebody else did to it, and forgets what stands there.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        enter()?;
        self.forget()
    }

    /// Forgets what stands there, so that the next picture is drawn whole. Nothing is asked of the terminal: an answer would come
    /// among the keys.
    fn forget(&mut self) -> io::Result<()> {
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.terminal = blank(self.size)?;
        Ok(())
    }

    /// Hands a text to the terminal, for the clipboard of whoever sits at it (OSC 52).
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        out.flush()
    }

    /// Gives the terminal back and stops this process until somebody continues it.
    ///
    /// # Errors
    /// When the terminal cannot be taken again.
    #[cfg(unix)]
    pub(crate) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
        enter()?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        drop(std::panic::take_hook());
    }
}

/// Returns a screen of which nothing is known, and which is never asked how large it is.
fn blank((width, height): (u16, u16)) -> io::Result<Terminal<CrosstermBackend<BufWriter<Stdout>>>> {
    let backend = CrosstermBackend::new(BufWriter::with_capacity(1 << 16, io::stdout()));
    let viewport = Viewport::Fixed(Rect { x: 0, y: 0, width, height });
    Terminal::with_options(backend, TerminalOptions { viewport })
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::Relaxed);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, Hide)?;
    if MOUSE.load(Ordering::Relaxed) {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// Gives the terminal back as it was. May be called at any time.
fn give_back() {
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let mut out = io::stdout();
    if MOUSE.load(Ordering::Relaxed) {
        let _ = execute!(out, DisableMouseCapture);
    }
    let _ = execute!(out, EndSynchronizedUpdate, Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
}

/// Reads keys, clicks and sizes on a thread of its own, which ends with the program.
pub(crate) fn listen(events: Sender<Event>) {
    thread::spawn(move || {
        loop {
            let heard = match event::read() {
                Ok(heard) => heard,
                // Nobody can type any more.
                Err(_) => {
                    let _ = events.send(Event::End);
                    return;
                }
            };
            if let Some(event) = understood(heard)
                && events.send(event).is_err()
            {
                return;
            }
        }
    });
}

/// Tells of signals that end the program, and of being continued.
///
/// # Errors
/// Why signals cannot be heard.
#[cfg(unix)]
pub(crate) fn hear_signals(events: Sender<Event>) -> Result<(), Text> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGCONT, SIGTSTP])
        .map_err(|error| {
            both!(
                "cannot wait for signals: {why}",
                "시그널을 기다릴 수 없습니다: {why}",
                why = error.to_string()
            )
        })?;
    thread::spawn(move || {
        for signal in &mut signals {
            let event = match signal {
                SIGCONT => Event::Redraw,
                SIGTSTP => Event::Suspend,
                _ => Event::End,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn understood(heard: Heard) -> Option<Event> {
    match heard {
        // Windows tells of the release as well.
        Heard::Key(key) if key.kind != KeyEventKind::Release => key_of(key).map(Event::Key),
        Heard::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Event::Click(mouse.column, mouse.row)),
            MouseEventKind::ScrollDown => Some(Event::Wheel(1)),
            MouseEventKind::ScrollUp => Some(Event::Wheel(-1)),
            _ => None,
        },
        Heard::Resize(width, height) => Some(Event::Resize(width, height)),
        _ => None,
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char(character) if control => Key::Ctrl(character.to_ascii_lowercase()),
        // Terminals send Alt for nothing that is typed.
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::F(number) => Key::F(number),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        _ => return None,
    })
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let at = (number >> (18 - 6 * digit)) & 63;
            let shown =
                if digit <= chunk.len() { DIGITS.get(at as usize).copied().unwrap_or(b'=') } else { b'=' };
            text.push(char::from(shown));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_base64() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("192.0.2.1", "MTkyLjAuMi4x")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
