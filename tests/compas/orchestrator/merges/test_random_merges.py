"""Random lives of merges: whatever ends a thread, whoever is killed, what was given up is never published."""

import contextlib
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.remote.errors import RequestFailed, SessionLost
from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import ABANDON, CLOSE, REOPEN, CloseMerge
from compas.api.merges import MERGE, MERGE_CANCEL
from compas.api.operation import Operation
from compas.api.worktrees import WORKTREE_REMOVE
from compas.domain import events as e
from compas.domain.merge import OPEN
from compas.domain.specs import CommandSpec, RepositorySpec, RetentionSpec
from compas.orchestrator.services import JOURNAL, MERGES, THREADS, merge_name, thread_name
from compas.store.projections.merges import MergeFilter, open_merges, recent_merges
from tests.kit.orchestrator.actor_workshop import REPO, Supervisor, Workshop, agent, open_workshop
from tests.kit.orchestrator.troupe import Turn

pytestmark = pytest.mark.exhaustive

THREADS_USED = ("t1", "t2")
TARGETS = ("main", "release")
VICTIMS = ("thread", "thread", "merge", "merge", JOURNAL, MERGES, THREADS)
MOMENTS: dict[str, type[e.Event]] = {
    kind.__name__: kind
    for kind in (
        e.MergeQueued,
        e.MergeStarted,
        e.PublicationBegun,
        e.MergePrepared,
        e.MergeCompleted,
        e.MergeCancelled,
        e.PublicationOver,
        e.ThreadAbandoned,
        e.ThreadClosed,
    )
}

Step = tuple[str, *tuple[object, ...]]
thread = st.sampled_from(THREADS_USED)
target = st.sampled_from(TARGETS)
ambush = st.tuples(st.just("ambush"), st.sampled_from(VICTIMS), st.sampled_from(sorted(MOMENTS)))
step = st.one_of(
    st.tuples(st.sampled_from(["merge", "merge and close"]), thread, target),
    st.tuples(st.sampled_from(["merge", "merge and close"]), thread, target),
    st.tuples(st.sampled_from(["abandon", "abandon", "fail", "complete", "reopen", "work", "remove"]), thread),
    st.tuples(st.just("cancel"), target),
    st.tuples(
        st.just("slow"),
        st.sampled_from(["PrepareMerge", "VerifyMerge", "PublishMerge", "ClearMerge"]),
        st.sampled_from([0.5, 3.0]),
    ),
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.0, 1.0, 5.0])),
    st.tuples(st.just("kill"), st.sampled_from(VICTIMS), thread),
    ambush,
    ambush,
    st.tuples(st.just("crash")),
)


async def commits(turn: Turn) -> None:
    """Commit a file that nobody else does."""
    turn.commit("work", **{turn.spec.execution: "work\n"})
    await turn.reply("done")


class Life:
    """Plays one program, over as many supervisors as it takes; requests go on while the next one is made."""

    def __init__(self, shop: Workshop, nursery: trio.Nursery) -> None:
        self._shop = shop
        self._nursery = nursery
        self._journal_kills = 2
        self.abandoned: list[tuple[int, str]] = []
        """Where the log was when somebody was told that a thread is abandoned."""

    async def play(self, program: list[Step]) -> None:
        """Take all steps, then wait until every merge is over."""
        waiting, is_over = list(program), False
        self._shop.plays("dev", commits)
        while not is_over:
            async with (
                self._shop.supervisor() as supervisor,
                AsyncExitStack() as ambushes,
                trio.open_nursery() as asking,
            ):
                if len(waiting) == len(program):
                    for name in THREADS_USED:
                        await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id=name))
                is_over = await self._play_until_crash(supervisor, asking, ambushes, waiting)
                if is_over:
                    await self._settle(supervisor)
                asking.cancel_scope.cancel()

    async def _settle(self, supervisor: Supervisor) -> None:
        with trio.fail_after(600):
            async with supervisor.system.bus.subscribe(lambda event: isinstance(event, e.Recorded)) as events:
                while await self._shop.store.query(open_merges):
                    await events.receive()
            await trio.sleep(60)
            for name in THREADS_USED:  # a thread that a publication held for good would answer nothing
                with contextlib.suppress(RequestFailed):
                    await supervisor.insist(ABANDON, thread_id=name)
            await trio.sleep(60)

    async def _play_until_crash(
        self, supervisor: Supervisor, asking: trio.Nursery, ambushes: AsyncExitStack, waiting: list[Step]
    ) -> bool:
        while waiting:
            name, *arguments = waiting.pop(0)
            match name, arguments:
                case "crash", _:
                    await supervisor.crash()
                    return False
                case "sleep", (seconds,):
                    await trio.sleep(float(seconds))
                case "slow", (operation, seconds):
                    held = trio.Event()
                    self._shop.git.held.setdefault(operation, []).append(held)
                    self._nursery.start_soon(self._set_after, held, seconds)
                case "kill", (victim, name):
                    await trio.lowlevel.checkpoint()
                    self._end_actor(supervisor, victim, name)
                case "ambush", (victim, moment):
                    await ambushes.enter_async_context(supervisor.when(*self._ambush(supervisor, victim, moment)))
                case "cancel", (target,):
                    asking.start_soon(self._cancel, supervisor, target)
                case _:
                    asking.start_soon(self._ask, supervisor, *self._request(name, *arguments))
                    await trio.lowlevel.checkpoint()
        return True

    def _request(self, name: str, thread: str, target: str = "") -> tuple[Operation[object, object], dict[str, object]]:
        requests = {
            "merge": (MERGE, {"target_branch": target}),
            "merge and close": (CLOSE, {"merge": CloseMerge(target_branch=target)}),
            "abandon": (ABANDON, {}),
            "fail": (CLOSE, {"status": "failed"}),
            "complete": (CLOSE, {}),
            "reopen": (REOPEN, {}),
            "work": (DISPATCH, {"to": "dev", "body": "work"}),
            "remove": (WORKTREE_REMOVE, {}),
        }
        operation, fields = requests[name]
        return operation, {"thread_id": thread, **fields}

    async def _ask(self, supervisor: Supervisor, operation: Operation, fields: dict[str, object]) -> None:
        with contextlib.suppress(RequestFailed, SessionLost):
            await supervisor.insist(operation, **fields)
            if operation is ABANDON:
                self.abandoned.append((await self._shop.store.head(), str(fields["thread_id"])))

    async def _cancel(self, supervisor: Supervisor, target: str) -> None:
        found = await self._shop.store.query(lambda reader: recent_merges(reader, MergeFilter(target=target), 1))
        for row in found:
            with contextlib.suppress(RequestFailed, SessionLost):
                await supervisor.insist(MERGE_CANCEL, op_id=row.op)

    async def _set_after(self, held: trio.Event, seconds: float) -> None:
        await trio.sleep(seconds)
        held.set()

    def _ambush(
        self, supervisor: Supervisor, victim: str, moment: str
    ) -> tuple[type[e.Event], Callable[[e.Recorded], None]]:
        left = [None]

        def strike(recorded: e.Recorded) -> None:
            if left:
                left.pop()
                kind, _, name = recorded.stream.partition(":")
                self._end_actor(supervisor, victim, name if kind == "thread" else "t1")

        return MOMENTS[moment], strike

    def _end_actor(self, supervisor: Supervisor, victim: str, thread: str) -> None:
        if victim == JOURNAL:
            self._journal_kills -= 1
            if self._journal_kills < 0:
                return
        names = [merge_name(REPO, target) for target in TARGETS] if victim == "merge" else [victim]
        for name in [thread_name(thread)] if victim == "thread" else names:
            found = supervisor.system.registry.find(name)
            if found is not None:
                found.kill()


ENDS = (e.MergeCompleted, e.MergeFailed, e.MergeCancelled)


def broken_promises(life: Life, log: list[e.Recorded]) -> list[str]:
    """Return what of all that was promised is not so."""
    found: list[str] = []
    queued = {one.event.op: one for one in log if isinstance(one.event, e.MergeQueued)}
    ends = Counter(one.event.op for one in log if isinstance(one.event, ENDS))
    found += [f"{op} ended {ends[op]} times" for op in queued if ends[op] != 1]
    for one in log:
        match one.event:
            case e.MergePrepared(op=op):
                asked = queued[op]
                looked_at = asked.event.looked_at
                for given_up in log:
                    is_its = given_up.stream == e.thread_stream(asked.event.thread)
                    ends_it = isinstance(given_up.event, e.ThreadAbandoned | e.ThreadClosed)
                    if is_its and ends_it and looked_at < given_up.position < one.position:
                        found.append(f"{op} was to be published at {one.position}, after {given_up.event}")
                for position, thread in life.abandoned:
                    if thread == asked.event.thread and looked_at <= position < one.position:
                        found.append(f"{op} was to be published after {thread} was said to be abandoned")
            case e.ThreadClosed(status="Completed"):
                before = [other.event for other in log if other.stream == one.stream and other.position < one.position]
                turns = [event for event in before if isinstance(event, e.ThreadAbandoned | e.ThreadReopened)]
                is_by_merge = one.causation.startswith("request:close-after:")
                if is_by_merge and turns and isinstance(turns[-1], e.ThreadAbandoned):
                    found.append(f"{one.stream} was abandoned, and a merge has completed it")
    return found + unmatched_publications(log)


def unmatched_publications(log: list[e.Recorded]) -> list[str]:
    """Return what was wrong between the beginning of a publication and its end."""
    found: list[str] = []
    open_in: dict[str, str] = {}
    for one in log:
        match one.event:
            case e.PublicationBegun(op=op):
                if one.stream in open_in:
                    found.append(f"{op} began beside {open_in[one.stream]}")
                open_in[one.stream] = op
            case e.PublicationOver():
                open_in.pop(one.stream, None)
            case e.ThreadAbandoned() | e.WorktreeRemovalPlanned() if one.stream in open_in:
                found.append(f"{one.event} came while {open_in[one.stream]} was published")
            case e.MergePrepared(op=op) if op not in open_in.values():
                found.append(f"{op} was to be published without its thread's word")
    return found + [f"{op} is still held in {stream}" for stream, op in open_in.items()]


async def live(program: list[Step]) -> None:
    check = CommandSpec(run="true", timeout_secs=600)
    settings_ = {
        "repositories": (RepositorySpec(path=REPO, merge_verify=check),),
        "retention": RetentionSpec(worktrees=7000.0),
    }
    dev = agent("dev", workspace="worktree")
    async with open_workshop(dev, **settings_) as shop, trio.open_nursery() as nursery:
        shop.repo.tips["release"] = shop.repo.tips["main"]
        life = Life(shop, nursery)
        await life.play(program)
        log = list(await shop.store.read_all(limit=10_000))
        assert broken_promises(life, log) == []
        rows = await shop.store.query(lambda reader: recent_merges(reader, MergeFilter(), 1000))
        assert [row.op for row in rows if row.status in OPEN] == []
        for row in rows:
            if row.status == "completed" and row.new_commit is not None:
                assert shop.repo.contains(shop.repo.tips[row.target], row.new_commit)
        before, after = await shop.tables_and_rebuilt_tables()
        assert before == after
        nursery.cancel_scope.cancel()


@example([("slow", "VerifyMerge", 3.0), ("merge", "t1", "main"), ("sleep", 1.0), ("abandon", "t1")])
@example([("slow", "PublishMerge", 3.0), ("merge and close", "t1", "main"), ("sleep", 1.0), ("abandon", "t1")])
@example([("merge", "t1", "main"), ("abandon", "t1"), ("fail", "t1"), ("merge", "t1", "main"), ("abandon", "t1")])
@example([("ambush", "merge", "MergeCompleted"), ("merge and close", "t1", "main")])
@example([("ambush", "merge", "MergeCompleted"), ("merge", "t1", "main"), ("sleep", 5.0), ("complete", "t1")])
@settings(max_examples=30, deadline=None)
@given(program=st.lists(step, min_size=1, max_size=14))
def test_what_was_given_up_is_never_published(program: list[Step]) -> None:
    trio.run(live, program, clock=MockClock(autojump_threshold=0))


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
@settings(max_examples=500, deadline=None)
@given(program=st.lists(step, min_size=1, max_size=14))
def test_what_was_given_up_is_5_000_times_never_published(part: int, program: list[Step]) -> None:
    trio.run(live, program, clock=MockClock(autojump_threshold=0))
