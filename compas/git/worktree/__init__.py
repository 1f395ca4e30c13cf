"""The worktrees of threads: made, opened, filled, removed."""
