"""The worker serves its supervisor: typed errors, epochs, two lanes, and recovery after its death."""

import os
import signal
from pathlib import Path
from typing import get_type_hints

import pytest
import trio
import trio.testing

from compas.failpoints import VARIABLE
from compas.git.errors import GitError, GitRefused, GitWorkerLost
from compas.git.protocol.client import GitWorker, open_git_worker
from compas.git.protocol.merging import FinishMerge, Prepared, PrepareMerge, Published, PublishMerge
from compas.git.protocol.reading import Contains, Describe, Diff, Graph, Resolve, Resolved, Status
from compas.git.protocol.request import Request
from compas.git.protocol.worktrees import CommitAll, EnsureWorktree, RemoveWorktree, TakeSnapshot
from compas.git.worker import LONG, OPERATIONS, Worker
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo, tree_of

pytestmark = pytest.mark.system


async def test_a_thread_goes_all_the_way_through_the_worker(repo: Repo, process: GitWorker) -> None:
    with trio.fail_after(CEILING):
        tree = await process.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
        repo.write("new.txt", "new\n", at=tree.path)
        taken = await process.ask(TakeSnapshot(of=tree_of(repo, tree.path), execution="e1"))
        assert (await process.ask(Status(of=tree_of(repo, tree.path)))).total == 1
        await process.ask(CommitAll(of=tree_of(repo, tree.path), message="Work"))
        shown = await process.ask(Diff(repo=str(repo), base="main", tip="refs/compas/snap/e1"))
        assert shown.files[0].path == "new.txt"
        merge = await process.ask(PrepareMerge(repo=str(repo), op="op1", source=tree.branch, target="main", message=""))
        assert isinstance(merge, Prepared)
        assert isinstance(await process.ask(PublishMerge(repo=str(repo), op="op1", prepared=merge)), Published)
        assert (await process.ask(Contains(repo=str(repo), commit=tree.branch, branch="main"))).contained
        assert not (await process.ask(Contains(repo=str(repo), commit=taken.commit, branch="main"))).contained
        assert "Work" in (await process.ask(Graph(repo=str(repo), revisions=("main",)))).text
        assert (await process.ask(Resolve(repo=str(repo), revision="main"))).commit == merge.new
        assert (await process.ask(Describe(path=tree.path))).main == str(repo)
        assert (await process.ask(RemoveWorktree(repo=str(repo), thread="t1", target="main"))).branch == "deleted"
    assert repo.read("new.txt") == "new\n"


async def test_a_refusal_keeps_its_code(process: GitWorker, tmp_path: Path) -> None:
    with pytest.raises(GitRefused, match="in no git repository") as caught:
        await process.ask(Describe(path=str(tmp_path)))
    assert caught.value.code == "not_a_repository"


class Unheard(Request[Resolved], frozen=True, kw_only=True):
    """What no worker serves."""


@pytest.mark.parametrize(
    ("request_", "trouble"),
    [(Unheard(), "no operation 'Unheard'"), (Describe(path=7), "arguments of Describe are not valid: Expected `str`")],
)
async def test_what_is_not_asked_properly_is_said_to_be(
    process: GitWorker, request_: Request[object], trouble: str
) -> None:
    with pytest.raises(GitError, match=trouble):
        await process.ask(request_)


@pytest.mark.parametrize("kind", OPERATIONS)
def test_an_operation_answers_what_its_request_names(kind: type[Request[object]]) -> None:
    _, operation = OPERATIONS[kind]
    hints = get_type_hints(operation)
    assert hints.pop("return") == kind.answer_type()
    assert list(hints.values()) == [kind]


async def test_a_supervisor_that_was_replaced_changes_nothing(repo: Repo) -> None:
    worker = Worker(epoch=4)
    await worker.perform(EnsureWorktree(epoch=5, repo=str(repo), thread="new", base="main"))
    with pytest.raises(GitRefused, match="number 5 has taken over") as caught:
        await worker.perform(EnsureWorktree(epoch=4, repo=str(repo), thread="old", base="main"))
    assert caught.value.code == "old_epoch"
    assert not repo.has("refs/heads/compas/old")
    await worker.perform(Describe(path=str(repo)))


async def test_long_jobs_never_keep_a_short_one_waiting(repo: Repo, tmp_path: Path) -> None:
    worker = Worker(epoch=1)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    repo.hook("pre-commit", f"read line < '{gate}'")
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as nursery:
            for number in range(LONG + 1):
                tree = await worker.perform(EnsureWorktree(epoch=1, repo=str(repo), thread=f"t{number}", base="main"))
                repo.write("new", at=tree.path)
                nursery.start_soon(worker.perform, CommitAll(epoch=1, of=tree_of(repo, tree.path), message="x"))
            await trio.testing.wait_all_tasks_blocked(0.05)
            assert await worker.perform(Describe(path=str(repo)))
            nursery.cancel_scope.cancel()


async def die_at(point: str, request: Request[object]) -> None:
    """Start a worker that kills itself at a failpoint, and ask it for something that gets there."""
    async with open_git_worker(epoch=1, env={**os.environ, VARIABLE: point}) as worker:
        with pytest.raises(GitWorkerLost):
            await worker.ask(request)


def diverge(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("side", new_txt="new\n", a_txt="side\n")
    repo.git("checkout", "-q", "main")
    repo.commit("main", m_txt="m\n")


async def prepare(repo: Repo, worker: GitWorker) -> Prepared:
    made = await worker.ask(PrepareMerge(repo=str(repo), op="op1", source="side", target="main", message="Side"))
    assert isinstance(made, Prepared)
    return made


async def test_death_after_a_worktree_was_added_leaves_one_that_is_found_again(repo: Repo, worker: GitWorker) -> None:
    with trio.fail_after(CEILING):
        await die_at("git.worktree_added", EnsureWorktree(repo=str(repo), thread="t1", base="main"))
        tree = await worker.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    assert repo.status(at=tree.path) == ""
    assert (tree.created, tree.head) == (False, repo.tip())


async def test_death_after_preparing_changes_nothing(repo: Repo, worker: GitWorker) -> None:
    diverge(repo)
    old = repo.tip()
    with trio.fail_after(CEILING):
        merge = PrepareMerge(repo=str(repo), op="op1", source="side", target="main", message="")
        await die_at("git.merge_prepared", merge)
        found = await worker.ask(
            FinishMerge(repo=str(repo), op="op1", target="main", target_old=old, new=repo.tip("side"))
        )
    assert (found.published, found.tip, repo.tip(), repo.status()) == (False, old, old, "")


@pytest.mark.parametrize(("point", "behind"), [("git.ref_published", True), ("git.checkout_followed", False)])
async def test_death_during_publication_is_completed(repo: Repo, worker: GitWorker, point: str, behind: bool) -> None:
    diverge(repo)
    with trio.fail_after(CEILING):
        merge = await prepare(repo, worker)
        await die_at(point, PublishMerge(repo=str(repo), op="op1", prepared=merge))
        assert (repo.status() != "") is behind
        repo.write("m.txt", "the operator's, meanwhile\n")
        found = await worker.ask(
            FinishMerge(repo=str(repo), op="op1", target="main", target_old=merge.target_old, new=merge.new)
        )
    assert (found.published, found.stale) == (True, ())
    assert found.followed == ((str(repo),) if behind else ())
    assert (repo.tip(), repo.status(), repo.read("a.txt")) == (merge.new, " M m.txt", "side\n")


async def test_a_repeated_publication_completes_it_as_well(repo: Repo, worker: GitWorker) -> None:
    diverge(repo)
    with trio.fail_after(CEILING):
        merge = await prepare(repo, worker)
        await die_at("git.ref_published", PublishMerge(repo=str(repo), op="op1", prepared=merge))
        found = await worker.ask(PublishMerge(repo=str(repo), op="op1", prepared=merge))
    assert found == Published(new=merge.new, followed=(str(repo),))
    assert repo.status() == ""


async def test_files_that_a_killed_git_had_written_already_are_recognised(repo: Repo, worker: GitWorker) -> None:
    repo.commit("base", gone="g", link="l")
    diverge(repo)
    repo.git("checkout", "-q", "side")
    repo.git("rm", "-q", "gone", "link")
    os.symlink("target", repo.path / "link")
    repo.commit("more")
    repo.git("checkout", "-q", "main")
    merge = await prepare(repo, worker)
    await die_at("git.ref_published", PublishMerge(repo=str(repo), op="op1", prepared=merge))
    repo.write("new.txt", "new\n")
    for name in ("gone", "link"):
        (repo.path / name).unlink()
    os.symlink("target", repo.path / "link")
    found = await worker.ask(
        FinishMerge(repo=str(repo), op="op1", target="main", target_old=merge.target_old, new=merge.new)
    )
    assert (found.followed, found.stale, repo.status()) == ((str(repo),), (), "")


async def test_a_checkout_that_cannot_be_completed_is_named_with_what_to_do(repo: Repo, worker: GitWorker) -> None:
    diverge(repo)
    merge = await prepare(repo, worker)
    await die_at("git.ref_published", PublishMerge(repo=str(repo), op="op1", prepared=merge))
    repo.write("a.txt", "the operator's, meanwhile\n")
    found = await worker.ask(
        FinishMerge(repo=str(repo), op="op1", target="main", target_old=merge.target_old, new=merge.new)
    )
    assert found.published
    assert found.stale[0].worktree == str(repo)
    assert "a.txt" in found.stale[0].reason
    assert "read-tree" in found.stale[0].reason
    assert repo.read("a.txt") == "the operator's, meanwhile\n"


async def test_only_the_temporary_checkout_of_the_dead_merge_is_cleaned(repo: Repo, worker: GitWorker) -> None:
    diverge(repo)
    for op in ("op1", "op2"):
        repo.git("worktree", "add", "-q", "--detach", str(repo.path / ".git" / "compas-merge" / op))
    found = await worker.ask(
        FinishMerge(repo=str(repo), op="op1", target="main", target_old=repo.tip(), new=repo.tip("side"))
    )
    left = repo.path / ".git" / "compas-merge"
    assert found.cleaned == (str(left / "op1"),)
    assert [path.name for path in left.iterdir()] == ["op2"]
    assert "op1" not in repo.git("worktree", "list")


async def test_recovery_waits_for_a_git_that_outlived_its_worker(repo: Repo, worker: GitWorker, tmp_path: Path) -> None:
    started, gate = tmp_path / "started", tmp_path / "gate"
    for pipe in (started, gate):
        os.mkfifo(pipe)
    repo.hook("post-checkout", f"echo x > '{started}'; read line < '{gate}'")

    def kill_when_started(pid: int) -> None:
        started.read_text()
        os.kill(pid, signal.SIGKILL)

    with trio.fail_after(CEILING):
        async with open_git_worker(epoch=1) as dying, trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, kill_when_started, dying.pid)
            with pytest.raises(GitWorkerLost):
                await dying.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
        (repo.path / ".git" / "hooks" / "post-checkout").unlink()
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def recover() -> None:
                tree = await worker.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
                assert (tree.created, repo.status(at=tree.path)) == (False, "")
                recovered.set()

            recovered = trio.Event()
            with trio.move_on_after(0.3):
                await recovered.wait()
            assert not recovered.is_set()
            await trio.to_thread.run_sync(gate.write_text, "go\n")


async def test_text_with_a_nul_byte_is_refused_before_anything_is_done(repo: Repo) -> None:
    with pytest.raises(GitRefused, match="location of EnsureWorktree holds a NUL byte") as caught:
        await Worker(epoch=1).perform(
            EnsureWorktree(epoch=1, repo=str(repo), thread="t1", base="main", location="/a\0b")
        )
    assert caught.value.code == "bad_value"
    assert not repo.has("refs/heads/compas/t1")


async def test_what_the_file_system_refuses_is_an_error_in_words(repo: Repo) -> None:
    with pytest.raises(GitError, match=r"EnsureWorktree ended in the middle at .*: File name too long; correct that"):
        await Worker(epoch=1).perform(
            EnsureWorktree(epoch=1, repo=str(repo), thread="t1", base="main", location="/" + "x" * 1000)
        )


async def test_a_git_that_would_not_heed_our_configuration_is_refused(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.30.9\n")
    old.chmod(0o755)
    worker = Worker(epoch=1)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
        with pytest.raises(GitRefused, match=r"git 2\.30\.9 is too old.* install git 2\.31 or later") as caught:
            await worker.perform(Describe(path=str(repo)))
    assert caught.value.code == "git_too_old"
    await worker.perform(Describe(path=str(repo)))
