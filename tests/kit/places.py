"""Where things are in this repository."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
"""Its root, which is also what a process needs on its path to import this tree."""

DATA: Final = REPOSITORY / "tests" / "data"
TRANSCRIPTS: Final = DATA / "transcripts"
"""What agent CLIs printed, a folder for each."""

FAKE_CLAUDE: Final = REPOSITORY / "tests" / "kit" / "cli" / "fake_claude.py"
"""A program that answers as `claude mcp` does."""
