"""For the tests of dashboard."""
