"""What the menus of an editor hold. It asks for them when it opens, so nothing is started for that.

Some are always the same. Others depend on what the supervisor knows, and are empty while none runs.
"""

import json
from pathlib import Path

from compas.relay.message import Json

BUILT = Path(__file__).with_name("menus.json")
"""Results by method; `python -m compas.gateway.menus` writes it."""

LISTS = frozenset({"prompts/list", "resources/templates/list", "resources/list"})
EMPTY: dict[str, Json] = {
    "resources/list": {"resources": []},
    "completion/complete": {"completion": {"hasMore": False, "total": 0, "values": []}},
}
"""What is answered while no supervisor runs, for which none is started."""


def fixed_menu(method: str) -> Json | None:
    """Return the result of a method that is always the same, or None."""
    return json.loads(BUILT.read_bytes()).get(method) if method in LISTS - EMPTY.keys() else None
