//! The table of data formats. To add one, write its file and add it here: options, help and reports follow.

use super::format::Format;
use super::{csv, json, jsonl};

/// Every format for programs.
pub const ALL: [&Format; 3] = [&json::FORMAT, &jsonl::FORMAT, &csv::FORMAT];
