"""Puts the fakes where the contract suites can import them by name, and offers what several of them need."""

from tests.kit.git.git_hands import hands, original

__all__ = ["hands", "original"]
