"""Small checks across the keys of a config file; each reports what it finds."""
