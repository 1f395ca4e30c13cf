"""Whether a call comes from where somebody sees its client's screen, as the call itself tells.

What a client's environment tells of that, the relay reads (`compas/relay/attended.py`).
"""

from collections.abc import Mapping


def is_attended(meta: Mapping[str, object] | None) -> bool:
    """Tell whether somebody may be there, from what a call carries beside its parameters.

    `codex exec` declares forms and declines each by itself, so that nothing could ever be merged there; what it sends
    along was seen with version 0.169.0.
    """
    turn = (meta or {}).get("x-codex-turn-metadata")
    return not (isinstance(turn, Mapping) and turn.get("turn_trigger") == "exec")
