"""The runner's loop: one execution from the agent's release to its recorded exit."""

import contextlib
import os
import selectors
import signal
import socket
from functools import partial

import msgspec

from compas import failpoints
from compas.clock import wall_clock
from compas.runner import files
from compas.runner.children import Children
from compas.runner.epochs import read_epoch
from compas.runner.ladder import Action, Ladder
from compas.runner.log import Log
from compas.runner.machine import elapsed_clock
from compas.runner.messages import Exit, ExitKind, Spec, Started, Stop
from compas.runner.output import Source
from compas.runner.serve import Server
from compas.runner.signals import SignalPipe

_WAKE_AT_LEAST_EVERY_SECS = 60.0
"""While a deadline is pending: the selector's clock stops in suspend, the deadline's does not."""
FLUSH_LIMIT_SECS = 5.0
"""How long clients may take to receive the rest after the end; later they read the files."""


class Hosting:
    """Hosts the running agent of one execution. Created before the agent is released."""

    def __init__(
        self, directory: int, spec: Spec, started: Started, log: Log, sources: list[Source], listener: socket.socket
    ) -> None:
        self._spec = spec
        self._started = started
        self._log = log
        self._sources = sources
        self._began = elapsed_clock()
        self._selector = selectors.DefaultSelector()
        self._children = Children(started.agent_pid, spec.token)
        self._ladder = Ladder(
            deadline=None if spec.timeout_secs is None else self._began + spec.timeout_secs,
            grace_secs=spec.grace_secs,
            drain_secs=spec.drain_secs,
        )
        recorded_epoch = partial(read_epoch, "..", directory=directory)
        self._server = Server(listener, self._selector, log, spec.epoch, recorded_epoch, self._on_stop)
        self._busy: set[Source] = set()
        for source in sources:
            self._selector.register(source, selectors.EVENT_READ, source)
        self._signals = SignalPipe()
        self._selector.register(self._signals, selectors.EVENT_READ, self._on_signals)

    def run(self, directory: int) -> None:
        """Return when the agent's tree has ended, `exit.json` is written and clients have been told."""
        self._children.reap()
        while self._ladder.phase != "done":
            self._wait(self._timeout())
            self._step()
        failpoints.hit("runner.agent_ended")
        ended = self._record_exit(directory)
        failpoints.hit("runner.exit_written")
        with contextlib.suppress(OSError):  # its agent may have taken it away, or put something else there
            os.unlink(files.SOCKET, dir_fd=directory)
        self._tell_clients(ended)

    def _step(self) -> None:
        for source in list(self._busy):
            self._read(source)
        self._server.log_has_grown()
        now = elapsed_clock()
        if self._children.agent_status is not None:
            self._ladder.agent_ended(now)
        elif self._ladder.phase == "running" and self._ladder.due is not None and now >= self._ladder.due:
            reason = f"the time limit of {self._spec.timeout_secs:g} s was reached"
            self._act(self._ladder.request_end("timeout", reason, None, now))
        self._act(
            self._ladder.advance(
                now,
                nothing_left=self._children.nothing_left,
                output_closed=not any(source.awaits_writers for source in self._sources),
            )
        )

    def _act(self, action: Action | None) -> None:
        if action == "terminate":
            self._children.terminate()
        elif action == "kill":
            self._children.kill()

    def _timeout(self) -> float | None:
        if self._busy:
            return 0.0
        if self._ladder.due is None:
            return None
        return min(max(0.0, self._ladder.due - elapsed_clock()), _WAKE_AT_LEAST_EVERY_SECS)

    def _wait(self, timeout: float | None) -> None:
        for key, events in self._selector.select(timeout):
            if callable(key.data):
                key.data(events)
            else:
                self._read(key.data)

    def _read(self, source: Source) -> None:
        self._busy.discard(source)
        if source.read_some():
            self._busy.add(source)
        if source.is_closed:
            self._selector.unregister(source)

    def _on_signals(self, _events: int) -> None:
        if signal.SIGTERM in self._signals.take():
            reason = "the runner was told to end (SIGTERM), as at a shutdown of the machine"
            self._act(self._ladder.request_end("stopped", reason, None, elapsed_clock()))
        self._children.reap()

    def _on_stop(self, stop: Stop) -> None:
        self._act(self._ladder.request_end("stopped", stop.reason, stop.grace_secs, elapsed_clock()))

    def _record_exit(self, directory: int) -> Exit:
        for source in self._sources:
            if not source.is_closed:
                self._selector.unregister(source)
                source.finish()
        log = self._log.finish()
        kind, exit_code, number, reason = self._outcome()
        ended = Exit(
            kind=kind,
            exit_code=exit_code,
            signal=number,
            reason=reason,
            started_at=self._started.started_at,
            ended_at=wall_clock(),
            duration_secs=elapsed_clock() - self._began,
            user_secs=self._children.user_secs,
            system_secs=self._children.system_secs,
            max_rss_kb=self._children.max_rss_kb,
            log_bytes=log.log_bytes,
            cut_at=log.cut_at,
            cut_bytes=log.cut_bytes,
            skipped_bytes=sum(source.skipped_bytes for source in self._sources),
            log_error=self._log.error,
            leftovers_ended=self._children.leftovers_ended,
            nothing_left=self._children.nothing_left,
        )
        try:
            files.write_new(directory, files.EXIT, ended)
        except OSError as err:
            # An agent may have put one there, or have taken the directory away. Whoever is connected hears the truth.
            found = f"{files.EXIT} could not be written: {err.strerror}"
            ended = msgspec.structs.replace(ended, reason=f"{ended.reason}; {found}" if ended.reason else found)
        return ended

    def _outcome(self) -> tuple[ExitKind, int | None, int | None, str]:
        status = self._children.agent_status
        exit_code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
        number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
        kind: ExitKind = "exited" if number is None else "signaled"
        reason = "" if number is None else f"the agent was ended by signal {number} ({signal.strsignal(number)})"
        if self._ladder.cause is not None:
            kind, reason = self._ladder.cause
        if not self._children.nothing_left:
            left = "some of its processes could not be ended"
            reason = f"{reason}; {left}" if reason else left
        return kind, exit_code, number, reason

    def _tell_clients(self, ended: Exit) -> None:
        limit = elapsed_clock() + FLUSH_LIMIT_SECS
        self._server.finish(ended)
        while not self._server.is_idle and elapsed_clock() < limit:
            self._wait(max(0.0, limit - elapsed_clock()))
        self._server.close()
