//! Countries and networks of addresses: reads the files of `--geo` if anything needs them.

use super::files;
use crate::settings::{Connections, Layout, Settings};
use netstat_engine::both;
use netstat_engine::columns::{self, ColumnNeeds};
use netstat_engine::enrich::Geo;
use netstat_engine::filter::Filter;
use netstat_engine::text::Text;
use netstat_engine::text::system::phrase;
use netstat_model::Warning;
use std::path::Path;
use std::sync::Arc;

const NO_NETWORKS: &str = "only files have networks of addresses; give one with --geo FILE";

/// Opens the databases of countries and networks.
///
/// # Errors
/// Which file cannot be used, and why; or that none is needed.
pub(super) fn open(settings: &Settings, needed: bool) -> Result<Arc<Geo>, Text> {
    let mut geo = Geo::built_in();
    if !needed && !settings.geo.is_empty() {
        return Err(both!(
            "--geo has no effect: no column and no filter asks for a country or a network; leave it out, or type, for \
             example, --columns raddr,country",
            "--geo: 국가나 네트워크를 쓰는 열도 필터도 없어 아무 일도 하지 않습니다. 빼고 입력하세요. 입력 예: --columns raddr,country"
        ));
    }
    for path in &settings.geo {
        add(&mut geo, path).map_err(|why| {
            both!(
                "{file} cannot be used for --geo: {why}",
                "--geo에 쓸 수 없는 파일 {file}: {why}",
                file = path.to_string_lossy().into_owned(),
                why
            )
        })?;
    }
    Ok(Arc::new(geo))
}

fn add(geo: &mut Geo, path: &Path) -> Result<(), Text> {
    geo.add(files::data(path)?).map_err(|error| phrase(&error.to_string()))
}

/// Gives the filter what it needs to locate addresses.
///
/// # Errors
/// If it asks for networks and no file has them: a filter that can match nothing would look like an answer.
pub(super) fn answer(filter: Option<Filter>, geo: &Arc<Geo>) -> Result<Option<Filter>, Text> {
    match filter {
        Some(filter) if filter.needs().networks && !geo.has_networks() => Err(both!(
            "the filter cannot be used: {why}",
            "필터를 쓸 수 없습니다: {why}",
            why = phrase(NO_NETWORKS)
        )),
        filter => Ok(filter.map(|filter| filter.with_geo(Arc::clone(geo)))),
    }
}

/// Returns a warning if networks are shown and no file has them. When every column is shown, nothing was asked for
/// by name.
pub(super) fn lack(table: &Connections, needs: ColumnNeeds, geo: &Geo) -> Option<Warning> {
    let whole = matches!(&table.form, Layout::Data(_, shown) if shown == columns::ALL);
    (needs.networks && !geo.has_networks() && !whole).then(|| Warning::SourceUnavailable {
        what: "the network of each address",
        reason: NO_NETWORKS.to_owned(),
    })
}
