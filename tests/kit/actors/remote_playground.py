"""A server with an operation for everything a test wants to see; also a program, for tests that need a process."""

import os
import signal
import subprocess
import sys

import msgspec
import trio

from actors.remote.call import Call
from actors.remote.child import serve_parent
from actors.remote.errors import CallError
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings

SETTINGS = ServerSettings(welcome=WelcomeInfo(server="playground/1", state="ready", epoch=7))


class Add(msgspec.Struct):
    """Arguments of `add`."""

    a: int
    b: int


class Playground:
    """Serves calls, and notes what happened to them."""

    def __init__(self) -> None:
        self.hanging = trio.Event()
        self.cancelled: list[int] = []
        self.ended = trio.Event()
        self.pushed = 0

    async def __call__(self, call: Call) -> object:
        match call.op:
            case "add":
                args = call.decode(Add)
                return {"sum": args.a + args.b}
            case "who":
                return {"client": call.peer.client, "request_id": call.request_id, "meta": call.meta}
            case "peer":
                return {"pid": call.peer.pid, "uid": call.peer.uid}
            case "hang":
                return await self._hang(call)
            case "count":
                for n in range(call.decode(int)):
                    await call.push({"n": n})
                    self.pushed += 1
                return "counted"
            case "blob":
                return "x" * call.decode(int)
            case "fail":
                raise CallError("no_such_thread", "there is no thread t9", {"known": ["t1"]})
            case _:
                return await self._of_process(call)

    async def _hang(self, call: Call) -> None:
        self.hanging.set()
        try:
            await call.push("hanging")
            await trio.sleep_forever()
        finally:
            self.cancelled.append(call.id)
            self.ended.set()

    async def _of_process(self, call: Call) -> object:
        match call.op:
            case "process":
                return {"pid": os.getpid(), "session": os.getsid(0), "parent": os.getppid()}
            case "descriptors":
                return sorted(int(name) for name in os.listdir("/proc/self/fd"))
            case "environment":
                return dict(os.environ)
            case "stubborn":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                await call.push("deaf")
                with trio.CancelScope(shield=True):
                    await trio.sleep_forever()
                return None
            case "thread":
                await call.push("in a thread")
                return await trio.to_thread.run_sync(signal.pause)
            case "spawn":  # a grandchild that outlives us, and would keep an inherited channel open
                return _spawn_heir()
            case _:
                raise LookupError(f"no operation {call.op}")


def _spawn_heir() -> int:
    return subprocess.Popen(["sleep", "1000"], close_fds=False).pid


if __name__ == "__main__":
    trio.run(lambda: serve_parent(Playground(), SETTINGS, exit_seconds=float(sys.argv[1])))
