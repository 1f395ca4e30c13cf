"""Whether what a thread's branch holds is what its reviewers, or a person, agreed to."""
