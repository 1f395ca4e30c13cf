"""For the tests of actors."""
