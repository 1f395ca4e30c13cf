"""The main job, with some process killing itself at each named point: it ends as if nothing had happened."""

import signal
from collections import Counter
from typing import NamedTuple

import pytest

from compas import failpoints
from compas.git.protocol.worktrees import FillPool
from compas.git.worktree.pool import fill_pool
from tests.kit.ceiling import CEILING
from tests.kit.system import hook_crashes, merge_crashes, retention_crashes, schedule_crashes
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.workshop import Workshop, finish

IN_MERGES = merge_crashes.POINTS
"""Those of `test_crash_in_merges`."""
IN_SCHEDULES = schedule_crashes.POINTS
"""Those of `test_schedules`."""
IN_RETENTION = retention_crashes.POINTS
"""Those of `test_retention`."""
BEFORE_HOOKS = hook_crashes.POINTS
"""Those of `test_hooks`."""

pytestmark = pytest.mark.system


class Crash(NamedTuple):
    """Where a process dies: at the n-th time it is there. `runs` says how often the first agent's program may run."""

    point: str
    runs: tuple[int, ...] = (1,)
    attempts: int = 1

    @property
    def name(self) -> str:
        return self.point.partition(":")[0]

    @property
    def may_repeat_setup(self) -> bool:
        """Whether it may die after the setup ran and before that is in the log."""
        return self.name == "worktree.set_up" or self.name.startswith("store.")

    @property
    def is_in_start(self) -> bool:
        """Whether it may die before it serves: what a start writes stands first in the log."""
        return self.name.startswith("store.") and self.point.endswith((":1", ":2"))

    @property
    def is_in_supervisor(self) -> bool:
        return not self.name.startswith(("runner.", "git."))


TABLE = (
    Crash("runner.locked"),
    Crash("runner.recorded", attempts=2),
    Crash("runner.released", runs=(1, 2), attempts=2),
    Crash("runner.agent_ended", runs=(2,), attempts=2),
    Crash("runner.exit_written"),
    Crash("store.before_append:2"),
    Crash("store.in_transaction:7"),
    Crash("store.committed:1"),
    Crash("store.committed:2"),
    Crash("store.committed:7"),
    Crash("store.committed:13"),
    Crash("git.worktree_added"),
    Crash("git.pool_made"),
    Crash("git.pool_claimed"),
    Crash("git.pool_moved"),
    Crash("git.merge_prepared"),
    Crash("git.ref_published"),
    Crash("git.checkout_followed"),
    Crash("worktree.made"),
    Crash("worktree.files_copied"),
    Crash("worktree.set_up"),
    Crash("worktree.removal_planned"),
    Crash("worktree.torn_down"),
    Crash("git.worktree_removed"),
    Crash("worktree.removed"),
    Crash("execution.spec_written"),
    Crash("execution.requested"),
    Crash("execution.launched"),
    Crash("execution.exit_read"),
    Crash("execution.snapshot_taken"),
    Crash("execution.recorded"),
    Crash("merge.intent_logged"),
    Crash("merge.published"),
)
TRANSACTIONS = range(1, 20)
"""How often the whole job writes to the log: each of them is a place to die at, three times over."""
EXHAUSTIVE = tuple(
    Crash(f"store.{moment}:{number}")
    for moment in ("before_append", "in_transaction", "committed")
    for number in TRANSACTIONS
)


def test_every_failpoint_is_in_a_table() -> None:
    others = {point.partition(":")[0] for point in (*IN_MERGES, *IN_SCHEDULES, *IN_RETENTION, *BEFORE_HOOKS)}
    assert {crash.name for crash in TABLE} | others == set(failpoints.NAMES)


# proves: b-mcp-cli-merge 104
@pytest.mark.parametrize("crash", TABLE, ids=lambda crash: crash.point)
async def test_a_crash_loses_nothing_and_repeats_nothing(workshop: Workshop, crash: Crash) -> None:
    await live_through(workshop, crash)


@pytest.mark.long
@pytest.mark.parametrize("crash", EXHAUSTIVE, ids=lambda crash: crash.point)
async def test_a_crash_around_any_write_loses_nothing_and_repeats_nothing(workshop: Workshop, crash: Crash) -> None:
    await live_through(workshop, crash)


async def live_through(workshop: Workshop, crash: Crash) -> None:
    """Do the main job with a crash in it; each command goes on by itself, with a new supervisor where it has to."""
    ran = workshop.root / "ran"
    work = [{"append": str(ran), "text": "dev\n"}, {"write": "new.txt", "text": "new\n"}, {"reply": "Made it."}]
    review = [{"append": str(ran), "text": "reviewer\n"}, {"reply": "Good.\n\nVerdict: approve"}]
    handoff = {"on_response": "reviewer", "until": "approved"}
    workshop.configure(
        [
            workshop.agent("dev", work, work, workspace="worktree", commit="auto", handoff=handoff),
            workshop.agent("reviewer", review, review),
        ],
        repositories=[
            {
                "path": "repo",
                "copy": [".env"],
                "ports": 2,
                "pool": 1,
                "setup": {"run": f"echo setup >> '{ran}'"},
                "teardown": {"run": f"echo teardown >> '{ran}'"},
            }
        ],
    )
    (workshop.repo / ".git" / "info").mkdir(exist_ok=True)
    (workshop.repo / ".git" / "info" / "exclude").write_text(".env\n")
    (workshop.repo / ".env").write_text("KEY=1\n")
    if crash.name in ("git.pool_claimed", "git.pool_moved"):
        # The supervisor fills its pool beside all else, and a thread that is faster makes its worktree itself.
        await fill_pool(FillPool(repo=str(workshop.repo), base="main", size=1))
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(may_die=crash.is_in_start, COMPAS_FAILPOINT=f"{crash.point}@{fuse}")

    answer = workshop.ask("dispatch", "dev", "Make new.txt", "--thread", "t1", "--wait", "--timeout", str(CEILING))
    assert (answer["from"], answer["body"]) == ("reviewer", "Good.\n\nVerdict: approve")
    workshop.git("commit", "-q", "--allow-empty", "-m", "meanwhile")
    merge = workshop.ask("merge", "t1")
    merged = workshop.ask("wait-merge", "--op-id", merge["op_id"], "--timeout", str(CEILING))
    assert merged["status"] == "completed"
    assert workshop.ask("close", "t1")["status"] == "Completed"
    workshop.until("worktree.removed")

    assert not fuse.exists(), f"{crash.point} was never reached"
    if crash.is_in_supervisor:
        assert supervisor.wait(CEILING) == -signal.SIGKILL
    else:
        assert supervisor.poll() is None, "the supervisor outlives its workers"
    check_conversation(workshop, crash)
    check_repository(workshop, merged["commit"])
    assert finish(workshop.begin("stop")).code == 0
    before, after = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert after == before


def check_conversation(workshop: Workshop, crash: Crash) -> None:
    transcript = workshop.ask("transcript", "t1")
    assert workshop.ask("status")["total"] == 1
    said = Counter((one["from"], one["to"], one["intent"]) for one in transcript["messages"])
    assert said == {
        ("operator", "dev", "dispatch"): 1,
        ("dev", "operator", "response"): 1,
        ("dev", "reviewer", "handoff"): 1,
        ("reviewer", "operator", "response"): 1,
        ("operator", "operator", "completion"): 1,
    }
    runs = Counter((run["agent"], run["status"]) for run in transcript["executions"])
    crashed = {("dev", "crashed"): crash.attempts - 1} if crash.attempts > 1 else {}
    assert runs == {("dev", "completed"): 1, ("reviewer", "completed"): 1, **crashed}
    ran = Counter((workshop.root / "ran").read_text().split())
    assert ran["dev"] in crash.runs
    assert ran["reviewer"] == 1
    assert ran["setup"] == 1 or (ran["setup"] == 2 and crash.may_repeat_setup)
    log = workshop.events()
    assert [event["position"] for event in log] == list(range(1, len(log) + 1))
    kinds = Counter(event["type"] for event in log)
    assert kinds["execution.ended"] == kinds["execution.requested"] == crash.attempts + 1
    assert (kinds["worktree.ready"], kinds["worktree.furnished"], kinds["setup.ended"]) == (1, 1, 1)
    assert (kinds["ports.leased"], kinds["ports.released"]) == (1, 1)
    assert (kinds["worktree.removal_planned"], kinds["worktree.removed"], kinds["worktree.kept"]) == (1, 1, 0)
    assert ran["teardown"] >= 1
    assert (kinds["merge.queued"], kinds["merge.completed"], kinds["merge.failed"]) == (1, 1, 0)


def check_repository(workshop: Workshop, commit: str) -> None:
    assert workshop.git("rev-parse", "main") == commit
    assert workshop.git("log", "--format=%s", "--merges", "main").splitlines() == ["Merge compas/t1 into main"]
    assert workshop.git("log", "--format=%s", "--no-merges", "main").splitlines().count("Make new.txt") == 1
    assert (workshop.repo / "new.txt").read_text() == "new\n"
    assert workshop.git("status", "--porcelain") == ""
    listed = [line for line in workshop.git("worktree", "list").splitlines() if "/.pool-" not in line]
    assert len(listed) == 1
    assert len(list((workshop.repo / ".compas-worktrees").glob(".pool-*"))) <= 1
    assert workshop.git("for-each-ref", "refs/heads/compas/") == ""
    workshop.git("fsck", "--strict")
