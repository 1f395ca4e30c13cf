"""Opens the log and its read models: append in groups, read streams, query one consistent state."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import trio

from compas.clock import Clock, wall_clock
from compas.domain.events import Recorded
from compas.domain.requests import RequestId
from compas.store import log_rows
from compas.store.appending import APPENDING, Appender, require_epoch
from compas.store.codec import EventCodec
from compas.store.connection import Database, Reader, open_database
from compas.store.errors import EpochLost, StoreError, StoreGone
from compas.store.failures import disk_failures
from compas.store.kept_answers import forget_answers
from compas.store.lane import InlineLane, Lane, open_thread_lane
from compas.store.migrate import LOG_APPLICATION_ID, load_schema, migrate
from compas.store.projector import Projection, Projector
from compas.store.rebuild import rebuild
from compas.store.records import Append, Appended, Outcome, Reused, Statistics

R = TypeVar("R")


class Store:
    """The log. One task at a time should append (the journal); any number may read. See `open_store`."""

    def __init__(
        self,
        writer: Lane,
        reader: Lane,
        databases: tuple[Database, ...],
        codec: EventCodec,
        projector: Projector,
        clock: Clock,
    ) -> None:
        self.epoch = 0
        self._writer = writer
        self._reader = reader
        self._databases = databases
        self._codec = codec
        self._projector = projector
        self._appender = Appender(codec, projector)
        self._clock = clock
        self._transactions = 0
        self._appended_events = 0
        self.loss: StoreError | None = None
        self._lost = trio.Event()

    async def wait_lost(self) -> StoreError:
        """Wait until a write shows that the file is another supervisor's, or gone; return the error it raised."""
        await self._lost.wait()
        assert self.loss is not None
        return self.loss

    async def begin_epoch(self, pid: int, boot_id: str, version: str) -> int:
        """Take over: append an epoch higher than any before, which every later append carries (design §2).

        Every other store on this file may not write any more. Not undone by cancellation once begun.
        """

        def begin(database: Database) -> int:
            with disk_failures("take over", database.name), database.transaction():
                return log_rows.add_epoch(database, pid, boot_id, version, self._clock())

        self.epoch = await self._write(begin)
        return self.epoch

    async def append_all(self, batch: Sequence[Append]) -> list[Outcome]:
        """Record a batch of commands in one durable transaction; one outcome for each, in order.

        A conflict, a repeated request and a defect in one command leave the others alone. Raises
        StoreUnavailable and EpochLost; then nothing was recorded. Cancelled before it begins, nothing is
        recorded; once begun, it finishes.
        """
        if not batch:
            return []
        outcomes = await self._write(
            lambda database: self._appender.write(database, tuple(batch), self.epoch, self._clock())
        )
        self._appended_events += sum(len(one.recorded) for one in outcomes if isinstance(one, Appended))
        return outcomes

    async def forget_answers(self, before: float, limit: int) -> int:
        """Forget up to `limit` answers to clients given before a time in UTC seconds, and return how many.

        A request under such a name is a new one from then on. Raises StoreUnavailable and EpochLost; then none went.
        """

        def forget(database: Database) -> int:
            with disk_failures("forget old answers in", database.name), database.transaction():
                require_epoch(database, self.epoch)
                return forget_answers(database, before, limit)

        return await self._write(forget)

    async def probe(self) -> None:
        """Commit something that changes nothing; raises StoreUnavailable while the disk will not.

        The error has the words of a refused append: it is what the refused appends are answered with from then on.
        """

        def touch(database: Database) -> None:
            with disk_failures(APPENDING, database.name), database.transaction():
                version = database.number("PRAGMA user_version")
                database.execute(f"PRAGMA user_version = {version}")

        await self._write(touch)

    async def rebuild(self) -> None:
        """Make every read model anew from the log; appends wait, readers go on with the old ones."""

        def remake(database: Database) -> None:
            with disk_failures("rebuild the read models of", database.name):
                rebuild(database, self._projector)

        await self._write(remake)

    async def query(self, question: Callable[[Reader], R]) -> R:
        """Run a read function on one consistent state and return its result; a cancel interrupts it.

        It sees every append that was answered before. It must not write, and must not keep the reader.
        """

        def ask(database: Database) -> R:
            with disk_failures("read", database.name), database.snapshot():
                return question(database)

        return await self._reader.run(ask)

    async def read_stream(self, stream: str, after: int = 0) -> tuple[Recorded, ...]:
        """Return the events of a stream after a version, in order."""
        return await self.query(lambda reader: log_rows.read_stream(reader, self._codec, stream, after))

    async def read_all(self, after: int = 0, limit: int = 1000) -> tuple[Recorded, ...]:
        """Return up to `limit` events after a position, in order."""
        return await self.query(lambda reader: log_rows.read_all(reader, self._codec, after, limit))

    async def read_kinds(self, tags: Collection[str], after: int, limit: int = 100) -> tuple[Recorded, ...]:
        """Return up to `limit` events of these kinds, named as the log does, after a position, in order."""
        return await self.query(lambda reader: log_rows.read_kinds(reader, self._codec, tags, after, limit))

    async def read_newest(
        self, tags: Collection[str], limit: int = 1, stream: str | None = None
    ) -> tuple[Recorded, ...]:
        """Return up to `limit` events of these kinds, of one stream or of all, newest first."""
        return await self.query(lambda reader: log_rows.read_newest(reader, self._codec, tags, limit, stream))

    async def read_lineage(self, lineage: str) -> tuple[Recorded, ...]:
        """Return everything that descends from one dispatch, over all streams, in order."""
        return await self.query(lambda reader: log_rows.read_lineage(reader, self._codec, lineage))

    async def head(self) -> int:
        """Return the position of the newest event, 0 in an empty log."""
        return await self.query(log_rows.head)

    async def answer_of(self, request: RequestId) -> bytes | Reused | None:
        """Return the first answer to a request; None when it was never answered, Reused when its name is another's."""
        return await self.query(lambda reader: log_rows.find_answer(reader, request))

    def statistics(self) -> Statistics:
        """Count what was done since opening; costs no SQL."""
        return Statistics(
            statements=sum(database.statements for database in self._databases),
            transactions=self._transactions,
            appended_events=self._appended_events,
        )

    async def _write(self, work: Callable[[Database], R]) -> R:
        await trio.lowlevel.checkpoint()
        # A cancel in the middle would leave the caller not knowing; it costs a millisecond to know.
        with trio.CancelScope(shield=True):
            try:
                result = await self._writer.run(work)
            except (EpochLost, StoreGone) as loss:
                self.loss = loss
                self._lost.set()
                raise
        self._transactions += 1
        return result


@asynccontextmanager
async def open_store(
    path: Path | None,
    *,
    events: EventCodec,
    projections: Sequence[Projection] = (),
    clock: Clock = wall_clock,
) -> AsyncIterator[Store]:
    """Open, and if need be make or bring up to date, the log at `path`; None keeps it in memory.

    In memory the same SQL runs inline on the trio thread, so that a virtual clock works. A file gets two
    threads: the only writing connection, and one for reading. Raises StoreRefused and StoreUnavailable.
    """
    projector = Projector(projections, events)

    def open_writer() -> Database:
        database = open_database(path, "log")
        try:
            migrate(database, load_schema(LOG_APPLICATION_ID, "sql"))
            with disk_failures("open", database.name), database.transaction():
                projector.catch_up(database)
        except BaseException:
            database.close()
            raise
        return database

    async with AsyncExitStack() as stack:
        if path is None:
            database = open_writer()
            writer: Lane = InlineLane(database)
            stack.push_async_callback(writer.aclose)
            yield Store(writer, writer, (database,), events, projector, clock)
            return
        opened = await open_thread_lane(open_writer)
        stack.push_async_callback(opened.aclose)
        reading = await open_thread_lane(partial(open_database, path, "reader"))
        stack.push_async_callback(reading.aclose)
        yield Store(opened, reading, (opened.database, reading.database), events, projector, clock)
