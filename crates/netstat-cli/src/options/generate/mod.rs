//! Documents made from the option table.

mod bash;
mod dialects;
mod examples;
mod fish;
mod full;
mod help;
mod man;
mod markdown;
mod powershell;
mod short;
#[cfg(test)]
mod tests;
mod zsh;

use super::document::Document;
use crate::render::schema::schema;
use crate::render::{check_json, check_reference};
pub(super) use full::{examples as help_of_examples, full};
pub(super) use help::{help, help_of};
pub(super) use short::short;

pub(super) fn text(document: Document) -> String {
    match document {
        Document::Man => man::man(),
        Document::Markdown => markdown::markdown(),
        Document::CompleteBash => bash::bash(),
        Document::CompleteZsh => zsh::zsh(),
        Document::CompleteFish => fish::fish(),
        Document::CompletePowershell => powershell::powershell(),
        Document::Schema => schema(),
        Document::CheckSchema => check_json::schema(),
        Document::Checks => check_reference::markdown(),
        Document::Dialects => dialects::markdown(),
    }
}
