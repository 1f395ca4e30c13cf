"""For the tests of gateway."""
