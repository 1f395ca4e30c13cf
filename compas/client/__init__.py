"""Speaking to the supervisor."""
