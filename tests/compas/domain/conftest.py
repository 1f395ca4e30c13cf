"""Threads to talk to."""

import sys
from pathlib import Path

# pytest's importlib mode puts no test folder on the path; the dialogue is imported by name.
sys.path.insert(0, str(Path(__file__).parent))
