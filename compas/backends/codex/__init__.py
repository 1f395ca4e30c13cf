"""Codex as a backend."""
