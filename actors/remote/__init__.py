"""Actors in other processes: framing, transports, sessions, process hosts."""
