"""Editors that can start compas' MCP server: a module of the backend's name for each, and what they share."""
