mod asking;
mod hostile;
mod made;
mod reducer;
mod screens;
