"""Repositories inside a worktree: no git enters them, nothing of them runs, and what is left out is named."""
# ruff: noqa: ASYNC240 - the test plays the operator and the agent, who block nobody

from pathlib import Path

import pytest

from compas.git.nested.repositories import head_of
from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Prepared, PrepareMerge
from compas.git.protocol.reading import Status
from compas.git.protocol.worktrees import (
    CommitAll,
    Committed,
    EnsureWorktree,
    FurnishWorktree,
    RemoveWorktree,
    TakeSnapshot,
)
from compas.git.worktree.ensure import ensure_worktree
from tests.kit.git.git_operator import NewRepo, Repo, Tree, tree_of

pytestmark = pytest.mark.system


def arm(repo: Repo, inside: Path, trap: Path) -> None:
    """Have a repository run a program whenever a git reads, compares or lists anything in it."""
    script = inside / ".trap"
    script.write_text(f"#!/bin/sh\necho ran >> {trap}\ncat\n")
    script.chmod(0o755)
    for key in ("filter.trap.clean", "filter.trap.smudge", "filter.trap.process", "core.fsmonitor", "diff.external"):
        repo.git("config", key, str(script), at=inside)
    repo.git("config", "uploadpack.packObjectsHook", str(script), at=inside)
    repo.write(".gitattributes", "* filter=trap diff=trap\n", at=inside)
    repo.git("config", "diff.trap.textconv", str(script), at=inside)


def embed(repo: Repo, inside: Path) -> str:
    repo.git("init", "-q", str(inside))
    repo.git("config", "user.name", "A", at=inside)
    repo.git("config", "user.email", "a@example.org", at=inside)
    return repo.commit("inner", at=inside, file_txt="inner\n")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    return tmp_path / "trap"


async def test_an_embedded_repository_is_left_out_and_named_with_its_commit(
    worker: GitWorker, tree: Tree, trap: Path
) -> None:
    head = embed(tree, tree.path / "inner")
    arm(tree, tree.path / "inner", trap)
    tree.write("inner/file.txt", "edited\n")
    tree.write("mine")
    of = tree_of(tree.of, tree)
    taken = await worker.ask(TakeSnapshot(of=of, execution="e1"))
    assert [change.path for change in taken.files] == ["mine"]
    assert taken.left_out == (f"inner: a repository inside the worktree, at {head[:12]}; nothing of it is recorded")
    assert [entry.path for entry in (await worker.ask(Status(of=of))).entries] == ["inner/", "mine"]
    made = await worker.ask(CommitAll(of=of, message="work"))
    assert isinstance(made, Committed)
    assert (made.files, made.left_out) == (1, (taken.left_out,))
    kept = await worker.ask(
        RemoveWorktree(repo=str(tree.of), thread="t1", target="main", snapshots={"e1": taken.commit})
    )
    assert (kept.worktree, "inner" in (kept.reason or "")) == ("kept", True)
    assert not trap.exists()


@pytest.mark.parametrize("ignore", ["none", "all", "dirty"])
async def test_a_gitlink_of_the_agents_is_not_entered_whatever_gitmodules_say(
    worker: GitWorker, tree: Tree, trap: Path, ignore: str
) -> None:
    embed(tree, tree.path / "inner")
    tree.write(".gitmodules", f'[submodule "x"]\n\tpath = inner\n\turl = ./x\n\tignore = {ignore}\n\tupdate = none\n')
    tree.commit("a gitlink")
    arm(tree, tree.path / "inner", trap)
    tree.write("inner/file.txt", "edited\n")
    moved = tree.git("commit-tree", "-m", "moved", "HEAD^{tree}", at=tree.path / "inner")
    tree.git("update-ref", "HEAD", moved, at=tree.path / "inner")
    of = tree_of(tree.of, tree)
    taken = await worker.ask(TakeSnapshot(of=of, execution="e1"))
    assert tree.git("rev-parse", f"{taken.commit}:inner") == moved
    made = await worker.ask(CommitAll(of=of, message="work"))
    assert isinstance(made, Committed)
    assert tree.git("rev-parse", f"{made.commit}:inner") == moved
    await worker.ask(Status(of=of))
    merged = await worker.ask(PrepareMerge(repo=str(tree.of), op="op1", source="compas/t1", target="main", message=""))
    assert isinstance(merged, Prepared)
    kept = await worker.ask(RemoveWorktree(repo=str(tree.of), thread="t1", target="main"))
    assert (kept.worktree, "inner" in (kept.reason or "")) == ("kept", True)
    assert not trap.exists()


async def test_a_gitlink_whose_directory_is_gone_or_a_file_now_is_a_change_like_any_other(
    worker: GitWorker, tree: Tree
) -> None:
    for name in ("one", "two"):
        embed(tree, tree.path / name)
    tree.commit("gitlinks")
    for name in ("one", "two"):
        (tree.path / name).rename(tree.of.path.parent / name)
    tree.write("two", "a file\n")
    taken = await worker.ask(TakeSnapshot(of=tree_of(tree.of, tree), execution="e1"))
    assert {(one.letter, one.path) for one in taken.files} == {("D", "one"), ("T", "two")}


@pytest.fixture
async def submodule(repo: Repo, new_repo: NewRepo, worker: GitWorker) -> Tree:
    """A worktree with a submodule that is checked out, as the operator's is."""
    library = new_repo("library")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    repo.commit("a submodule")
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    await worker.ask(FurnishWorktree(of=tree_of(repo, made.path)))
    tree = Tree(Path(made.path), repo)
    tree.git("config", "user.name", "A", at=tree.path / "lib")
    tree.git("config", "user.email", "a@example.org", at=tree.path / "lib")
    return tree


@pytest.mark.parametrize("change", ["edited", "staged", "added", "deleted"])
async def test_what_is_not_committed_in_a_submodule_keeps_its_worktree_and_nothing_of_it_runs(
    worker: GitWorker, submodule: Tree, trap: Path, change: str
) -> None:
    inside = submodule.path / "lib"
    arm(submodule, inside, trap)
    submodule.git("config", "core.excludesFile", str(submodule.path / "everything"), at=inside)
    (submodule.path / "everything").write_text("*\n")
    match change:
        case "deleted":
            (inside / "a.txt").unlink()
        case "added":
            submodule.write("lib/new", "draft\n")
        case _:
            submodule.write("lib/a.txt", "draft\n")
    if change == "staged":
        submodule.git("-c", "filter.trap.clean=", "-c", "filter.trap.process=", "add", "a.txt", at=inside)
        trap.unlink(missing_ok=True)
    taken = await worker.ask(TakeSnapshot(of=tree_of(submodule.of, submodule), execution="e1"))
    kept = await worker.ask(
        RemoveWorktree(repo=str(submodule.of), thread="t1", target="main", snapshots={"e1": taken.commit})
    )
    assert kept.worktree == "kept"
    assert kept.reason == "its submodules have changes that no snapshot can hold: lib"
    assert not trap.exists()


async def test_commits_in_a_submodule_outlive_its_worktree_and_nothing_of_it_runs(
    worker: GitWorker, submodule: Tree, trap: Path
) -> None:
    inside = submodule.path / "lib"
    submodule.git("checkout", "-q", "-b", "topic", at=inside)
    made = submodule.commit("in the library", at=inside, new_txt="n\n")
    submodule.commit("the library moved")
    for key in ("core.fsmonitor", "uploadpack.packObjectsHook", "core.sshCommand", "core.alternateRefsCommand"):
        submodule.git("config", key, f"echo ran >> {trap}", at=inside)
    gone = await worker.ask(RemoveWorktree(repo=str(submodule.of), thread="t1", target="main"))
    assert (gone.worktree, gone.branch) == ("removed", "archived")
    kept = submodule.of.git("for-each-ref", "--contains", made, "--format=%(refname)", at=submodule.of.path / "lib")
    space = f"refs/compas/archive/t1-{made[:12]}"
    assert kept.split("\n") == [f"{space}/HEAD", f"{space}/heads/topic"]
    assert not trap.exists()
    assert not list((submodule.of.path / ".git" / "compas" / "borrowed").iterdir())


async def test_a_submodule_that_names_the_operators_repository_as_its_own_keeps_the_worktree(
    worker: GitWorker, submodule: Tree
) -> None:
    (submodule.path / "lib" / ".git").write_text(f"gitdir: {submodule.of.path}/.git\n")
    kept = await worker.ask(RemoveWorktree(repo=str(submodule.of), thread="t1", target="main"))
    assert kept.worktree == "kept"


@pytest.mark.parametrize(
    ("head", "is_found"),
    [
        ("ref: refs/heads/main\n", True),
        ("ref: refs/../HEAD\n", False),
        ("ref: ../../config\n", False),
        ("ref: refs/heads/none\n", False),
        ("a" * 40, True),
        ("a" * 39, False),
        ("ref: refs/heads/lead\n", False),
    ],
)
def test_a_head_is_read_from_its_own_directory_only(tmp_path: Path, head: str, is_found: bool) -> None:
    heads = tmp_path / ".git" / "refs" / "heads"
    heads.mkdir(parents=True)
    (heads / "main").write_text("b" * 40 + "\n")
    (tmp_path / "outside").write_text("c" * 40 + "\n")
    (heads / "lead").symlink_to(tmp_path / "outside")
    (tmp_path / ".git" / "HEAD").write_text(head)
    assert (head_of(str(tmp_path).encode()) is not None) == is_found
