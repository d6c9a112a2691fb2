//! The pieces of the `netstat` program: what is shown, and how.
//!
//! [`view`] answers one question from plain data, [`columns`] says what may stand beside it, [`render`] turns
//! both into bytes. Nothing here asks the operating system.

pub mod columns;
pub mod render;
pub mod view;
