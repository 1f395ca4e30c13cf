"""What every store promises, whether it keeps the log in memory or in a file."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.store.codec import domain_codec
from compas.store.connection import Cursor, Reader
from compas.store.event_log import Store, open_store
from compas.store.projections.catalogue import PROJECTIONS
from compas.store.projections.messages import message_by_number
from compas.store.projections.threads import thread_by_id
from compas.store.records import Append, Appended, Conflict, Faulted, NewEvent, Outcome, Repeated, Reused
from tests.kit.ceiling import CEILING

Response = bytes | Callable[[tuple[e.Recorded, ...]], bytes]


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return None if request.param == "memory" else tmp_path / "state" / "compas.sqlite"


def opened(thread: str, summary: str | None = None) -> NewEvent:
    event = e.ThreadOpened(thread=thread, summary=summary)
    return NewEvent(stream=e.thread_stream(thread), event=event, causation="request:1", lineage="l1")


def said(thread: str, body: str, lineage: str = "l1") -> NewEvent:
    event = e.MessagePosted(
        message=f"{thread}-{body}", sender="operator", recipient="dev", intent="dispatch", body=body
    )
    return NewEvent(stream=e.thread_stream(thread), event=event, causation="request:2", lineage=lineage)


def command(*events: NewEvent, request_id: str = "", response: Response = b"", **expected: int) -> Append:
    versions = {e.thread_stream(thread): version for thread, version in expected.items()}
    request = RequestId(name=request_id) if request_id else None
    return Append(events=events, expected=versions, request=request, response=response)


async def append(store: Store, *batch: Append) -> list[Outcome]:
    return await store.append_all(batch)


def bodies(recorded: tuple[e.Recorded, ...]) -> list[str]:
    return [one.event.body for one in recorded if isinstance(one.event, e.MessagePosted)]


async def test_an_append_is_read_back_as_it_was_recorded(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS, clock=lambda: 1234.5) as store:
        (outcome,) = await append(store, command(opened("t"), said("t", "hällo ✓"), t=0))
        assert isinstance(outcome, Appended)
        assert outcome.recorded == await store.read_all()
        assert outcome.recorded == await store.read_stream("thread:t")
        first, second = outcome.recorded
        assert (first.position, first.version, second.position, second.version) == (1, 1, 2, 2)
        assert (first.at, first.causation, first.lineage) == (1234.5, "request:1", "l1")
        assert bodies(outcome.recorded) == ["hällo ✓"]


async def test_events_of_some_kinds_are_read_in_order_and_the_newest_by_itself(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        await append(store, command(opened("a"), said("a", "x"), opened("b"), said("b", "y")))
        assert [one.position for one in await store.read_kinds({"thread.opened"}, 0)] == [1, 3]
        assert [one.position for one in await store.read_kinds({"thread.opened", "message.posted"}, 1, 2)] == [2, 3]
        assert await store.read_kinds({"of another version"}, 0) == ()
        for stream, newest in ((None, [4, 2]), ("thread:a", [2]), ("thread:c", [])):
            found = await store.read_newest({"message.posted"}, 2, stream)
            assert [one.position for one in found] == newest


async def test_positions_have_no_gaps_over_streams_and_conflicts(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        outcomes = await append(
            store,
            command(opened("a"), a=0),
            command(opened("a"), opened("b"), a=0),
            command(opened("b"), said("a", "x"), b=0, a=1),
            command(said("b", "y")),
        )
        assert outcomes[1] == Conflict(stream="thread:a", expected=0, actual=1)
        assert [(one.position, one.stream, one.version) for one in await store.read_all()] == [
            (1, "thread:a", 1),
            (2, "thread:b", 1),
            (3, "thread:a", 2),
            (4, "thread:b", 2),
        ]
        assert await store.head() == 4


async def test_a_conflict_leaves_its_neighbours_alone_and_records_nothing_of_its_own(
    place: Path | None,
) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        outcomes = await append(
            store,
            command(opened("a"), a=0),
            command(opened("c"), said("a", "late"), a=0, c=0, request_id="late", response=b"no"),
            command(opened("b"), b=0),
        )
        assert [type(one) for one in outcomes] == [Appended, Conflict, Appended]
        assert await store.read_stream("thread:c") == ()
        assert await store.query(lambda reader: thread_by_id(reader, "c")) is None
        assert await store.answer_of(RequestId(name="late")) is None


async def test_an_expected_version_of_a_stream_without_events_is_checked_too(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        (outcome,) = await append(store, command(opened("a"), a=0, budget=3))
        assert outcome == Conflict(stream="thread:budget", expected=3, actual=0)
        assert await store.head() == 0


async def test_a_repeated_request_gets_the_first_answer_and_records_nothing(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        await append(store, command(opened("other")))
        first, again = await append(
            store,
            command(opened("a"), said("a", "x"), a=0, request_id="r1", response=b"first"),
            command(opened("a"), a=0, request_id="r1", response=b"second"),
        )
        assert isinstance(first, Appended)
        assert again == Repeated(response=b"first", recorded=first.recorded)
        assert await append(store, command(request_id="r1", response=b"third")) == [again]
        assert await store.answer_of(RequestId(name="r1")) == b"first"
        assert await store.answer_of(RequestId(name="r2")) is None
        assert await store.head() == 3


async def test_a_request_id_belongs_to_what_was_asked_under_it_first(place: Path | None) -> None:
    def asked(operation: str, digest: bytes) -> RequestId:
        return RequestId(name="r1", operation=operation, digest=digest)

    async with open_store(place, events=domain_codec()) as store:
        first = asked("close", b"one")
        (recorded,) = await append(store, Append(events=(opened("a"),), request=first, response=b"closed"))
        for other in (asked("close", b"two"), asked("abandon", b"three")):
            assert await append(store, Append(events=(opened("b"),), request=other)) == [Reused(used_for="close")]
            assert await store.answer_of(other) == Reused(used_for="close")
        assert await store.answer_of(first) == b"closed"
        (again,) = await append(store, Append(events=(), request=first))
        assert isinstance(recorded, Appended)
        assert again == Repeated(response=b"closed", recorded=recorded.recorded)
        assert await store.head() == 1


async def test_a_response_can_be_made_of_what_was_recorded(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        (outcome,) = await append(
            store,
            command(
                opened("a"),
                said("a", "x"),
                request_id="r",
                response=lambda recorded: f"db:{recorded[-1].position}".encode(),
            ),
        )
        assert isinstance(outcome, Appended)
        assert outcome.response == b"db:2"
        assert await store.answer_of(RequestId(name="r")) == b"db:2"


async def test_a_request_that_records_nothing_keeps_its_answer(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        await append(store, command(request_id="r", response=b"nothing to do"), command(opened("a")))
        (again,) = await append(store, command(request_id="r"))
        assert again == Repeated(response=b"nothing to do", recorded=())


async def test_a_defect_in_one_command_undoes_that_command_only(place: Path | None) -> None:
    def broken(recorded: tuple[e.Recorded, ...]) -> bytes:
        raise KeyError("defect")

    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        outcomes = await append(
            store,
            command(opened("a")),
            command(opened("b"), request_id="r", response=broken),
            command(opened("c")),
        )
        assert [type(one) for one in outcomes] == [Appended, Faulted, Appended]
        assert isinstance(outcomes[1], Faulted)
        assert isinstance(outcomes[1].error, KeyError)
        assert [one.stream for one in await store.read_all()] == ["thread:a", "thread:c"]
        assert await store.query(lambda reader: thread_by_id(reader, "b")) is None
        assert await store.answer_of(RequestId(name="r")) is None


async def test_a_read_model_that_fails_takes_the_command_back_with_it(place: Path | None) -> None:
    class Refusing:
        name = "refusing"
        version = 1
        tables = "CREATE TABLE seen (position INTEGER PRIMARY KEY) STRICT"

        def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
            cursor.execute("INSERT INTO seen VALUES (?)", (recorded.position,))
            if isinstance(recorded.event, e.MessagePosted):
                cursor.execute("INSERT INTO no_such_table VALUES (1)")

    async with open_store(place, events=domain_codec(), projections=(Refusing(),)) as store:
        outcomes = await append(store, command(opened("a"), said("a", "x")), command(opened("b")))
        assert [type(one) for one in outcomes] == [Faulted, Appended]
        assert await store.head() == 1
        assert await store.query(lambda reader: reader.rows("SELECT position FROM seen")) == [(1,)]


async def test_reading_goes_on_after_a_version_and_after_a_position(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        await append(store, command(*(said("t", str(n)) for n in range(6))))
        assert bodies(await store.read_stream("thread:t", after=4)) == ["4", "5"]
        assert bodies(await store.read_all(after=1, limit=2)) == ["1", "2"]
        assert await store.read_all(after=6) == ()


async def test_a_lineage_is_read_over_all_streams(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        await append(
            store,
            command(said("a", "1", "x"), said("b", "2", "y"), said("b", "3", "x"), said("a", "4", "")),
        )
        assert bodies(await store.read_lineage("x")) == ["1", "3"]
        assert await store.read_lineage("") == ()


async def test_read_models_are_up_to_date_when_the_append_is_answered(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        await append(store, command(opened("t", "a summary"), said("t", "x")))

        def both(reader: Reader) -> tuple[str | None, str]:
            thread, message = thread_by_id(reader, "t"), message_by_number(reader, 2)
            assert thread is not None
            assert message is not None
            return thread.summary, message.body

        assert await store.query(both) == ("a summary", "x")


async def test_a_query_cannot_write(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        with pytest.raises(RuntimeError, match="read function tried to write"):
            await store.query(lambda reader: reader.rows("INSERT INTO epochs VALUES (9, 1, '', '', 0.0)"))
        assert isinstance((await append(store, command(opened("t"))))[0], Appended)


async def test_a_query_that_raises_leaves_the_store_usable(place: Path | None) -> None:
    def broken(reader: Reader) -> None:
        reader.row("SELECT 1")
        raise LookupError("mine")

    async with open_store(place, events=domain_codec()) as store:
        with pytest.raises(LookupError, match="mine"):
            await store.query(broken)
        assert await store.head() == 0
        assert isinstance((await append(store, command(opened("t"))))[0], Appended)


async def test_events_are_never_changed_or_deleted(place: Path | None) -> None:
    class Meddler:
        name = "meddler"
        version = 1
        tables = "CREATE TABLE meddled (n INTEGER) STRICT"

        def apply(self, cursor: Cursor, recorded: e.Recorded) -> None:
            if recorded.position == 2:
                cursor.execute("UPDATE events SET payload = '{}' WHERE position = 1")
            if recorded.position > 2:
                cursor.execute("DELETE FROM events WHERE position = 1")

    async with open_store(place, events=domain_codec(), projections=(Meddler(),)) as store:
        outcomes = await append(store, command(opened("a")), command(opened("b")), command(opened("c"), opened("d")))
        assert [type(one) for one in outcomes] == [Appended, Faulted, Faulted]
        assert [one.stream for one in await store.read_all()] == ["thread:a"]


async def test_every_epoch_is_higher_and_every_event_carries_it(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        assert await store.begin_epoch(10, "boot", "0.1") == 1
        await append(store, command(opened("a")))
        assert await store.begin_epoch(10, "boot", "0.1") == 2
        await append(store, command(opened("b")))
        assert [one.epoch for one in await store.read_all()] == [1, 2]


async def test_an_empty_batch_and_a_probe_change_nothing(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        assert await store.append_all([]) == []
        await store.probe()
        assert await store.head() == 0


async def test_a_store_at_rest_runs_no_sql(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        await append(store, command(opened("a")))
        before = store.statistics()
        await store.append_all([])
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        assert store.statistics() == before
        assert (before.appended_events, before.transactions) == (1, 1)
        await store.head()
        assert store.statistics().statements > before.statements


async def test_an_append_that_is_cancelled_before_it_begins_records_nothing(place: Path | None) -> None:
    async with open_store(place, events=domain_codec()) as store:
        with trio.CancelScope() as scope:
            scope.cancel()
            await append(store, command(opened("a")))
        assert scope.cancelled_caught
        assert await store.head() == 0


async def test_appends_of_many_tasks_are_all_recorded_once(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:

        async def dispatch(thread: str) -> None:
            for n in range(5):
                (outcome,) = await append(store, command(said(thread, str(n)), **{thread: n}))
                assert isinstance(outcome, Appended)

        with trio.fail_after(CEILING):
            async with trio.open_nursery() as nursery:
                for n in range(8):
                    nursery.start_soon(dispatch, f"t{n}")
        recorded = await store.read_all()
        assert [one.position for one in recorded] == list(range(1, 41))
        assert bodies(await store.read_stream("thread:t3")) == ["0", "1", "2", "3", "4"]


async def test_a_rebuild_keeps_what_the_read_models_say(place: Path | None) -> None:
    async with open_store(place, events=domain_codec(), projections=PROJECTIONS) as store:
        await append(store, command(opened("t", "s"), said("t", "x")))
        before = await store.query(lambda reader: thread_by_id(reader, "t"))
        await store.rebuild()
        assert await store.query(lambda reader: thread_by_id(reader, "t")) == before
        await append(store, command(said("t", "y")))
        assert await store.query(lambda reader: message_by_number(reader, 3)) is not None
