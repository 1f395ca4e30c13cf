"""Gemini CLI as a backend."""
