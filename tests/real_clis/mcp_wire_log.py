"""Reads what an MCP client and compas have said to each other, as `mcp_wire.py` writes it down."""

import json
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from compas.runner.file_watch import FileWatch
from tests.kit.ceiling import CEILING
from tests.real_clis import mcp_wire


class Spoken(NamedTuple):
    """One message, and who sent it: `client` or `server`."""

    who: str
    message: dict[str, Any]

    @property
    def method(self) -> str:
        """What is asked or told; nothing of an answer."""
        return str(self.message.get("method", ""))

    @property
    def params(self) -> dict[str, Any]:
        """What it is asked or told with."""
        return dict(self.message.get("params") or {})


class WireLog:
    """A conversation, or several one after another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def command(self, *server: str) -> list[str]:
        """Return what starts a server whose conversation is written here."""
        return [sys.executable, str(mcp_wire.__file__), str(self._path), *server]

    def spoken(self) -> list[Spoken]:
        """Return all that has been said so far."""
        whole = self._path.read_bytes().rpartition(b"\n")[0]
        return [Spoken(one["from"], one["message"]) for one in map(json.loads, whole.splitlines())]

    def forget(self) -> None:
        """Begin an empty log."""
        self._path.write_bytes(b"")

    def calls(self, tool: str) -> list[Spoken]:
        """Return the calls of a tool."""
        return [one for one in self.spoken() if one.method == "tools/call" and one.params["name"] == tool]

    def until(self, is_so: Callable[[], bool]) -> None:
        """Return once what has been said makes this true."""
        deadline = time.monotonic() + CEILING
        with self._path.open("rb") as file:
            watch = FileWatch(file.fileno())
            try:
                while not is_so():
                    left = max(0.0, deadline - time.monotonic())
                    assert select.select([watch], [], [], left)[0], self.spoken()[-5:]
                    watch.clear()
            finally:
                watch.close()

    def until_called(self, tool: str, times: int = 1) -> dict[str, Any]:
        """Return what the client sent along with a call of a tool, once it has been called so often."""
        self.until(lambda: len(self.calls(tool)) >= times)
        meta: dict[str, Any] = self.calls(tool)[-1].params.get("_meta") or {}
        return meta

    def until_asked(self, method: str) -> Spoken:
        """Return the first request or notification of this name, once there is one."""
        self.until(lambda: bool(self._of(method)))
        return self._of(method)[0]

    def _of(self, method: str) -> list[Spoken]:
        return [one for one in self.spoken() if one.method == method]
