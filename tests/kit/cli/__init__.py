"""For the tests of cli."""
