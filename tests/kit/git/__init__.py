"""For the tests of git."""
