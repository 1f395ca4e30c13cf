"""What the read models say about a conversation, its executions, its worktrees and its merges."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import TypeVar

import msgspec
import pytest

from compas.domain import events as e
from compas.domain.waiting import Picture
from compas.store.codec import domain_codec
from compas.store.connection import Reader
from compas.store.event_log import Store, open_store
from compas.store.projections import counters, ends, execution_queries, merges, messages, tasks, threads, worktrees
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projections.pictures import picture
from compas.store.records import Append, Appended, NewEvent

R = TypeVar("R")


class Log:
    """Writes events to a store in memory at one second each, beginning with second 1."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def write(self, thread: str, *events: e.Event, lineage: str = "l1") -> list[int]:
        stream = e.thread_stream(thread)
        (outcome,) = await self.store.append_all(
            [Append(events=tuple(NewEvent(stream=stream, event=event, lineage=lineage) for event in events))]
        )
        assert isinstance(outcome, Appended), outcome
        return [one.position for one in outcome.recorded]

    async def ask(self, question: Callable[..., R], *arguments: object, **named: object) -> R:
        return await self.store.query(lambda reader: question(reader, *arguments, **named))


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    seconds = count(1)
    async with open_store(
        None, events=domain_codec(), projections=PROJECTIONS, clock=lambda: float(next(seconds))
    ) as store:
        yield Log(store)


def opened(thread: str, **fields: str) -> e.ThreadOpened:
    return e.ThreadOpened(thread=thread, **fields)


def said(message: str, intent: str = "dispatch", recipient: str = "dev", **fields: object) -> e.MessagePosted:
    given = {"sender": "operator", "body": f"body of {message}", **fields}
    return e.MessagePosted(message=message, recipient=recipient, intent=intent, **given)  # type: ignore[arg-type]


def queued(execution: str, message: str = "m1", agent: str = "dev", **fields: object) -> e.ExecutionQueued:
    return e.ExecutionQueued(
        execution=execution,
        message=message,
        agent=agent,
        backend="claude",
        **fields,  # type: ignore[arg-type]
    )


def begun(execution: str) -> tuple[e.Event, e.Event]:
    return (
        e.ExecutionRequested(execution=execution, workdir="/w"),
        e.ExecutionStarted(execution=execution, pid=7, started_at=100.5),
    )


def ended(execution: str, status: e.EndStatus = "completed", **fields: object) -> e.ExecutionEnded:
    return e.ExecutionEnded(execution=execution, status=status, **fields)  # type: ignore[arg-type]


async def everything(log: Log) -> threads.StatusPage:
    return await log.ask(threads.status_page, threads.StatusFilter(), 50)


async def test_the_answer_of_a_fan_outs_thread_is_for_its_agent_until_the_operator_speaks_there(log: Log) -> None:
    handed = said("m1", "handoff", execution="x1")
    await log.write("t", opened("t", source_thread="s", answers_to="lead"), handed)
    (row,) = (await everything(log)).rows
    assert row.answers_to == "lead"
    await log.write("t", said("m2"))
    (row,) = (await everything(log)).rows
    assert row.answers_to is None


async def test_a_thread_keeps_its_batch_and_summary_until_others_come(log: Log) -> None:
    await log.write("t", opened("t", batch="b1"), said("m1"))
    await log.write("t", e.ThreadDescribed(summary="s"), said("m2"))
    await log.write("t", e.ThreadDescribed(batch="b2"), said("m3"))
    row = await log.ask(threads.thread_by_id, "t")
    assert row == threads.ThreadRow(
        repository=None,
        thread="t",
        status="Active",
        batch="b2",
        summary="s",
        source_thread=None,
        answers_to=None,
        created_position=1,
        created_at=1.0,
        updated_position=6,
        updated_at=3.0,
    )
    assert await log.ask(threads.thread_by_id, "other") is None


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (e.ThreadClosed(status="Completed", by="o"), "Completed"),
        (e.ThreadClosed(status="Failed", by="o"), "Failed"),
        (e.ThreadFailed(execution="x"), "Failed"),
        (e.ThreadAbandoned(by="o"), "Abandoned"),
    ],
)
async def test_a_thread_that_ended_stays_so_until_it_is_reopened(log: Log, event: e.Event, status: str) -> None:
    """A note on an ended thread moves its update time, not its status (a-core 3)."""
    await log.write("t", opened("t"), event)
    (position,) = await log.write("t", said("m1"))
    row = await log.ask(threads.thread_by_id, "t")
    assert row is not None
    assert (row.status, row.updated_position) == (status, position)
    await log.write("t", e.ThreadReopened(previous=row.status, by="o"))
    row = await log.ask(threads.thread_by_id, "t")
    assert row is not None
    assert row.status == "Active"


async def test_progress_of_an_execution_does_not_update_its_thread(log: Log) -> None:
    *_, newest = await log.write("t", opened("t"), said("m1"))
    await log.write("t", queued("x1"), *begun("x1"), ended("x1"))
    row = await log.ask(threads.thread_by_id, "t")
    assert row is not None
    assert row.updated_position == newest


# proves: a-core 7
async def test_the_status_view_shows_each_thread_once_with_its_newest_execution(log: Log) -> None:
    """Both executions were queued in the same second (a-core 7)."""
    await log.write("t", opened("t"), said("m1"), queued("x1", agent="dev"), queued("x2", agent="rev"))
    await log.write("u", opened("u"), said("m2", recipient="lead"))
    page = await everything(log)
    assert [(row.thread, row.agent, row.execution) for row in page.rows] == [
        ("u", "lead", None),
        ("t", "rev", "x2"),
    ]
    assert (page.rows[0].message_intent, page.rows[0].message_number) == ("dispatch", 6)
    assert page.total == 2


async def test_the_status_view_is_filtered_and_limited_and_counts_all(log: Log) -> None:
    for n in range(4):
        await log.write(f"t{n}", opened(f"t{n}", batch=f"b{n % 2}"), said(f"m{n}", recipient=f"a{n // 2}"))
    await log.write("t3", e.ThreadAbandoned(by="o"))

    async def found(limit: int = 50, **wanted: str) -> tuple[list[str], int]:
        page = await log.ask(threads.status_page, threads.StatusFilter(**wanted), limit)  # type: ignore[arg-type]
        return [row.thread for row in page.rows], page.total

    assert await found(limit=1) == (["t3"], 4)
    assert await found(batch="b0") == (["t2", "t0"], 2)
    assert await found(agent="a0") == (["t1", "t0"], 2)
    assert await found(status="Abandoned") == (["t3"], 1)
    assert await found(thread="t1", agent="a1") == ([], 0)
    assert await log.ask(threads.count_by_status) == {"Abandoned": 1, "Active": 3}


async def test_messages_have_the_number_of_their_event(log: Log) -> None:
    _, first = await log.write("t", opened("t"), said("m1", skip_handoff=True, batch="b"))
    await log.write("u", opened("u"), said("m2"))
    (third,) = await log.write("t", said("m3", "response", "operator", execution="x1", depth=2), lineage="l2")
    message = await log.ask(messages.message_by_number, third)
    assert message is not None
    assert (message.message, message.execution, message.depth, message.lineage) == ("m3", "x1", 2, "l2")
    of_thread = await log.ask(messages.messages_of_thread, "t")
    assert [(one.number, one.skip_handoff) for one in of_thread] == [(first, True), (third, False)]
    assert [one.number for one in await log.ask(messages.messages_of_thread, "t", after=first)] == [third]
    assert await log.ask(messages.message_by_number, 1) is None
    assert await log.ask(messages.count_messages) == 3


async def test_the_newest_message_can_be_asked_by_intent(log: Log) -> None:
    await log.write("t", opened("t"), said("m1"), said("m2", "response"), said("m3", "note"))

    async def newest(**wanted: str) -> str | None:
        message = await log.ask(messages.newest_message, "t", **wanted)
        return message.message if message is not None else None

    assert await newest() == "m3"
    assert await newest(intent="response") == "m2"
    assert await newest(intent="nothing") is None


async def test_an_execution_is_told_from_its_queue_to_its_end(log: Log) -> None:
    _, message, _ = await log.write("t", opened("t"), said("m1"), queued("x1", attempt=1, reason="retry"))
    await log.write("t", e.ExecutionRequested(execution="x1", workdir="/w", worktree=True, timeout_secs=60.0))
    assert (await log.ask(execution_queries.execution_by_id, "x1")).status == "picked_up"
    await log.write("t", e.ExecutionStarted(execution="x1", pid=7, started_at=100.5))
    process = e.ProcessEnd(kind="exited", exit_code=3, duration_secs=2.5, cut_bytes=9)
    usage = e.Usage(cost_usd=0.25, tokens_in=1, tokens_out=2, tokens_cached=3, turns=4)
    snapshot = e.SnapshotTaken(commit="c", head="h", dirty=True)
    end = ended("x1", "failed", category="transient", error="it broke", session="s", usage=usage)
    await log.write("t", msgspec.structs.replace(end, process=process, snapshot=snapshot, verdict="approve"))
    row = await log.ask(execution_queries.execution_by_id, "x1")
    assert row is not None
    assert (row.message_number, row.attempt, row.reason, row.worktree) == (message, 1, "retry", True)
    assert (row.queued_at, row.requested_at, row.started_at, row.ended_at) == (1.0, 2.0, 100.5, 4.0)
    assert (row.status, row.category, row.error, row.in_flight) == ("failed", "transient", "it broke", False)
    assert (row.cost_usd, row.tokens_in, row.tokens_out, row.tokens_cached, row.turns) == (0.25, 1, 2, 3, 4)
    assert (row.exit_kind, row.exit_code, row.exit_signal, row.duration_secs, row.cut_bytes) == (
        "exited",
        3,
        None,
        2.5,
        9,
    )
    assert (row.snapshot_commit, row.snapshot_head, row.snapshot_dirty, row.verdict) == (
        "c",
        "h",
        True,
        "approve",
    )


async def test_what_is_unsettled_is_told_overall_and_for_a_lineage(log: Log) -> None:
    assert not await log.ask(execution_queries.is_work_unsettled)
    await log.write("t", opened("t"), said("m1"), queued("waiting"), queued("running"), *begun("running"))
    await log.write("u", opened("u"), said("m2"), queued("stopping"), *begun("stopping"), lineage="l2")
    await log.write("u", e.ExecutionCancelled(execution="stopping", reason="gone"), lineage="l2")
    await log.write("t", queued("withdrawn"), e.ExecutionCancelled(execution="withdrawn", reason="gone"))
    unsettled = await log.ask(execution_queries.unsettled_executions)
    assert [(row.execution, row.status, row.stopping) for row in unsettled] == [
        ("waiting", "queued", False),
        ("running", "executing", False),
        ("stopping", "cancelled", True),
    ]
    assert await log.ask(execution_queries.unsettled_names) == {"waiting", "running", "stopping"}
    assert await log.ask(execution_queries.is_work_unsettled)
    of_lineage = await log.ask(execution_queries.unsettled_executions, lineage="l2")
    assert [row.execution for row in of_lineage] == ["stopping"]
    await log.write("u", e.ExecutionStopped(execution="stopping", process=e.ProcessEnd(kind="killed", signal=9)))
    assert await log.ask(execution_queries.unsettled_executions, lineage="l2") == ()
    stopped = await log.ask(execution_queries.execution_by_id, "stopping")
    assert stopped is not None
    assert (stopped.exit_kind, stopped.exit_signal, stopped.error) == ("killed", 9, "gone")
    await log.write("t", *(e.ExecutionCancelled(execution=one, reason="gone") for one in ("waiting", "running")))
    assert await log.ask(execution_queries.is_work_unsettled), "the running one still stops"
    await log.write("t", e.ExecutionStopped(execution="running", process=e.ProcessEnd(kind="killed", signal=9)))
    assert not await log.ask(execution_queries.is_work_unsettled)


async def test_ends_on_a_backend_are_told_newest_first_back_to_the_last_success(log: Log) -> None:
    await log.write("t1", opened("t1"))
    positions = []
    for number, status in enumerate(["completed", "failed", "completed", "failed", "timed_out"]):
        name = f"x{number}"
        await log.write("t1", said(f"m{number}"), queued(name, f"m{number}"), *begun(name))
        positions += await log.write("t1", ended(name, status))
    found = await log.ask(ends.ends_on, "claude", 0)
    assert [(end.position, end.status) for end in found] == [
        (positions[4], "timed_out"),
        (positions[3], "failed"),
        (positions[2], "completed"),
    ]
    assert len(await log.ask(ends.ends_on, "claude", positions[2])) == 2
    assert await log.ask(ends.ends_on, "codex", 0) == ()


async def test_recent_and_scheduled_executions_are_listed(log: Log) -> None:
    await log.write("t", opened("t", batch="b"), said("m1"), queued("x1"), queued("x2", not_before=50.0))
    await log.write("u", opened("u"), said("m2"), queued("x3", agent="rev", not_before=40.0), queued("x4"))

    async def listed(limit: int = 20, after: str = "", **wanted: object) -> list[str]:
        last = await log.ask(execution_queries.execution_by_id, after)
        rows = await log.ask(tasks.list_tasks, tasks.TaskFilter(**wanted), limit, after=last)  # type: ignore[arg-type]
        return [row.execution for row in rows]

    assert await listed(limit=3, every=True) == ["x4", "x3", "x2"]
    assert await listed(after="x2", every=True) == ["x1"]
    assert await listed() == ["x4", "x2"]
    assert await listed(batch="b", every=True) == ["x2", "x1"]
    assert await listed(agent="rev", statuses=("queued",)) == []
    assert await listed(agent="rev", statuses=("queued",), every=True) == ["x3"]
    assert await listed(later_than=0.0) == ["x3", "x2"]
    assert await listed(later_than=0.0, after="x3") == ["x2"]
    scheduled = await log.ask(execution_queries.scheduled_executions, 45.0)
    assert [row.execution for row in scheduled] == ["x2"]
    assert [row.execution for row in await log.ask(execution_queries.scheduled_executions, 0.0)] == [
        "x3",
        "x2",
    ]


async def test_loads_and_costs_are_summed_per_agent(log: Log) -> None:
    await log.write("t", opened("t"), said("m1"), queued("x1"), queued("x2"), queued("x3", not_before=90.0))
    await log.write("t", *begun("x1"), queued("x4", agent="rev"), ended("x4"))
    assert await log.ask(counters.loads, 50.0) == (counters.AgentLoad(agent="dev", running=1, queued=1, scheduled=1),)
    await log.write("t", ended("x1", usage=e.Usage(cost_usd=1.0, tokens_in=5)))
    await log.write("t", ended("x2", usage=e.Usage(cost_usd=2.0, tokens_out=6)))
    dev, rev = await log.ask(counters.cost_by_agent)
    assert (dev.agent, dev.executions, dev.priced, dev.cost_usd, dev.average_usd) == ("dev", 3, 2, 3.0, 1.5)
    assert (rev.agent, rev.cost_usd, rev.average_usd) == ("rev", None, None)
    assert (dev.tokens_in, dev.tokens_out) == (5, 6)


async def test_a_worktree_is_known_from_its_plan_on_and_a_new_plan_does_not_undo_it(log: Log) -> None:
    plan = e.WorktreePlanned(execution="x1", repository="/r", branch="compas/t", base="main")
    await log.write("t", opened("t"), plan)
    (planned,) = await log.ask(worktrees.worktrees_of_thread, "t")
    assert (planned.path, planned.branch, planned.execution) == (None, "compas/t", "x1")
    await log.write("t", e.WorktreeReady(repository="/r", path="/w", branch="compas/t", base="main", base_commit="c"))
    await log.write("t", plan)
    (ready,) = await log.ask(worktrees.all_worktrees)
    assert (ready.path, ready.base_commit, ready.execution) == ("/w", "c", "x1")


def merge(op: str, thread: str = "t", target: str = "main") -> e.MergeQueued:
    words = dict.fromkeys(("strategy", "requested_by", "message", "source_tip"), "w")
    return e.MergeQueued(op=op, thread=thread, repository="/r", source="compas/t", target=target, **words)


async def test_a_merge_is_told_from_its_queue_to_its_end(log: Log) -> None:
    await log.write("t", opened("t"), merge("o1"), e.MergeStarted(op="o1"))
    await log.write("t", e.MergePrepared(op="o1", kind="merge", target_old="a", new_commit="b"))
    row = await log.ask(merges.merge_by_op, "o1")
    assert row is not None
    assert (row.status, row.kind, row.target_old, row.new_commit) == ("publishing", "merge", "a", "b")
    await log.write("t", e.MergeCompleted(op="o1", new_commit="b", summary="2 files"))
    row = await log.ask(merges.merge_by_op, "o1")
    assert row is not None
    assert (row.status, row.summary, row.started_at, row.ended_at) == ("completed", "2 files", 1.0, 3.0)
    assert await log.ask(merges.merge_by_op, "o2") is None


async def test_a_failed_merge_names_its_conflicts(log: Log) -> None:
    conflict = e.Conflict(path="ü.py", kind="both_modified")
    await log.write("t", opened("t"), merge("o1"), e.MergeStarted(op="o1"))
    await log.write("t", e.MergeFailed(op="o1", code="conflict", reason="both changed", conflicts=(conflict,)))
    row = await log.ask(merges.merge_by_op, "o1")
    assert row is not None
    assert (row.status, row.code, row.error, row.conflicting()) == (
        "failed",
        "conflict",
        "both changed",
        (conflict,),
    )


async def test_a_conflict_is_open_until_its_agent_has_been_told(log: Log) -> None:
    await log.write("t", opened("t"), merge("o1"), e.MergeStarted(op="o1"))
    await log.write("t", e.MergeFailed(op="o1", code="conflict", reason="both changed", hand_back="do it"))
    assert [row.op for row in await log.ask(merges.open_merges)] == ["o1"]
    assert await log.ask(merges.is_merge_open)
    await log.write("t", e.MergeHandedBack(op="o1", summary="handed back to dev", agent="dev"))
    assert await log.ask(merges.open_merges) == ()
    assert not await log.ask(merges.is_merge_open)
    row = await log.ask(merges.merge_by_op, "o1")
    assert row is not None
    assert (row.status, row.summary, row.handed_back_to, row.open) == ("failed", "handed back to dev", "dev", False)


async def test_a_merge_that_is_started_again_counts_from_its_first_start(log: Log) -> None:
    await log.write("t", opened("t"), merge("o1"), e.MergeStarted(op="o1"))
    first = await log.ask(merges.merge_by_op, "o1")
    await log.write("t", e.MergePrepared(op="o1", kind="squash", target_old="a", new_commit="b"))
    await log.write("t", e.MergeStarted(op="o1"))
    again = await log.ask(merges.merge_by_op, "o1")
    assert first is not None
    assert again is not None
    assert (again.status, again.started_at) == ("executing", first.started_at)


async def test_open_and_recent_merges_are_listed(log: Log) -> None:
    await log.write("t", opened("t"), merge("o1"), merge("o2", target="next"), merge("o3", thread="u"))
    await log.write("t", e.MergeCancelled(op="o1", reason="withdrawn"), e.MergeStarted(op="o2"))
    assert [row.op for row in await log.ask(merges.open_merges)] == ["o2", "o3"]
    assert [row.op for row in await log.ask(merges.merges_of_thread, "t")] == ["o1", "o2"]
    assert await log.ask(merges.merges_by_status) == {"cancelled": 1, "executing": 1, "queued": 1}
    assert await log.ask(merges.merges_by_status, merges.MergeFilter(target="next")) == {"executing": 1}

    async def recent(limit: int = 20, **wanted: str) -> list[str]:
        chosen = merges.MergeFilter(**wanted)  # type: ignore[arg-type]
        return [row.op for row in await log.ask(merges.recent_merges, chosen, limit)]

    assert await recent(limit=2) == ["o3", "o2"]
    assert await recent(target="main", status="cancelled") == ["o1"]


async def test_a_wait_sees_every_lineage_with_a_message_in_its_thread(log: Log) -> None:
    """`u` is a fan-out child of `t`; `v` has nothing to do with it."""
    await log.write("t", opened("t"), said("m1"), queued("x1"), *begun("x1"), lineage="l1")
    await log.write("u", opened("u", source_thread="t"), said("m2", execution="x1"), queued("x2"), lineage="l1")
    await log.write("v", opened("v"), said("m3"), queued("x3"), lineage="l3")
    (ended_at,) = await log.write("t", ended("x1"), lineage="l1")
    (reply,) = await log.write("t", said("m4", "response", "operator", execution="x1"), lineage="l1")
    seen = await log.ask(picture, "t", after=2)
    assert isinstance(seen, Picture)
    assert [(message.number, message.from_execution) for message in seen.messages] == [(reply, True)]
    assert [(run.execution, run.thread, run.in_flight, run.ended_position) for run in seen.executions] == [
        ("x1", "t", False, ended_at),
        ("x2", "u", True, None),
    ]
    assert await log.ask(picture, "nowhere") is None


async def test_a_wait_for_one_dispatch_sees_only_its_lineage(log: Log) -> None:
    await log.write("t", opened("t"), said("m1"), queued("x1"), lineage="l1")
    await log.write("t", said("m2"), queued("x2"), lineage="l2")
    seen = await log.ask(picture, "t", lineage="l2")
    assert seen is not None
    assert [run.execution for run in seen.executions] == ["x2"]
    assert len(seen.messages) == 1


async def test_everything_of_a_thread_is_read_from_one_state(log: Log) -> None:
    await log.write("t", opened("t"), said("m1"), queued("x1"), lineage="")

    def both(reader: Reader) -> tuple[int, int]:
        runs = execution_queries.executions_of_thread(reader, "t")
        return len(runs), len(messages.messages_of_thread(reader, "t"))

    assert await log.store.query(both) == (1, 1)
