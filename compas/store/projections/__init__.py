"""Read models built from the log: one file each, with its table and its queries."""
