//! `-r`: the interfaces and the routing tables.

use super::{Displayed, Session};
use crate::render::LineEnd;
use crate::render::report_json::{RoutesDocument, write_document};
use crate::render::routes::{RouteWords, render_routes};
use netstat_engine::view::routes::RoutesView;
use netstat_model::query::RouteQuery;
use netstat_os::{Machine, Routes};
use std::io::Write;

pub(super) fn table(
    session: &Session<'_>,
    query: &RouteQuery,
    json: bool,
    out: &mut impl Write,
) -> Displayed {
    let interfaces = session.backend.interfaces()?;
    let routes = session.backend.routes(query)?;
    let persistent = session.backend.persistent_routes()?;
    let warnings = [interfaces.warnings, routes.warnings, persistent.warnings].concat();
    if json {
        let info = session.backend.info();
        let document =
            RoutesDocument::new(&info, &interfaces.data, &routes.data, &persistent.data, &warnings);
        write_document(&document, out)?;
        return Ok(warnings);
    }
    let view = RoutesView::new(&interfaces.data, &routes.data, &persistent.data, query);
    let words = RouteWords::of(session.settings.language);
    render_routes(&view, &words, LineEnd::NATIVE, out)?;
    Ok(warnings)
}
