"""The dashboard: what happens, live, in a terminal."""
