//! Where everything is that is made here.

use crate::workspace;
use std::path::PathBuf;

/// The folder of everything.
pub(super) fn folder() -> PathBuf {
    workspace::target().join("kernels")
}
