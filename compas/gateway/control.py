"""What the supervisor says to the gateway process over the channel between them."""

from typing import Final

CHANGED: Final = "tools_changed"
"""The list of tools is another one."""
ALIVE: Final = "alive"
"""Is anybody there? A gateway whose loop goes round answers at once."""
