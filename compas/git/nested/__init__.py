"""Submodules and other repositories inside a checkout."""
