"""The process that hosts exactly one execution."""
