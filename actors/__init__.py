"""A small actor runtime on trio: mailboxes, typed asks, supervisors, an event bus."""
