"""From the bytes of a config file to a tree in which every node knows its line and column."""
