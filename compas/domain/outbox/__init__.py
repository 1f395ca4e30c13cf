"""What is told outside compas when something has happened: to hooks, and to people."""
