"""For the tests of backends."""
