"""Dispatches at set times."""
