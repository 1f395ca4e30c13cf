"""The one write transaction of the log: a batch of commands, each of them all or nothing."""

from collections.abc import Sequence

from compas.domain.events import Recorded
from compas.failpoints import hit
from compas.store import log_rows
from compas.store.codec import EventCodec
from compas.store.connection import Database
from compas.store.errors import EpochLost
from compas.store.failures import disk_failures, is_disk_failure
from compas.store.projector import Projector
from compas.store.records import Append, Appended, Conflict, Faulted, Outcome


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
        with disk_failures("append to", database.name), database.transaction():
            require_epoch(database, epoch)
            head = start = log_rows.head(database)
            outcomes = []
            for append in batch:
                outcome = self._command(database, append, head, epoch, at)
                if isinstance(outcome, Appended):
                    head += len(outcome.recorded)
                outcomes.append(outcome)
            if head > start:
                self._projector.mark(database, head)
            hit("store.in_transaction")
        hit("store.committed")
        return outcomes

    def _command(self, database: Database, append: Append, head: int, epoch: int, at: float) -> Outcome:
        """Record one command behind a savepoint, so that its failure leaves its neighbours alone."""
        if append.request_id:
            repeated = log_rows.find_repeat(database, self._codec, append.request_id)
            if repeated is not None:
                return repeated
        versions: dict[str, int] = {}
        for stream, expected in append.expected.items():
            versions[stream] = log_rows.stream_version(database, stream)
            if versions[stream] != expected:
                return Conflict(stream=stream, expected=expected, actual=versions[stream])
        database.execute("SAVEPOINT command")
        try:
            recorded = self._record(database, append, versions, head, epoch, at)
            response = append.response if isinstance(append.response, bytes) else append.response(recorded)
            if append.request_id:
                log_rows.keep_answer(
                    database, append.request_id, response, (head + 1, head + len(recorded)), at
                )
            self._projector.apply(database, recorded)
        except Exception as error:
            if is_disk_failure(error):
                raise  # the transaction as a whole is lost
            database.execute("ROLLBACK TO command")
            database.execute("RELEASE command")
            return Faulted(error=error)
        database.execute("RELEASE command")
        return Appended(recorded=recorded, response=response)

    def _record(
        self, database: Database, append: Append, versions: dict[str, int], head: int, epoch: int, at: float
    ) -> tuple[Recorded, ...]:
        recorded = []
        for position, new in enumerate(append.events, head + 1):
            if new.stream not in versions:
                versions[new.stream] = log_rows.stream_version(database, new.stream)
            versions[new.stream] += 1
            place = (position, versions[new.stream])
            recorded.append(log_rows.add_event(database, self._codec, new, place, at, epoch))
        return tuple(recorded)


def require_epoch(database: Database, epoch: int) -> None:
    """Raise EpochLost unless `epoch` is the highest; call it inside a write transaction."""
    highest = log_rows.highest_epoch(database)
    if highest != epoch:
        raise EpochLost(
            f"tried to write to {database.name} as supervisor {epoch}; supervisor {highest} took over; "
            "end this one, and send requests to the other"
        )
