"""What the supervisor uses of this machine: runners, worker processes, ports."""
