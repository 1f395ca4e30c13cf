"""For the tests of client."""
