"""What asks a person something, at the bottom of the screen, over whatever is shown."""
