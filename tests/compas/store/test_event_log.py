"""A log in a file: who may read it, who may write it, and what a full disk or a crash leaves behind."""

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
import trio
import trio.testing

from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.store.codec import domain_codec
from compas.store.connection import Reader
from compas.store.errors import EpochLost, StoreClosed, StoreGone, StoreRefused, StoreUnavailable, UnreadableEvent
from compas.store.event_log import Store, open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projections.messages import count_messages
from compas.store.records import Append, Appended, Faulted
from tests.kit.ceiling import CEILING
from tests.kit.places import REPOSITORY

Said = Callable[..., Append]


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def make_open_to_all(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o755)
    path.touch()
    path.chmod(0o644)


def make_text(path: Path) -> str:
    path.parent.mkdir()
    path.write_text("these are not the pages you are looking for\n" * 100)
    return path.read_text()


def wal_size(path: Path) -> int:
    return path.with_name("compas.sqlite-wal").stat().st_size


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond `limit`, which SQLite meets like a failing disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_log_outlives_the_store(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.append_all([said("one", "two")])
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.append_all([said("three")])
        assert [one.position for one in await store.read_all()] == [1, 2, 3]
        assert await store.query(count_messages) == 3


async def test_directory_and_files_are_the_owners_alone(tmp_path: Path, said: Said) -> None:
    path = tmp_path / "compas" / "state" / "compas.sqlite"
    earlier = os.umask(0)
    try:
        async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
            await store.append_all([said("x")])
            files = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(earlier)
    assert files == {"compas.sqlite": 0o600, "compas.sqlite-wal": 0o600, "compas.sqlite-shm": 0o600}
    assert (mode(path.parent), mode(path.parent.parent)) == (0o700, 0o700)


async def test_a_directory_that_exists_keeps_its_mode_and_a_loose_file_is_tightened(path: Path) -> None:
    make_open_to_all(path)
    async with open_store(path, events=domain_codec()):
        assert (mode(path.parent), mode(path)) == (0o755, 0o600)


async def test_the_log_is_written_ahead_and_synced_in_full(path: Path) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.begin_epoch(1, "boot", "0.1")
        header = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        assert header.pragma("journal_mode") == "wal"
        header.close()
        assert await store.query(lambda reader: reader.row("PRAGMA foreign_keys")) == (1,)
        assert await store.query(lambda reader: reader.row("PRAGMA trusted_schema")) == (0,)


async def test_a_supervisor_that_was_succeeded_cannot_write(path: Path, said: Said) -> None:
    async with (
        open_store(path, events=domain_codec(), projections=PROJECTIONS) as old,
        open_store(path, events=domain_codec(), projections=PROJECTIONS) as new,
    ):
        await old.begin_epoch(1, "boot", "0.1")
        await old.append_all([said("from the old")])
        assert await new.begin_epoch(2, "boot", "0.1") == 2
        with pytest.raises(EpochLost, match="supervisor 2 took over"):
            await old.append_all([said("too late")])
        await new.append_all([said("from the new")])
        assert [one.epoch for one in await old.read_all()] == [1, 2]


def take_away(path: Path, what: str) -> None:
    if what == "directory":
        path.parent.rename(path.parent.with_name("moved"))
    else:
        (path.with_name(f"{path.name}-wal") if what == "write-ahead log" else path).unlink()
    if what == "another log":
        path.touch()


@pytest.mark.parametrize("what", ["log", "write-ahead log", "directory", "another log"])
async def test_nothing_is_answered_as_kept_in_a_file_that_was_removed_or_replaced(
    path: Path, said: Said, what: str
) -> None:
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.begin_epoch(1, "boot", "0.1")
        await store.append_all([said("kept")])
        take_away(path, what)
        for _ in range(2):
            with pytest.raises(StoreGone, match="was removed, moved or replaced"):
                await store.append_all([said("lost")])
        with trio.fail_after(CEILING):
            assert isinstance(await store.wait_lost(), StoreGone)


async def test_a_store_that_was_succeeded_tells_who_waits_for_that(path: Path, said: Said) -> None:
    async with (
        open_store(path, events=domain_codec(), projections=PROJECTIONS) as old,
        open_store(path, events=domain_codec(), projections=PROJECTIONS) as new,
    ):
        await old.begin_epoch(1, "boot", "0.1")
        await new.begin_epoch(2, "boot", "0.1")
        with pytest.raises(EpochLost):
            await old.append_all([said("too late")])
        with trio.fail_after(CEILING):
            assert isinstance(await old.wait_lost(), EpochLost)


async def test_a_store_that_never_began_an_epoch_cannot_write_over_one_that_did(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.begin_epoch(1, "boot", "0.1")
    async with open_store(path, events=domain_codec()) as store:
        with pytest.raises(EpochLost):
            await store.append_all([said("x")])


async def test_a_failing_disk_is_told_in_words_and_the_store_works_again_after_it(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.append_all([said("before")])
        with file_size_limit(wal_size(path) + 8192):
            with pytest.raises(StoreUnavailable, match=r"tried to append to .*compas\.sqlite; the disk "):
                await store.append_all([said("small"), said("x" * 100_000)])
            assert await store.head() == 1
        await store.probe()
        (outcome,) = await store.append_all([said("after")])
        assert isinstance(outcome, Appended)
        assert outcome.recorded[0].position == 2
        assert await store.query(count_messages) == 2


async def test_a_probe_fails_while_the_disk_does_in_the_words_of_an_append(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([said("before")])
        with file_size_limit(wal_size(path)):
            with pytest.raises(StoreUnavailable) as refused:
                await store.append_all([said("small")])
            with pytest.raises(StoreUnavailable) as probed:
                await store.probe()
        assert str(probed.value) == str(refused.value)
        await store.probe()


async def test_a_file_that_stays_locked_is_told_in_words(
    path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compas.store.connection.BUSY_TIMEOUT_MS", 20)
    async with open_store(path, events=domain_codec()) as store:
        other = apsw.Connection(str(path))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="another process kept the file locked"):
            await store.append_all([said("x")])
        other.execute("ROLLBACK")
        other.close()
        await store.append_all([said("x")])
        assert await store.head() == 1


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    text = make_text(path)
    with pytest.raises(StoreRefused, match="not a SQLite database"):
        async with open_store(path, events=domain_codec()):
            pass
    assert await trio.Path(path).read_text() == text


async def test_a_directory_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="could not be opened"):
        async with open_store(tmp_path / "file" / "state" / "compas.sqlite", events=domain_codec()):
            pass


async def test_a_query_sees_one_state_while_appends_go_on(path: Path, said: Said) -> None:
    """The read function stops half-way until the writer has committed more."""
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        await store.append_all([said("one")])
        token = trio.lowlevel.current_trio_token()
        reading = trio.Event()

        def twice(reader: Reader) -> tuple[int, int]:
            first = count_messages(reader)
            trio.from_thread.run_sync(reading.set, trio_token=token)
            trio.from_thread.run(append, trio_token=token)
            return first, count_messages(reader)

        async def append() -> None:
            await store.append_all([said("two")])

        with trio.fail_after(CEILING):
            assert await store.query(twice) == (1, 1)
            assert reading.is_set()
            assert await store.query(count_messages) == 2


async def test_a_cancelled_query_is_interrupted_and_the_next_one_works(path: Path) -> None:
    async with open_store(path, events=domain_codec()) as store:
        endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c"
        with trio.move_on_after(0.05) as scope:
            await store.query(lambda reader: reader.row(endless))
        assert scope.cancelled_caught
        with trio.fail_after(CEILING):
            assert await store.head() == 0


async def test_readers_see_only_whole_commands_while_a_writer_works(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        seen: list[int] = []

        async def write() -> None:
            for n in range(40):
                await store.append_all([said(f"{n}a", f"{n}b", f"{n}c")])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(write)
            with trio.fail_after(CEILING):
                while not seen or seen[-1] < 120:
                    seen.append(await store.query(count_messages))
        assert [count for count in seen if count % 3] == []
        assert seen == sorted(seen)


APPENDING = """
import sys, trio
from pathlib import Path
from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.store.codec import domain_codec
from compas.store.event_log import open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.records import Append, NewEvent

def command(number):
    event = e.MessagePosted(message=f"m{sys.argv[2]}-{number}", sender="a", recipient="b", intent="i", body="x")
    new = NewEvent(stream=f"thread:{sys.argv[2]}", event=event)
    return Append(events=(new,), request=RequestId(name=f"r{number}"))

async def main():
    async with open_store(Path(sys.argv[1]), events=domain_codec(), projections=PROJECTIONS) as store:
        for number in range(int(sys.argv[3])):
            await store.append_all([command(f"{sys.argv[2]}-{number}")])
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()

trio.run(main)
"""


def start_appending(path: Path, thread: str, count: int, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPENDING, str(path), thread, str(count)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.system
@pytest.mark.parametrize(
    ("failpoint", "kept"),
    [("store.before_append:3", 2), ("store.in_transaction:3", 2), ("store.committed:3", 3)],
)
async def test_a_kill_leaves_each_command_whole_or_absent(path: Path, failpoint: str, kept: int) -> None:
    killed = start_appending(path, "t", 5, COMPAS_FAILPOINT=failpoint)
    answered, _ = await trio.to_thread.run_sync(lambda: killed.communicate(timeout=CEILING))
    assert killed.returncode == -signal.SIGKILL
    assert answered.split() == ["0", "1"]
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        assert await store.head() == kept
        assert await store.query(count_messages) == kept
        assert (await store.answer_of(RequestId(name="rt-2")) is not None) == (kept == 3)


@pytest.mark.system
async def test_processes_that_open_one_new_file_at_once_all_get_to_write(path: Path) -> None:
    """The lock of the supervisor prevents this; the store does not depend on it."""
    writers = [start_appending(path, f"t{n}", 15) for n in range(3)]

    async def finish(writer: subprocess.Popen[str]) -> None:
        await trio.to_thread.run_sync(lambda: writer.communicate(timeout=CEILING))

    async with trio.open_nursery() as nursery:
        for writer in writers:
            nursery.start_soon(finish, writer)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    async with open_store(path, events=domain_codec(), projections=PROJECTIONS) as store:
        assert [one.position for one in await store.read_all()] == list(range(1, 46))
        assert await store.query(count_messages) == 45


async def test_a_closed_store_says_so(path: Path) -> None:
    kept: list[Store] = []
    async with open_store(path, events=domain_codec()) as store:
        kept.append(store)
    with pytest.raises(StoreClosed):
        await kept[0].head()


async def test_the_files_beside_the_database_are_gone_after_a_clean_end(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([said("x")])
    assert [file.name for file in path.parent.iterdir()] == ["compas.sqlite"]


async def test_an_append_goes_through_once_begun_though_the_caller_is_cancelled(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        with trio.CancelScope() as scope:

            def cancel(recorded: tuple[e.Recorded, ...]) -> bytes:
                trio.from_thread.run_sync(scope.cancel, trio_token=token)
                return b"done"

            token = trio.lowlevel.current_trio_token()
            command = Append(events=said("x").events, request=RequestId(name="r"), response=cancel)
            outcomes = await store.append_all([command])
        assert isinstance(outcomes[0], Appended)
        assert await store.answer_of(RequestId(name="r")) == b"done"


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(4, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


async def test_a_damaged_file_is_told_in_words(path: Path, said: Said) -> None:
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([said(*(f"{n} {'x' * 500}" for n in range(200)))])
    damage(path)
    with pytest.raises(StoreUnavailable, match=r"the file is damaged .* restore it from a backup"):
        async with open_store(path, events=domain_codec()) as store:
            await store.read_all()


async def test_a_repeat_whose_events_cannot_be_read_faults_alone(path: Path, said: Said) -> None:
    """A log that a newer compas wrote to holds a kind of event this one does not know."""
    async with open_store(path, events=domain_codec()) as store:
        await store.append_all([Append(events=said("x").events, request=RequestId(name="r"), response=b"first")])
    newer = apsw.Connection(str(path))
    newer.execute("DROP TRIGGER events_are_never_changed; UPDATE events SET tag = 'message.sung'")
    newer.close()
    async with open_store(path, events=domain_codec()) as store:
        repeat, other = await store.append_all([Append(events=(), request=RequestId(name="r")), said("y")])
        assert isinstance(repeat, Faulted)
        assert isinstance(repeat.error, UnreadableEvent)
        assert isinstance(other, Appended)
        with pytest.raises(UnreadableEvent, match="event 1 of the log"):
            await store.read_all()
    with pytest.raises(UnreadableEvent, match="event 1 of the log"):
        async with open_store(path, events=domain_codec(), projections=PROJECTIONS):
            pass


async def test_a_store_in_memory_takes_no_virtual_time(autojump_clock: trio.testing.MockClock, said: Said) -> None:
    """A task that waited for a thread would let the clock jump to the timer."""
    async with open_store(None, events=domain_codec(), projections=PROJECTIONS) as store:
        with trio.fail_after(30):
            for n in range(20):
                await store.append_all([said(str(n))])
                await store.query(count_messages)
        assert trio.current_time() == 0.0
