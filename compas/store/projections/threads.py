"""The read model of threads: one row each, and the status view that joins their newest execution and message."""

from collections.abc import Collection

import msgspec

from compas.domain import events as e
from compas.store.connection import Cursor, Reader, Value
from compas.store.projections.source import read_tables, thread_of


class ThreadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thread. `updated_*` moves with messages and changes of status, not with an execution's progress.

    `answers_to` is the agent that gets the answer of a fan-out's thread; None where the operator does, as in one that
    he has spoken to. `repository` is what it was opened for; None where its agents work in their own directories.
    """

    thread: str
    status: e.ThreadStatus
    batch: str | None
    summary: str | None
    source_thread: str | None
    answers_to: str | None
    repository: str | None
    created_position: int
    created_at: float
    updated_position: int
    updated_at: float


class StatusRow(ThreadRow, frozen=True, kw_only=True):
    """A thread with its newest execution and its newest message, each None when there is none.

    `agent` is the execution's, else the message's recipient (b-mcp-cli-merge §2.8). `worked_in` is the repository of
    its worktrees, where they are all of one.
    """

    agent: str | None
    execution: str | None
    execution_status: e.ExecutionStatus | None
    attempt: int | None
    not_before: float | None
    queued_at: float | None
    started_at: float | None
    ended_at: float | None
    duration_secs: float | None
    error: str | None
    verdict: e.Verdict | None
    prompt_hash: str | None
    message_number: int | None
    message_sender: str | None
    message_recipient: str | None
    message_intent: str | None
    message_at: float | None
    worked_in: str | None


class StatusFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which threads to show; None means any. `agent` is compared with the row's `agent`.

    All of `words`, whose ASCII letters are small, have to stand in what is said of the thread. `after` is the thread
    behind which the list goes on; it is not part of what is counted.
    """

    thread: str | None = None
    agent: str | None = None
    batch: str | None = None
    status: e.ThreadStatus | None = None
    source_thread: str | None = None
    words: Collection[str] = ()
    after: str | None = None


class StatusPage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest threads that pass a filter, newest first, and how many pass it in all."""

    rows: tuple[StatusRow, ...]
    total: int
    more: bool = False


class Threads:
    """Projects the events that open, describe, move and end a thread."""

    name = "threads"
    version = 3
    tables = read_tables("threads")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        match recorded.event:
            case e.ThreadOpened() as opened:
                cursor.execute(
                    "INSERT INTO threads VALUES (?, 'Active', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        opened.thread,
                        opened.batch,
                        opened.summary,
                        opened.source_thread,
                        opened.answers_to,
                        opened.repository,
                        *(recorded.position, recorded.at) * 2,
                    ),
                )
            case e.ThreadDescribed(batch=batch, summary=summary):
                cursor.execute(
                    "UPDATE threads SET batch = coalesce(?, batch), summary = coalesce(?, summary) WHERE thread = ?",
                    (batch, summary, thread_of(recorded)),
                )
                _touch(cursor, recorded, None)
            case e.MessagePosted(execution=execution):
                _touch(cursor, recorded, None)
                if execution is None:
                    cursor.execute("UPDATE threads SET answers_to = NULL WHERE thread = ?", (thread_of(recorded),))
            case e.ThreadClosed(status=status):
                _touch(cursor, recorded, status)
            case e.ThreadFailed():
                _touch(cursor, recorded, "Failed")
            case e.ThreadAbandoned():
                _touch(cursor, recorded, "Abandoned")
            case e.ThreadReopened():
                _touch(cursor, recorded, "Active")
            case _:
                pass


def _touch(cursor: Cursor, recorded: e.Recorded, status: e.ThreadStatus | None) -> None:
    cursor.execute(
        "UPDATE threads SET status = coalesce(?, status), updated_position = ?, updated_at = ? WHERE thread = ?",
        (status, recorded.position, recorded.at, thread_of(recorded)),
    )


_STATUS_VIEW = """
    FROM threads AS t
    LEFT JOIN executions AS x ON x.execution =
        (SELECT execution FROM executions WHERE thread = t.thread ORDER BY queued_position DESC LIMIT 1)
    LEFT JOIN messages AS m ON m.number = (SELECT max(number) FROM messages WHERE thread = t.thread)
    WHERE (:thread IS NULL OR t.thread = :thread)
      AND (:agent IS NULL OR coalesce(x.agent, m.recipient) = :agent)
      AND (:batch IS NULL OR t.batch = :batch)
      AND (:status IS NULL OR t.status = :status)
      AND (:source_thread IS NULL OR t.source_thread = :source_thread)
"""

_THREADS_ALONE = """
    FROM threads AS t
    WHERE (:thread IS NULL OR t.thread = :thread)
      AND (:batch IS NULL OR t.batch = :batch)
      AND (:status IS NULL OR t.status = :status)
      AND (:source_thread IS NULL OR t.source_thread = :source_thread)
"""

_IS_OPEN = "(t.status NOT IN ('Completed', 'Abandoned'))"

_SAID = """lower(t.thread || ' ' || t.status || ' ' || coalesce(t.batch, '') || ' ' || coalesce(t.summary, (
        SELECT substr(ltrim(body, char(32, 9, 10, 13)), 1, 500) FROM messages AS first
        WHERE first.thread = t.thread ORDER BY first.number LIMIT 1), '')
        || ' ' || coalesce(x.agent, m.recipient, '')
        || ' ' || coalesce(x.status, '') || ' ' || coalesce(x.error, ''))"""

_STATUS_COLUMNS = """
    SELECT t.*, coalesce(x.agent, m.recipient) AS agent, x.execution, x.status AS execution_status, x.attempt,
        x.not_before, x.queued_at, x.started_at, x.ended_at, x.duration_secs, x.error, x.verdict, x.prompt_hash,
        m.number AS message_number, m.sender AS message_sender, m.recipient AS message_recipient,
        m.intent AS message_intent, m.at AS message_at,
        (SELECT CASE WHEN count(*) = 1 THEN min(repository) END FROM worktrees WHERE thread = t.thread) AS worked_in
"""


def status_page(reader: Reader, wanted: StatusFilter, limit: int, *, open_first: bool = False) -> StatusPage:
    """Return the threads that pass a filter, each exactly once, newest update first (a-core 7).

    With `open_first` those that are neither completed nor abandoned stand before the others.
    """
    arguments: dict[str, Value] = {**msgspec.structs.asdict(wanted)}
    del arguments["words"]
    matching = ""
    for number, word in enumerate(wanted.words):
        matching += f" AND instr({_SAID}, :word{number}) > 0"
        arguments[f"word{number}"] = word
    key = f"({_IS_OPEN}, t.updated_position)" if open_first else "(1, t.updated_position)"
    behind = f" AND {key} < (SELECT {key[1:-1]} FROM threads AS t WHERE t.thread = :after)" if wanted.after else ""
    order = f"{_IS_OPEN} DESC, t.updated_position DESC" if open_first else "t.updated_position DESC"
    # What is said of a thread decides nothing here, unless it is who works in it, or has to have words in it.
    is_said = wanted.agent is not None or bool(wanted.words)
    view = f"{_STATUS_VIEW} {matching} {behind}"
    if open_first and not is_said:
        # Every thread is sorted, so that what is said of it is read of the first ones only.
        view += f" AND t.thread IN (SELECT t.thread {_THREADS_ALONE} {behind} ORDER BY {order} LIMIT :limit)"
    rows = reader.all(
        StatusRow, f"{_STATUS_COLUMNS} {view} ORDER BY {order} LIMIT :limit", {**arguments, "limit": limit + 1}
    )
    counting = f"{_STATUS_VIEW} {matching}" if is_said else _THREADS_ALONE
    counted = reader.row(f"SELECT count(*) {counting}", arguments)
    total = counted[0] if counted is not None else 0
    return StatusPage(rows=tuple(rows[:limit]), total=int(total or 0), more=len(rows) > limit)


def thread_by_id(reader: Reader, thread: str) -> ThreadRow | None:
    """Return a thread, or None when nothing was ever said in it."""
    return reader.first(ThreadRow, "SELECT * FROM threads WHERE thread = ?", (thread,))


def named_like(reader: Reader, name: str) -> frozenset[str]:
    """Return the threads of this name, and those of this name with something after a hyphen."""
    # '.' is the character after '-': a range, which an index serves.
    rows = reader.rows(
        "SELECT thread FROM threads WHERE thread = ?1 OR (thread >= ?1 || '-' AND thread < ?1 || '.')", (name,)
    )
    return frozenset(str(thread) for (thread,) in rows)


def count_by_status(reader: Reader) -> dict[str, int]:
    """Return how many threads there are of each status that occurs."""
    rows = reader.rows("SELECT status, count(*) FROM threads GROUP BY status ORDER BY status")
    return {str(status): int(count or 0) for status, count in rows}


def threads_with_work_below(reader: Reader) -> frozenset[str]:
    """Return the threads of whose fan-outs, and of theirs in turn, something is in flight or still stopping."""
    rows = reader.rows(
        """WITH RECURSIVE above (thread) AS (
            SELECT t.source_thread FROM threads AS t JOIN executions AS x ON x.thread = t.thread
                WHERE (x.status IN ('queued', 'picked_up', 'executing') OR x.stopping) AND t.source_thread IS NOT NULL
            UNION SELECT t.source_thread FROM threads AS t JOIN above AS a ON t.thread = a.thread
                WHERE t.source_thread IS NOT NULL
        )
        SELECT thread FROM above"""
    )
    return frozenset(str(row[0]) for row in rows)


def descendants_of(reader: Reader, thread: str) -> tuple[str, ...]:
    """Return the threads that fan-outs of a thread opened, and those that theirs opened in turn."""
    rows = reader.rows(
        """WITH RECURSIVE descendants (thread) AS (
            SELECT thread FROM threads WHERE source_thread = ?
            UNION SELECT t.thread FROM threads AS t JOIN descendants AS d ON t.source_thread = d.thread
        )
        SELECT thread FROM descendants""",
        (thread,),
    )
    return tuple(str(row[0]) for row in rows)


def children_of(reader: Reader, thread: str) -> tuple[str, ...]:
    """Return the threads that a thread's own fan-outs opened, the oldest first."""
    sql = "SELECT thread FROM threads WHERE source_thread = ? ORDER BY created_position"
    return tuple(str(row[0]) for row in reader.rows(sql, (thread,)))


def active_children_of(reader: Reader, thread: str) -> tuple[str, ...]:
    """Return the active threads that a thread's own fan-outs opened."""
    sql = "SELECT thread FROM threads WHERE source_thread = ? AND status = 'Active' ORDER BY created_position"
    return tuple(str(row[0]) for row in reader.rows(sql, (thread,)))


def children_of_ended(reader: Reader) -> tuple[str, ...]:
    """Return the active threads whose source was completed or abandoned."""
    sql = """SELECT child.thread FROM threads AS child JOIN threads AS source ON child.source_thread = source.thread
        WHERE child.status = 'Active' AND source.status IN ('Completed', 'Abandoned') ORDER BY child.created_position"""
    return tuple(str(row[0]) for row in reader.rows(sql))
