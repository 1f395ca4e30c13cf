"""One execution in the hands of its runner, and what is done when the runner does not keep its side."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

import msgspec
import trio

from compas.domain import events as e
from compas.domain.thread import Run
from compas.orchestrator.services import Services
from compas.runner.judgement import Verdict
from compas.runner.messages import Exit, ExitKind, Started
from compas.runner.tree import RecordedTree, recorded_tree
from compas.store.log_rows import highest_epoch

log = logging.getLogger("compas.execution")

STOP_PATIENCE_SECS = 13.0
"""How long a runner may take to end its agent, when told to and at the deadline: a grace of 5 s, and 8 s more."""
END_PATIENCE_SECS = 25.0
"""How long a runner may be silent after its agent has ended: it drains, gives leftovers their grace, and kills them."""


class GivenUp(NamedTuple):
    """Why a runner is not waited for: what its execution has ended by, in the words of an exit."""

    kind: ExitKind
    reason: str


class ReplacedError(Exception):
    """Another supervisor has taken over: this one ends nothing more."""


class Custody:
    """Knows the processes of one execution from the log or from their launch, and sees to it that none outlives it.

    The runner is asked first, and waited for as long as it may take. Then everything recorded is ended without it
    (docs/decisions/0025).
    """

    def __init__(self, execution: str, services: Services) -> None:
        self.execution = execution
        self.told_to_stop = trio.Event()
        self.stop_reason = ""
        self._services = services
        self._runners = services.runners
        self._tree: RecordedTree | None = None
        self._started_at: float | None = None
        self._timeout_secs: float | None = None
        self._silence = trio.CancelScope()
        self._has_agent_ended = False

    def learn(self, run: Run) -> None:
        """Take from the log what was recorded of the processes at their start; no file is believed against it."""
        if run.requested is not None:
            self._timeout_secs = run.requested.timeout_secs
        started = run.started
        if started is None:
            return
        self._started_at = started.started_at
        if self._tree is None and started.runner_start_time:
            self._tree = _tree_of(started)

    def judge(self) -> Verdict:
        """Say what has become of it."""
        return self._runners.judge(self.execution, self._tree)

    async def launch(self, withheld: Mapping[str, str]) -> None:
        """Start its runner, and remember what the launch says of its processes; `withheld` as in `Runners.launch`."""
        started = await self._runners.launch(self.execution, withheld)
        if started is not None:
            self._remember(started)

    def started(self) -> e.ExecutionStarted | None:
        """Return what the log is to keep of its start: by its launch if we saw that, else by its own record."""
        if self._tree is None or self._started_at is None:
            on_file = self._runners.started(self.execution)
            if on_file is None:
                return None
            self._remember(on_file)
        assert self._tree is not None
        assert self._started_at is not None
        return e.ExecutionStarted(
            execution=self.execution,
            pid=self._tree.agent_pid,
            started_at=self._started_at,
            boot_id=self._tree.boot_id,
            start_time=self._tree.agent_start_time,
            runner_pid=self._tree.runner_pid,
            runner_start_time=self._tree.runner_start_time,
            mark=self._tree.mark,
        )

    def stop(self, reason: str) -> None:
        """Take the word that it is to end; the first reason counts."""
        if not self.told_to_stop.is_set():
            self.stop_reason = reason
            self.told_to_stop.set()

    def time_left(self) -> float | None:
        """Return the seconds until its time limit; None where it has none."""
        if self._timeout_secs is None:
            return None
        if self._started_at is None:
            return self._timeout_secs
        return min(self._started_at + self._timeout_secs - self._services.clock(), self._timeout_secs)

    def hear(self) -> None:
        """Take note that its runner has said something."""
        if self._has_agent_ended:
            self._silence.deadline = trio.current_time() + END_PATIENCE_SECS

    async def wait_out(self) -> GivenUp:
        """Return when the runner has had its time, and why that is."""
        waits: list[Callable[[], Awaitable[GivenUp]]] = [self._wait_after_stop, self._wait_after_end]
        if self._timeout_secs is not None:
            waits.append(partial(self._wait_after_deadline, self._timeout_secs))
        causes: list[GivenUp] = []
        async with trio.open_nursery() as nursery:

            async def take(wait: Callable[[], Awaitable[GivenUp]]) -> None:
                causes.append(await wait())
                nursery.cancel_scope.cancel()

            for wait in waits:
                nursery.start_soon(take, wait)
        return causes[0]

    async def settle(self) -> None:
        """Have it recorded that its runner died, once everything of it is gone."""
        await self._runners.settle(self.execution, self._services.clock(), self._tree)

    async def end(self, cause: GivenUp) -> Exit:
        """End it without asking, and return its exit once nothing of it is alive.

        Raises:
            ReplacedError: It belongs to another supervisor.
        """
        if await self._services.store.query(highest_epoch) != self._services.epoch:
            raise ReplacedError(f"execution {self.execution} belongs to the supervisor that has taken over")
        log.warning("execution %s is ended: %s", self.execution, cause.reason, extra={"action": "ended_by_force"})
        while True:
            ended = await self._runners.end(
                self.execution, self._tree, kind=cause.kind, reason=cause.reason, now=self._services.clock()
            )
            if ended.nothing_left:
                return ended
            self._report_undying()

    async def verify(self, ended: Exit) -> Exit:
        """Return an exit once nothing of the execution is alive; one recorded while it was at work is a lie."""
        swept = await self._runners.sweep(self.execution, self._tree)
        was_at_work, count = swept.was_at_work, swept.ended
        while not swept.nothing_left:
            self._report_undying()
            swept = await self._runners.sweep(self.execution, self._tree)
            count = max(count, swept.ended)
        if was_at_work and ended.nothing_left:
            found = f"its record says that it {ended.kind}, but its agent was at work; it was ended"
            log.warning("execution %s: %s", self.execution, found, extra={"action": "false_exit"})
            ended = msgspec.structs.replace(ended, kind="lost", exit_code=None, signal=None, reason=found)
        return msgspec.structs.replace(ended, leftovers_ended=ended.leftovers_ended + count, nothing_left=True)

    async def _wait_after_stop(self) -> GivenUp:
        await self.told_to_stop.wait()
        await trio.sleep(STOP_PATIENCE_SECS)
        return GivenUp("stopped", self.stop_reason)

    async def _wait_after_deadline(self, timeout_secs: float) -> GivenUp:
        await trio.sleep(max(0.0, self.time_left() or 0.0) + STOP_PATIENCE_SECS)
        return GivenUp("timeout", f"the time limit of {timeout_secs:g} s was reached, and its runner did not act on it")

    async def _wait_after_end(self) -> GivenUp:
        if self._tree is None:
            await trio.sleep_forever()
        await self._runners.wait_agent_gone(self._tree)
        self._has_agent_ended = True
        with trio.CancelScope() as self._silence:
            self.hear()
            await trio.sleep_forever()
        return GivenUp("lost", "its agent ended, and its runner did not say how")

    def _remember(self, started: Started) -> None:
        self._tree = recorded_tree(self.execution, started)
        self._started_at = started.started_at

    def _report_undying(self) -> None:
        words = "some processes of execution %s cannot be ended; its worktree stays in use until they are gone"
        log.error(words, self.execution, extra={"action": "processes_left"})


def _tree_of(started: e.ExecutionStarted) -> RecordedTree:
    return RecordedTree(
        execution=started.execution,
        mark=started.mark,
        boot_id=started.boot_id,
        runner_pid=started.runner_pid,
        runner_start_time=started.runner_start_time,
        agent_pid=started.pid,
        agent_start_time=started.start_time,
    )
