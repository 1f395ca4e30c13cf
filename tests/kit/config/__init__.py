"""For the tests of config."""
