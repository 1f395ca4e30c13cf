"""What agents were seen doing: written, kept for a while, removed."""
