"""The actors of executions: from the worktree to the recorded end."""
