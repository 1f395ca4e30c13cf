"""Read models are made, made anew when their code changed, caught up, and equal to what the log gives again."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compas.domain import events as e
from compas.domain.thread import Thread, evolve
from compas.store.appending import Appender
from compas.store.codec import domain_codec
from compas.store.connection import Cursor, Database, Row, open_database
from compas.store.event_log import open_store
from compas.store.migrate import LOG_APPLICATION_ID, load_schema, migrate
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projections.execution_queries import executions_of_thread
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import worktrees_of_thread
from compas.store.projector import Projection, Projector
from compas.store.rebuild import rebuild
from compas.store.records import Append, Appended, NewEvent

Said = Callable[..., Append]


class Bodies:
    """Keeps each body, in capitals from version 2 on, in a table that was renamed then."""

    name = "bodies"

    def __init__(self, version: int = 1) -> None:
        self.version = version
        self.table = "bodies" if version == 1 else "capitals"
        self.tables = f"CREATE TABLE {self.table} (n INTEGER PRIMARY KEY, body TEXT) STRICT"

    def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
        if isinstance(recorded.event, e.MessagePosted):
            body = recorded.event.body if self.version == 1 else recorded.event.body.upper()
            cursor.execute(f"INSERT INTO {self.table} VALUES (?, ?)", (recorded.position, body))


async def bodies(path: Path, projections: Sequence[Projection], table: str, *new: Append) -> list[object]:
    async with open_store(path, events=domain_codec(), projections=projections) as store:
        await store.append_all(new)
        rows = await store.query(lambda reader: reader.rows(f"SELECT body FROM {table} ORDER BY n"))
        return [row[0] for row in rows]


async def tables(path: Path) -> set[object]:
    async with open_store(path, events=domain_codec()) as store:
        return {row[0] for row in await store.query(lambda reader: reader.rows("SELECT name FROM sqlite_schema"))}


async def test_a_new_projection_is_made_from_the_whole_log(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([said(*(str(n) for n in range(1500)))])
    assert await bodies(path, [Bodies()], "bodies", said("last")) == [*(str(n) for n in range(1500)), "last"]


async def test_a_changed_version_is_made_anew_and_its_old_tables_are_gone(path: Path, said: Said) -> None:
    await bodies(path, [Bodies(1)], "bodies", said("a"))
    assert await bodies(path, [Bodies(2)], "capitals", said("b")) == ["A", "B"]
    assert "bodies" not in await tables(path)
    assert await bodies(path, [Bodies(1)], "bodies") == ["a", "b"]


async def test_a_projection_that_was_left_out_for_a_while_is_caught_up(path: Path, said: Said) -> None:
    await bodies(path, [Bodies()], "bodies", said("a"))
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([said("b")])
    assert await bodies(path, [Bodies()], "bodies", said("c")) == ["a", "b", "c"]


async def test_a_rebuild_that_fails_leaves_the_old_read_models(path: Path, said: Said) -> None:
    class Fickle(Bodies):
        broken = False

        def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
            super().apply(cursor, recorded)
            if self.broken:
                raise KeyError("defect")

    fickle = Fickle()
    async with open_store(path, events=domain_codec(), projections=[fickle]) as store:
        await store.append_all([said("a")])
        fickle.broken = True
        with pytest.raises(KeyError, match="defect"):
            await store.rebuild()
        assert await store.query(lambda reader: reader.rows("SELECT body FROM bodies")) == [("a",)]


def test_two_projections_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two projections have one name"):
        Projector([Bodies(), Bodies(2)], domain_codec())


THREADS = st.sampled_from(["a", "b"])
RUNS = st.sampled_from(["x1", "x2", "x3"])
OPS = st.sampled_from(["o1", "o2"])
TEXT = st.sampled_from(["", "null", "ä"])
MAYBE = st.none() | TEXT
ENDS = st.none() | st.just(e.ProcessEnd(kind="exited", exit_code=1, duration_secs=2.0))
SNAPSHOTS = st.none() | st.just(e.SnapshotTaken(commit="c", head="h", dirty=True))
EVENTS = st.one_of(
    st.builds(e.ThreadDescribed, batch=MAYBE, summary=MAYBE),
    st.builds(e.WorktreePlanned, execution=RUNS, repository=TEXT, branch=TEXT, base=TEXT),
    st.builds(e.WorktreeReady, repository=TEXT, path=TEXT, branch=TEXT, base=TEXT, base_commit=TEXT),
    st.builds(e.WorktreeFurnished, execution=RUNS, repository=TEXT, instance=TEXT, notes=st.just(("n",))),
    st.builds(e.SetupStarted, execution=RUNS, repository=TEXT, instance=TEXT, command=TEXT),
    st.builds(e.CommitBegun, execution=RUNS, repository=TEXT, instance=TEXT, limit_secs=st.just(300)),
    st.builds(e.SetupEnded, execution=RUNS, repository=TEXT, instance=TEXT, problem=TEXT),
    st.builds(e.WorktreeRemovalPlanned, repository=TEXT, path=TEXT, by=TEXT, force=st.booleans()),
    st.builds(e.WorktreeRemoved, repository=TEXT, path=TEXT, branch=TEXT, fate=st.just("archived"), tip=MAYBE),
    st.builds(e.FannedOut, execution=RUNS, threads=st.just(("b",))),
    st.builds(e.WorkCommitted, repository=TEXT, commit=TEXT, files=st.just(1)),
    st.builds(e.WorktreeKept, repository=TEXT, path=TEXT, reason=TEXT),
    st.builds(e.PortsLeased, thread=THREADS, repository=TEXT, ports=st.just((20000,))),
    st.builds(e.PortsReleased, thread=THREADS, repository=TEXT),
    st.builds(e.ExecutionRequested, execution=RUNS, workdir=TEXT, worktree=st.booleans(), resume_session=MAYBE),
    st.builds(e.ExecutionStarted, execution=RUNS, pid=st.just(7), started_at=st.just(5.5)),
    st.builds(
        e.ExecutionEnded,
        execution=RUNS,
        status=st.sampled_from(["completed", "failed"]),
        category=st.sampled_from(["", "stale_session"]),
        session=MAYBE,
        usage=st.builds(e.Usage, cost_usd=st.none() | st.just(0.5), turns=st.none() | st.just(2)),
        process=ENDS,
        snapshot=SNAPSHOTS,
    ),
    st.builds(e.ExecutionCancelled, execution=RUNS, reason=TEXT),
    st.builds(e.ExecutionStopped, execution=RUNS, process=ENDS, snapshot=SNAPSHOTS),
    st.builds(e.ThreadClosed, status=st.sampled_from(["Completed", "Failed"]), by=TEXT),
    st.builds(e.ThreadFailed, execution=RUNS),
    st.builds(e.ThreadAbandoned, by=TEXT),
    st.builds(e.ThreadReopened, previous=st.just("Failed"), by=TEXT),
    st.builds(e.MergeStarted, op=OPS),
    st.builds(e.MergePrepared, op=OPS, kind=st.just("merge"), target_old=TEXT, new_commit=TEXT),
    st.builds(e.MergeCompleted, op=OPS, new_commit=TEXT, summary=TEXT),
    st.builds(e.MergeFailed, op=OPS, code=TEXT, reason=TEXT, conflicts=st.just((e.Conflict(path="ü", kind="both"),))),
    st.builds(e.MergeFailed, op=OPS, code=TEXT, reason=TEXT, hand_back=TEXT),
    st.builds(e.MergeHandedBack, op=OPS, summary=TEXT),
    st.builds(e.MergeCancelled, op=OPS, reason=TEXT),
    st.builds(e.SupervisorStarted, pid=st.just(1), boot_id=TEXT, version=TEXT),
    st.builds(e.ConfigLoaded, digest=TEXT, changed=st.just(("agents.dev added",))),
    st.builds(e.ConfigRefused, digest=TEXT, errors=st.just(("no",))),
)


@st.composite
def logs(draw: st.DrawFn) -> list[NewEvent]:
    """Any order of anything, behind a beginning that makes the rows which later events are about."""
    fresh: list[e.Event] = [e.ThreadOpened(thread=thread, summary=draw(MAYBE)) for thread in ("a", "b")]
    for run in ("x1", "x2", "x3"):
        fresh.append(
            e.MessagePosted(
                message=f"m{run}",
                sender="s",
                recipient="r",
                intent="i",
                body=draw(TEXT),
                execution=draw(MAYBE),
            )
        )
        fresh.append(e.ExecutionQueued(execution=run, message=f"m{run}", agent="dev", backend="claude"))
    for op in ("o1", "o2"):
        words = dict.fromkeys(("thread", "repository", "source", "target", "strategy"), "w")
        fresh.append(e.MergeQueued(op=op, **words, requested_by="o", message="m", source_tip="s"))
    later = draw(st.lists(EVENTS, max_size=12))
    return [
        NewEvent(stream=e.thread_stream(draw(THREADS)), event=event, lineage=draw(TEXT)) for event in (*fresh, *later)
    ]


def new_log() -> tuple[Database, Projector, Appender]:
    database = open_database(None, "log")
    migrate(database, load_schema(LOG_APPLICATION_ID, "sql"))
    projector = Projector(PROJECTIONS, domain_codec())
    with database.transaction():
        projector.catch_up(database)
    return database, projector, Appender(domain_codec(), projector)


def contents(database: Database) -> dict[str, list[Row]]:
    names = [str(row[0]) for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {name: database.rows(f'SELECT * FROM "{name}" ORDER BY 1, 2') for name in names}


@settings(max_examples=60, deadline=None)
@given(log=logs(), cuts=st.sets(st.integers(0, 20)))
def test_rebuilt_read_models_equal_those_built_step_by_step(log: list[NewEvent], cuts: set[int]) -> None:
    database, projector, appender = new_log()
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    for start, end in pairwise(edges):
        (outcome,) = appender.write(database, [Append(events=tuple(log[start:end]))], 0, 1.5 * end)
        assert isinstance(outcome, Appended), outcome
    step_by_step = contents(database)
    assert len(step_by_step["executions"]) == 3
    rebuild(database, projector)
    assert contents(database) == step_by_step
    database.close()


@settings(max_examples=40, deadline=None)
@given(log=logs())
def test_read_models_agree_with_the_state_the_thread_itself_folds(log: list[NewEvent]) -> None:
    database, _, appender = new_log()
    ours = [one for one in log if not isinstance(one.event, e.MergeEvent | e.SupervisorEvent)]
    in_one_thread = [msgspec.structs.replace(one, stream="thread:a") for one in ours if not is_opening_of_b(one)]
    (outcome,) = appender.write(database, [Append(events=tuple(in_one_thread))], 0, 1.0)
    assert isinstance(outcome, Appended), outcome
    state = Thread(thread="a")
    for recorded in outcome.recorded:
        state = evolve(state, recorded)
    row = thread_by_id(database, "a")
    assert row is not None
    assert (row.status, row.batch, row.summary) == (state.status, state.batch, state.summary)
    runs = executions_of_thread(database, "a")
    assert {run.execution: (run.status, run.stopping) for run in runs} == {
        name: (run.status, run.stopping) for name, run in state.runs.items()
    }
    ready = {tree.repository: tree.path for tree in worktrees_of_thread(database, "a") if tree.path is not None}
    assert ready == {name: tree.path for name, tree in state.worktrees.items()}
    database.close()


def is_opening_of_b(one: NewEvent) -> bool:
    return isinstance(one.event, e.ThreadOpened) and one.event.thread == "b"
