"""Claude Code as a backend."""
