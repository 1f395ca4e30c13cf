"""The root of every error that compas raises on purpose."""


class CompasError(Exception):
    """Something the user can read and act on: what was tried, what was found, what to do."""
