"""Folds the supervisor's answers, and the events that follow them, into what the dashboard knows. Pure."""

import itertools
from collections.abc import Mapping
from typing import TypeVar, assert_never

import msgspec

from compas.api.history import LogEvent
from compas.api.merges import MergeStatusResponse
from compas.api.supervision import HealthResponse
from compas.api.threads import StatusResponse, StatusRow
from compas.dashboard.answered import Answered, take_answer
from compas.dashboard.board import KEPT_THREADS, MOST_THREADS, Board, Size
from compas.dashboard.merge_state import known_merges, take_merge
from compas.dashboard.paging import begin, take_page
from compas.domain import events as e
from compas.domain.configuration import notices
from compas.domain.in_short import in_short

V = TypeVar("V")


class Greeted(msgspec.Struct, frozen=True, kw_only=True):
    """A connection is open; `state` is what the supervisor's greeting says of it, such as recovering.

    `server` is its name and version.
    """

    state: str
    server: str = ""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What stood at the beginning of a connection. The events after `health.events` follow, and some before it."""

    health: HealthResponse
    status: StatusResponse
    merges: MergeStatusResponse = MergeStatusResponse(merges=(), counts={})


class HealthRead(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor was asked again how it is."""

    health: HealthResponse


class DetailsRead(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor was asked again what events do not tell: how threads stand to reviews, and what they cost."""

    status: StatusResponse


class MergesRead(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor was asked again for its merges; what events have told since stays."""

    merges: MergeStatusResponse


class Lagging(msgspec.Struct, frozen=True, kw_only=True):
    """Events are read so many seconds after they happened; 0 when they are read as they happen."""

    seconds: int


class SizeRead(msgspec.Struct, frozen=True, kw_only=True):
    """A thread's work was measured."""

    thread: str
    size: Size


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """There is no connection; why, and since when (UTC seconds)."""

    reason: str
    at: float


Update = Greeted | Opened | HealthRead | DetailsRead | MergesRead | SizeRead | Answered | Lagging | Lost | LogEvent


def evolve(board: Board, update: Update) -> Board:
    """Return what is known after an update. Events the rows have in them already change nothing but what rows lack."""
    replace = msgspec.structs.replace
    match update:
        case Greeted(state=state, server=server):
            link = "recovering" if state == "recovering" else "connecting"
            return replace(board, link=link, trouble="", server=server)
        case Opened(health=health, status=status, merges=merges):
            return replace(
                board,
                link="connected",
                trouble="",
                lost_at=None,
                behind=0,
                health=health,
                places=health.places,
                read_to=health.events,
                **begin(status),
                merges=known_merges(merges.merges),
                held=merges.held,
                batches={one.batch_id: one for one in status.batches},
                ending=frozenset(),
            )
        case HealthRead(health=health):
            return replace(board, health=health, places=health.places or board.places)
        case DetailsRead(status=status):
            return _with_details(board, status)
        case MergesRead(merges=merges):
            return replace(board, merges={**known_merges(merges.merges), **board.merges}, held=merges.held)
        case SizeRead(thread=thread, size=size):
            return replace(board, sizes=_newest({**board.sizes, thread: size}, KEPT_THREADS))
        case Lagging(seconds=seconds):
            return replace(board, behind=seconds)
        case Answered(answer=StatusResponse() as found, need=need):
            board = replace(board, answers=take_answer(board.answers, update))
            return take_page(board, need.request, found)
        case Answered():
            return replace(board, answers=take_answer(board.answers, update))
        case Lost(reason=reason, at=at):
            since = board.lost_at if board.lost_at is not None else at
            return replace(board, link="lost", trouble=reason, lost_at=since)
        case LogEvent():
            return _take(board, update)
        case _:
            assert_never(update)


def _with_details(board: Board, status: StatusResponse) -> Board:
    """Take what a row tells that no event does; the rest of it, events may have moved on since."""
    replace = msgspec.structs.replace
    read = {row.thread_id: row for row in status.threads}
    rows = {
        name: replace(row, review=read[name].review, details=read[name].details) if name in read else row
        for name, row in board.threads.items()
    }
    batches = {**board.batches, **{one.batch_id: one for one in status.batches}}
    return replace(board, threads=rows, batches=_newest(batches, KEPT_THREADS))


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
        merges = take_merge(board.merges, event, logged.at)
        return board if merges is board.merges else msgspec.structs.replace(board, merges=merges)
    if isinstance(event, e.MessagePosted) and thread not in board.titles:
        board = msgspec.structs.replace(board, titles={**board.titles, thread: in_short(event.body)[:500]})
    if logged.position <= board.read_to:
        return board
    before = board.threads.get(thread) or StatusRow(thread_id=thread, thread_status="Active", updated_at=logged.at)
    rows = dict(board.threads)
    rows.pop(thread, None)  # what was heard of last stands last
    rows[thread] = _moved(before, event, logged.at)
    if len(rows) > len(board.threads):
        _forget(rows, board.room)
    titles = board.titles if len(board.titles) <= 2 * KEPT_THREADS else _newest(board.titles, KEPT_THREADS)
    return msgspec.structs.replace(
        board,
        threads=rows,
        titles=titles,
        total=board.total + isinstance(event, e.ThreadOpened),
        read_to=logged.position,
        ending=_ending(board, before, event),
    )


def _take_config(board: Board, event: e.ConfigLoaded | e.ConfigRefused, position: int) -> Board:
    """Show at once what of the config file is not in force; what else there is to say comes with the next health."""
    if board.health is None or position <= board.read_to:
        return board
    found = notices((), event.waiting) if isinstance(event, e.ConfigLoaded) else notices(event.errors, ())
    return msgspec.structs.replace(board, health=msgspec.structs.replace(board.health, config_notices=found))


class _Told(msgspec.Struct):
    """Holds an event: what a struct is decoded by is made once, and that of so many kinds of events takes its time."""

    event: e.Event


def _decoded(logged: LogEvent) -> e.Event | None:
    """Return the event, or None for one of a kind that a newer supervisor writes and this version does not know."""
    try:
        return msgspec.convert({"event": {**logged.data, "type": logged.type}}, _Told).event
    except msgspec.ValidationError:
        return None


def _forget(rows: dict[str, StatusRow], room: int) -> None:
    """Take away ended threads that are too many, and others too where there are very many."""
    over = len(rows) - room
    if over > 0:
        ended = (name for name, row in rows.items() if row.thread_status in ("Completed", "Abandoned"))
        for name in list(itertools.islice(ended, over)):
            del rows[name]
        for name in list(itertools.islice(rows, max(0, len(rows) - MOST_THREADS))):
            del rows[name]


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
        case e.ThreadOpened(batch=batch, summary=summary, answers_to=answers_to, source_thread=source):
            return replace(
                row, batch_id=batch, summary=summary, answers_to=answers_to, source_thread=source, updated_at=at
            )
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
