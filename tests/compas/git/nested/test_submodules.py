"""Submodules whose names, paths or settings would have git run something, or work somewhere else."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from compas.git.protocol.worktrees import (
    EnsureReadingTree,
    EnsureWorktree,
    Furnished,
    FurnishWorktree,
    Removed,
    RemoveWorktree,
)
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.furnish import furnish_worktree
from compas.git.worktree.reading_tree import ensure_reading_tree
from compas.git.worktree.remove import remove_worktree
from tests.kit.git.git_operator import NewRepo, Repo, tree_of

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Trap:
    """A script that must never run, and what it would leave behind if it did."""

    script: Path
    ran: Path


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    made = Trap(tmp_path / "script", tmp_path / "ran")
    made.script.write_text(f"#!/bin/sh\necho ran >> '{made.ran}'\n")
    made.script.chmod(0o755)
    return made


@pytest.fixture
def library(new_repo: NewRepo) -> Repo:
    return new_repo("library")


@pytest.fixture
def above(repo: Repo, library: Repo) -> Repo:
    """A repository with a submodule `one`, which its operator has checked out at `lib`."""
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--name", "one", str(library), "lib")
    repo.commit("a submodule")
    return repo


def section(name: str, path: str, **more: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    lines = "".join(f"\t{key} = {value}\n" for key, value in {"path": path, "url": "./none", **more}.items())
    return f'[submodule "{escaped}"]\n{lines}'


async def read(repo: Repo, thread: str = "r1") -> tuple[Path, Furnished]:
    """Make the worktree in which a reviewer reads what main holds, the way a handoff does."""
    request = EnsureReadingTree(repo=str(repo), thread=thread, commit="main")
    made = await ensure_reading_tree(request)
    return Path(made.path), await furnish_worktree(FurnishWorktree(of=tree_of(repo, made.path)))


async def test_a_name_that_looks_like_a_setting_runs_nothing_in_a_reviewers_worktree(above: Repo, trap: Trap) -> None:
    evil = f"one.update=!sh {trap.script} #"
    declared = above.read(".gitmodules")
    above.commit("review this", _gitmodules=section(evil, ".compas-worktrees/..") + declared)
    at, found = await read(above)
    assert not trap.ran.exists()
    assert "'=' in its name" in " ".join(found.notes)
    assert above.read("a.txt", at=at / "lib") == "a\n"


async def test_a_repository_kept_under_such_a_name_runs_nothing_either(above: Repo, library: Repo, trap: Trap) -> None:
    evil = f"one.update=!sh {trap.script} #"
    library.git("clone", "--quiet", "--bare", str(library), str(above.path / ".git/modules" / evil))
    declared = above.read(".gitmodules")
    above.commit("review this", _gitmodules=section(evil, "lib") + declared)
    await read(above)
    assert not trap.ran.exists()


@pytest.mark.parametrize("level", ["local", "global", "committed"])
async def test_an_update_command_of_any_level_never_runs(
    above: Repo, trap: Trap, level: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"!sh {trap.script}"
    if level == "global":
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
        above.git("config", "--file", str(tmp_path / "global"), "submodule.one.update", command)
    elif level == "local":
        above.git("config", "submodule.one.update", command)
    else:
        above.git("config", "--file", ".gitmodules", "submodule.one.update", command)
        above.commit("review this")
    await read(above)
    assert not trap.ran.exists()


@pytest.mark.parametrize(
    ("name", "path", "said"),
    [
        ("a=b", "lib", "'=' in its name"),
        ("../../hooks", "lib", "'..' in its name"),
        ("a/../b", "lib", "'..' in its name"),
        ("-c", "lib", "its name begins with '-'"),
        ("/abs", "lib", "its name begins with '/'"),
        ("bell\a", "lib", "control character in its name"),
        ("", "lib", "it has no name"),
        ("x/.GIT/y", "lib", "'.GIT' in its name"),
        ("one/hooks", "other", "lies inside that of the submodule 'one'"),
        ("two", "--recursive", "its path begins with '-'"),
        ("two", "../outside", "'..' in its path"),
        ("two", "/etc", "its path begins with '/'"),
        ("two", ".git/x", "'.git' in its path"),
        ("two", "lib", "another entry has the same name or path"),
    ],
)
async def test_a_name_or_path_that_could_mean_something_else_is_refused_in_words(
    above: Repo, name: str, path: str, said: str
) -> None:
    above.commit("review this", _gitmodules=above.read(".gitmodules") + section(name, path))
    at, found = await read(above)
    refused = [note for note in found.notes if said in note]
    assert len(refused) >= 1, found.notes
    assert "correct .gitmodules" in refused[0]
    assert (at / "lib" / "a.txt").exists() is (path != "lib")


async def test_a_path_that_is_not_a_submodule_brings_in_none_of_those_inside_it(above: Repo, library: Repo) -> None:
    above.git("update-index", "--add", "--cacheinfo", f"160000,{library.tip()},vendor/in")
    library.git("clone", "--quiet", "--bare", str(library), str(above.path / ".git/modules/all"))
    declared = section("all", "vendor") + section("in", "vendor/in", url=str(library))
    above.write(".gitmodules", above.read(".gitmodules") + declared)
    above.git("add", ".gitmodules")
    above.git("commit", "--quiet", "-m", "review this")
    at, found = await read(above)
    assert list((at / "vendor/in").iterdir()) == []
    assert found.notes == (
        f"the submodule vendor/in is not checked out in {above}, so it is empty in the worktree; "
        "run `git submodule update --init vendor/in` in the main checkout, or in `setup`",
    )


async def test_a_path_with_magic_is_only_a_path(above: Repo) -> None:
    above.commit("review this", _gitmodules=section("all", ":(glob)**") + above.read(".gitmodules"))
    at, found = await read(above)
    assert found.notes == ()
    assert above.read("a.txt", at=at / "lib") == "a\n"


async def test_nothing_is_filled_through_a_link(above: Repo, tmp_path: Path) -> None:
    at = Path((await ensure_reading_tree(EnsureReadingTree(repo=str(above), thread="r1", commit="main"))).path)
    (tmp_path / "elsewhere").mkdir()
    (at / "lib").rmdir()
    (at / "lib").symlink_to(tmp_path / "elsewhere")
    found = await furnish_worktree(FurnishWorktree(of=tree_of(above, at)))
    assert "a link on its path leads somewhere else" in " ".join(found.notes)
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_a_repository_of_the_main_checkout_behind_a_link_is_no_source(above: Repo, tmp_path: Path) -> None:
    (above.path / ".git/modules/one").rename(tmp_path / "one")
    (above.path / ".git/modules/one").symlink_to(tmp_path / "one")
    _, found = await read(above)
    assert "is not checked out in" in found.notes[0]


async def test_a_file_that_git_cannot_read_is_said(above: Repo) -> None:
    above.commit("review this", _gitmodules='[submodule "one"\n')
    _, found = await read(above)
    assert "the submodules are not checked out: .gitmodules cannot be read" in found.notes[0]


async def test_only_the_disk_is_read_to_fill_a_submodule(
    above: Repo, trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configuration turns the directory that is cloned into an address whose transport is a program."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    for key, value in (("protocol.ext.allow", "always"), (f"url.ext::sh {trap.script} .insteadOf", str(above.path))):
        above.git("config", "--file", str(tmp_path / "global"), key, value)
    _, found = await read(above)
    assert not trap.ran.exists()
    assert "could not be filled" in found.notes[0]


# --- what is in them when the worktree goes -------------------------------------------------------------------------


async def working(repo: Repo) -> Path:
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    await furnish_worktree(FurnishWorktree(of=tree_of(repo, made.path)))
    at = Path(made.path)
    repo.git("config", "user.email", "a@example.org", at=at / "lib")
    repo.git("config", "user.name", "A", at=at / "lib")
    return at


async def remove(repo: Repo, *, force: bool = False) -> Removed:
    return await remove_worktree(RemoveWorktree(repo=str(repo), thread="t1", target="main", force=force))


async def test_no_filter_of_a_submodule_runs_to_see_whether_it_has_changes(above: Repo, trap: Trap) -> None:
    at = await working(above)
    inside = at / "lib"
    above.write("a.txt", "changed\n", at=inside)
    for key in ("clean", "process"):
        above.git("config", f"filter.bad.{key}", str(trap.script), at=inside)
    above.git("config", "core.fsmonitor", str(trap.script), at=inside)
    above.write(".gitattributes", "* filter=bad\n", at=inside)
    kept = await remove(above)
    assert (kept.worktree, kept.reason) == ("kept", "its submodules have changes that no snapshot can hold: lib")
    assert not trap.ran.exists()


async def test_changes_in_a_submodule_inside_a_submodule_count(above: Repo, library: Repo) -> None:
    at = await working(above)
    command = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "deep")
    above.git(*command, at=at / "lib")
    above.commit("deeper", at=at / "lib")
    above.commit("deeper", at=at)
    above.write("a.txt", "changed\n", at=at / "lib/deep")
    kept = await remove(above)
    assert kept.worktree == "kept"
    assert "lib has submodules of its own that are checked out" in (kept.reason or "")


async def test_a_submodule_whose_git_file_leads_elsewhere_counts_as_changed(above: Repo) -> None:
    at = await working(above)
    (at / "lib/.git").write_text(f"gitdir: {above.path}/.git\n")
    kept = await remove(above)
    assert kept.worktree == "kept"
    assert "lib" in (kept.reason or "")


async def test_commits_of_a_submodule_that_no_commit_declares_keep_the_worktree(above: Repo, library: Repo) -> None:
    at = await working(above)
    command = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "mine")
    above.git(*command, at=at)
    above.git("reset", "--quiet", "--hard", at=at)
    (at / "mine").rename(at.parent / "moved")
    kept = await remove(above, force=True)
    assert kept.worktree == "kept"
    assert "the commits of the submodule mine are only there" in (kept.reason or "")


async def test_commits_are_kept_although_the_git_file_of_their_submodule_leads_elsewhere(above: Repo) -> None:
    at = await working(above)
    made = above.commit("in the library", at=at / "lib", new_txt="n\n")
    above.commit("the library moved", at=at)
    (at / "lib/.git").write_text(f"gitdir: {above.path}/.git\n")
    assert (await remove(above, force=True)).worktree == "removed"
    assert above.git("cat-file", "-t", made, at=above.path / "lib") == "commit"


async def test_only_the_disk_is_read_to_keep_commits(above: Repo, trap: Trap) -> None:
    await working(above)
    config = ("config", "--file", str(above.path / ".git/modules/one/config"))
    above.git(*config, "protocol.ext.allow", "always")
    above.git(*config, f"url.ext::sh {trap.script} .insteadOf", str(above.path))
    kept = await remove(above)
    assert not trap.ran.exists()
    assert (kept.worktree, "could not be kept" in (kept.reason or "")) == ("kept", True)
