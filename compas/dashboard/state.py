"""Folds the supervisor's answers, and the events that follow them, into what the dashboard knows. Pure."""

from collections.abc import Mapping
from typing import TypeVar, assert_never

import msgspec

from compas.api.history import LogEvent
from compas.api.supervision import HealthResponse
from compas.api.threads import StatusResponse, StatusRow
from compas.dashboard.board import Board, Merge
from compas.domain import events as e
from compas.domain.configuration import notices

KEPT_THREADS = 500
KEPT_MERGES = 100
"""More than these of the oldest are forgotten: a dashboard stays open for weeks."""

V = TypeVar("V")


class Greeted(msgspec.Struct, frozen=True, kw_only=True):
    """A connection is open; `state` is what the supervisor's greeting says of it, such as recovering."""

    state: str


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What stood at the beginning of a connection. The events after `health.events` follow, and some before it."""

    health: HealthResponse
    places: int
    status: StatusResponse


class HealthRead(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor was asked again how it is."""

    health: HealthResponse


class ReviewsRead(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor was asked again how threads stand to their reviews; each by its name."""

    reviews: Mapping[str, str | None]


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """There is no connection; why, and since when (UTC seconds)."""

    reason: str
    at: float


Update = Greeted | Opened | HealthRead | ReviewsRead | Lost | LogEvent


def evolve(board: Board, update: Update) -> Board:
    """Return what is known after an update. Events the rows have in them already change nothing but what rows lack."""
    replace = msgspec.structs.replace
    match update:
        case Greeted(state=state):
            return replace(board, link="recovering" if state == "recovering" else "connecting", trouble="")
        case Opened(health=health, status=status):
            rows = {row.thread_id: row for row in reversed(status.threads)}
            return replace(
                board,
                link="connected",
                trouble="",
                lost_at=None,
                health=health,
                places=update.places,
                read_to=health.events,
                threads=rows,
                total=max(status.total, len(rows)),
                ending=frozenset(),
            )
        case HealthRead(health=health):
            return replace(board, health=health, places=health.places or board.places)
        case ReviewsRead(reviews=reviews):
            rows = {name: replace(row, review=reviews.get(name, row.review)) for name, row in board.threads.items()}
            return replace(board, threads=rows)
        case Lost(reason=reason, at=at):
            since = board.lost_at if board.lost_at is not None else at
            return replace(board, link="lost", trouble=reason, lost_at=since)
        case LogEvent():
            return _take(board, update)
        case _:
            assert_never(update)


def thread_of(event: LogEvent) -> str | None:
    """Return the thread whose stream an event stands in."""
    kind, _, name = event.stream.partition(":")
    return name if kind == "thread" else None


def _take(board: Board, logged: LogEvent) -> Board:
    event = _decoded(logged)
    if event is None:
        return board
    if isinstance(event, e.ConfigLoaded | e.ConfigRefused):
        return _take_config(board, event, logged.position)
    thread = thread_of(logged)
    if thread is None:
        return _take_merge(board, event, logged.at)
    if isinstance(event, e.MessagePosted) and thread not in board.titles:
        board = msgspec.structs.replace(board, titles={**board.titles, thread: _title(event.body)})
    if logged.position <= board.read_to:
        return board
    is_new = thread not in board.threads
    before = board.threads.get(thread) or StatusRow(thread_id=thread, thread_status="Active", updated_at=logged.at)
    rest = {name: row for name, row in board.threads.items() if name != thread}
    rows = _newest({**rest, thread: _moved(before, event, logged.at)}, KEPT_THREADS)
    titles = board.titles if len(board.titles) <= 2 * KEPT_THREADS else _newest(board.titles, KEPT_THREADS)
    return msgspec.structs.replace(
        board,
        threads=rows,
        titles=titles,
        total=board.total + is_new,
        read_to=logged.position,
        ending=_ending(board, before, event),
    )


def _take_config(board: Board, event: e.ConfigLoaded | e.ConfigRefused, position: int) -> Board:
    """Show at once what of the config file is not in force; what else there is to say comes with the next health."""
    if board.health is None or position <= board.read_to:
        return board
    found = notices((), event.waiting) if isinstance(event, e.ConfigLoaded) else notices(event.errors, ())
    return msgspec.structs.replace(board, health=msgspec.structs.replace(board.health, config_notices=found))


def _decoded(logged: LogEvent) -> e.Event | None:
    """Return the event, or None for one of a kind that a newer supervisor writes and this version does not know."""
    try:
        found: e.Event = msgspec.convert({**logged.data, "type": logged.type}, e.Event)
    except msgspec.ValidationError:
        return None
    return found


def _title(body: str) -> str:
    return next((line.strip() for line in body.splitlines() if line.strip()), "")[:500]


def _newest(found: Mapping[str, V], limit: int) -> dict[str, V]:
    return dict(list(found.items())[-limit:])


def _ending(board: Board, row: StatusRow, event: e.Event) -> frozenset[str]:
    match event:
        case e.ExecutionCancelled(execution=execution) if row.execution_status in ("picked_up", "executing"):
            return board.ending | {execution}
        case e.ExecutionStopped(execution=execution):
            return board.ending - {execution}
        case _:
            return board.ending


def _moved(row: StatusRow, event: e.Event, at: float) -> StatusRow:
    """Return the row after an event of its thread."""
    replace = msgspec.structs.replace
    match event:
        case e.ThreadOpened(batch=batch, summary=summary, answers_to=answers_to):
            return replace(row, batch_id=batch, summary=summary, answers_to=answers_to, updated_at=at)
        case e.ThreadDescribed(batch=batch, summary=summary):
            return replace(row, batch_id=batch or row.batch_id, summary=summary or row.summary, updated_at=at)
        case e.MessagePosted(recipient=recipient, intent=intent, execution=execution):
            answers_to = row.answers_to if execution is not None else None
            return replace(row, agent=row.agent or recipient, last_intent=intent, answers_to=answers_to, updated_at=at)
        case e.ThreadClosed(status=status):
            return replace(row, thread_status=status, updated_at=at)
        case e.ThreadFailed():
            return replace(row, thread_status="Failed", updated_at=at)
        case e.ThreadAbandoned():
            return replace(row, thread_status="Abandoned", updated_at=at)
        case e.ThreadReopened():
            return replace(row, thread_status="Active", updated_at=at)
        case e.ExecutionQueued():
            return replace(
                row,
                agent=event.agent,
                execution_id=event.execution,
                execution_status="queued",
                attempt=event.attempt,
                started_at=None,
                duration_ms=None,
                error=None,
                verdict=None,
                eligible_at=event.not_before,
            )
        case _:
            return _run_moved(row, event)


def _run_moved(row: StatusRow, event: e.Event) -> StatusRow:
    """Return the row after an event of an execution; one that is not its newest changes nothing."""
    replace = msgspec.structs.replace
    if getattr(event, "execution", None) != row.execution_id:
        return row
    match event:
        case e.ExecutionRequested():
            return replace(row, execution_status="picked_up")
        case e.ExecutionStarted(started_at=started_at):
            return replace(row, execution_status="executing", started_at=started_at)
        case e.ExecutionCancelled():
            return replace(row, execution_status="cancelled")
        case e.ExecutionEnded(status=status, verdict=verdict, error=error, process=process):
            milliseconds = int(process.duration_secs * 1000) if process is not None else None
            return replace(
                row, execution_status=status, verdict=verdict or None, error=error or None, duration_ms=milliseconds
            )
        case _:
            return row


def _take_merge(board: Board, event: e.Event, at: float) -> Board:
    known = board.merges.get(getattr(event, "op", ""))
    moved = _merge_moved(known, event, at)
    if moved is None:
        return board
    rest = {op: merge for op, merge in board.merges.items() if op != moved.op}
    return msgspec.structs.replace(board, merges=_newest({**rest, moved.op: moved}, KEPT_MERGES))


def _merge_moved(merge: Merge | None, event: e.Event, at: float) -> Merge | None:
    """Return a merge after an event of it; None when the event is of none, or of one whose beginning was not seen."""
    if isinstance(event, e.MergeQueued):
        return merge or Merge(
            op=event.op, thread=event.thread, source=event.source, target=event.target, status="queued", queued_at=at
        )
    if merge is None or not merge.is_open:
        return None
    replace = msgspec.structs.replace
    match event:
        case e.MergeStarted():
            return replace(merge, status="merging", started_at=at)
        case e.MergeCompleted(summary=summary):
            return replace(merge, status="merged", ended_at=at, reason=summary)
        case e.MergeFailed(reason=reason):
            return replace(merge, status="merge failed", ended_at=at, reason=reason)
        case e.MergeCancelled(reason=reason):
            return replace(merge, status="cancelled", ended_at=at, reason=reason)
        case _:
            return None
