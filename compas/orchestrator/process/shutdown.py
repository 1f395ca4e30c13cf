"""How a supervisor ends: by word of a client, by signal, or because nobody needs it any more."""

import logging
import math
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal

import trio

from actors.bus import Subscription
from actors.errors import ActorStopped, BusClosed
from compas.config.config import Config
from compas.domain import events as e
from compas.errors import CompasError
from compas.orchestrator.handler_context import HandlerContext, Mode
from compas.orchestrator.messages.execution import StopExecution
from compas.orchestrator.messages.journal import Commit
from compas.orchestrator.messages.outbox import FinishTelling
from compas.orchestrator.process.activity import Activity
from compas.orchestrator.schedules.outlook import next_of_all
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JOURNAL, OUTBOX, execution_name
from compas.store.connection import Reader
from compas.store.errors import StoreUnavailable
from compas.store.projections.execution_queries import ExecutionRow, is_work_unsettled, unsettled_executions
from compas.store.projections.merges import is_merge_open
from compas.store.projections.outbox import is_telling_due
from compas.store.records import Append, NewEvent

log = logging.getLogger("compas.supervisor")

_RANK: dict[Mode, int] = {"idle": 0, "drain": 1, "now": 2, "detach": 3, "restart": 3}
IDLE_EXIT_SECS = 300.0
_WORDS: dict[Mode, Literal["drained", "now", "detached", "idle"]] = {
    "drain": "drained",
    "now": "now",
    "detach": "detached",
    "restart": "detached",
    "idle": "idle",
}
TELLING_SECS = 15.0
"""How long hooks may keep a supervisor from ending."""
NOW_LIMIT_SECS = 20.0
"""How long the ends of agents that `now` ends may take to be recorded; ending them takes a grace of 5 s at most."""


class Ending:
    """The wish to end, which may grow more urgent but never less."""

    def __init__(self) -> None:
        self.mode: Mode | None = None
        self._wished = trio.Event()
        self._changed = trio.Event()
        self.loss: CompasError | None = None
        self._lost = trio.Event()

    def give_up(self, loss: CompasError) -> None:
        """End at once, without a word to the log: what the supervisor stands on is gone. The first reason counts."""
        if self.loss is None:
            self.loss = loss
            self._lost.set()

    async def wait_given_up(self) -> None:
        """Wait until that is so."""
        await self._lost.wait()

    def wish(self, mode: Mode) -> None:
        """Ask for an end in this mode."""
        if self.mode is None or _RANK[mode] > _RANK[self.mode]:
            self.mode = mode
            self._wished.set()
            self._changed.set()
            self._changed = trio.Event()

    async def wait_wished(self) -> Mode:
        """Wait until anybody wants an end."""
        await self._wished.wait()
        assert self.mode is not None
        return self.mode

    async def wait_more_urgent(self, than: Mode | None) -> None:
        """Wait until the wish is another one than `than`, which is always a more urgent one."""
        while self.mode == than:
            await self._changed.wait()


async def watch_signals(ending: Ending, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
    """Turn signals into wishes: the first lets agents finish, the second ends them, the third leaves at once."""
    wishes: list[Mode] = ["drain", "now", "detach"]
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            mode = wishes.pop(0) if len(wishes) > 1 else wishes[0]
            log.info("%s: ending (%s)", signal.Signals(number).name, mode, extra={"action": "signal"})
            ending.wish(mode)


async def watch_idleness(context: HandlerContext, activity: Activity, ending: Ending, idle_secs: float) -> None:
    """Wish for an end once there has been no client, no work, no slot to wait for and no event for a while."""
    events = context.bus.subscribe(lambda event: isinstance(event, e.Recorded))
    async with events as subscription, trio.open_nursery() as nursery:
        nursery.start_soon(_touch_on_events, subscription, activity)
        while ending.mode is None:
            change = activity.next_change()
            config = context.services.config
            work = await context.services.store.query(partial(_is_needed, config=config, now=context.services.clock()))
            limit = float("inf") if activity.clients or work else idle_secs
            with trio.move_on_after(limit) as quiet:
                await change.wait()
            if quiet.cancelled_caught:
                log.info("nobody needs this supervisor any more", extra={"action": "idle"})
                ending.wish("idle")
        nursery.cancel_scope.cancel()


async def _touch_on_events(subscription: Subscription, activity: Activity) -> None:
    try:
        while True:
            await subscription.receive()
            activity.touch()
    except BusClosed:
        return


def _is_needed(reader: Reader, config: Config, now: float) -> bool:
    """Say whether work is under way, somebody is still to be told, or a schedule waits for its next slot."""
    if is_work_unsettled(reader) or is_merge_open(reader) or is_telling_due(reader):
        return True
    return next_of_all(reader, config, now) is not None


async def wind_down(context: HandlerContext, ending: Ending) -> None:
    """Bring the work to the state that the mode asks for, then record that the supervisor stops.

    `drain` lets running agents finish and starts nothing more; `now` ends them; `detach` leaves them to the next
    supervisor. A more urgent wish in the middle is followed at once. What `now` cannot see recorded in time, as on a
    full disk, the next supervisor records: runners keep the end of what they hosted.
    """
    context.services.new_work.refuse()
    await _record(context, e.SupervisorStopping(mode=_WORDS[ending.mode or "drain"]))
    until_now_is_over = trio.CancelScope()
    with until_now_is_over:
        await _wait_for_running(context, ending, until_now_is_over)
    if until_now_is_over.cancelled_caught:
        log.error("not all ends could be recorded; the next supervisor does it", extra={"action": "ends_not_recorded"})
    await _tell_of_it(context, ending)
    await _record(context, e.SupervisorStopped(mode=_WORDS[ending.mode or "drain"]))


async def _wait_for_running(context: HandlerContext, ending: Ending, limit: trio.CancelScope) -> None:
    while (mode := ending.mode) in ("drain", "now"):
        async with context.bus.subscribe(lambda event: isinstance(event, e.Recorded)) as subscription:
            running = await context.services.store.query(_running)
            if not running:
                break
            if mode == "now":
                limit.deadline = min(limit.deadline, trio.current_time() + NOW_LIMIT_SECS)
                await _stop_all(context, running)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_then_cancel, subscription.receive, nursery.cancel_scope)
                nursery.start_soon(_then_cancel, partial(ending.wait_more_urgent, mode), nursery.cancel_scope)


async def _then_cancel(wait: Callable[[], Awaitable[object]], scope: trio.CancelScope) -> None:
    await wait()
    scope.cancel()


def _running(reader: Reader) -> tuple[ExecutionRow, ...]:
    return tuple(row for row in unsettled_executions(reader) if row.status != "queued")


async def _stop_all(context: HandlerContext, running: tuple[ExecutionRow, ...]) -> None:
    for row in running:
        actor = context.registry.find(execution_name(row.execution))
        if actor is not None:
            try:
                await actor.tell(StopExecution(reason="the supervisor was stopped with --now"))
            except ActorStopped:
                continue


async def _tell_of_it(context: HandlerContext, ending: Ending) -> None:
    """Let hooks and people be told, for a while or until a more urgent wish; the next supervisor tells the others."""
    with trio.move_on_after(TELLING_SECS) as limit:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_then_cancel, partial(_finish_telling, context), nursery.cancel_scope)
            nursery.start_soon(_then_cancel, partial(ending.wait_more_urgent, ending.mode), nursery.cancel_scope)
    if limit.cancelled_caught:
        log.warning("hooks took longer than %g s at the end", TELLING_SECS, extra={"action": "end_not_told"})


async def _finish_telling(context: HandlerContext) -> None:
    while True:
        outbox = await context.actor(OUTBOX)
        try:
            return await outbox.ask(FinishTelling(), timeout=math.inf)
        except ActorStopped:
            await outbox.wait_stopped()  # it is being restarted, and goes on where it was


async def _record(context: HandlerContext, event: e.SupervisorStopping | e.SupervisorStopped) -> None:
    append = Append(events=(NewEvent(stream=e.SUPERVISOR_STREAM, event=event),))
    journal = await context.actor(JOURNAL)
    try:
        await journal.ask(Commit(append), timeout=ASK_TIMEOUT_SECS)
    except StoreUnavailable as err:
        log.error("the end of this supervisor is not in the log: %s", err, extra={"action": "stop_not_recorded"})
