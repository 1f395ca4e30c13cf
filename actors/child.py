"""A supervisor's hold on one child: starts it, halts it, reports an end nobody asked for."""

import trio

from actors.actor import Context
from actors.cell import Cell
from actors.exit_reason import ExitReason
from actors.message import ChildExited
from actors.spec import ChildSpec


class Child:
    """One row of a supervisor's table. Its cell ends at the latest with the supervisor's incarnation."""

    def __init__(self, spec: ChildSpec, supervisor: Context) -> None:
        self.spec = spec
        self.cell = Cell(f"{supervisor.ref.name}/{spec.id}", spec, supervisor.system)
        self.is_halting = False
        """True from the wish that it be down to its next start: its exit is then nobody's news."""
        self.is_leaving = False
        """True once it was told to stop for good."""
        self._supervisor = supervisor
        self._release = supervisor.at_end(lambda: self.cell.end(ExitReason("killed")))
        self._up = trio.Event()
        self._gone = trio.Event()
        self._gone.set()
        self._failure: ExitReason | None = None
        self._last_exit = ExitReason("stopped")

    def begin(self) -> None:
        """Start an incarnation, which comes up or fails later; nothing of this child may be running."""
        self.is_halting = False
        self._up = trio.Event()
        self._gone = trio.Event()
        self._failure = None
        self._supervisor.start_soon(self._run, name=f"run {self.spec.id}")

    async def wait_up(self) -> ExitReason | None:
        """Wait for the on_start() of what was begun; return None, or why it did not come up.

        If cancelled, a failure to start is reported to nobody: whoever cancels halts the child.
        """
        await self._up.wait()
        return self._failure

    async def halt(self, *, keep_queue: bool) -> ExitReason:
        """Stop the child and wait until no incarnation runs; return how the last one ended."""
        self.is_halting = True
        if self.cell.state != "waiting":
            self.cell.stop(keep_queue=keep_queue)
        await self._gone.wait()
        return self._last_exit

    def end(self, reason: ExitReason) -> None:
        """The child, which is not running, has ended for good."""
        self._release()
        self.cell.end(reason)

    async def _run(self) -> None:
        # Halted between begin() and here, there is nothing to stop and nothing to start.
        reason = ExitReason("stopped") if self.is_halting else await self.cell.run(self._up)
        self._last_exit = reason
        self._gone.set()
        if not self._up.is_set():
            self._failure = reason
            self._up.set()
        elif not self.is_halting:
            self._supervisor.put_system(ChildExited(self.spec.id, self.cell.incarnation, reason))
