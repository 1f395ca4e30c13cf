"""The config in force, and the actor that watches its file."""
