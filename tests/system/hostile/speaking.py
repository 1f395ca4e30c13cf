"""Asks the supervisor over its socket what a command asks, since starting a command takes longer than its answer."""

from typing import Any

import msgspec

from actors.remote.errors import RequestFailed, WireError
from compas.client.blocking import BlockingConnection, connect
from compas.client.place import place_of
from compas.clock import wall_clock
from compas.domain.ids import new_ulid
from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Result, Workshop

OPERATIONS = {
    "diff": "diff",
    "merge": "merge",
    "close": "close",
    "worktree-remove": "worktree_remove",
    "status": "status",
    "wait-merge": "wait_merge",
}
WRITES = ("merge", "close", "worktree_remove")


class Speaker:
    """One connection to a workshop's supervisor; `ask` gives what the command would have given."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._connection: BlockingConnection | None = None

    def can(self, *command: str) -> bool:
        """Say whether this command is one that is asked here."""
        return command[0] in OPERATIONS

    def ask(self, *command: str) -> Result:
        """Ask, and return the answer as JSON, or the error in its words."""
        operation = OPERATIONS[command[0]]
        if self._connection is None:
            place = place_of(self._shop.config, self._shop.environ)
            self._connection = connect(place.socket, client="hostile suite")
        request_id = new_ulid(wall_clock()) if operation in WRITES else ""
        try:
            answer: Any = self._connection.request(
                operation, _arguments(*command), request_id=request_id, timeout=CEILING
            )
        except RequestFailed as failure:
            return Result(2, "", f"error: {failure.message} {failure.details or ''}")
        except WireError as error:
            self.close()
            raise AssertionError(f"{command} had no answer: {error}") from error
        completed = operation != "wait_merge" or answer["status"] == "completed"
        return Result(0 if completed else 1, msgspec.json.encode(answer).decode(), "")

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _arguments(*command: str) -> dict[str, object]:
    if command[0] == "wait-merge":
        return {"op_id": command[2], "timeout_secs": CEILING}
    arguments: dict[str, object] = {"thread_id": command[1]}
    return arguments | ({"force": True} if "--force" in command else {})
