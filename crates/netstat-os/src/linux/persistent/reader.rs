//! What the files of one program are read into.

use super::draft::Draft;
use crate::linux::config_files::Files;
use crate::linux::source::Source;
use netstat_model::{PersistentRoute, RouteStore};

/// Reads the files of one program, and gathers the routes in them.
pub(super) struct Reader<'a> {
    pub(super) files: Files<'a>,
    store: RouteStore,
    pub(super) routes: Vec<PersistentRoute>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a dyn Source, store: RouteStore) -> Self {
        Self { files: Files::new(source), store, routes: Vec::new() }
    }

    /// Adds a route, or counts one that was not understood.
    pub(super) fn add(&mut self, draft: Option<Draft>) {
        match draft.and_then(|draft| draft.finish(self.store)) {
            Some(route) => self.routes.push(route),
            None => self.files.not_understood += 1,
        }
    }
}
