"""Notifies people: several events as one, not in quiet hours, and what is out of date by then not at all."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec
import trio

from actors.errors import ActorError
from compas.api.advice import in_commands
from compas.backends.environment import environment_of_tools
from compas.domain import events as e
from compas.domain.at_rest import NOTHING_KNOWN
from compas.domain.outbox.notices import COALESCE_SECS, Notice, Worded, kind_of, notice, together
from compas.domain.outbox.specs import NotificationSpec
from compas.domain.outbox.ways import Way, arguments
from compas.orchestrator.outbox.hook_runs import Record
from compas.orchestrator.outbox.quiet_hours import quiet_until_now
from compas.orchestrator.outbox.subject import outlook_of, subject_of
from compas.orchestrator.outbox.troubles import way_here
from compas.orchestrator.services import Services
from compas.orchestrator.wall_time import wait_until
from compas.runner.program import Program
from compas.search_path import missing_program
from compas.store.errors import StoreError
from compas.text import neutral

log = logging.getLogger("compas.notifications")

TIMEOUT_SECS: Final = 10.0
PASSED: Final = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY")
"""By these a notifier finds the desktop."""


class Notifier:
    """Holds what people are to be told until it may be shown. `progressed` is called whenever that has changed."""

    def __init__(self, services: Services, record: Record, progressed: Callable[[], None]) -> None:
        self._services = services
        self._record = record
        self._progressed = progressed
        self._held: list[e.Recorded] = []
        self._is_showing = False
        self._changed = trio.Event()
        self._hurried = trio.Event()
        self._last_problem = ""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being shown, and nothing could be: what quiet hours hold is left to their end."""
        return not self._is_showing and (not self._held or quiet_until_now(self._services) is not None)

    def hold(self, recorded: e.Recorded) -> None:
        """Let an event be told to people."""
        self._held.append(recorded)
        self.look_again()

    def look_again(self) -> None:
        """Look at the config again: it may hold or free what is held."""
        self._changed.set()

    def hurry(self) -> None:
        """Wait for no further events to be shown together."""
        self._hurried.set()

    async def run(self) -> None:
        """Show what is held, until cancelled."""
        while True:
            while not self._held:
                self._changed = trio.Event()
                await self._changed.wait()
            with trio.move_on_after(COALESCE_SECS):
                await self._hurried.wait()
            while (end := quiet_until_now(self._services)) is not None:
                self._changed = trio.Event()
                await wait_until(end, self._services.clock, self._changed)
            held, self._held, self._is_showing = self._held, [], True
            try:
                await self._show(held)
            except (StoreError, ActorError):
                raise
            except Exception as err:
                # A defect of ours at one event must not keep people from hearing of the next.
                log.error("a notification was not shown: %r", err, exc_info=err, extra={"action": "telling_defect"})
                about = tuple(recorded.position for recorded in held)
                await self._record(e.NotificationEnded(about=about, outcome="failed", problem=f"a defect: {err!r}"))
            finally:
                self._is_showing = False
                self._progressed()

    async def _show(self, held: list[e.Recorded]) -> None:
        spec = self._services.config.notifications
        notices: list[Notice] = []
        about: list[int] = []
        dropped: list[int] = []
        for recorded in held:
            found = await self._notice(recorded, spec, is_alone=len(held) == 1)
            (dropped if found is None else about).append(recorded.position)
            notices += [] if found is None else [found]
        if dropped:
            await self._record(e.NotificationEnded(about=tuple(dropped), outcome="dropped"))
        if not notices:
            return
        way = way_here(self._services)
        worded = _harmless(together(notices, in_commands))
        problem = way.problem or await self._run(way, spec, worded, len(notices))
        await self._record(
            e.NotificationEnded(
                about=tuple(about),
                outcome="failed" if problem else "shown",
                via=way.via,
                title=worded.title,
                body=worded.body,
                problem=problem,
            )
        )
        if problem and problem != self._last_problem:
            log.warning("no notification is shown: %s", problem, extra={"action": "notification_failed"})
        self._last_problem = problem

    async def _notice(self, recorded: e.Recorded, spec: NotificationSpec, *, is_alone: bool) -> Notice | None:
        """Put an event into words as it is now, or return None when it is out of date, or not wanted any longer."""
        subject = await subject_of(self._services.store, recorded)
        kind = kind_of(recorded, subject, spec)
        if kind is None:
            return None
        is_asked = kind == "needs_you" and is_alone and subject.thread is not None
        outlook = await outlook_of(self._services, subject.thread) if is_asked and subject.thread else NOTHING_KNOWN
        return notice(kind, recorded, subject, outlook)

    async def _run(self, way: Way, spec: NotificationSpec, worded: Worded, count: int) -> str:
        """Show a notification; return what went wrong, in words, or nothing."""
        if not way.command:
            return ""
        environ = self._services.environ
        desktop = {name: environ[name] for name in PASSED if name in environ}
        told = {"title": worded.title, "body": worded.body, "count": count}
        ended = await self._services.programs.run(
            Program(
                command=way.command,
                args=arguments(way, spec, worded),
                env=environment_of_tools(environ, {**desktop, "COMPAS_CONFIG": self._services.config.config_path}),
                cwd=self._services.config.default_workdir,
                stdin=msgspec.json.encode(told),
                timeout_secs=TIMEOUT_SECS,
            )
        )
        match ended.how:
            case "not_started":
                return ended.problem or missing_program(way.command)
            case "timed_out":
                return f"{way.command} did not end within {TIMEOUT_SECS:g} s and was ended"
            case "ended":
                said = ended.output.strip()[-300:] or "it printed nothing"
                return "" if ended.code == 0 else f"{way.command} failed with status {ended.code}: {said}"


def _harmless(worded: Worded) -> Worded:
    """Return a notification that no screen obeys: a control character is shown as what it is (c-config 73)."""
    return Worded(*(neutral(" ".join(text.split())) for text in worded))
