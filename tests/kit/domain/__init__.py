"""For the tests of domain."""
