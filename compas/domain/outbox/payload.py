"""What a hook is told of an event, as plain JSON values; and whether its filter lets the event through."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from compas.domain import events as e
from compas.domain.outbox.points import ALWAYS, FIELDS
from compas.domain.outbox.specs import HookSpec, Point
from compas.domain.thread import Run, Thread

Payload = dict[str, Any]
"""JSON values by their names."""

LONGEST_TEXT = 4096
"""Characters of a text in a payload: the log keeps no more of a reply."""


class MergeInPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a merge operation beside its events."""

    thread: str
    repository: str
    source: str
    target: str
    strategy: str


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What an event is about: its thread as it is now, and its merge; each None where it has none.

    `answers_to` is the agent that gets the thread's answer, and `handed_on` names executions whose reply went to
    several agents.
    """

    thread: Thread | None = None
    merge: MergeInPlace | None = None
    answers_to: str | None = None
    handed_on: frozenset[str] = frozenset()


def key_of(hook: HookSpec, position: int) -> str:
    """Return what names this run for good: a hook that is run again for the same event gets it again."""
    return f"{hook.subscriber}:{position}"


def payload(hook: HookSpec, recorded: e.Recorded, subject: Subject, *, key: str = "") -> Payload:
    """Return the fields of a hook's point, each there, and null where nothing is known."""
    found: Payload = {
        "event": hook.point.removeprefix("on_"),
        "key": key or key_of(hook, recorded.position),
        "position": recorded.position,
        "timestamp": timestamp(recorded.at),
        "hook": hook.name,
    }
    if subject.thread is not None:
        found |= _of_thread(subject.thread, recorded)
    found |= _of_event(hook.point, recorded.event, subject)
    return {name: found.get(name) for name in (*ALWAYS, *FIELDS[hook.point])}


def passes(hook: HookSpec, fields: Mapping[str, Any]) -> bool:
    """Say whether every field that the filter names is there and has the text it wants (c-config 68)."""
    return all(name in fields and as_text(fields[name]) == wanted for name, wanted in hook.filter.items())


def as_text(value: object) -> str:
    """Return a JSON value as a filter compares it: texts as they are, anything else as JSON writes it."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def timestamp(at: float) -> str:
    """Return UTC seconds as RFC 3339 writes them."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def agent_of(state: Thread) -> str | None:
    """Return the agent that has worked in a thread last."""
    last = next(reversed(state.runs.values()), None)
    return last.queued.agent if last is not None else None


def _of_thread(state: Thread, recorded: e.Recorded) -> Payload:
    lineage = recorded.lineage or next((run.lineage for run in reversed(state.runs.values())), "")
    first = next(iter(state.messages.values()), None)
    own = next((tree.repository for tree in state.worktrees.values()), None)
    agent = agent_of(state)
    return {
        "thread": state.thread,
        "thread_id": state.thread,
        "thread_summary": state.summary,
        "title": state.title_of(lineage or (first.lineage if first is not None else "")) or None,
        "batch": state.batch,
        "repository": own,
        "status": state.status,
        "new_status": state.status,
        "agent": agent,
        "agent_alias": agent,
    }


def _of_event(point: Point, event: e.Event, subject: Subject) -> Payload:
    match event:
        case e.ExecutionStarted(execution=execution):
            return _of_run(subject, execution) | {"status": "executing"}
        case e.ExecutionQueued(execution=execution) as queued:
            due = None if queued.not_before is None else timestamp(queued.not_before)
            return _of_run(subject, execution) | {"status": "queued", "reason": queued.reason, "not_before": due}
        case e.ExecutionEnded() as ended:
            told = _of_end(subject, ended)
            return told | _of_verdict(subject, ended) if point == "on_verdict" else told
        case e.PersonJudged() as judged:
            said = {"verdict": judged.verdict, "by": judged.by, "commit": judged.commit, "note": _cut(judged.note)}
            return said | {"repository": judged.repository}
        case e.ThreadClosed(status=status, by=by):
            return {"status": status, "new_status": status, "by": by}
        case e.ThreadFailed(execution=execution):
            run = _run(subject, execution)
            error = run.ended.error if run is not None and run.ended is not None else ""
            failed = {"status": "Failed", "new_status": "Failed", "error": _cut(error)}
            return _of_run(subject, execution) | failed
        case e.ThreadAbandoned(by=by):
            return {"status": "Abandoned", "new_status": "Abandoned", "by": by}
        case e.MergeCompleted() | e.MergeFailed():
            return _of_merge(subject, event)
        case e.BreakerOpened() | e.BreakerClosed() | e.SupervisorStarted() | e.SupervisorStopping():
            return _of_process(event)
        case e.ScheduleFired() as fired:
            return {"schedule": fired.schedule, "slot": fired.local, "missed": fired.missed, "by": fired.by}
        case _:
            return {}


def _of_end(subject: Subject, ended: e.ExecutionEnded) -> Payload:
    process = ended.process
    return _of_run(subject, ended.execution) | {
        "status": ended.status,
        "success": ended.status == "completed",
        "final": _is_final(subject, ended.execution),
        "duration_ms": None if process is None else int(process.duration_secs * 1000),
        "category": ended.category or None,
        "error": _cut(ended.error) or None,
        "reply": _cut(ended.preview) or None,
        "verdict": ended.verdict or None,
        "cost_usd": ended.usage.cost_usd,
    }


def _of_verdict(subject: Subject, ended: e.ExecutionEnded) -> Payload:
    run = _run(subject, ended.execution)
    own = ended.snapshot.commit if ended.snapshot is not None else None
    return {"by": run.queued.agent if run is not None else None, "commit": ended.judged or own, "note": None}


def _of_merge(subject: Subject, event: e.MergeCompleted | e.MergeFailed) -> Payload:
    merge = subject.merge
    place: Payload = {"operation": event.op}
    if merge is not None:
        place |= {name: getattr(merge, name) for name in ("repository", "source", "target", "strategy")}
    if isinstance(event, e.MergeCompleted):
        return place | {"status": "completed", "commit": event.new_commit, "summary": _cut(event.summary)}
    conflicts = [{"path": one.path, "kind": one.kind} for one in event.conflicts]
    return place | {"status": "failed", "code": event.code, "error": _cut(event.reason), "conflicts": conflicts}


def _of_process(
    event: e.BreakerOpened | e.BreakerClosed | e.SupervisorStarted | e.SupervisorStopping,
) -> Payload:
    match event:
        case e.BreakerOpened(backend=backend) as opened:
            known = {"failures": opened.failures, "category": opened.category or None, "until": timestamp(opened.until)}
            return {"backend": backend, "state": "open", **known}
        case e.BreakerClosed(backend=backend, why=why):
            return {"backend": backend, "state": "closed", "reason": why}
        case e.SupervisorStarted(pid=pid, version=version):
            return {"pid": pid, "version": version}
        case e.SupervisorStopping(mode=mode):
            return {"mode": mode}


def _run(subject: Subject, execution: str) -> Run | None:
    return subject.thread.runs.get(execution) if subject.thread is not None else None


def _of_run(subject: Subject, execution: str) -> Payload:
    run = _run(subject, execution)
    if run is None:
        return {"execution": execution, "execution_id": execution}
    queued, requested = run.queued, run.requested
    where = {"repository": requested.repository} if requested is not None and requested.repository else {}
    return {
        "execution": execution,
        "execution_id": execution,
        "agent": queued.agent,
        "agent_alias": queued.agent,
        "backend": queued.backend,
        "attempt": queued.attempt + 1,
        **where,
    }


def _is_final(subject: Subject, execution: str) -> bool:
    """Say that no further attempt at the same message was queued; it would be in the log together with the end."""
    run = _run(subject, execution)
    if run is None or subject.thread is None:
        return True
    others = (one.queued for one in subject.thread.runs.values())
    return not any(one.message == run.queued.message and one.attempt > run.queued.attempt for one in others)


def _cut(text: str) -> str:
    return text[:LONGEST_TEXT]
