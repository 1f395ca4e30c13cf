"""For the tests of system."""
