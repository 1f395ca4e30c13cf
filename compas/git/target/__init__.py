"""What a target branch holds, and how it came there."""
