"""Adapters from an agent of the config to a command line and back."""
