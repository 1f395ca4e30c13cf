"""Repositories, worktrees, snapshots and merges; the only user of git and pygit2."""
