"""Following an execution's output: every line to its backend's reader, what that tells to whoever watches."""

import contextlib
from dataclasses import dataclass

from actors.actor import Context
from actors.errors import MailboxFull
from compas.backends.backend import Answer, ExitStatus, OutputReader, Progress
from compas.domain.thread import Run
from compas.orchestrator.executions.missing_output import MissingOutput
from compas.orchestrator.services import TELEMETRY, Services
from compas.orchestrator.telemetry.actor import Noted, SeenInAll
from compas.runner.logformat import parse_lines
from compas.runner.messages import Exit, LogChunk


@dataclass(frozen=True, slots=True)
class ExecutionProgress:
    """Published beside the log's events: seen by whoever watches, kept by nobody but telemetry."""

    thread: str
    execution: str
    agent: str
    index: int
    progress: Progress

    def noted(self, now: float) -> Noted:
        """Return it as telemetry takes it."""
        return Noted(execution=self.execution, agent=self.agent, index=self.index, progress=self.progress, at=now)


class Follower:
    """Feeds one execution's output, from its beginning, to a fresh reader.

    After an adoption the same lines come again; they get the same index, so that telemetry keeps each once.
    """

    def __init__(self, context: Context, services: Services, thread: str, run: Run, reader: OutputReader) -> None:
        self._context = context
        self._services = services
        self._thread = thread
        self._run = run
        self._reader = reader
        self._index = 0
        self._missing = MissingOutput()
        self.has_given_up = False
        """Whether the reader has said that the run is to be ended."""

    @property
    def is_done(self) -> bool:
        """Whether the CLI has told its result, and nothing since says that it goes on."""
        return self._reader.is_done

    def feed(self, chunk: LogChunk) -> None:
        """Take the next piece of the log: whole lines."""
        if self._missing.see(chunk):
            # Where the output itself is the answer, its reader finds marked there what is missing.
            self._reader.feed("stdout", chunk.text.rstrip("\n"))
            return
        for stream, line in parse_lines(chunk.text):
            if stream == "compas":  # any other word of the runner's own is no output
                continue
            for progress in self._reader.feed(stream, line):
                self._tell(progress)

    def why_incomplete(self, ended: Exit) -> str:
        """Say what is missing of the output, where the answer may be incomplete for that; empty where it is whole."""
        return self._missing.why_incomplete(ended, is_told=self._reader.is_done)

    def finish(self, status: ExitStatus) -> Answer:
        """Say what the output came to, and tell telemetry how much there was, so that gaps can be counted."""
        seen = SeenInAll(execution=self._run.queued.execution, count=self._index, at=self._services.clock())
        telemetry = self._context.registry.find(TELEMETRY)
        if telemetry is not None and self._index:
            self._context.start_soon(telemetry.tell, seen)
        return self._reader.finish(status)

    def _tell(self, progress: Progress) -> None:
        self.has_given_up = self.has_given_up or progress.ends_run
        queued = self._run.queued
        event = ExecutionProgress(
            thread=self._thread, execution=queued.execution, agent=queued.agent, index=self._index, progress=progress
        )
        self._context.bus.publish(event, 0)
        telemetry = self._context.registry.find(TELEMETRY)
        if telemetry is not None:
            # Without waiting: an agent is never held up. What finds no room is a gap in the indexes.
            with contextlib.suppress(MailboxFull):
                telemetry.tell_nowait(event.noted(self._services.clock()))
        self._index += 1
