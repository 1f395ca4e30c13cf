"""The merges: one actor per target branch, and what binds a merge to what was approved."""
