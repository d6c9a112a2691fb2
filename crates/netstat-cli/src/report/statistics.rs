//! `-e`, `-s` and `--interfaces`: the counters of interfaces and protocols.

use super::{Displayed, Session, connections};
use crate::output;
use crate::render::LineEnd;
use crate::render::ethernet::{Labels, render_ethernet};
use crate::render::interfaces::{InterfaceWords, InterfacesDocument, render_interfaces};
use crate::render::report_json::{CountersDocument, write_document};
use crate::render::statistics::render_statistics;
use crate::settings::{Interfaces, Protocols, Statistics};
use netstat_engine::view::rates::Earlier;
use netstat_engine::view::{ethernet, interfaces as lines, statistics};
use netstat_model::{Counters, Error, InterfaceCounters, Operation};
use netstat_os::{CounterSources, Machine, Routes};
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;
use std::time::Instant;

/// The counters of the previous display, for the rates.
#[derive(Default)]
pub(super) struct Before {
    interfaces: Option<(Instant, Vec<InterfaceCounters>)>,
    protocols: Option<(Instant, Counters)>,
}

/// Shows the counters, interfaces first, and the connection table if one belongs to them.
pub(super) fn counters(session: &mut Session<'_>, what: &Statistics, out: &mut impl Write) -> Displayed {
    if what.json {
        return document(session, what, out);
    }
    let mut warnings = Vec::new();
    let mut blocks = Vec::new();
    if let Some(whose) = what.interfaces {
        let answer = session.backend.interface_counters()?;
        warnings.extend(answer.warnings);
        let now = Instant::now();
        let earlier = earlier(session.before.interfaces.as_ref(), now, what.rates);
        blocks = match whose {
            Interfaces::Total => vec![ethernet::total(&answer.data, earlier, what.extra)],
            Interfaces::Each => ethernet::each(&answer.data, earlier, what.extra),
        };
        session.before.interfaces = Some((now, answer.data));
    }
    let mut sections = Vec::new();
    if let Some(Protocols { only, .. }) = &what.protocols {
        let answer = session.backend.counters()?;
        warnings.extend(answer.warnings);
        let now = Instant::now();
        let earlier = earlier(session.before.protocols.as_ref(), now, what.rates);
        sections = statistics::sections(&answer.data, earlier, only.map(|(_, section)| section), what.extra);
        session.before.protocols = Some((now, answer.data));
        if let (true, Some((protocol, _))) = (sections.is_empty(), only) {
            let why = format!("this system has no counters of {}", protocol.name());
            return Err(Error::new(Operation::ReadCounters, io::Error::new(ErrorKind::NotFound, why)).into());
        }
    }
    let language = session.settings.language;
    let mut text = Vec::new();
    if !blocks.is_empty() {
        render_ethernet(&mut text, &blocks, Labels::in_language(language), LineEnd::NATIVE)?;
    }
    if !sections.is_empty() {
        render_statistics(&mut text, &sections, language, LineEnd::NATIVE)?;
    }
    if let Some(table) = what.protocols.as_ref().and_then(|protocols| protocols.table.as_ref()) {
        warnings.extend(connections::table(session, &*Rc::clone(&session.backend), table, &mut text)?);
    }
    out.write_all(&text)?;
    Ok(warnings)
}

/// Writes all counters of the parts that were asked for; `-p` narrows the text only.
fn document(session: &Session<'_>, what: &Statistics, out: &mut impl Write) -> Displayed {
    let mut warnings = Vec::new();
    let interfaces = match what.interfaces {
        Some(_) => {
            let answer = session.backend.interface_counters()?;
            warnings.extend(answer.warnings);
            Some(answer.data)
        }
        None => None,
    };
    let counters = match what.protocols {
        Some(_) => {
            let answer = session.backend.counters()?;
            warnings.extend(answer.warnings);
            Some(answer.data)
        }
        None => None,
    };
    let info = session.backend.info();
    write_document(&CountersDocument::new(&info, interfaces.as_deref(), counters.as_ref(), &warnings), out)?;
    Ok(warnings)
}

/// Shows each interface in a line.
pub(super) fn interfaces(
    session: &mut Session<'_>,
    rates: bool,
    json: bool,
    out: &mut impl Write,
) -> Displayed {
    let known = session.backend.interfaces()?;
    let counters = session.backend.interface_counters()?;
    let now = Instant::now();
    let warnings = [known.warnings, counters.warnings].concat();
    let lines =
        lines::lines(&known.data, &counters.data, earlier(session.before.interfaces.as_ref(), now, rates));
    if json {
        let info = session.backend.info();
        write_document(&InterfacesDocument::new(&info, &lines, &warnings), out)?;
    } else {
        render_interfaces(
            &lines,
            InterfaceWords::of(session.settings.language),
            output::width(),
            LineEnd::NATIVE,
            out,
        )?;
    }
    session.before.interfaces = Some((now, counters.data));
    Ok(warnings)
}

fn earlier<T>(before: Option<&(Instant, T)>, now: Instant, rates: bool) -> Option<Earlier<'_, T>> {
    let (then, data) = before.filter(|_| rates)?;
    Some(Earlier { data, elapsed: now.duration_since(*then) })
}
