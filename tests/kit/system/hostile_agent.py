"""An agent that turns against its runner: run as a program, with the name of what it does as its argument."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import msgspec

HERE = Path(sys.argv[4], "executions", os.environ["COMPAS_EXECUTION"]) if __name__ == "__main__" else Path()
RUNNER = os.getppid()
NEVER = 2**62
EXITED = b'{"kind": "exited", "exit_code": 0, "ended_at": 1.0}'


def frame(**message: object) -> bytes:
    payload = msgspec.msgpack.encode(message)
    return len(payload).to_bytes(4, "big") + payload


def door() -> str:
    """Name the runner's socket in a way that is short enough for one."""
    return f"/proc/self/fd/{os.open(HERE, os.O_RDONLY)}/runner.sock"


def send(*frames: bytes) -> None:
    """Say something on the runner's socket, and wait until it has been dealt with."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(door())
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(b"".join(frames))
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass


def descend(*, hides: bool, deaf: bool = True) -> None:
    """Leave a daemon behind; one that hides has neither our session nor our environment."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            if deaf:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(writing, b"%d" % os.getpid())
            if hides:
                os.execve("/bin/sleep", ["sleep", "600"], {})
            signal.alarm(600)
            while True:
                signal.pause()
        os._exit(0)
    os.wait()
    note(int(os.read(reading, 100)))


def note(pid: int) -> None:
    with Path(sys.argv[2]).open("a") as file:
        file.write(f"{pid}\n")


def replace(name: str, content: bytes) -> None:
    passing = HERE / f"{name}.mine"
    passing.write_bytes(content)
    os.replace(passing, HERE / name)


def impostor(answer: bytes) -> None:
    """Take the runner's place on its socket, and give everybody the same answer."""
    (HERE / "runner.sock").unlink()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(door())
    listener.listen(64)
    if os.fork() == 0:
        note(os.getpid())
        kept = []
        while True:
            client, _ = listener.accept()
            with contextlib.suppress(OSError):
                client.sendall(answer)
            kept.append(client)


def forge(**changes: object) -> None:
    """Say something else than its runner about where its processes are."""
    for name in ("started.json", "spec.json"):
        told = json.loads((HERE / name).read_bytes())
        replace(name, json.dumps(told | {key: value for key, value in changes.items() if key in told}).encode())


def take_lock() -> None:
    os.kill(RUNNER, signal.SIGKILL)
    fcntl.flock(os.open(HERE / "lock", os.O_RDWR), fcntl.LOCK_EX)


def stop_runner() -> None:
    os.kill(RUNNER, signal.SIGSTOP)


def kill_runner() -> None:
    os.kill(RUNNER, signal.SIGKILL)


def fill_line() -> None:
    """Stand in line before a runner that lets nobody in, until there is no room."""
    stop_runner()
    place = door()
    with contextlib.suppress(BlockingIOError):
        while True:
            client = socket.socket(socket.AF_UNIX)
            client.setblocking(False)
            client.connect(place)
            client.detach()


ENDED = frame(type="ended", exit={"kind": "exited", "exit_code": 0, "ended_at": 1.0})
DEEDS = {
    "says it is a later supervisor": lambda: send(frame(type="hello", offset=0, epoch=NEVER)),
    "says many things": lambda: [
        send(frame(type="hello", offset=-5, epoch=-(2**63))),
        send(frame(type="hello", offset=0, epoch="1"), b"\xff\xff"),
        send(frame(type="hello", offset=0, epoch=NEVER)[:-3]),
        *(send(b"\0\0") for _ in range(200)),
    ],
    "stops its runner": stop_runner,
    "stops its runner and hides": lambda: [descend(hides=True), descend(hides=False), stop_runner()],
    "stops its runner and itself": lambda: [stop_runner(), say_done(), os.kill(os.getpid(), signal.SIGSTOP)],
    "stops its runner and fills the line": fill_line,
    "hides": lambda: descend(hides=True),
    "says it has ended": lambda: replace("exit.json", EXITED),
    "says it has ended and stops its runner": lambda: [replace("exit.json", EXITED), stop_runner()],
    "writes nonsense for an exit": lambda: replace("exit.json", b"{"),
    "makes a pipe of its exit": lambda: os.mkfifo(HERE / "exit.json"),
    "removes the socket": lambda: (HERE / "runner.sock").unlink(),
    "takes the socket and is silent": lambda: impostor(b""),
    "takes the socket and says it has ended": lambda: impostor(ENDED),
    "takes the socket and talks nonsense": lambda: impostor(b"\xff" * 8),
    "removes the record of its start": lambda: (HERE / "started.json").unlink(),
    "removes the record and stops its runner": lambda: [(HERE / "started.json").unlink(), stop_runner()],
    "removes its directory": lambda: shutil.rmtree(HERE),
    "removes its directory and stops its runner": lambda: [shutil.rmtree(HERE), stop_runner()],
    "says its processes are others": lambda: [
        forge(runner_pid=1, agent_pid=os.getpid() - 1, token="another-token", boot_id="another boot"),
        stop_runner(),
    ],
    "kills its runner": kill_runner,
    "kills its runner and hides": lambda: [descend(hides=True), kill_runner()],
    "kills its runner and removes the record": lambda: [kill_runner(), (HERE / "started.json").unlink()],
    "kills its runner and says another boot": lambda: [forge(boot_id="another boot"), kill_runner()],
    "kills its runner and says it has ended": lambda: [replace("exit.json", EXITED), kill_runner()],
    "kills its runner and takes the lock": take_lock,
}
"""What an agent may do, by name."""


def say_done(text: str = "done") -> None:
    Path(sys.argv[3]).write_text(text)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.alarm(600)
    note(os.getpid())
    note(RUNNER)
    if os.fork() == 0:
        note(os.getpid())
    else:
        try:
            DEEDS[sys.argv[1]]()
        except Exception as error:
            say_done(repr(error))
        say_done()
    while True:
        signal.pause()
