"""An editor, as far as the gateway can tell: starts it with pipes and speaks the handshake era line by line."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from compas.client.place import Place
from compas.runner.file_watch import FileWatch
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted

GATEWAY = [sys.executable, "-P", "-m", "compas", "mcp-server"]
STARTED = r"editors are served \(pid (\d+)\)"
"""What the supervisor's log says of each gateway."""

WRAPPER = """
import subprocess, sys
gateway = subprocess.Popen(sys.argv[1:])
sys.stderr.write(f"{gateway.pid}\\n")
sys.stderr.flush()
gateway.wait()
"""
"""A program that starts the gateway on its own standard input and output, which others may hold as well."""


class Editor:
    """One gateway and the pipes to it; a context manager that kills what is left."""

    def __init__(self, environ: dict[str, str], *options: str, command: Sequence[str] = GATEWAY) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*command, *options], env=environ, stdin=pipe, stdout=pipe, stderr=pipe)
        self._timer = threading.Timer(CEILING, self.process.kill)
        self._timer.start()
        self._last = 0

    def __enter__(self) -> "Editor":
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.process.kill()
        self.process.communicate()

    def send(self, method: str, params: dict[str, object], *, is_request: bool = True) -> int:
        """Send a message; return the number of a request."""
        self._last += is_request
        number = {"id": self._last} if is_request else {}
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps({"jsonrpc": "2.0", **number, "method": method, "params": params}).encode() + b"\n"
        )
        self.process.stdin.flush()
        return self._last

    def receive(self) -> dict[str, Any]:
        """Return the next message; anything else on standard output fails the test."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        return json.loads(line)

    def shake_hands(self) -> dict[str, Any]:
        """Open the connection as clients before 2026-07-28 do."""
        client = {"name": "editor", "version": "1"}
        self.send("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        welcome = self.receive()["result"]
        self.send("notifications/initialized", {}, is_request=False)
        return welcome

    def call(self, tool: str, **arguments: object) -> int:
        """Call a tool without waiting for its answer."""
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def hang_up(self) -> tuple[int, bytes, bytes]:
        """Close the pipe; return the exit status, and what else was written."""
        out, err = self.process.communicate(timeout=CEILING)
        return self.process.returncode, out, err


def of(place: Place, environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of a gateway for this place."""
    return environ | {"COMPAS_CONFIG": str(place.config)}


def gateway_pids(config: Path) -> list[int]:
    """Return the numbers of all gateways that the supervisor of this config directory has started, in order."""
    return [int(pid) for pid in re.findall(STARTED, (config / "state/supervisor.log").read_text())]


def wait_gone(pid: int) -> bool:
    """Wait for the end of a process, whoever its parent is."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(CEILING * 1000))
    finally:
        os.close(descriptor)


def until(scripted: Scripted, is_so: Callable[[], bool]) -> None:
    """Return once what the stand-in has noted makes this true."""
    with open(scripted.log) as file:
        watch = FileWatch(file.fileno())
        try:
            while not is_so():
                assert select.select([watch], [], [], CEILING)[0], scripted.seen
                watch.clear()
        finally:
            watch.close()


def until_seen(scripted: Scripted, op: str) -> None:
    """Return once the stand-in has noted something of this name."""
    until(scripted, lambda: any(record["op"] == op for record in scripted.seen))


def is_alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(pid: int) -> None:
    """End a process at once, and wait for its end."""
    os.kill(pid, signal.SIGKILL)
    assert wait_gone(pid)
