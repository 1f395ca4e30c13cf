"""For the tests of api."""
