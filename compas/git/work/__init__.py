"""What agents make in their worktrees: commits, snapshots, and where they are kept."""
