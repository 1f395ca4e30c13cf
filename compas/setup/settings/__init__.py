"""Changes one entry of another program's settings file, and no other byte of it."""
