"""A stage to run small agents on, and what a test asks about it."""

import os
import sys
from pathlib import Path

import msgspec
import trio

from compas.runner.attachment import open_attachment
from compas.runner.judgement import prepare
from compas.runner.launcher import Launcher
from compas.runner.messages import Exit, LogChunk, Spec
from compas.runner.strays import end_strays
from tests.kit.ceiling import CEILING


class Stage:
    """A state directory and a fork server, to run small Python agents on."""

    def __init__(self, launcher: Launcher, base: Path) -> None:
        self.launcher = launcher
        self.base = base
        self.count = 0

    def prepare(self, script: str = "", **fields: object) -> Path:
        """Prepare an execution whose agent is this Python script, unless `argv` says otherwise."""
        self.count += 1
        directory = self.base / f"e{self.count}"
        spec = {
            "execution": directory.name,
            "token": f"token-{os.urandom(8).hex()}",
            "epoch": 1,
            "argv": (sys.executable, "-I", "-S", "-c", script),
            "cwd": str(self.base),
            "env": {"PATH": os.environ["PATH"]},
            "drain_secs": 0.0,
            "grace_secs": 2.0,
        }
        prepare(directory, Spec(**(spec | fields)))
        return directory

    def clear(self) -> None:
        """End what a failed test has left running."""
        for directory in self.base.glob("e*/"):
            if not (directory / "exit.json").exists():
                end_strays(token_of(directory))

    async def start(self, script: str = "", **fields: object) -> Path:
        """Prepare and launch."""
        directory = self.prepare(script, **fields)
        assert (await self.launcher.launch(directory)).answer == "started"
        return directory

    async def run(self, script: str = "", **fields: object) -> tuple[str, Exit]:
        """Prepare, launch, and return the whole log and the exit."""
        return await self.finish(await self.start(script, **fields))

    async def finish(self, directory: Path, offset: int = 0) -> tuple[str, Exit]:
        """Attach and return the log from `offset` on, and the exit."""
        chunks, ended = await collect(directory, offset)
        return "".join(chunk.text for chunk in chunks), ended


async def collect(directory: Path, offset: int = 0) -> tuple[list[LogChunk], Exit]:
    """Attach and return everything, having checked that chunks follow each other without a gap."""
    chunks = []
    with trio.fail_after(CEILING):
        async with open_attachment(directory, offset) as attachment:
            async for chunk in attachment:
                assert chunk.offset == (chunks[-1].next_offset if chunks else offset)
                chunks.append(chunk)
            assert attachment.exit is not None
            return chunks, attachment.exit


def marked_processes(token: str) -> list[int]:
    """Return the pids of all living processes whose environment holds this token."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if token.encode() in Path(f"/proc/{name}/environ").read_bytes():
                found.append(int(name))
        except OSError:
            continue
    return found


def token_of(directory: Path) -> str:
    """Return the mark of an execution's processes."""
    return msgspec.json.decode((directory / "spec.json").read_bytes(), type=Spec).token
