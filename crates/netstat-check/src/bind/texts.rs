//! The data file of the check, for all of its files.

use super::super::data::check_data;

check_data!("../bind.toml");
