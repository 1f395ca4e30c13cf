"""For the tests of orchestrator."""
