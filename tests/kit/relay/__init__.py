"""For the tests of relay."""
