"""How long a test waits for anything real before it has failed: one ceiling for all of them, far beyond any need."""

CEILING = 180
"""Seconds, against hangs only. A machine with twenty busy programs beside the tests must stay far below it."""
