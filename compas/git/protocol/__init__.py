"""What crosses between the supervisor and the git worker, by subject."""
