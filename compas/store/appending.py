"""The one write transaction of the log: a batch of commands, each of them all or nothing."""

from collections.abc import Sequence

import msgspec

from compas.domain.events import Recorded
from compas.failpoints import hit
from compas.store import log_rows
from compas.store.codec import EventCodec
from compas.store.connection import Database
from compas.store.errors import EpochLost
from compas.store.failures import disk_failures, is_disk_failure
from compas.store.projector import Projector
from compas.store.records import Append, Appended, Conflict, Faulted, Outcome

APPENDING = "append to"
"""What was tried, in the words of an error."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a command's events go: after `head`, under an epoch, at a time."""

    head: int
    epoch: int
    at: float


class Appender:
    """Writes batches under one epoch; synchronous, used on the writer's lane only."""

    def __init__(self, codec: EventCodec, projector: Projector) -> None:
        self._codec = codec
        self._projector = projector

    def write(self, database: Database, batch: Sequence[Append], epoch: int, at: float) -> list[Outcome]:
        """Record a batch and return one outcome for each command, in order.

        Raises StoreUnavailable and EpochLost; then nothing of the batch was recorded.
        """
        hit("store.before_append")
        with disk_failures(APPENDING, database.name), database.transaction():
            require_epoch(database, epoch)
            head = start = log_rows.head(database)
            outcomes = []
            for append in batch:
                outcome = self._command(database, append, _Place(head=head, epoch=epoch, at=at))
                if isinstance(outcome, Appended):
                    head += len(outcome.recorded)
                outcomes.append(outcome)
            if head > start:
                self._projector.mark(database, head)
            hit("store.in_transaction")
        hit("store.committed")
        return outcomes

    def _command(self, database: Database, append: Append, place: _Place) -> Outcome:
        """Record one command behind a savepoint, so that its failure leaves its neighbours alone."""
        database.execute("SAVEPOINT command")
        try:
            outcome = self._attempt(database, append, place)
        except Exception as error:
            if is_disk_failure(error):
                raise  # the transaction as a whole is lost
            database.execute("ROLLBACK TO command")
            outcome = Faulted(error=error)
        database.execute("RELEASE command")
        return outcome

    def _attempt(self, database: Database, append: Append, place: _Place) -> Outcome:
        if append.request is not None:
            earlier = log_rows.find_repeat(database, self._codec, append.request)
            if earlier is not None:
                return earlier
        versions: dict[str, int] = {}
        for stream, expected in append.expected.items():
            versions[stream] = log_rows.stream_version(database, stream)
            if versions[stream] != expected:
                return Conflict(stream=stream, expected=expected, actual=versions[stream])
        recorded = self._record(database, append, versions, place)
        response = append.response if isinstance(append.response, bytes) else append.response(recorded)
        if append.request is not None:
            span = (place.head + 1, place.head + len(recorded))
            log_rows.keep_answer(database, append.request, response, span, place.at)
        self._projector.apply(database, recorded)
        return Appended(recorded=recorded, response=response)

    def _record(
        self, database: Database, append: Append, versions: dict[str, int], place: _Place
    ) -> tuple[Recorded, ...]:
        recorded = []
        for position, new in enumerate(append.events, place.head + 1):
            if new.stream not in versions:
                versions[new.stream] = log_rows.stream_version(database, new.stream)
            versions[new.stream] += 1
            event = Recorded(
                position=position,
                stream=new.stream,
                version=versions[new.stream],
                event=new.event,
                at=place.at,
                causation=new.causation,
                lineage=new.lineage,
                epoch=place.epoch,
            )
            log_rows.add_event(database, self._codec, event)
            recorded.append(event)
        return tuple(recorded)


def require_epoch(database: Database, epoch: int) -> None:
    """Raise EpochLost unless `epoch` is the highest; call it inside a write transaction."""
    highest = log_rows.highest_epoch(database)
    if highest != epoch:
        raise EpochLost(
            f"tried to write to {database.name} as supervisor {epoch}; supervisor {highest} took over; "
            "end this one, and send requests to the other"
        )
