//! `-r`: the interfaces and the routing tables.

use super::{Display, Session};
use crate::render::LineEnd;
use crate::render::routes::{RouteWords, render_routes};
use crate::view::routes::RoutesView;
use netstat_core::Error;
use netstat_core::os::Backend;
use netstat_core::query::RouteQuery;

pub(super) fn table(session: &Session<'_>, query: &RouteQuery) -> Result<Display, Error> {
    let interfaces = session.backend.interfaces()?;
    let routes = session.backend.routes(query)?;
    let persistent = session.backend.persistent_routes()?;
    let view = RoutesView::new(&interfaces.data, &routes.data, &persistent.data, query);
    let words = RouteWords::of(session.settings.language);
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = render_routes(&view, &words, LineEnd::NATIVE, &mut bytes);
    let warnings = [interfaces.warnings, routes.warnings, persistent.warnings].concat();
    Ok(Display { bytes, warnings })
}
