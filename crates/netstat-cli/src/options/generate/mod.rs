//! Documents made from the option table, and the completions.

mod dialects;
mod examples;
mod full;
mod help;
mod man;
mod markdown;
mod shells;
mod short;
#[cfg(test)]
mod tests;

use super::document::Document;
use crate::render::schema::schema;
use crate::render::{check_json, check_reference};
pub(super) use full::{examples as help_of_examples, full};
pub(super) use help::{help, help_of};
use netstat_engine::text::Language;
pub(super) use short::short;

/// Returns a document, in this language where people read it.
pub(super) fn text(document: Document, language: Language) -> String {
    match document {
        Document::Man => man::man(language),
        Document::Markdown => markdown::markdown(language),
        Document::CompleteBash => shells::bash(),
        Document::CompleteZsh => shells::zsh(),
        Document::CompleteFish => shells::fish(),
        Document::CompletePowershell => shells::powershell(),
        Document::Schema => schema(),
        Document::CheckSchema => check_json::schema(),
        Document::Checks => check_reference::markdown(language),
        Document::Dialects => dialects::markdown(language),
    }
}
