"""What gateways ask an editor, such as whether something may be merged.

Each question gets an id of the relay's own: an answer to one gateway's is never taken for an answer to the next one's,
which may ask something else under the same number.
"""

import json

from compas.relay.answers import encoded
from compas.relay.message import Json

CANCELLED = "notifications/cancelled"


class Questions:
    """Those that the gateway of the moment waits to have answered."""

    def __init__(self) -> None:
        self._count = 0
        self._asked: dict[object, object] = {}

    def pass_to_editor(self, message: Json) -> bytes | None:
        """Return what the gateway asks or tells as the editor is to get it, or None where there is nothing to tell."""
        if message["method"] == CANCELLED:
            return self._cancel(message)
        if "id" in message:
            self._count += 1
            ours = f"compas:question:{self._count}"
            self._asked[ours] = message["id"]
            message = {**message, "id": ours}
        return encoded(message)

    def pass_to_gateway(self, line: bytes) -> bytes | None:
        """Return an answer of the editor's as the gateway is to get it, or None when this one has not asked that."""
        answer: Json = json.loads(line)
        found = answer.get("id")
        if not isinstance(found, str) or found not in self._asked:
            return None
        return encoded({**answer, "id": self._asked.pop(found)})

    def withdraw(self) -> list[bytes]:
        """Return what tells the editor that nobody waits for answers any more: the gateway is gone."""
        told = [_cancellation(found) for found in self._asked]
        self._asked.clear()
        return told

    def _cancel(self, message: Json) -> bytes | None:
        params = message.get("params")
        theirs = params.get("requestId") if isinstance(params, dict) else None
        for ours, asked in self._asked.items():
            if asked == theirs:
                del self._asked[ours]
                return _cancellation(ours)
        return None


def _cancellation(found: object) -> bytes:
    return encoded({"method": CANCELLED, "params": {"requestId": found}})
