"""One git command: what it inherits, and how it is ended with all it has started."""

import os
from pathlib import Path

import pytest
import trio

from compas.git.command import Git
from compas.git.errors import GitError, GitFailed, GitOutputTooLarge, GitRefused, GitTimedOut
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo


def _hanging_hook(repo: Repo, tmp_path: Path) -> Path:
    """Let commits hang in a hook that has a child of its own; the pipe tells when both are gone."""
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    repo.hook("pre-commit", f"exec 9<>'{alive}'; echo started >&9; sleep 1000 & wait")
    return alive


async def _hang(repo: Repo, alive: Path, limit: float, scope: trio.CancelScope) -> None:
    git = Git(str(repo))
    async with trio.open_nursery() as nursery:

        async def cancel_when_started() -> None:
            await trio.to_thread.run_sync(_read_line, alive)
            scope.cancel()

        nursery.start_soon(cancel_when_started)
        await git.run("commit", "--allow-empty", "-m", "x", time_limit=limit)


def _read_line(path: Path) -> str:
    with path.open() as file:
        return file.readline()


async def _wait_until_nobody_holds(path: Path) -> None:
    """A pipe ends when the last process that could write into it has ended: the hook, and its child."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    async with trio.lowlevel.FdStream(descriptor) as pipe:
        async for _ in pipe:
            pass


@pytest.mark.system
async def test_cancelling_ends_a_hook_and_what_it_started(repo: Repo, tmp_path: Path) -> None:
    alive = _hanging_hook(repo, tmp_path)
    with trio.fail_after(CEILING):
        with trio.CancelScope() as scope:
            await _hang(repo, alive, CEILING, scope)
        assert scope.cancelled_caught
        assert not (repo.path / ".git" / "index.lock").exists()


@pytest.mark.system
async def test_a_command_over_its_limit_is_ended_with_its_group(repo: Repo, tmp_path: Path) -> None:
    alive = _hanging_hook(repo, tmp_path)
    with trio.fail_after(CEILING):
        with pytest.raises(GitTimedOut):
            await Git(str(repo)).run("commit", "--allow-empty", "-m", "x", time_limit=0.5)
        await _wait_until_nobody_holds(alive)


@pytest.mark.system
async def test_a_daemon_that_a_hook_leaves_behind_delays_nobody(repo: Repo, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    repo.hook("pre-commit", f"setsid sleep 1000 & echo $! > '{pid}'; echo from the hook")
    try:
        with trio.fail_after(CEILING):
            done = await Git(str(repo)).run("commit", "--allow-empty", "-m", "x")
        assert "from the hook" in done.words
    finally:
        os.kill(int(pid.read_text()), 9)


@pytest.mark.system
async def test_a_failure_carries_what_git_printed(repo: Repo) -> None:
    with pytest.raises(GitFailed, match="not a valid ref") as caught:
        await Git(str(repo)).run("show-ref", "--verify", "refs/heads/none")
    assert caught.value.code == 128


@pytest.mark.system
async def test_output_is_bounded_and_cut_only_where_that_is_asked_for(repo: Repo) -> None:
    repo.commit("big", big="x" * 300_000)
    git = Git(str(repo))
    with pytest.raises(GitOutputTooLarge):
        await git.run("cat-file", "blob", "HEAD:big", keep=1000)
    cut = await git.run("cat-file", "blob", "HEAD:big", keep=1000, cut=True)
    assert (cut.stdout, cut.truncated) == (b"x" * 1000, True)
    whole = await git.run("cat-file", "blob", "HEAD:big")
    assert len(whole.stdout) == 300_000


@pytest.mark.system
async def test_a_value_that_no_process_can_be_given_is_refused_in_words(repo: Repo) -> None:
    with pytest.raises(GitRefused, match="holds a NUL byte") as caught:
        await Git(str(repo)).run("show", "a\0b")
    assert caught.value.code == "bad_value"
    with pytest.raises(GitError, match=r"could not be started in .*: Argument list too long"):
        await Git(str(repo)).run("show", "x" * 10_000_000)
