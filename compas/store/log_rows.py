"""The SQL of the log's rows: read them, add one, and look up requests and epochs."""

from collections.abc import Collection

from compas.domain.events import Recorded
from compas.domain.requests import RequestId
from compas.store.codec import EncodedEvent, EventCodec
from compas.store.connection import Cursor, Database, Reader, Row, Value
from compas.store.records import Repeated, Reused

_COLUMNS = "position, stream, version, tag, tag_version, payload, at, causation, lineage, epoch"


def head(reader: Reader) -> int:
    """Return the position of the newest event, 0 in an empty log."""
    return _number(reader, "SELECT coalesce(max(position), 0) FROM events")


def stream_version(reader: Reader, stream: str) -> int:
    """Return the version a stream is at, 0 when nothing was ever appended to it."""
    return _number(reader, "SELECT coalesce(max(version), 0) FROM events WHERE stream = ?", stream)


def highest_epoch(reader: Reader) -> int:
    """Return the epoch of the newest supervisor, 0 when there was none."""
    return _number(reader, "SELECT coalesce(max(epoch), 0) FROM epochs")


def read_all(reader: Reader, codec: EventCodec, after: int, limit: int) -> tuple[Recorded, ...]:
    """Return up to `limit` events after a position, in order."""
    rows = reader.rows(f"SELECT {_COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?", (after, limit))
    return tuple(_recorded(row, codec) for row in rows)


def read_kinds(
    reader: Reader, codec: EventCodec, tags: Collection[str], after: int, limit: int
) -> tuple[Recorded, ...]:
    """Return up to `limit` events of these kinds after a position, in order."""
    places = ", ".join("?" for _ in tags)
    sql = f"SELECT {_COLUMNS} FROM events WHERE position > ? AND tag IN ({places}) ORDER BY position LIMIT ?"
    return tuple(_recorded(row, codec) for row in reader.rows(sql, (after, *sorted(tags), limit)))


def read_newest(
    reader: Reader, codec: EventCodec, tags: Collection[str], limit: int, stream: str | None = None
) -> tuple[Recorded, ...]:
    """Return up to `limit` events of these kinds, of one stream or of all, newest first."""
    places = ", ".join("?" for _ in tags)
    order = "position" if stream is None else "version"
    where = f"tag IN ({places})" + (" AND stream = ?" if stream is not None else "")
    arguments = (*sorted(tags), *(() if stream is None else (stream,)), limit)
    rows = reader.rows(f"SELECT {_COLUMNS} FROM events WHERE {where} ORDER BY {order} DESC LIMIT ?", arguments)
    return tuple(_recorded(row, codec) for row in rows)


def read_stream(reader: Reader, codec: EventCodec, stream: str, after: int) -> tuple[Recorded, ...]:
    """Return the events of a stream after a version, in order."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE stream = ? AND version > ? ORDER BY version", (stream, after)
    )
    return tuple(_recorded(row, codec) for row in rows)


def read_lineage(reader: Reader, codec: EventCodec, lineage: str) -> tuple[Recorded, ...]:
    """Return everything that descends from one dispatch, over all streams, in order."""
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE lineage = ? AND lineage <> '' ORDER BY position", (lineage,)
    )
    return tuple(_recorded(row, codec) for row in rows)


def add_event(cursor: Cursor, codec: EventCodec, recorded: Recorded) -> None:
    """Insert one event; its position and its version in the stream must be the next ones."""
    encoded = codec.encode(recorded.event)
    cursor.execute(
        f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            recorded.position,
            recorded.stream,
            recorded.version,
            encoded.tag,
            encoded.version,
            encoded.payload,
            recorded.at,
            recorded.causation,
            recorded.lineage,
            recorded.epoch,
        ),
    )


def find_answer(reader: Reader, request: RequestId) -> bytes | Reused | None:
    """Return the first answer to a request; None when it was never answered, Reused when its name is another's."""
    row = reader.row("SELECT response, operation, digest FROM requests WHERE request_id = ?", (request.name,))
    if row is None:
        return None
    return _reused(request, row[1], row[2]) or _bytes(row[0])


def find_repeat(reader: Reader, codec: EventCodec, request: RequestId) -> Repeated | Reused | None:
    """Return the first answer to a request with the events it recorded; None and Reused as `find_answer` does."""
    row = reader.row(
        "SELECT response, operation, digest, first_position, last_position FROM requests WHERE request_id = ?",
        (request.name,),
    )
    if row is None:
        return None
    reused = _reused(request, row[1], row[2])
    if reused is not None:
        return reused
    rows = reader.rows(
        f"SELECT {_COLUMNS} FROM events WHERE position BETWEEN ? AND ? ORDER BY position", (row[3], row[4])
    )
    return Repeated(response=_bytes(row[0]), recorded=tuple(_recorded(event, codec) for event in rows))


def _reused(request: RequestId, operation: Value, digest: Value) -> Reused | None:
    return None if request.is_what(_bytes(digest)) else Reused(used_for=str(operation))


def keep_answer(cursor: Cursor, request: RequestId, response: bytes, span: tuple[int, int], at: float) -> None:
    """Keep the answer to a request, with the span of positions it recorded (empty when first > last)."""
    cursor.execute(
        "INSERT INTO requests (request_id, operation, digest, response, first_position, last_position, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (request.name, request.operation, request.digest, response, *span, at),
    )


def add_epoch(cursor: Database, pid: int, boot_id: str, version: str, at: float) -> int:
    """Append a row for a supervisor that takes over, and return its epoch."""
    epoch = highest_epoch(cursor) + 1
    cursor.execute(
        "INSERT INTO epochs (epoch, pid, boot_id, version, at) VALUES (?, ?, ?, ?, ?)",
        (epoch, pid, boot_id, version, at),
    )
    return epoch


def _recorded(row: Row, codec: EventCodec) -> Recorded:
    position, stream, version, tag, tag_version, payload, at, causation, lineage, epoch = row
    # The table is STRICT, so these are what the schema says; the checks are for the type checker.
    assert isinstance(position, int)
    assert isinstance(version, int)
    assert isinstance(tag_version, int)
    assert isinstance(epoch, int)
    assert isinstance(at, float)
    encoded = EncodedEvent(tag=str(tag), version=tag_version, payload=str(payload))
    return Recorded(
        position=position,
        stream=str(stream),
        version=version,
        event=codec.decode(encoded, position),
        at=at,
        causation=str(causation),
        lineage=str(lineage),
        epoch=epoch,
    )


def _number(reader: Reader, sql: str, *arguments: str) -> int:
    row = reader.row(sql, arguments)
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def _bytes(value: Value) -> bytes:
    assert isinstance(value, bytes)
    return value
