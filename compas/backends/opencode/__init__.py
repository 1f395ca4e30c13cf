"""OpenCode as a backend."""
