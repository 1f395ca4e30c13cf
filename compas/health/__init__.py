"""Asks agent CLIs how they are: their version, their credentials, a real answer."""
