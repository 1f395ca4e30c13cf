"""Tells hooks and people what has happened: from the log, at least once, and never in anybody's way."""
