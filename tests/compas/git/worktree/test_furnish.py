"""What a new worktree is given of the main checkout, and what is never taken or overwritten."""

import os
from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.protocol.worktrees import EnsureWorktree, Furnished, FurnishWorktree
from compas.git.worktree.ensure import ensure_worktree
from compas.git.worktree.furnish import furnish_worktree
from tests.kit.git.git_operator import Repo, tree_of

pytestmark = pytest.mark.system


async def tree(repo: Repo) -> Path:
    made = await ensure_worktree(EnsureWorktree(repo=str(repo), thread="t1", base="main"))
    return Path(made.path)


async def furnish(repo: Repo, path: Path, *, copy: tuple[str, ...] = (), link: tuple[str, ...] = ()) -> Furnished:
    return await furnish_worktree(FurnishWorktree(of=tree_of(repo, path), copy=copy, link=link))


@pytest.fixture
def repo(repo: Repo) -> Repo:
    repo.commit("ignores", _gitignore=".env*\nlocal/\nnode_modules\n*.secret\n")
    return repo


async def test_listed_files_and_directories_are_copied_and_linked(repo: Repo) -> None:
    repo.write(".env", "KEY=1\n").chmod(0o600)
    repo.write("local/deep/one", "1")
    repo.write("node_modules/lib/index.js", "x")
    at = await tree(repo)
    found = await furnish(repo, at, copy=(".env", "local"), link=("node_modules",))
    assert (found.copied, found.linked, found.notes) == (2, 1, ())
    assert (repo.read(".env", at=at), repo.read("local/deep/one", at=at)) == ("KEY=1\n", "1")
    assert (at / ".env").stat().st_mode & 0o777 == 0o600
    assert os.readlink(at / "node_modules") == str(repo.path / "node_modules")
    assert repo.status(at=at) == ""


async def test_a_repeat_changes_nothing_of_what_was_worked_on(repo: Repo) -> None:
    repo.write(".env", "KEY=1\n")
    at = await tree(repo)
    await furnish(repo, at, copy=(".env",))
    repo.write(".env", "KEY=changed by the agent\n", at=at)
    again = await furnish(repo, at, copy=(".env",))
    assert (again.copied, again.notes) == (0, ())
    assert repo.read(".env", at=at) == "KEY=changed by the agent\n"


async def test_a_copy_that_was_killed_half_way_is_made_again(repo: Repo) -> None:
    repo.write(".env", "KEY=1\n")
    at = await tree(repo)
    repo.write("..env.compas-copy", "KE", at=at)
    await furnish(repo, at, copy=(".env",))
    assert repo.read(".env", at=at) == "KEY=1\n"
    assert repo.status(at=at) == ""


async def test_what_the_branch_tracks_is_never_overwritten_even_where_it_is_not_on_disk(repo: Repo) -> None:
    repo.write("a.txt", "edited by the operator\n")
    repo.write("sub/mine", "untracked")
    at = await tree(repo)
    (at / "b.txt").unlink()
    repo.write("b.txt", "another edit\n")
    found = await furnish(repo, at, copy=("a.txt",), link=("b.txt",))
    assert (found.copied, found.linked) == (0, 0)
    assert [note.split(" is tracked")[0] for note in found.notes] == ["link: b.txt", "copy: a.txt"]
    assert repo.read("a.txt", at=at) == "a\n"
    assert not (at / "b.txt").exists()


async def test_what_is_missing_and_what_leads_out_of_the_repository_is_said_in_words(
    repo: Repo, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key").write_text("secret")
    os.symlink(outside, repo.path / "local")
    at = await tree(repo)
    found = await furnish(repo, at, copy=(".env", "local", "local/key", "../outside/key"), link=("local",))
    assert (found.copied, found.linked) == (0, 0)
    assert found.notes[1] == f"copy: .env does not exist in {repo.path}; it was left out"
    assert sum("leads out of the repository" in note for note in found.notes) == 4
    assert not (at / "local").exists()


async def test_nothing_is_written_through_a_link_that_the_branch_has(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    os.symlink(tmp_path / "outside", repo.path / "conf")
    repo.commit("a link")
    (repo.path / "conf").unlink()
    repo.write("conf/x.secret", "1")
    at = await tree(repo)
    found = await furnish(repo, at, copy=("conf/x.secret",))
    assert "outside of the worktree" in found.notes[0]
    assert list((tmp_path / "outside").iterdir()) == []


async def test_ignored_files_named_by_the_include_file_are_copied_and_others_are_not(repo: Repo) -> None:
    repo.write(".worktreeinclude", "# what a worktree needs\n.env*\n/local/keep\n!.env.prod\nnotes.txt\n")
    for name in (".env", ".env.prod", "sub/.env", "local/keep", "local/drop", "notes.txt", "x.secret"):
        repo.write(name, name)
    at = await tree(repo)
    found = await furnish(repo, at)
    assert found.copied == 3
    assert [(at / name).exists() for name in (".env", "sub/.env", "local/keep")] == [True] * 3
    # The include file takes .env.prod back, and git ignores neither the notes nor the include file itself.
    assert [(at / name).exists() for name in (".env.prod", "local/drop", "notes.txt", "x.secret")] == [False] * 4


async def test_names_that_are_hard_to_spell_are_carried_whole(repo: Repo) -> None:
    names = ["local/with blank", "local/new\nline", "local/ümlaut", os.fsdecode(b"local/\xff")]
    repo.write(".worktreeinclude", "local/\n")
    for name in names:
        repo.write(name, "x")
    at = await tree(repo)
    assert (await furnish(repo, at)).copied == len(names)
    assert all((at / name).exists() for name in names)


async def test_what_git_does_not_ignore_is_said_in_words(repo: Repo) -> None:
    repo.commit("no such line", _gitignore="local/\n")
    repo.write("node_modules/lib", "x")
    at = await tree(repo)
    found = await furnish(repo, at, link=("node_modules",))
    assert found.linked == 1
    assert "node_modules is not ignored by git: compas leaves it out" in found.notes[0]


async def test_neither_git_nor_worktrees_nor_pipes_are_copied(repo: Repo) -> None:
    repo.write("local/a", "1")
    os.mkfifo(repo.path / "local" / "pipe")
    at = await tree(repo)
    found = await furnish(repo, at, copy=(".",))
    assert not (at / ".compas-worktrees").exists()
    assert repo.read("local/a", at=at) == "1"
    assert "copy: local/pipe is neither a file nor a link; it was left out" in found.notes
    assert (at / ".git").is_file()


async def test_a_directory_of_another_repository_is_given_nothing(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(GitRefused):
        await furnish(repo, tmp_path / "plain", copy=("a.txt",))


async def test_a_bare_repository_has_nothing_to_copy_and_says_so(repo: Repo, tmp_path: Path) -> None:
    bare = Repo(tmp_path)
    bare.git("clone", "-q", "--bare", str(repo), "bare.git")
    at = await tree(Repo(tmp_path / "bare.git"))
    found = await furnish_worktree(FurnishWorktree(of=tree_of(tmp_path / "bare.git", at), copy=(".env",)))
    assert "is bare" in found.notes[0]
