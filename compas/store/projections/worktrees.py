"""The read model of worktrees: what a thread works in, per repository, from the intent on."""

import msgspec

from compas.domain import events as e
from compas.store.connection import Cursor, Reader
from compas.store.projections.source import read_tables, thread_of


class WorktreeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree. Until it is there, only its plan is known: `path` and `base_commit` are None."""

    thread: str
    repository: str
    branch: str
    base: str
    path: str | None
    base_commit: str | None
    execution: str | None
    position: int
    at: float


class Worktrees:
    """Projects the plan of each worktree and what became of it."""

    name = "worktrees"
    version = 1
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
                    """INSERT INTO worktrees (thread, repository, branch, base, path, base_commit, position, at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET branch = excluded.branch, base = excluded.base, path = excluded.path,
                        base_commit = excluded.base_commit, position = excluded.position, at = excluded.at""",
                    (
                        thread,
                        ready.repository,
                        ready.branch,
                        ready.base,
                        ready.path,
                        ready.base_commit,
                        *place,
                    ),
                )
            case _:
                pass


def worktrees_of_thread(reader: Reader, thread: str) -> tuple[WorktreeRow, ...]:
    """Return a thread's worktrees, oldest first."""
    return tuple(reader.all(WorktreeRow, "SELECT * FROM worktrees WHERE thread = ? ORDER BY position", (thread,)))


def all_worktrees(reader: Reader) -> tuple[WorktreeRow, ...]:
    """Return every worktree the log knows of, oldest first."""
    return tuple(reader.all(WorktreeRow, "SELECT * FROM worktrees ORDER BY position"))
