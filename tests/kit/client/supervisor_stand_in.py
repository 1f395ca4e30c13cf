"""A program that speaks the supervisor's protocol and does what a small script says; started by tests as a process.

    python supervisor_stand_in.py --place CONFIG --script FILE [--ready-fd N]

The script is JSON: `{"answers": {OP: ANSWER}, "die_at": [OP, N], "refuse": "…"}`. An answer is `{"push": […]}` and then
`{"reply": {…}}`, `{"fail": CODE}` or `{"hang": true}`; with `{"then_stop": true}` it ends once that client has left.
Each request is appended to FILE.seen, one JSON object a line, before it is answered; `peer` is the process that asked.
The N-th request for OP, over all lives, kills it.
"""

import argparse
import fcntl
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import trio

from actors.remote.call import Call
from actors.remote.errors import CallError
from actors.remote.handshake import WelcomeInfo
from actors.remote.listener import bind_unix
from actors.remote.peer import peer_credentials
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.sockets import accept_unix
from actors.spec import ChildSpec
from actors.system import open_actor_system
from compas.client.detach import ALREADY_RUNNING, ERROR, LISTENING, READY, StartReport, leave_starter
from compas.client.place import place_of
from compas.gateway.listed import listed_tools
from compas.orchestrator.machine.gateway import GatewayDoor, GatewayHost
from compas.orchestrator.process.activity import Activity
from compas.relay.silence import patience_of


class StandIn:
    """Serves from the script until it is asked to stop."""

    def __init__(self, script: Path) -> None:
        self.script: dict[str, Any] = json.loads(script.read_text())
        self._seen = script.with_suffix(".seen")
        self._stops = False
        self.stopping = trio.Event()

    async def serve(self, call: Call) -> object:
        args = call.decode(dict)
        record = {"op": call.op, "args": args, "request_id": call.request_id, "meta": call.peer.meta}
        record["peer"] = call.peer.pid
        self._append({**record, "pid": os.getpid()})
        op, number = self.script.get("die_at", ["", 0])
        plan = self.script["answers"].get(call.op)
        if plan is None:
            raise CallError("unknown", f"the script says nothing of {call.op}")
        try:
            for item in plan.get("push", ()):
                if item.get("position", 0) > args.get("after", 0) or item.get("offset", -1) >= args.get("offset", 0):
                    await call.push(item)
            if op == call.op and self._count(op) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            if plan.get("hang"):
                self._append({"op": "hanging"})
                await trio.sleep_forever()
        except trio.Cancelled:
            self._append({"op": "cancelled"})
            raise
        self._stops = call.op == "stop" or bool(plan.get("then_stop"))
        if code := plan.get("fail"):
            raise CallError(code, "the script says so")
        return plan["reply"]

    async def serve_client(self, stream: trio.SocketStream) -> None:
        """Serve one client; once one has said stop and left, the stand-in ends."""
        settings = ServerSettings(welcome=WelcomeInfo(server="stand-in/1", state="ready", epoch=1))
        pid = peer_credentials(stream.socket).pid
        await serve_connection(await accept_unix(stream), self.serve, settings, pid=pid)
        if self._stops:
            self.stopping.set()

    def begin(self) -> None:
        """Note that this life has begun."""
        self._append({"op": "begun", "pid": os.getpid(), "environ": dict(os.environ), "cwd": os.getcwd()})

    def _append(self, record: dict[str, object]) -> None:
        with self._seen.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def _count(self, op: str) -> int:
        return sum(json.loads(line)["op"] == op for line in self._seen.read_text().splitlines())


async def run(stand_in: StandIn, sock: socket.socket, door: GatewayDoor, report: StartReport) -> None:
    """Listen until told to stop, and host the gateway of editors as a supervisor does."""
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(sock))
    gateway = ChildSpec("gateway", lambda: GatewayHost(door, listed_tools, Activity(), None, patience_of(os.environ)))
    async with open_actor_system("stand-in", gateway), trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, stand_in.serve_client, [listener])
        report.tell(LISTENING)
        report.tell(READY)
        await stand_in.stopping.wait()
        nursery.cancel_scope.cancel()


def main() -> int:
    """Take the lock, listen, serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--ready-fd", type=int)
    given = parser.parse_args()
    leave_starter()
    report = StartReport(given.ready_fd)
    stand_in = StandIn(given.script)
    if refusal := stand_in.script.get("refuse"):
        report.tell(f"{ERROR}{refusal}")
        return 2
    if stand_in.script.get("crash"):
        raise RuntimeError("the stand-in crashes before it says anything")
    place = place_of(given.place, os.environ)
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        report.tell(ALREADY_RUNNING)
        return 3
    stand_in.begin()
    door = GatewayDoor(place.socket, place.gateway, place.tools)
    trio.run(run, stand_in, bind_unix(place.socket), door, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
