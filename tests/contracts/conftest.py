"""Puts the fakes where the contract suites can import them by name, and offers what several of them need."""

import sys
from pathlib import Path

# pytest's importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "compas" / "orchestrator"))

from git_hands import hands, original

__all__ = ["hands", "original"]
