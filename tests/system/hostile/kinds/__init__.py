"""What a hostile agent may do, kind by kind."""
