"""How executions reach their runners: one interface, so that nobody above knows where a runner lives."""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

import trio

from compas.orchestrator.machine.slots import Slot
from compas.runner import files, judgement, removal
from compas.runner.attachment import open_attachment
from compas.runner.epochs import record_epoch
from compas.runner.force import end_by_force, sweep, wait_agent_gone
from compas.runner.launcher import ForkServerGone, Launcher, LaunchError
from compas.runner.messages import Exit, ExitKind, LogChunk, Spec, Started
from compas.runner.tree import RecordedTree, Swept, end_orphans

LAUNCH_LIMIT_SECS = 30.0
"""How long a launch may take before its fork server is taken for hung: it takes milliseconds, and some syncs."""

ORPHANS_LIMIT_SECS = 5.0
"""How long the fork server may take to name them: one that is being replaced has none."""


class Connection(Protocol):
    """A line to one runner: iterate it once for the log from its beginning; then `exit` is set."""

    exit: Exit | None

    def __aiter__(self) -> AsyncIterator[LogChunk]:
        """Give every chunk once; raises AttachmentLost when the runner vanishes without an exit."""
        ...

    async def stop(self, reason: str) -> None:
        """Ask the runner to end its agent; does nothing once it has ended."""
        ...


class Runners(Protocol):
    """Hosts executions, each at most once (design §5). Executions are named by their id."""

    async def begin(self, epoch: int) -> None:
        """Record that the supervisor of this epoch holds now: runners serve no other. Raises OSError."""
        ...

    def judge(self, execution: str, known: RecordedTree | None = None) -> judgement.Verdict:
        """Say what has become of an execution; never waits. `known` is what the log says of its processes."""
        ...

    async def prepare(self, spec: Spec) -> Spec:
        """Keep the description of an execution durably; the one that was kept first stays and is returned."""
        ...

    async def launch(self, execution: str, withheld: Mapping[str, str] | None = None) -> Started | None:
        """Start the runner of a prepared execution; a repeat starts nothing. Raises LaunchError: judge again.

        `withheld` is what its agent's environment has beside what its spec says. It stands in no file.
        Returns what the runner says of its processes, by a way that its agent has no hand in; None for a repeat.
        """
        ...

    async def token(self, execution: str) -> str | None:
        """Return the secret by which an execution's agent shows whose call it makes; None where none can be read."""
        ...

    def files_directory(self, execution: str) -> str:
        """Return where the files of an execution's spec will stand, as its agent sees it."""
        ...

    def started(self, execution: str) -> Started | None:
        """Return what the runner recorded when it released the agent; None where there is none that can be read."""
        ...

    def attach(self, execution: str, epoch: int) -> AbstractAsyncContextManager[Connection]:
        """Connect to a runner, or to what it left behind. Raises AttachmentLost: judge again."""
        ...

    async def settle(self, execution: str, now: float, known: RecordedTree | None = None) -> Exit:
        """Record the end of an execution whose runner died, once everything of it is gone."""
        ...

    async def end(self, execution: str, known: RecordedTree | None, *, kind: ExitKind, reason: str, now: float) -> Exit:
        """End all of an execution without asking its runner, and return its exit. A repeat finds nothing more.

        With `nothing_left` False something is alive yet that could not be ended: nothing is recorded, try again.
        """
        ...

    async def sweep(self, execution: str, known: RecordedTree | None) -> Swept:
        """End what is alive of an execution that is said to have ended, and say what there was."""
        ...

    async def wait_agent_gone(self, known: RecordedTree) -> None:
        """Return when the process of an agent has ended, whatever its runner says; may wait for ever elsewhere."""
        ...

    async def cancel(self, execution: str, reason: str, now: float) -> Exit:
        """Record that an execution never starts, so that a launch still under way does nothing."""
        ...

    async def logs(self) -> dict[str, float]:
        """Return the executions that have a log, with the time at which each was last written, in UTC seconds."""
        ...

    async def remove_logs(self, executions: Sequence[str]) -> None:
        """Remove the logs of executions that have ended, and nothing else of them; one that is gone is no error."""
        ...

    async def records(self) -> dict[str, bool]:
        """Return the executions that have files, and whether a log is among them."""
        ...

    async def size_of(self, executions: Sequence[str]) -> int:
        """Return how many bytes the files of these executions take."""
        ...

    async def remove_records(self, executions: Sequence[str]) -> tuple[str, ...]:
        """Remove all files of executions that are over; return those that have none now. One whose runner lives stays.

        Give it few at a time: it is not cancelled in the middle. A repeat finishes what a crash has left.
        """
        ...


class LocalRunners:
    """Runners on this machine, forked by the fork server, in one directory per execution."""

    def __init__(self, root: Path, launcher: Slot[Launcher]) -> None:
        self._root = root
        self._launcher = launcher

    async def begin(self, epoch: int) -> None:
        """See Runners."""
        await trio.to_thread.run_sync(record_epoch, self._root, epoch)

    def judge(self, execution: str, known: RecordedTree | None = None) -> judgement.Verdict:
        """See Runners."""
        return judgement.judge(self._root / execution, known)

    async def prepare(self, spec: Spec) -> Spec:
        """See Runners."""
        directory = self._root / spec.execution
        earlier = _read_spec(directory)
        if earlier is not None:
            return earlier
        await trio.to_thread.run_sync(judgement.prepare, directory, spec)
        return spec

    async def launch(self, execution: str, withheld: Mapping[str, str] | None = None) -> Started | None:
        """See Runners."""
        with trio.move_on_after(LAUNCH_LIMIT_SECS):
            launched = await self._launcher.retry(lambda launcher: launcher.launch(self._root / execution, withheld))
            return launched.started
        self._launcher.discard_current()
        raise LaunchError(f"the fork server did not start {execution} in {LAUNCH_LIMIT_SECS:g} s: it is replaced")

    async def token(self, execution: str) -> str | None:
        """See Runners."""
        try:
            spec = await trio.to_thread.run_sync(_read_spec, self._root / execution)
        except (OSError, files.ExecutionFileError):
            return None  # its agent can write there
        return None if spec is None else spec.token

    def files_directory(self, execution: str) -> str:
        """See Runners."""
        return str(self._root / execution / files.FILES)

    def started(self, execution: str) -> Started | None:
        """See Runners."""
        try:
            with files.open_directory(self._root / execution) as descriptor:
                return files.read(descriptor, files.STARTED, Started)
        except (OSError, files.ExecutionFileError):
            return None

    @asynccontextmanager
    async def attach(self, execution: str, epoch: int) -> AsyncIterator[Connection]:
        """See Runners."""
        async with open_attachment(self._root / execution, epoch=epoch) as attachment:
            yield attachment

    async def settle(self, execution: str, now: float, known: RecordedTree | None = None) -> Exit:
        """See Runners."""
        ended = await judgement.settle_dead(self._root / execution, now=now, known=known)
        await self._end_orphans()
        return ended

    async def end(self, execution: str, known: RecordedTree | None, *, kind: ExitKind, reason: str, now: float) -> Exit:
        """See Runners."""
        ended = await end_by_force(self._root / execution, known, kind=kind, reason=reason, now=now)
        await self._end_orphans()
        return ended

    async def sweep(self, execution: str, known: RecordedTree | None) -> Swept:
        """See Runners."""
        swept = await sweep(self._root / execution, known)
        await self._end_orphans()
        return swept

    async def _end_orphans(self) -> None:
        """End what dead runners have left to the fork server; whose it was makes no difference."""
        with trio.move_on_after(ORPHANS_LIMIT_SECS), contextlib.suppress(ForkServerGone):
            while named := await self._launcher.retry(lambda launcher: launcher.orphans()):
                if not await trio.to_thread.run_sync(end_orphans, named):
                    return

    async def wait_agent_gone(self, known: RecordedTree) -> None:
        """See Runners."""
        await wait_agent_gone(known)

    async def cancel(self, execution: str, reason: str, now: float) -> Exit:
        """See Runners."""
        return await judgement.cancel_never_started(self._root / execution, reason=reason, now=now)

    async def logs(self) -> dict[str, float]:
        """See Runners."""
        return await trio.to_thread.run_sync(_logs, self._root)

    async def remove_logs(self, executions: Sequence[str]) -> None:
        """See Runners."""
        for execution in executions:
            (self._root / execution / files.LOG).unlink(missing_ok=True)

    async def records(self) -> dict[str, bool]:
        """See Runners."""
        return await trio.to_thread.run_sync(removal.records, self._root, abandon_on_cancel=True)

    async def size_of(self, executions: Sequence[str]) -> int:
        """See Runners."""
        return await trio.to_thread.run_sync(removal.size_of, self._root, executions, abandon_on_cancel=True)

    async def remove_records(self, executions: Sequence[str]) -> tuple[str, ...]:
        """See Runners."""
        return await trio.to_thread.run_sync(removal.remove_records, self._root, executions)


def _logs(root: Path) -> dict[str, float]:
    found = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(root) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                found[entry.name] = os.lstat(os.path.join(entry.path, files.LOG)).st_mtime
    return found


def _read_spec(directory: Path) -> Spec | None:
    if not directory.exists():
        return None
    with files.open_directory(directory) as descriptor:
        return files.read(descriptor, files.SPEC, Spec)
