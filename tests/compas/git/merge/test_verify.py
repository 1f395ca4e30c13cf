"""A check runs on the merged tree and nowhere else, and nothing of it outlives it."""
# ruff: noqa: ASYNC240 - the test plays the operator, who blocks nobody

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from compas.git.errors import GitWorkerLost
from compas.git.merge.verify import LOG_BYTES, verify_merge
from compas.git.protocol.client import GitWorker, open_git_worker
from compas.git.protocol.merging import ClearMerge, Verified, VerifyMerge
from tests.kit.ceiling import CEILING
from tests.kit.git.git_operator import Repo

pytestmark = pytest.mark.system


async def check(
    repo: Repo, command: str, log: Path, timeout: float = CEILING, patterns: tuple[str, ...] | None = ()
) -> Verified:
    request = VerifyMerge(
        repo=str(repo),
        op="op1",
        commit=repo.tip(),
        command=command,
        timeout_secs=timeout,
        log=str(log),
        redaction_patterns=patterns,
    )
    return await verify_merge(request)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "op1.log"


async def test_a_check_sees_the_merged_tree_and_not_the_operators(repo: Repo, log: Path) -> None:
    repo.write("a.txt", "edited\n")
    found = await check(repo, "cat a.txt; git status --short; pwd", log)
    assert (found.outcome, found.code) == ("passed", 0)
    assert log.read_text() == f"a\n{repo}/.git/compas-merge/op1\n"
    assert log.stat().st_mode & 0o777 == 0o600
    assert (repo.status(), repo.git("worktree", "list").count("\n")) == (" M a.txt", 0)


async def test_a_check_that_fails_shows_the_end_of_what_it_printed(repo: Repo, log: Path) -> None:
    found = await check(repo, "seq 1 5000; echo 'the tests fail' >&2; exit 3", log)
    assert (found.outcome, found.code) == ("failed", 3)
    assert found.tail.endswith("5000\nthe tests fail")
    assert log.read_text().startswith("1\n2\n")


async def test_output_without_end_does_not_fill_the_disk(repo: Repo, log: Path) -> None:
    found = await check(repo, f"yes 0123456789 | head -c {LOG_BYTES + 1000}; echo the end", log)
    assert found.outcome == "passed"
    assert found.tail.endswith("the end")
    assert LOG_BYTES - 200 < log.stat().st_size < LOG_BYTES + 200
    assert b"more bytes are not kept" in log.read_bytes()[-200:]


async def test_secrets_are_neither_in_the_log_nor_in_what_is_told(repo: Repo, log: Path) -> None:
    found = await check(repo, "echo password=0123456789abcdef0123; echo 4711; exit 1", log, patterns=("4711",))
    assert found.tail == log.read_text().strip() == "password=[REDACTED:generic_secret]\n[REDACTED:custom_0]"


async def test_secrets_stay_where_the_config_says_so(repo: Repo, log: Path) -> None:
    found = await check(repo, "echo password=0123456789abcdef0123", log, patterns=None)
    assert found.tail == log.read_text().strip() == "password=0123456789abcdef0123"


@contextlib.asynccontextmanager
async def told(path: Path) -> AsyncIterator[trio.lowlevel.FdStream]:
    """Yield the reading end of a FIFO that processes of a check hold open; it ends when the last of them has."""
    os.mkfifo(path)
    stream = trio.lowlevel.FdStream(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    async with stream:
        yield stream


STUBBORN = "exec 9>'{fifo}'; trap '' TERM; (trap '' TERM; echo child >&9; exec sleep 1000) & echo begun >&9; {last}"


async def gone(stream: trio.lowlevel.FdStream) -> None:
    """Return once nobody holds the FIFO open any more."""
    with trio.fail_after(CEILING):
        while await stream.receive_some():
            pass


async def begun(stream: trio.lowlevel.FdStream) -> None:
    """Return once the check and its child have said something."""
    said = b""
    with trio.fail_after(CEILING):
        while said.count(b"\n") < 2:
            said += await stream.receive_some()


async def wait_written(path: Path) -> None:
    """Let the FIFO have a writer before it is read: without one, reading says at once that it has ended."""
    with trio.fail_after(CEILING):
        await trio.to_thread.run_sync(lambda: os.close(os.open(path, os.O_RDONLY)))


async def test_at_its_time_limit_a_check_is_ended_with_all_that_it_started(
    repo: Repo, log: Path, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    async with told(fifo) as stream:
        found = await check(repo, STUBBORN.format(fifo=fifo, last="sleep 1000"), log, timeout=1)
        await gone(stream)
    assert (found.outcome, found.code) == ("timed_out", None)
    assert "ended after 1 s" in log.read_text()
    assert repo.git("worktree", "list").count("\n") == 0


async def test_what_a_check_leaves_behind_is_ended_when_it_ends(repo: Repo, log: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    async with told(fifo) as stream:
        found = await check(repo, STUBBORN.format(fifo=fifo, last="exit 0"), log)
        await gone(stream)
    assert found.outcome == "passed"


async def asked(worker: GitWorker, repo: Repo, fifo: Path, log: Path) -> None:
    command = STUBBORN.format(fifo=fifo, last="sleep 1000")
    await worker.ask(
        VerifyMerge(repo=str(repo), op="op1", commit=repo.tip(), command=command, timeout_secs=1000, log=str(log))
    )


async def test_cancelling_ends_a_check_with_all_that_it_started(
    repo: Repo, log: Path, tmp_path: Path, process: GitWorker
) -> None:
    fifo = tmp_path / "fifo"
    async with told(fifo) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(asked, process, repo, fifo, log)
        await wait_written(fifo)
        await begun(stream)
        nursery.cancel_scope.cancel()
    async with trio.lowlevel.FdStream(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)) as stream:
        await gone(stream)
    cleared = await process.ask(ClearMerge(repo=str(repo), op="op1"))
    assert (cleared.cleaned, repo.git("worktree", "list").count("\n")) == ((), 0)


async def test_a_check_does_not_outlive_a_worker_that_is_killed(
    repo: Repo, log: Path, tmp_path: Path, worker: GitWorker
) -> None:
    fifo = tmp_path / "fifo"
    async with told(fifo) as stream:
        async with open_git_worker(epoch=1) as victim:

            async def ask() -> None:
                with pytest.raises(GitWorkerLost):
                    await asked(victim, repo, fifo, log)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask)
                await wait_written(fifo)
                await begun(stream)
                os.kill(victim.pid, signal.SIGKILL)
        await gone(stream)
    with trio.fail_after(CEILING):
        cleared = await worker.ask(ClearMerge(repo=str(repo), op="op1"))
    assert cleared.cleaned == (f"{repo}/.git/compas-merge/op1",)
    assert repo.git("worktree", "list").count("\n") == 0
