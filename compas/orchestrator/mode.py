"""The ways in which a supervisor ends."""

from typing import Literal

Mode = Literal["idle", "drain", "now", "detach", "restart"]
"""idle: nobody needs it; drain: running agents finish; now: they are ended; detach and restart: they run on, and with
restart the next supervisor is about to start."""
