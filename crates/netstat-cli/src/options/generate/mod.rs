//! Documents made from the option table.

mod bash;
mod examples;
mod fish;
mod help;
mod man;
mod markdown;
mod powershell;
#[cfg(test)]
mod tests;
mod zsh;

use super::document::Document;
use crate::render::schema::schema;
use crate::render::{check_json, check_reference};
pub(super) use help::{help, help_of};

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
    }
}
