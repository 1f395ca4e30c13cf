"""The read model of target branches: where compas knows each to be in order, and which are held."""

import msgspec

from compas.domain import events as e
from compas.domain.target import why_held
from compas.store.connection import Cursor, Reader
from compas.store.projections.source import read_tables


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A target, by the stream of its merges. `held` is the encoded reason why nothing is merged into it, if so."""

    stream: str
    known: str
    held: str | None
    position: int

    @property
    def target(self) -> str:
        """The branch; its repository's path may have colons in it, the name of a branch has none."""
        return self.stream.rpartition(":")[2]

    def in_words(self) -> str:
        """Say why nothing is merged into it; empty where it is in order."""
        return "" if self.held is None else why_held(msgspec.json.decode(self.held, type=e.TargetHeld), self.target)


class Targets:
    """Projects what was published to each target, and what was seen of it otherwise."""

    name = "targets"
    version = 1
    tables = read_tables("targets")

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        """Take in one event."""
        match recorded.event:
            case e.MergeCompleted(new_commit=commit) | e.TargetSeen(commit=commit):
                sql = """INSERT INTO targets (stream, known, position) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET known = excluded.known, held = NULL, position = excluded.position"""
                cursor.execute(sql, (recorded.stream, commit, recorded.position))
            case e.TargetHeld() as held:
                sql = """INSERT INTO targets (stream, held, position) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET held = excluded.held, position = excluded.position"""
                cursor.execute(sql, (recorded.stream, msgspec.json.encode(held).decode(), recorded.position))
            case _:
                pass


class ThreadWork(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that the log knows as a thread's work: a snapshot, or where its branch stood when it was retired; of
    one that has none yet, where its branch began. `base` is that in each case, empty where the log does not say."""

    thread: str
    commit: str
    base: str


def target_of(reader: Reader, repository: str, target: str) -> TargetRow | None:
    """Return what is known of a target, or None."""
    stream = e.merge_stream(repository, target)
    return reader.first(TargetRow, "SELECT * FROM targets WHERE stream = ?", (stream,))


def held_targets(reader: Reader) -> tuple[TargetRow, ...]:
    """Return the targets that nothing is merged into."""
    return tuple(reader.all(TargetRow, "SELECT * FROM targets WHERE held IS NOT NULL ORDER BY stream"))


def first_base(reader: Reader, repository: str, target: str) -> str:
    """Return where the first worktree of a repository that began at a target started; empty where none did."""
    sql = """SELECT base_commit FROM worktrees
        WHERE repository = ? AND base = ? AND base_commit IS NOT NULL AND NOT reading ORDER BY position LIMIT 1"""
    row = reader.row(sql, (repository, target))
    return "" if row is None else str(row[0])


def work_of_threads(reader: Reader, repository: str) -> tuple[ThreadWork, ...]:
    """Return, of each thread that worked in a repository, its newest snapshot, where its branch was retired, and where
    it began."""
    sql = """SELECT w.thread, coalesce(w.tip, w.base_commit) AS "commit", coalesce(w.base_commit, '') AS base
            FROM worktrees AS w
            WHERE w.repository = :repository AND coalesce(w.tip, w.base_commit) IS NOT NULL AND NOT w.reading
        UNION
        SELECT w.thread, x.snapshot_commit, coalesce(w.base_commit, '')
            FROM worktrees AS w JOIN executions AS x ON x.thread = w.thread
            WHERE w.repository = :repository AND NOT w.reading AND x.snapshot_commit IS NOT NULL
            AND x.queued_position = (SELECT max(y.queued_position) FROM executions AS y
                WHERE y.thread = w.thread AND y.snapshot_commit IS NOT NULL)"""
    return tuple(reader.all(ThreadWork, sql, {"repository": repository}))


def published_commits(reader: Reader, repository: str) -> tuple[str, ...]:
    """Return, for each target of a repository, the commit that was published to it last."""
    sql = """SELECT new_commit FROM merges AS m WHERE repository = ? AND status = 'completed'
        AND ended_position = (SELECT max(ended_position) FROM merges AS n
            WHERE n.stream = m.stream AND n.status = 'completed')"""
    return tuple(str(row[0]) for row in reader.rows(sql, (repository,)) if row[0])
