"""Which events people are notified of, what is said, and how several are said as one."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec

from compas.domain import events as e
from compas.domain.advice import Said, advise, say
from compas.domain.at_rest import Outlook, next_at_rest
from compas.domain.outbox.payload import Subject, agent_of
from compas.domain.outbox.specs import NoticeKind, NotificationSpec
from compas.domain.thread import Thread

COALESCE_SECS: Final = 5.0
"""How long a notification waits for others to be shown with it."""
LISTED: Final = 5
LONGEST_TITLE: Final = 100
LONGEST_BODY: Final = 400

_TOGETHER: Final[dict[NoticeKind, tuple[str, str]]] = {
    "needs_you": ("1 thread needs you", "{} threads need you"),
    "failed": ("1 thread failed", "{} threads failed"),
    "merge_failed": ("1 merge failed", "{} merges failed"),
    "merged": ("1 thread was merged", "{} threads were merged"),
    "breaker": ("1 circuit breaker changed", "{} circuit breakers changed"),
    "schedule": ("1 schedule fired", "{} schedules fired"),
    "done": ("1 execution is done", "{} executions are done"),
}
"""What several are called, the most urgent first."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person is told. `details` are short, `then` says what to do next."""

    kind: NoticeKind
    headline: str
    details: tuple[str, ...] = ()
    then: Said = ""


class Worded(NamedTuple):
    """A notification as it is shown."""

    title: str
    body: str


def kind_of(recorded: e.Recorded, subject: Subject, spec: NotificationSpec) -> NoticeKind | None:
    """Say what an event is to a person; None when they do not want to hear of it."""
    kinds = [kind for kind in _kinds(recorded.event, subject) if kind in spec.kinds]
    return kinds[0] if kinds and _concerns(subject.thread, spec) else None


def _kinds(event: e.Event, subject: Subject) -> tuple[NoticeKind, ...]:
    match event:
        case e.ExecutionEnded(status="completed", execution=execution):
            return ("needs_you", "done") if needs_operator(subject, execution) else ("done",)
        case e.ThreadFailed():
            return ("failed",)
        case e.MergeCompleted():
            return ("merged",)
        case e.MergeFailed():
            return ("merge_failed",)
        case e.BreakerOpened() | e.BreakerClosed():
            return ("breaker",)
        case e.ScheduleFired():
            return ("schedule",)
        case _:
            return ()


def needs_operator(subject: Subject, execution: str) -> bool:
    """Say that nothing goes on by itself after an execution: its thread is at rest, and nobody else gets its answer."""
    state = subject.thread
    if state is None or state.status != "Active" or subject.answers_to is not None:
        return False
    is_at_rest = not state.in_flight() and state.occupied_by() is None and not state.fan_outs
    newest = next(reversed(state.runs), None)
    return is_at_rest and newest == execution and execution not in subject.handed_on


def _concerns(state: Thread | None, spec: NotificationSpec) -> bool:
    if state is None:
        return True
    is_agent = not spec.agents or any(run.queued.agent in spec.agents for run in state.runs.values())
    return is_agent and (not spec.batches or state.batch in spec.batches)


def notice(kind: NoticeKind, recorded: e.Recorded, subject: Subject, outlook: Outlook) -> Notice:
    """Put an event into words for a person who works on something else."""
    state, event = subject.thread, recorded.event
    name = _name(state, recorded)
    match event:
        case e.ExecutionEnded() as ended if state is not None:
            agent = state.runs[ended.execution].queued.agent
            verdict = {"approve": "approved", "request_changes": "wants changes"}.get(ended.verdict, "")
            told = tuple(one for one in (verdict, _cost(state)) if one)
            then = next_at_rest(state, outlook) if kind == "needs_you" else ""
            waits = " needs you" if kind == "needs_you" else ""
            return Notice(kind=kind, headline=f"{agent}{waits or ' is done'}: {name}", details=told, then=then)
        case e.ThreadFailed(execution=execution) if state is not None:
            ended_run = state.runs[execution].ended
            error = ended_run.error if ended_run is not None else ""
            who = agent_of(state) or "a thread"
            return _of_thread(kind, f"{who} failed: {name}", error, state)
        case e.MergeCompleted(summary=summary):
            then = (
                say(advise("close", thread_id=state.thread)) if state is not None and state.status == "Active" else ""
            )
            return Notice(kind=kind, headline=f"merged: {name}", details=(summary,), then=then)
        case e.MergeFailed(reason=reason):
            return _of_thread(kind, f"merge failed: {name}", reason, state)
        case e.BreakerOpened(backend=backend) as opened:
            why = f"{opened.failures} executions failed in a row ({opened.category or 'unknown'})"
            return Notice(kind=kind, headline=f"{backend} is left alone for now", details=(why,), then=_health())
        case e.BreakerClosed(backend=backend, why=why):
            return Notice(kind=kind, headline=f"{backend} is used again", details=(why,))
        case e.ScheduleFired(schedule=schedule):
            return Notice(kind=kind, headline=f"schedule {schedule} fired")
        case _:
            raise ValueError(f"nobody is notified of this: {event}")


def _of_thread(kind: NoticeKind, headline: str, why: str, state: Thread | None) -> Notice:
    then = say(advise("why", thread_id=state.thread)) if state is not None else ""
    return Notice(kind=kind, headline=headline, details=tuple(one for one in (why.strip(),) if one), then=then)


def _health() -> Said:
    return say(advise("health"))


def _name(state: Thread | None, recorded: e.Recorded) -> str:
    """Return what people know a thread by: what it is about, else its name."""
    if state is None:
        return recorded.stream
    lineage = recorded.lineage or next((run.lineage for run in reversed(state.runs.values())), "")
    return state.title_of(lineage) or state.thread


def _cost(state: Thread) -> str:
    costs = [run.ended.usage.cost_usd for run in state.runs.values() if run.ended is not None]
    known = [cost for cost in costs if cost is not None]
    return f"${sum(known):.2f}" if known else ""


def together(notices: Sequence[Notice], write: Callable[[Said], str]) -> Worded:
    """Return one notification for all of them: the whole of one, or a count and the first headlines."""
    if len(notices) == 1:
        one = notices[0]
        return Worded(_cut(f"compas: {one.headline}", LONGEST_TITLE), _body([*one.details, write(one.then)]))
    counts = Counter(one.kind for one in notices)
    said = [
        words[0] if counts[kind] == 1 else words[1].format(counts[kind])
        for kind, words in _TOGETHER.items()
        if counts[kind]
    ]
    lines = [one.headline for one in notices[:LISTED]]
    lines += [f"and {len(notices) - LISTED} more"] if len(notices) > LISTED else []
    return Worded(_cut(f"compas: {', '.join(said)}", LONGEST_TITLE), _body(lines))


def _body(lines: Sequence[str]) -> str:
    return _cut(" · ".join(" ".join(line.split()) for line in lines if line.strip()), LONGEST_BODY)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
