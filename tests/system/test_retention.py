"""What has gathered goes by `compas prune`, with real files, refs and answers; a crash in the middle leaves no half."""

import signal

import pytest

from tests.kit.ceiling import CEILING
from tests.kit.system import retention_crashes
from tests.kit.system.read_models import before_and_after_a_rebuild
from tests.kit.system.workshop import Workshop, finish

pytestmark = pytest.mark.system
SOON = {"executions": "1s", "snapshots": "1s"}


def prepare(workshop: Workshop, *, log_count: int = 0) -> None:
    """Have a thread that has ended, with a snapshot of what it left uncommitted, and one that is open."""
    work = [{"write": "new.txt", "text": "new\n"}, {"reply": "Made it."}]
    workshop.configure(
        [workshop.agent("dev", work, work, workspace="worktree")],
        retention=SOON,
        orchestration={"log_retention_count": log_count},
        repositories=[{"path": "repo", "base": "main"}],
    )


def work(workshop: Workshop) -> dict[str, str]:
    """Return the snapshots, by execution, of a thread that ended and of one that is open, in this order."""
    for thread in ("ended", "open"):
        workshop.ask("dispatch", "dev", "work", "--thread", thread)
        workshop.ask("wait", thread)
    workshop.ask("abandon", "ended")
    workshop.ask("worktree-remove", "ended", "--force")
    return refs(workshop)


def refs(workshop: Workshop) -> dict[str, str]:
    listed = workshop.git("for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/compas/snap/")
    return {name: commit for name, _, commit in (line.partition(" ") for line in listed.splitlines())}


def prune(workshop: Workshop, due: int) -> dict[str, int]:
    """Look until so much is due of files and refs together; then have it removed, and return what went."""
    while True:
        shown = workshop.ask("prune")["gathered"]
        if sum(one["due"] for one in shown) >= due:
            return {one["kind"]: one["removed"] for one in workshop.ask("prune", "--yes")["gathered"]}


def run_of(workshop: Workshop, thread: str) -> str:
    (run,) = workshop.ask("transcript", thread)["executions"]
    return str(run["id"])


def test_prune_shows_then_removes_and_everything_is_still_found(workshop: Workshop) -> None:
    prepare(workshop)
    before = work(workshop)
    ended, opened = run_of(workshop, "ended"), run_of(workshop, "open")
    workshop.until_logged("logs.removed", 0)
    shown = workshop("prune")
    assert shown.code == 0
    assert "the log is never cut" in shown.out
    assert refs(workshop) == before
    assert prune(workshop, 3) == {"execution files": 2, "snapshot refs": 1, "kept answers": 0}
    left = refs(workshop)
    assert opened in left
    assert ended not in left
    workshop.git("merge-base", "--is-ancestor", before[ended], "refs/compas/snapshots")
    assert workshop.git("show", f"{before[ended]}:new.txt").strip() == "new"
    told = workshop("log", "ended")
    assert "removed by retention at" in told.out
    assert "Made it." in told.out
    assert workshop.ask("diff", "open")["text"]


@pytest.mark.parametrize("point", retention_crashes.POINTS)
async def test_a_crash_in_the_middle_leaves_nothing_half(workshop: Workshop, point: str) -> None:
    prepare(workshop)
    fuse = workshop.root / "fuse"
    fuse.touch()
    supervisor = workshop.supervise(COMPAS_FAILPOINT=f"{point}@{fuse}")
    before = work(workshop)
    workshop.until_logged("logs.removed", 0)
    prune(workshop, 3)
    assert not fuse.exists(), f"{point} was never reached"
    if not point.startswith("git."):
        assert supervisor.wait(CEILING) == -signal.SIGKILL
    ended, opened = run_of(workshop, "ended"), run_of(workshop, "open")
    workshop.ask("prune", "--yes")
    left = refs(workshop)
    assert opened in left
    assert ended not in left
    assert left[opened] == before[opened]
    workshop.git("merge-base", "--is-ancestor", before[ended], "refs/compas/snapshots")
    assert not (workshop.state / "executions" / ended).exists()
    archived = [one["data"]["executions"] for one in workshop.events() if one["type"] == "snapshots.archived"]
    assert archived == [[ended]]
    removed = [name for one in workshop.events() if one["type"] == "logs.removed" for name in one["data"]["executions"]]
    assert sorted(removed) == sorted([ended, opened]), "each is told of once"
    assert finish(workshop.begin("stop")).code == 0
    tables, rebuilt = await before_and_after_a_rebuild(workshop.state / "compas.sqlite")
    assert tables == rebuilt
