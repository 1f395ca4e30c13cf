"""Makes `recorded` importable by its name."""

import sys
from pathlib import Path

# pytest's importlib mode puts no test folder on the path; `recorded` is imported by its name.
sys.path.insert(0, str(Path(__file__).parent))
