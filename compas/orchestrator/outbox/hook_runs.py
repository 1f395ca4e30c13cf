"""Runs the hooks of one event, and records how each ended."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from compas import failpoints
from compas.domain import events as e
from compas.domain.outbox.payload import payload
from compas.domain.outbox.specs import HookSpec
from compas.domain.outbox.words import how_it_ended
from compas.orchestrator.outbox.hook_program import hook_program, outcome_of
from compas.orchestrator.outbox.subject import subject_of
from compas.orchestrator.outbox.units import Unit
from compas.orchestrator.services import Services
from compas.store.errors import StoreError
from compas.store.projections.outbox import failures_of

log = logging.getLogger("compas.hooks")

OUTPUT_CHARACTERS: Final = 2000
"""How much of the end of a hook's output is kept in the log; `compas hooks test` shows more."""

Record = Callable[[e.OutboxEvent], Awaitable[None]]
"""Commits an event of the outbox, waiting while the disk takes nothing."""


class HookRuns:
    """Runs hooks by the config of the moment: one that is gone by now is not run."""

    def __init__(self, services: Services, record: Record) -> None:
        self._services = services
        self._record = record

    async def tell(self, unit: Unit) -> None:
        """Run the hooks of an event one after the other, whatever becomes of each (c-config 69)."""
        for name in unit.subscribers:
            hook = next((hook for hook in self._services.config.hooks if hook.subscriber == name), None)
            if hook is not None:
                ended = await self._run_without_fail(hook, unit)
                await self._record(ended)
                failpoints.hit("outbox.hook_recorded")
                await self._say(hook, ended)

    async def _run_without_fail(self, hook: HookSpec, unit: Unit) -> e.HookEnded:
        """Run a hook; a defect of ours is its outcome, and keeps nobody else from being told."""
        try:
            return await self._run(hook, unit)
        except StoreError:
            raise
        except Exception as err:
            log.error("the hook %s was not run: %r", hook.name, err, exc_info=err, extra={"action": "telling_defect"})
            problem = f"a defect of compas kept it from being run ({type(err).__name__}: {err}); report it"
            return e.HookEnded(
                subscriber=hook.subscriber, about=unit.recorded.position, outcome="not_started", problem=problem
            )

    async def _run(self, hook: HookSpec, unit: Unit) -> e.HookEnded:
        recorded = unit.recorded
        subject = await subject_of(self._services.store, recorded)
        thread = subject.thread.thread if subject.thread is not None else ""
        about = {"subscriber": hook.subscriber, "about": recorded.position, "thread": thread}
        if isinstance(recorded.event, e.SupervisorStopping) and recorded.epoch != self._services.epoch:
            problem = "the supervisor that was to stop was gone before it could be run"
            return e.HookEnded(**about, outcome="expired", problem=problem)  # type: ignore[arg-type]
        fields = payload(hook, recorded, subject)
        program = hook_program(self._services, hook, fields, is_again=unit.is_again)
        ended = await self._services.programs.run(program)
        failpoints.hit("outbox.hook_ran")
        return e.HookEnded(
            **about,  # type: ignore[arg-type]
            outcome=outcome_of(ended),
            exit_code=ended.code,
            seconds=round(ended.seconds, 3),
            output=ended.output[-OUTPUT_CHARACTERS:],
            problem=ended.problem,
        )

    async def _say(self, hook: HookSpec, ended: e.HookEnded) -> None:
        """Log a failure; of many in a row the 1st, 2nd, 4th, 8th, …: seen, and never a flood."""
        if ended.outcome in ("succeeded", "expired"):
            return
        count = await self._services.store.query(lambda reader: failures_of(reader, hook.subscriber))
        if count.bit_count() > 1:
            return
        often = f", the last {count} times in a row" if count > 1 else ""
        found = how_it_ended(
            ended.outcome,
            exit_code=ended.exit_code,
            seconds=ended.seconds,
            output=ended.output,
            problem=ended.problem,
        )
        log.warning("hook %s %s%s", hook.name, found, often, extra={"action": "hook_failed"})
