"""The actors of compas and the tree they live in."""
