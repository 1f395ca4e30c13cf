"""Branches and directories whose names look like options: work on them goes on, and git takes them for names only."""

from pathlib import Path

import pytest

from compas.git.errors import GitError
from compas.git.protocol.client import GitWorker
from compas.git.protocol.merging import Prepared, PrepareMerge, Published, PublishMerge, Refused
from compas.git.protocol.reading import Contains, Diff, Resolve, Status
from compas.git.protocol.worktrees import EnsureWorktree, RemoveWorktree
from tests.kit.git.git_operator import Repo, tree_of

pytestmark = pytest.mark.system

NAMES = ["--output=canary", "-d", "--upload-pack=sh", "a=b", "--end-of-options", "HEAD"]


def work(repo: Repo, branch: str, at: str) -> None:
    """Put a commit on top of a branch; git's own commands for people would not take some of these names."""
    tree = repo.git("rev-parse", f"{at}^{{tree}}")
    blob = repo.git("hash-object", "-w", "--stdin", stdin=f"{branch}\n")
    listing = repo.git("ls-tree", tree) + f"\n100644 blob {blob}\tnew.txt\n"
    made = repo.git("commit-tree", repo.git("mktree", stdin=listing), "-p", at, "-m", "work")
    repo.git("update-ref", f"refs/heads/{branch}", made)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("strategy", ["merge", "rebase", "squash"])
async def test_a_branch_named_like_an_option_is_merged_as_a_branch(
    repo: Repo, worker: GitWorker, name: str, strategy: str
) -> None:
    first = repo.tip()
    work(repo, name, first)
    repo.git("update-ref", f"refs/heads/{name}-target", first)
    prepared = await worker.ask(
        PrepareMerge(repo=str(repo), op="op1", source=name, target=f"{name}-target", message="", strategy=strategy)
    )
    assert isinstance(prepared, Prepared)
    assert isinstance(await worker.ask(PublishMerge(repo=str(repo), op="op1", prepared=prepared)), Published)
    assert repo.git("rev-parse", f"refs/heads/{name}-target") == prepared.new
    assert (await worker.ask(Contains(repo=str(repo), commit=prepared.new, branch=f"{name}-target"))).contained
    assert sorted(path.name for path in repo.path.iterdir()) == [".git", "a.txt", "b.txt"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_merge_that_needs_a_checkout_takes_such_names_too(repo: Repo, worker: GitWorker, name: str) -> None:
    repo.hook("commit-msg", "exit 0")
    repo.hook("post-merge", "exit 0")
    first = repo.tip()
    work(repo, name, first)
    work(repo, "aside", repo.commit("meanwhile", c_txt="c\n"))
    prepared = await worker.ask(PrepareMerge(repo=str(repo), op="op1", source=name, target="main", message=f"-{name}"))
    assert isinstance(prepared, Prepared)
    assert isinstance(await worker.ask(PublishMerge(repo=str(repo), op="op1", prepared=prepared)), Published)
    assert repo.read("new.txt") == f"{name}\n"


@pytest.mark.parametrize("name", NAMES[:-1])
async def test_a_thread_starts_from_such_a_branch(repo: Repo, worker: GitWorker, name: str) -> None:
    work(repo, name, repo.tip())
    made = await worker.ask(EnsureWorktree(repo=str(repo), thread="t1", base=name))
    assert repo.read("new.txt", at=made.path) == f"{name}\n"
    found = await worker.ask(Diff(repo=str(repo), base="HEAD", tip=f"refs/heads/{name}"))
    assert [file.path for file in found.files] == ["new.txt"]


@pytest.mark.parametrize("name", NAMES[:-1])
async def test_such_a_name_is_no_revision_that_shows_something_else(repo: Repo, worker: GitWorker, name: str) -> None:
    for asked in (name, f"{name}..main", f"^{name}", f"main\n{name}"):
        with pytest.raises(GitError, match="names no commit"):
            await worker.ask(Resolve(repo=str(repo), revision=asked))


async def test_a_worktree_in_a_directory_named_like_an_option_is_made_and_removed(
    repo: Repo, worker: GitWorker, tmp_path: Path
) -> None:
    location = str(tmp_path / "-d" / "--force")
    made = await worker.ask(EnsureWorktree(repo=str(repo), thread="t1", base="main", location=location))
    assert made.path.startswith(location)
    assert (await worker.ask(Status(of=tree_of(repo, made.path)))).clean
    assert (
        await worker.ask(RemoveWorktree(repo=str(repo), thread="t1", target="main", location=location))
    ).worktree == "removed"


async def test_a_tree_with_paths_that_lead_out_writes_nothing_outside(
    repo: Repo, worker: GitWorker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git makes no such tree, but stores one; a merge reads the attributes of its target from it."""
    (tmp_path / "scratch/below").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch/below"))
    monkeypatch.setattr("tempfile.tempdir", None)
    blob = repo.git("hash-object", "-w", "--stdin", stdin="* filter=bad\n")
    inner = repo.git("mktree", stdin=f"100644 blob {blob}\t.gitattributes\n")
    for name in ("..", "..", "plain"):
        inner = repo.git("mktree", stdin=f"040000 tree {inner}\t{name}\n")
    first = repo.tip()
    target = repo.git("commit-tree", inner, "-p", first, "-m", "odd")
    repo.git("update-ref", "refs/heads/odd", target)
    work(repo, "side", first)
    refused = await worker.ask(PrepareMerge(repo=str(repo), op="op1", source="side", target="odd", message=""))
    assert isinstance(refused, Refused)
    assert (refused.code, "plain/../../.gitattributes" in refused.sentence) == ("bad_path", True)
    assert [str(path) for path in (tmp_path / "scratch").rglob("*")] == [str(tmp_path / "scratch/below")]
