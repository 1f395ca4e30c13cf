"""What a command sees of a repository before there is a supervisor."""

import os
import subprocess
from pathlib import Path

import pytest

from compas.git.errors import GitRefused
from compas.git.look import git_version, has_commit, look, main_branch

pytestmark = pytest.mark.system


def git(where: Path, *args: str) -> None:
    """Run git there."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
    process = subprocess.Popen(
        ["git", *identity, *args], cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert process.wait() == 0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a repository with one commit on `main`."""
    place = tmp_path / "a b"
    place.mkdir()
    git(place, "init", "--initial-branch=main")
    git(place, "commit", "--allow-empty", "-m", "Begin.")
    return place


def test_a_folder_of_no_repository_is_none(tmp_path: Path) -> None:
    assert look(tmp_path, os.environ) is None


def test_a_folder_that_is_not_there_is_refused_as_that(tmp_path: Path) -> None:
    with pytest.raises(GitRefused) as caught:
        look(tmp_path / "nowhere", os.environ)
    assert caught.value.code == "no_such_directory"


def test_without_git_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(GitRefused) as caught:
        git_version({"PATH": str(tmp_path)})
    assert caught.value.code == "git_missing"


def test_a_folder_inside_a_checkout_and_inside_git_belongs_to_it(place: Path) -> None:
    (place / "deep").mkdir()
    for where in (place / "deep", place, place / ".git"):
        found = look(where, os.environ)
        assert found is not None
        assert (found.path, found.is_bare, found.branch, found.has_commit) == (place, False, "main", True)


def test_a_linked_worktree_belongs_to_the_main_checkout(place: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(place, "worktree", "add", "-b", "side", str(linked))
    found = look(linked, os.environ)
    assert found is not None
    assert (found.path, found.branch) == (place, "main")


def test_a_bare_repository_is_said_to_be_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "--bare", "bare.git")
    found = look(tmp_path / "bare.git", os.environ)
    assert found is not None
    assert (found.path, found.is_bare, found.has_commit) == (tmp_path / "bare.git", True, False)


def test_what_the_caller_s_environment_binds_git_to_does_not_count(place: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "other")
    found = look(place, {**os.environ, "GIT_DIR": str(tmp_path / "other" / ".git")})
    assert found is not None
    assert found.path == place


def test_the_main_branch_is_the_remote_s_default_then_main_then_master_then_what_is_checked_out(place: Path) -> None:
    def now() -> str | None:
        found = look(place, os.environ)
        assert found is not None
        return main_branch(found, os.environ)

    git(place, "checkout", "-b", "topic")
    assert now() == "main"
    git(place, "branch", "develop")
    git(place, "update-ref", "refs/remotes/origin/develop", "HEAD")
    git(place, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop")
    assert now() == "develop"
    git(place, "branch", "--delete", "--force", "develop")
    assert now() == "main"
    git(place, "branch", "--move", "main", "master")
    assert now() == "master"
    git(place, "branch", "--delete", "--force", "master")
    assert now() == "topic"
    git(place, "checkout", "--detach")
    assert now() is None


def test_a_repository_without_a_commit_has_a_branch_and_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--initial-branch=trunk", "new")
    found = look(tmp_path / "new", os.environ)
    assert found is not None
    assert (found.branch, found.has_commit, main_branch(found, os.environ)) == ("trunk", False, "trunk")
    assert not has_commit(found.path, "trunk", os.environ)


def test_the_version_is_numbers() -> None:
    assert git_version(os.environ) >= (2, 0)
