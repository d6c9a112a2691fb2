mod asking;
mod book;
mod hostile;
mod made;
mod past;
mod reducer;
mod screens;
