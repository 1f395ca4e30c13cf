"""The actors of worktrees: setup, ports, pool, cleanup."""
