"""What one client is offered: the list that its supervisor left for relays, of which they tell editors."""

import json
from collections.abc import Callable
from typing import Any

from compas.domain.specs import ToolSet


class Offer:
    """The tools of a set, which the config decides unless the client's start did. Nobody is asked for it."""

    def __init__(self, tools: Callable[[], bytes], which: Callable[[], ToolSet]) -> None:
        """`tools` returns the list as it is now, in JSON, and `which` the set it is of."""
        self._tools = tools
        self._which = which
        self.which: ToolSet = which()

    def look(self) -> list[dict[str, Any]]:
        """Return the list as it is now, and bring `which` up to date."""
        self.which = self._which()
        listed: list[dict[str, Any]] = json.loads(self._tools())
        return listed
