"""The supervisor as a process: its state directory, its log, its end."""
