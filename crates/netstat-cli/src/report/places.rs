//! Countries and networks of addresses: the files of `--geo`, read where something asks for them.

use super::files;
use crate::columns::{self, ColumnNeeds};
use crate::settings::{Connections, Form, Settings};
use netstat_engine::enrich::Geo;
use netstat_engine::filter::Filter;
use netstat_model::Warning;
use std::path::Path;
use std::sync::Arc;

const NO_NETWORKS: &str = "only files have networks of addresses; give one with --geo FILE";

/// What knows countries and networks. Files are read if they are needed.
///
/// # Errors
/// Which file cannot be used, and why.
pub(super) fn open(settings: &Settings, needed: bool) -> Result<Arc<Geo>, String> {
    let mut geo = Geo::built_in();
    for path in settings.geo.iter().filter(|_| needed) {
        add(&mut geo, path)
            .map_err(|why| format!("{} cannot be used for --geo: {why}", path.to_string_lossy()))?;
    }
    Ok(Arc::new(geo))
}

fn add(geo: &mut Geo, path: &Path) -> Result<(), String> {
    geo.add(files::data(path)?).map_err(|error| error.to_string())
}

/// The filter with what it asks about places.
///
/// # Errors
/// When it asks for networks and nothing has them: a filter that could match nothing is no answer.
pub(super) fn answer(filter: Option<Filter>, geo: &Arc<Geo>) -> Result<Option<Filter>, String> {
    match filter {
        Some(filter) if filter.needs().networks && !geo.has_networks() => {
            Err(format!("the filter cannot be used: {NO_NETWORKS}"))
        }
        filter => Ok(filter.map(|filter| filter.with_geo(Arc::clone(geo)))),
    }
}

/// What is said when networks are shown and nothing has them. They are not missed where every column is shown.
pub(super) fn lack(table: &Connections, needs: ColumnNeeds, geo: &Geo) -> Option<Warning> {
    let whole = matches!(&table.form, Form::Data(_, shown) if shown == columns::ALL);
    (needs.networks && !geo.has_networks() && !whole).then(|| Warning::SourceUnavailable {
        what: "the network of each address",
        reason: NO_NETWORKS.to_owned(),
    })
}
