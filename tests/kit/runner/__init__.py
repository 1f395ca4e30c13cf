"""For the tests of runner."""
