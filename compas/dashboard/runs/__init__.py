"""What can be seen of one execution, apart from any page: what it was given, does, prints and says."""
