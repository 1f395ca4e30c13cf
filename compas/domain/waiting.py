"""Whether a wait is over: judged from one consistent picture of a thread and the lineages that touch it."""

from typing import Literal

import msgspec

from compas.domain.events import ExecutionStatus, ThreadStatus


class WaitFor(msgspec.Struct, frozen=True, kw_only=True):
    """What a waiter wants. Messages count when their number is above `after`; `has_cursor` says that the caller
    chose it. With `chain`, the answer is given only once every lineage of the thread has settled; `lineage` narrows
    all of it to one dispatch and what descends from it."""

    thread: str
    lineage: str | None = None
    after: int = 0
    has_cursor: bool = False
    intent: str | None = None
    chain: bool = False
    trigger_intents: frozenset[str] = frozenset()


class SeenMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as far as waiting cares."""

    number: int
    intent: str
    recipient: str
    from_execution: bool


class SeenExecution(msgspec.Struct, frozen=True, kw_only=True):
    """An execution of a lineage that has a message in the thread, whichever thread it runs in."""

    execution: str
    thread: str
    agent: str
    status: ExecutionStatus
    in_flight: bool
    not_before: float | None = None
    ended_position: int | None = None
    error: str = ""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One consistent reading of the store: the thread's messages after the cursor, oldest first, and executions."""

    status: ThreadStatus
    lineages: frozenset[str] = frozenset()
    messages: tuple[SeenMessage, ...] = ()
    executions: tuple[SeenExecution, ...] = ()
    answers_to_join: int = 0
    """Fan-outs whose answers somebody is still to get."""

    @property
    def is_under_way(self) -> bool:
        """Say whether anything is still to come."""
        return bool(self.pending) or self.answers_to_join > 0

    @property
    def pending(self) -> tuple[SeenExecution, ...]:
        """Return the executions that are not over yet."""
        return tuple(execution for execution in self.executions if execution.in_flight)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The wait is over: this message answers it."""

    number: int


class StillWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to answer with yet; more may come."""


class NothingWillCome(msgspec.Struct, frozen=True, kw_only=True):
    """Work was done after the cursor, all of it is over, and nothing of it matches."""

    reason: Literal["settled", "failed", "ended"]
    execution: str | None = None
    error: str = ""


Judgement = Found | StillWaiting | NothingWillCome


def judge(wanted: WaitFor, picture: Picture, *, saw_work: bool) -> Judgement:
    """Decide about a wait. `saw_work` says that an execution was in flight at some time during it.

    The newest match answers (b-mcp-cli-merge 27). With `chain` nothing answers before all is settled, so an
    intermediate reply is never returned (b-mcp-cli-merge 39). A wait ends without a match once work that could
    have brought one is over (b-mcp-cli-merge 26); on a thread where nothing happened it goes on, since somebody
    may still dispatch. Of one dispatch whose work is over nothing more comes, wherever the cursor stands.
    """
    if wanted.chain and picture.is_under_way:
        return StillWaiting()
    match = next((message for message in reversed(picture.messages) if _matches(wanted, message)), None)
    if match is not None:
        return Found(number=match.number)
    if picture.is_under_way:
        return StillWaiting()
    over = [run for run in picture.executions if run.ended_position is not None]
    ended = [run for run in over if (run.ended_position or 0) > wanted.after]
    if wanted.lineage is not None:
        ended = ended or over
    elif not ended and not saw_work:
        return StillWaiting()
    if picture.status == "Failed":
        # What the failure cancelled ended after it, in the same append; the failure is what is to be told.
        ended = [run for run in ended if run.status != "cancelled"] or ended
    last = max(ended, key=lambda run: run.ended_position or 0, default=None)
    if last is not None and last.status != "completed":
        reason: Literal["failed", "ended"] = "ended" if last.status == "cancelled" else "failed"
        return NothingWillCome(reason=reason, execution=last.execution, error=last.error)
    return NothingWillCome(reason="settled", execution=last.execution if last is not None else None)


def _matches(wanted: WaitFor, message: SeenMessage) -> bool:
    """An asked-for intent must be exact. Without one, work for agents does not count: none of it before a cursor
    was given, and after one not what the system itself handed on (b-mcp-cli-merge 20, 22, 28)."""
    if wanted.intent is not None:
        return message.intent == wanted.intent
    if message.intent not in wanted.trigger_intents:
        return True
    return wanted.has_cursor and not message.from_execution
