"""Worktrees of repositories with submodules, Git LFS and sparse checkouts: each works, or what is missing is said."""

from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.worktrees import (
    CommitAll,
    EnsureWorktree,
    Furnished,
    FurnishWorktree,
    Removed,
    RemoveWorktree,
    TakeSnapshot,
    Worktree,
)
from compas.git.work.commit import commit_all
from compas.git.work.snapshot import take_snapshot
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.furnish import furnish_worktree
from compas.git.worktree.remove import remove_worktree
from tests.kit.git.git_operator import NewRepo, Repo, tree_of

pytestmark = pytest.mark.system

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n"


async def usable(repo: Repo) -> tuple[Path, Furnished]:
    made = await ensure(repo)
    return Path(made.path), await furnish_worktree(FurnishWorktree(of=tree_of(repo, made.path)))


async def ensure(repo: Repo) -> Worktree:
    return await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))


async def remove(repo: Repo, **more: bool) -> Removed:
    return await remove_worktree(RemoveWorktree(repo=str(repo), thread="t1", target="main", **more))


# --- submodules ----------------------------------------------------------------------------------------------------


@pytest.fixture
def library(new_repo: NewRepo) -> Repo:
    return new_repo("library")


@pytest.fixture
def above(repo: Repo, library: Repo) -> Repo:
    """A repository with a submodule, which its operator has checked out; where it came from is gone."""
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib/one")
    repo.commit("a submodule")
    library.path.rename(library.path.with_name("moved-away"))
    return repo


async def test_a_submodule_is_filled_from_the_main_checkout_without_where_it_came_from(above: Repo) -> None:
    at, found = await usable(above)
    assert found.notes == ()
    assert above.read("lib/one/a.txt", at=at) == "a\n"
    assert above.status(at=at) == ""
    original = above.git("config", "remote.origin.url", at=above.path / "lib/one")
    assert above.git("config", "remote.origin.url", at=at / "lib/one") == original
    again = await furnish_worktree(FurnishWorktree(of=tree_of(above, at)))
    assert again.notes == ()


async def test_a_submodule_that_the_main_checkout_lacks_stays_empty_and_that_is_said(
    above: Repo, tmp_path: Path
) -> None:
    above.git("clone", "-q", str(above), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone")
    at, found = await usable(clone)
    assert "the submodule lib/one is not checked out in" in found.notes[0]
    assert list((at / "lib/one").iterdir()) == []


async def test_a_commit_that_the_main_checkout_does_not_have_is_said(above: Repo) -> None:
    above.git("update-index", "--cacheinfo", f"160000,{'1' * 40},lib/one")
    above.git("commit", "-q", "-m", "moved on")
    _, found = await usable(above)
    assert "the submodule lib/one could not be filled from" in found.notes[0]


async def test_commits_in_a_submodule_outlive_the_worktree(above: Repo) -> None:
    at, _ = await usable(above)
    inside = at / "lib/one"
    above.git("config", "user.email", "a@example.org", at=inside)
    above.git("config", "user.name", "A", at=inside)
    made = above.commit("in the library", at=inside, new_txt="n\n")
    above.commit("the library moved", at=at)
    gone = await remove(above)
    assert (gone.worktree, gone.branch) == ("removed", "archived")
    assert above.git("cat-file", "-t", made, at=above.path / "lib/one") == "commit"
    kept = above.git("for-each-ref", "--contains", made, at=above.path / "lib/one")
    assert f"refs/compas/archive/t1-{made[:12]}/" in kept


async def test_changes_in_a_submodule_keep_the_worktree_even_with_a_snapshot(above: Repo) -> None:
    at, _ = await usable(above)
    above.write("lib/one/a.txt", "draft\n", at=at)
    await take_snapshot(TakeSnapshot(of=tree_of(above, at), execution="x1"))
    kept = await remove(above)
    assert kept.worktree == "kept"
    assert "lib/one" in (kept.reason or "")
    assert above.read("lib/one/a.txt", at=at) == "draft\n"


# --- Git LFS -------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(repo: Repo) -> Repo:
    repo.commit("large files", _gitattributes="*.bin filter=lfs -text\n", one_bin=POINTER, two_bin=POINTER)
    return repo


async def test_files_are_filled_in_by_the_filter_that_is_configured(large: Repo) -> None:
    large.git("config", "filter.lfs.smudge", "sed 's/.*/large/;1q'")
    large.git("config", "filter.lfs.clean", f"printf '{POINTER}'")
    at, found = await usable(large)
    assert large.read("one.bin", at=at) == "large\n"
    assert found.notes == ()
    assert large.status(at=at) == ""


async def test_pointers_in_place_of_files_are_said(large: Repo) -> None:
    _, found = await usable(large)
    assert found.notes == (
        "2 of 2 large files are only pointers of Git LFS, such as one.bin; "
        "install git-lfs and run `git lfs install`, or `git lfs pull` in the main checkout",
    )


async def test_a_filter_that_is_required_and_missing_refuses_the_worktree_in_words(large: Repo) -> None:
    large.git("config", "filter.lfs.smudge", "no-such-git-lfs smudge -- %f")
    large.git("config", "filter.lfs.required", "true")
    with pytest.raises(GitRefused, match="no-such-git-lfs") as caught:
        await ensure(large)
    assert caught.value.code == "worktree_failed"


# --- sparse checkouts ----------------------------------------------------------------------------------------------


@pytest.fixture
def sparse(repo: Repo) -> Repo:
    """A repository of which the operator has only two directories checked out."""
    for name in ("here/a", "there/b", "elsewhere/c"):
        repo.write(name)
    repo.commit("directories")
    repo.git("sparse-checkout", "set", "here", "there")
    return repo


async def test_a_worktree_is_as_sparse_as_the_main_checkout(sparse: Repo) -> None:
    at, found = await usable(sparse)
    assert found.notes == ()
    assert [(at / name).exists() for name in ("here/a", "there/b", "elsewhere/c", "a.txt")] == [True, True, False, True]
    assert sparse.git("sparse-checkout", "list", at=at).split() == ["here", "there"]
    assert sparse.status(at=at) == ""


async def test_what_is_not_on_disk_is_neither_committed_nor_recorded_as_deleted(sparse: Repo) -> None:
    at, _ = await usable(sparse)
    sparse.write("here/new", at=at)
    taken = await take_snapshot(TakeSnapshot(of=tree_of(sparse, at), execution="x1"))
    assert [(one.letter, one.path) for one in taken.files] == [("A", "here/new")]
    await commit_all(CommitAll(of=tree_of(sparse, at), message="work"))
    assert "elsewhere/c" in sparse.git("ls-tree", "-r", "--name-only", "compas/t1").split("\n")
    assert (await remove(sparse)).worktree == "removed"


async def test_a_file_that_is_tracked_but_not_on_disk_is_not_copied_over(sparse: Repo) -> None:
    sparse.git("sparse-checkout", "disable")
    sparse.write("elsewhere/c", "edited\n")
    at = Path((await ensure(sparse)).path)
    sparse.git("sparse-checkout", "set", "here", at=at)
    found = await furnish_worktree(FurnishWorktree(of=tree_of(sparse, at), copy=("elsewhere/c",), link=("elsewhere",)))
    assert (found.copied, found.linked) == (0, 0)
    assert not (at / "elsewhere").exists()
