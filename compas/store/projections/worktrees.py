"""The read model of worktrees: what a thread works in, per repository, from the intent on."""

import msgspec

from compas.domain import events as e
from compas.store.connection import Cursor, Reader, Value
from compas.store.projections.source import read_tables, thread_of


class WorktreeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree. Until it is there, only its plan is known: `path` and `base_commit` are None.

    Once it was removed, `path` is None again, `tip` is where its branch stood then, and `archive` the ref that keeps
    that. `removing` means that a removal was begun and its outcome is not known yet.
    """

    thread: str
    repository: str
    branch: str
    base: str
    path: str | None
    base_commit: str | None
    execution: str | None
    instance: str
    reading: bool
    removing: bool
    removed_at: float | None
    tip: str | None
    archive: str | None
    position: int
    at: float


class Worktrees:
    """Projects the plan of each worktree and what became of it."""

    name = "worktrees"
    version = 2
    tables = read_tables("worktrees")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        thread, place = thread_of(recorded), (recorded.position, recorded.at)
        match recorded.event:
            case e.WorktreePlanned() as planned:
                # A plan made again does not undo a worktree that is there.
                cursor.execute(
                    """INSERT INTO worktrees (thread, repository, branch, base, execution, position, at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET branch = excluded.branch, base = excluded.base,
                        execution = excluded.execution, position = excluded.position, at = excluded.at
                    WHERE path IS NULL""",
                    (thread, planned.repository, planned.branch, planned.base, planned.execution, *place),
                )
            case e.WorktreeReady() as ready:
                cursor.execute(
                    """INSERT INTO worktrees (thread, repository, branch, base, path, base_commit, instance,
                        reading, position, at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET branch = excluded.branch, base = excluded.base, path = excluded.path,
                        base_commit = excluded.base_commit, instance = excluded.instance,
                        reading = excluded.reading, removing = 0,
                        removed_at = NULL, tip = NULL, archive = NULL,
                        position = excluded.position, at = excluded.at""",
                    (
                        thread,
                        ready.repository,
                        ready.branch,
                        ready.base,
                        ready.path,
                        ready.base_commit,
                        ready.instance,
                        ready.reading,
                        *place,
                    ),
                )
            case e.WorktreeRemovalPlanned(repository=repository):
                _update(cursor, thread, repository, removing=1)
            case e.WorktreeKept(repository=repository):
                _update(cursor, thread, repository, removing=0)
            case e.WorktreeRemoved() as removed:
                gone = {"path": None, "removing": 0, "removed_at": recorded.at}
                _update(cursor, thread, removed.repository, **gone, tip=removed.tip, archive=removed.archive)
            case _:
                pass


def _update(cursor: Cursor, thread: str, repository: str, **columns: Value) -> None:
    assignments = ", ".join(f"{name} = ?" for name in columns)
    sql = f"UPDATE worktrees SET {assignments} WHERE thread = ? AND repository = ?"
    cursor.execute(sql, (*columns.values(), thread, repository))


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree whose thread was completed or abandoned at `ended_at`, or one whose removal was begun."""

    thread: str
    repository: str
    removing: bool
    ended_at: float


def ended_worktrees(reader: Reader) -> tuple[Ended, ...]:
    """Return the worktrees that cleanup may look at, ended longest ago first.

    Not those of a thread in which something is queued, running or being ended, or of which a merge is under way.
    """
    sql = """SELECT w.thread, w.repository, w.removing, t.updated_at AS ended_at
        FROM worktrees AS w JOIN threads AS t ON t.thread = w.thread
        WHERE w.path IS NOT NULL AND (w.removing OR (
            t.status IN ('Completed', 'Abandoned')
            AND NOT EXISTS (SELECT 1 FROM executions AS x WHERE x.thread = w.thread
                AND (x.status IN ('queued', 'picked_up', 'executing') OR x.stopping))
            AND NOT EXISTS (SELECT 1 FROM merges AS m WHERE m.thread = w.thread
                AND m.status IN ('queued', 'executing', 'publishing'))))
        ORDER BY t.updated_at, w.thread, w.repository"""
    return tuple(reader.all(Ended, sql))


def worktrees_of_thread(reader: Reader, thread: str) -> tuple[WorktreeRow, ...]:
    """Return a thread's worktrees, oldest first."""
    return tuple(reader.all(WorktreeRow, "SELECT * FROM worktrees WHERE thread = ? ORDER BY position", (thread,)))


def thread_of_branch(reader: Reader, repository: str, branch: str) -> str | None:
    """Return the thread that works, or worked, on a branch of a repository; the spelling does not count."""
    sql = "SELECT thread FROM worktrees WHERE repository = ? AND branch = ? COLLATE NOCASE AND branch <> '' LIMIT 1"
    row = reader.row(sql, (repository, branch.removeprefix("refs/heads/")))
    return None if row is None else str(row[0])


def all_worktrees(reader: Reader) -> tuple[WorktreeRow, ...]:
    """Return every worktree the log knows of, oldest first."""
    return tuple(reader.all(WorktreeRow, "SELECT * FROM worktrees ORDER BY position"))
