mod asking;
mod book;
mod hostile;
mod made;
mod reducer;
mod screens;
