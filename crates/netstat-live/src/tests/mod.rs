mod asking;
mod book;
mod data;
mod hostile;
mod made;
mod past;
mod reducer;
mod screens;
