"""Runners without processes: agents are functions, time is trio's, and they outlive every actor system."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
import trio

from compas.clock import Clock
from compas.runner.attachment import AttachmentLost, AttachmentRefused
from compas.runner.epochs import believe
from compas.runner.judgement import Died, Finished, NeverStarted, Rebooted, Running, SettleError, Vanished, Verdict
from compas.runner.launcher import LaunchError
from compas.runner.logformat import Stream, format_line
from compas.runner.messages import Exit, ExitKind, LogChunk, Spec, Started
from compas.runner.tree import RecordedTree, Swept

Play = Callable[[Spec, "Console"], Awaitable[int]]
"""An agent: prints to its console, and returns its exit status."""


class Console:
    """Where an agent prints."""

    def __init__(self, hosted: "_Hosted") -> None:
        self._hosted = hosted

    async def print(self, line: str, stream: Stream = "stdout") -> None:
        """Print one line."""
        await trio.lowlevel.checkpoint()
        self._hosted.log += format_line(stream, line).encode()
        self._hosted.touch()


class _Hosted:
    """One execution, as its directory would tell it."""

    def __init__(self, spec: Spec | None) -> None:
        self.spec = spec
        self.started: Started | None = None
        self.exit: Exit | None = None
        self.log = b""
        self.is_alive = False
        self.is_at_work = False
        self.is_hung = False
        self.patience = trio.CancelScope()
        self.epoch = spec.epoch if spec is not None else 0
        self.stop_reason: str | None = None
        self.scope = trio.CancelScope()
        self.changed = trio.Event()

    def touch(self) -> None:
        """Wake whoever reads."""
        self.changed.set()
        self.changed = trio.Event()


class FakeRunners:
    """Hosts agents in a nursery of its own; see `open_fake_runners`.

    `overlaps` names the threads that ever had two agents at once, `starts` counts agents per execution, and
    `launch_failures` says of the next launches whether they fail "before" or "after" the agent was started. `undying`
    says how often an end without asking leaves something alive.
    """

    def __init__(self, nursery: trio.Nursery, play: Play, clock: Clock) -> None:
        self.starts: Counter[str] = Counter()
        self.overlaps: list[str] = []
        self.most_at_once = 0
        self.launch_failures: list[str] = []
        self.undying = 0
        self._nursery = nursery
        self._play = play
        self._clock = clock
        self._boot = 1
        self._epoch: int | None = None
        self.looked_at = 0
        """How often settling finds the lock of a dead runner held, as a look at it by somebody else may have it."""
        self._hosted: dict[str, _Hosted] = {}

    # --- what a test looks at and does -------------------------------------------------------------------------------

    def running(self) -> dict[str, Spec]:
        """Return what runs now, by execution."""
        return {name: one.spec for name, one in self._hosted.items() if one.is_alive and one.spec is not None}

    def kill_runner(self, execution: str) -> None:
        """Let a runner and its agent vanish without a word."""
        hosted = self._hosted[execution]
        hosted.is_alive = hosted.is_at_work = False
        hosted.scope.cancel()
        hosted.touch()

    def hang(self, execution: str) -> None:
        """Let a runner do nothing any more: it neither ends its agent nor says how that has ended."""
        hosted = self._hosted[execution]
        hosted.is_hung = True
        hosted.patience.deadline = float("inf")

    def forge_exit(self, execution: str, ended: Exit) -> None:
        """Record an exit of what is at work."""
        self._hosted[execution].exit = ended
        self._hosted[execution].touch()

    def reboot(self) -> None:
        """Let everything vanish, and the machine come back as another boot."""
        self._boot += 1
        for execution in self.running():
            self.kill_runner(execution)

    # --- Runners -----------------------------------------------------------------------------------------------------

    async def begin(self, epoch: int) -> None:
        await trio.lowlevel.checkpoint()
        self._epoch = epoch

    def judge(self, execution: str, known: RecordedTree | None = None) -> Verdict:
        hosted = self._hosted.get(execution)
        if hosted is None:
            return NeverStarted()
        if hosted.exit is not None:
            return Finished(hosted.exit)
        if hosted.is_alive:
            return Running()
        if hosted.started is None:
            return NeverStarted() if known is None else Vanished("its record is gone")
        is_of_this_boot = hosted.started.boot_id == f"boot-{self._boot}"
        return Died(hosted.started) if is_of_this_boot else Rebooted(hosted.started)

    async def prepare(self, spec: Spec) -> Spec:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted.setdefault(spec.execution, _Hosted(spec))
        if hosted.spec is None:
            hosted.spec = spec
        return hosted.spec

    async def launch(self, execution: str, withheld: Mapping[str, str] | None = None) -> Started | None:
        await trio.lowlevel.checkpoint()
        failure = self.launch_failures.pop(0) if self.launch_failures else None
        if failure == "before":
            raise LaunchError("the fork server ended before it said how it went")
        hosted = self._hosted.get(execution)
        if hosted is None or hosted.spec is None:
            raise LaunchError(f"execution {execution} was never prepared")
        is_first = hosted.started is None and hosted.exit is None
        if is_first:
            spec = hosted.spec
            self._start(hosted, msgspec.structs.replace(spec, env={**spec.env, **(withheld or {})}))
        if failure == "after":
            raise LaunchError("the fork server ended before it said how it went")
        return hosted.started if is_first else None

    async def token(self, execution: str) -> str | None:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted.get(execution)
        return None if hosted is None or hosted.spec is None else hosted.spec.token

    def files_directory(self, execution: str) -> str:
        return f"/executions/{execution}/files"

    def started(self, execution: str) -> Started | None:
        hosted = self._hosted.get(execution)
        return hosted.started if hosted is not None else None

    @asynccontextmanager
    async def attach(self, execution: str, epoch: int) -> AsyncIterator["_Connection"]:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted[execution]
        if not hosted.is_alive and hosted.exit is None:
            raise AttachmentLost(f"no runner of {execution} answers: judge the execution again")
        refusal = ""
        if hosted.is_alive:  # what has ended is read from what it left
            hosted.epoch, refusal = believe(epoch, held=hosted.epoch, recorded=self._epoch)
        yield _Connection(hosted, epoch, refusal)

    async def settle(self, execution: str, now: float, known: RecordedTree | None = None) -> Exit:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted[execution]
        if self.looked_at > 0:
            self.looked_at -= 1
            raise SettleError(f"tried to settle {execution}: its runner is alive; attach to it")
        match self.judge(execution):
            case Finished(exit=ended):
                return ended
            case Died():
                return self._end(hosted, "lost", "the runner died without recording how the agent ended", now)
            case Rebooted():
                return self._end(hosted, "rebooted", "the machine was booted anew meanwhile", now)
            case other:
                raise SettleError(f"tried to settle {execution}: it is {type(other).__name__}")

    async def cancel(self, execution: str, reason: str, now: float) -> Exit:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted.setdefault(execution, _Hosted(None))
        match self.judge(execution):
            case Finished(exit=ended):
                return ended
            case NeverStarted():
                return self._end(hosted, "cancelled", reason, now)
            case _:
                raise SettleError(f"tried to cancel {execution} before its start: it has been started; stop it")

    async def end(self, execution: str, known: RecordedTree | None, *, kind: ExitKind, reason: str, now: float) -> Exit:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted.setdefault(execution, _Hosted(None))
        if self.undying > 0:
            self.undying -= 1
            return Exit(kind=kind, reason=reason, ended_at=now, nothing_left=False)
        if hosted.is_alive:
            self.kill_runner(execution)
        if hosted.exit is None or hosted.exit.kind != kind:
            hosted.exit = None
            return self._end(hosted, kind, reason, now)
        return hosted.exit

    async def sweep(self, execution: str, known: RecordedTree | None) -> Swept:
        await trio.lowlevel.checkpoint()
        hosted = self._hosted.get(execution)
        was_at_work = hosted is not None and hosted.is_alive
        if was_at_work:
            self.kill_runner(execution)
        return Swept(ended=0, nothing_left=True, was_at_work=was_at_work)

    async def wait_agent_gone(self, known: RecordedTree) -> None:
        hosted = self._hosted[known.execution]
        while hosted.is_at_work:
            await hosted.changed.wait()

    async def logs(self) -> dict[str, float]:
        await trio.lowlevel.checkpoint()
        return {name: one.exit.ended_at if one.exit else self._clock() for name, one in self._hosted.items() if one.log}

    async def remove_logs(self, executions: Sequence[str]) -> None:
        await trio.lowlevel.checkpoint()
        for execution in executions:
            if execution in self._hosted:
                self._hosted[execution].log = b""

    async def records(self) -> dict[str, bool]:
        await trio.lowlevel.checkpoint()
        return {name: bool(one.log) for name, one in self._hosted.items()}

    async def size_of(self, executions: Sequence[str]) -> int:
        await trio.lowlevel.checkpoint()
        return 4096 * sum(name in self._hosted for name in executions)

    async def remove_records(self, executions: Sequence[str]) -> tuple[str, ...]:
        await trio.lowlevel.checkpoint()
        gone = tuple(name for name in executions if name not in self._hosted or not self._hosted[name].is_alive)
        for name in gone:
            self._hosted.pop(name, None)
        return gone

    # --- hosting -----------------------------------------------------------------------------------------------------

    def _start(self, hosted: _Hosted, spec: Spec) -> None:
        thread = spec.env.get("COMPAS_THREAD", spec.execution)
        if any(other.env.get("COMPAS_THREAD") == thread for other in self.running().values()):
            self.overlaps.append(thread)
        self.starts[spec.execution] += 1
        hosted.is_alive = hosted.is_at_work = True
        self.most_at_once = max(self.most_at_once, len(self.running()))
        hosted.started = Started(
            boot_id=f"boot-{self._boot}",
            runner_pid=1000 + len(self.starts),
            runner_start_time=1,
            agent_pid=5000 + len(self.starts),
            agent_start_time=1,
            token=spec.token,
            started_at=self._clock(),
        )
        self._nursery.start_soon(self._host, hosted, spec)

    async def _host(self, hosted: _Hosted, spec: Spec) -> None:
        code = None
        limit = trio.current_time() + (spec.timeout_secs or float("inf"))
        with hosted.scope, trio.CancelScope(deadline=limit) as hosted.patience:
            code = await self._play(spec, Console(hosted))
        hosted.is_at_work = False
        hosted.touch()
        if not hosted.is_alive or hosted.is_hung:
            return
        hosted.is_alive = False
        if hosted.stop_reason is not None:
            self._end(hosted, "stopped", hosted.stop_reason, self._clock(), signal=15)
        elif hosted.patience.cancelled_caught:
            self._end(hosted, "timeout", f"it ran longer than {spec.timeout_secs:g} s", self._clock(), signal=15)
        else:
            self._end(hosted, "exited", "", self._clock(), exit_code=code)

    def _end(
        self,
        hosted: _Hosted,
        kind: ExitKind,
        reason: str,
        now: float,
        *,
        exit_code: int | None = None,
        signal: int | None = None,
    ) -> Exit:
        begun = hosted.started.started_at if hosted.started is not None else None
        hosted.exit = Exit(
            kind=kind,
            exit_code=exit_code,
            signal=signal,
            reason=reason,
            started_at=begun,
            ended_at=now,
            duration_secs=now - begun if begun is not None else 0.0,
            log_bytes=len(hosted.log),
        )
        hosted.touch()
        return hosted.exit


class _Connection:
    """A line to a hosted agent."""

    def __init__(self, hosted: _Hosted, epoch: int, refusal: str) -> None:
        self.exit: Exit | None = None
        self._hosted = hosted
        self._epoch = epoch
        self._refusal = refusal
        self._offset = 0

    def __aiter__(self) -> AsyncIterator[LogChunk]:
        return self

    async def __anext__(self) -> LogChunk:
        await trio.lowlevel.checkpoint()
        while True:
            if self._refusal or (self._hosted.is_alive and self._epoch != self._hosted.epoch):
                raise AttachmentRefused(self._refusal or f"epoch {self._epoch} is over")
            if self._offset < len(self._hosted.log):
                begin, self._offset = self._offset, len(self._hosted.log)
                text = self._hosted.log[begin:].decode()
                return LogChunk(offset=begin, next_offset=self._offset, text=text)
            if self._hosted.exit is not None:
                self.exit = self._hosted.exit
                raise StopAsyncIteration
            if not self._hosted.is_alive:
                raise AttachmentLost("the runner vanished without an exit: judge it again")
            await self._hosted.changed.wait()

    async def stop(self, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        if self._hosted.is_alive and self._hosted.stop_reason is None and not self._hosted.is_hung:
            self._hosted.stop_reason = reason
            self._hosted.scope.cancel()


@asynccontextmanager
async def open_fake_runners(play: Play, clock: Clock) -> AsyncIterator[FakeRunners]:
    """Host agents until the end of the block, whatever becomes of those who had them started."""
    async with trio.open_nursery() as nursery:
        yield FakeRunners(nursery, play, clock)
        nursery.cancel_scope.cancel()
