"""How a target was moved, found in real repositories: by people in all their ways, and by agents in theirs."""

from collections.abc import Callable

import pytest

from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Prepared, PrepareMerge, PublishMerge, Refused
from compas.git.protocol.targets import FindMove, Move
from compas.git.protocol.worktrees import EnsureWorktree
from tests.kit.git.git_operator import NewRepo, Repo

pytestmark = pytest.mark.system


async def begin(repo: Repo, worker: GitWorker, thread: str = "t1") -> str:
    """Make a thread's worktree; return its path."""
    return (await worker.ask(EnsureWorktree(repo=str(repo), thread=thread, base="main"))).path


async def move(repo: Repo, worker: GitWorker, known: str) -> Move:
    return await worker.ask(FindMove(repo=str(repo), known=known, now=repo.tip("main")))


def named(found: Move) -> list[tuple[str, str]]:
    return [(one.commit, one.thread) for one in found.commits]


def update_ref(repo: Repo, tree: str) -> None:
    repo.git("update-ref", "refs/heads/main", "HEAD", at=tree)


def check_main_out(repo: Repo, tree: str) -> None:
    repo.git("checkout", "--quiet", "--ignore-other-worktrees", "-B", "main", at=tree)


def commit_on_main(repo: Repo, tree: str) -> None:
    repo.git("branch", "-f", "spare", at=tree)
    repo.git("checkout", "--quiet", "--ignore-other-worktrees", "main", at=tree)
    repo.git("merge", "--quiet", "spare", at=tree)
    repo.git("checkout", "--quiet", "compas/t1", at=tree)


def push(repo: Repo, tree: str) -> None:
    repo.git("config", "receive.denyCurrentBranch", "ignore")
    repo.git("push", "--quiet", str(repo), "HEAD:main", at=tree)


@pytest.mark.parametrize("act", [update_ref, check_main_out, commit_on_main, push])
async def test_an_agent_that_moves_the_target_is_found(
    repo: Repo, worker: GitWorker, act: Callable[[Repo, str], None]
) -> None:
    known, tree = repo.tip("main"), await begin(repo, worker)
    one = repo.commit("one", at=tree, x_txt="x\n")
    two = repo.commit("two", at=tree, y_txt="y\n")
    act(repo, tree)
    found = await move(repo, worker, known)
    assert (found.is_forward, named(found)) == (True, [(two, "t1"), (one, "t1")])


async def test_an_agents_merge_that_a_person_fast_forwards_to_by_hand_is_named_too(
    repo: Repo, worker: GitWorker
) -> None:
    known, tree = repo.tip("main"), await begin(repo, worker)
    made = repo.commit("one", at=tree, x_txt="x\n")
    repo.git("merge", "--quiet", "--ff-only", "compas/t1")
    assert named(await move(repo, worker, known)) == [(made, "t1")]


async def test_a_replacement_of_a_commit_hides_nothing(repo: Repo, worker: GitWorker) -> None:
    known, tree = repo.tip("main"), await begin(repo, worker)
    made = repo.commit("one", at=tree, x_txt="x\n")
    update_ref(repo, tree)
    repo.git("replace", "--graft", made)
    found = await move(repo, worker, known)
    assert (found.is_forward, named(found)) == (True, [(made, "t1")])


def commit_and_rebase_the_thread(repo: Repo, tree: str) -> None:
    repo.commit("a person's", z_txt="z\n")
    repo.git("rebase", "--quiet", "main", at=tree)


def commit_and_merge_into_the_thread(repo: Repo, tree: str) -> None:
    repo.commit("a person's", z_txt="z\n")
    repo.git("merge", "--quiet", "--no-edit", "main", at=tree)


def merge_by_hand(repo: Repo, tree: str) -> None:
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "compas/t1")
    repo.git("merge", "--quiet", "main", at=tree)


def pick_by_hand(repo: Repo, tree: str) -> None:
    repo.commit("a person's", z_txt="z\n")
    repo.git("cherry-pick", "compas/t1")
    repo.git("rebase", "--quiet", "main", at=tree)


def commit_in_another_worktree(repo: Repo, tree: str) -> None:
    repo.git("checkout", "--quiet", "-b", "aside")
    place = repo.path.parent / "beside"
    repo.git("worktree", "add", "--quiet", str(place), "main")
    repo.commit("a person's", at=place, z_txt="z\n")
    repo.git("rebase", "--quiet", "main", at=tree)


def pull(repo: Repo, tree: str) -> None:
    upstream = repo.path.parent / "upstream"
    repo.git("clone", "--quiet", str(repo), str(upstream))
    repo.git("config", "user.name", "Other", at=upstream)
    repo.git("config", "user.email", "other@example.org", at=upstream)
    repo.commit("of somebody else", at=upstream, z_txt="z\n")
    repo.git("remote", "add", "origin", str(upstream))
    repo.git("fetch", "--quiet", "origin")
    repo.git("rebase", "--quiet", "origin/main", at=tree)
    repo.git("pull", "--quiet", "origin", "main")


@pytest.mark.parametrize(
    "act",
    [
        commit_and_rebase_the_thread,
        commit_and_merge_into_the_thread,
        merge_by_hand,
        pick_by_hand,
        commit_in_another_worktree,
        pull,
    ],
)
async def test_what_people_do_with_a_target_is_forward_and_theirs_whatever_a_thread_takes_over_of_it(
    repo: Repo, worker: GitWorker, act: Callable[[Repo, str], None]
) -> None:
    known, tree = repo.tip("main"), await begin(repo, worker)
    repo.commit("one", at=tree, x_txt="x\n")
    act(repo, tree)
    assert repo.tip("main") != known
    assert await move(repo, worker, known) == Move(is_forward=True, commits=())


async def test_a_branch_of_a_thread_that_was_pushed_makes_its_commits_nobody_elses(
    repo: Repo, worker: GitWorker, new_repo: NewRepo
) -> None:
    known, tree = repo.tip("main"), await begin(repo, worker)
    made = repo.commit("one", at=tree, x_txt="x\n")
    other = new_repo("upstream")
    repo.git("remote", "add", "origin", str(other))
    repo.git("push", "--quiet", "origin", "compas/t1")
    repo.git("fetch", "--quiet", "origin")
    assert repo.has("refs/remotes/origin/compas/t1")
    update_ref(repo, tree)
    assert named(await move(repo, worker, known)) == [(made, "t1")]


async def test_a_checkout_that_shows_a_revert_is_not_made_worse_by_a_merge(repo: Repo, worker: GitWorker) -> None:
    tree = await begin(repo, worker)
    repo.commit("one", at=tree, x_txt="x\n", a_txt="changed\n")
    update_ref(repo, tree)
    before = (repo.status(), repo.read("a.txt"))
    assert before == ("M  a.txt\nD  x.txt", "a\n")
    second = await begin(repo, worker, "t2")
    repo.commit("two", at=second, a_txt="changed again\n", y_txt="y\n")
    ready = await worker.ask(PrepareMerge(repo=str(repo), op="op1", source="compas/t2", target="main", message=""))
    assert isinstance(ready, Prepared)
    found = await worker.ask(PublishMerge(repo=str(repo), op="op1", prepared=ready))
    assert isinstance(found, Refused)
    assert (found.code, found.files) == ("checkout_dirty", ("a.txt",))
    assert (repo.status(), repo.read("a.txt")) == before
