"""Turns events into rows and back, old forms of them included."""

from collections.abc import Callable, Iterable, Mapping
from types import UnionType
from typing import Any, get_args

import msgspec

from compas.domain.events import Event
from compas.store.errors import UnreadableEvent

Payload = dict[str, Any]
Upcast = Callable[[Payload], Payload]


class EncodedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log stores it: its tag, the version of the tag's form, and JSON."""

    tag: str
    version: int
    payload: str


class EventCodec:
    """Knows a closed family of tagged Structs.

    `upcasts[(tag, n)]` turns the payload of version n into that of version n + 1; a tag's present version is one
    more than the number of its upcasts. Fields that are not known are ignored, so an older compas reads on.
    """

    def __init__(
        self,
        family: UnionType | type[msgspec.Struct],
        upcasts: Mapping[tuple[str, int], Upcast] | None = None,
    ) -> None:
        self._upcasts = dict(upcasts or {})
        self._decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(family)
        self._versions = dict.fromkeys(_tags(family), 1)
        for tag, version in sorted(self._upcasts):
            if self._versions.get(tag) != version:
                raise ValueError(f"upcasts of {tag!r} must count from 1 without gaps, for a known tag; found {version}")
            self._versions[tag] = version + 1

    @property
    def tags(self) -> frozenset[str]:
        """Every tag this codec can write."""
        return frozenset(self._versions)

    def version_of(self, tag: str) -> int:
        """Return the present version of a tag's form."""
        return self._versions[tag]

    def encode(self, event: Event) -> EncodedEvent:
        """Return the row's form of `event`; raises TypeError for one outside the family."""
        tag = event.__struct_config__.tag
        if not isinstance(tag, str) or tag not in self._versions:
            raise TypeError(f"{type(event).__name__} is not an event of this log")
        return EncodedEvent(tag=tag, version=self._versions[tag], payload=msgspec.json.encode(event).decode())

    def decode(self, row: EncodedEvent, position: int) -> Event:
        """Return the event of a row in today's form; raises UnreadableEvent, which names the position."""
        present = self._versions.get(row.tag)
        if present is None or row.version > present:
            raise UnreadableEvent(
                f"tried to read event {position} of the log; its kind {row.tag!r} (version {row.version}) is not known "
                "to this version of compas; use the version that wrote it, or a newer one"
            )
        try:
            if row.version == present:
                return self._decoder.decode(row.payload)
            payload: Payload = msgspec.json.decode(row.payload)
            for version in range(row.version, present):
                payload = self._upcasts[row.tag, version](payload)
            return self._decoder.decode(msgspec.json.encode(payload))
        except (msgspec.DecodeError, ValueError, KeyError, TypeError) as error:
            raise UnreadableEvent(
                f"tried to read event {position} of the log, {row.tag!r} version {row.version}; its content does not "
                f"have the form of one ({error}); report this with the event's row"
            ) from error


def _tags(family: UnionType | type[msgspec.Struct]) -> Iterable[str]:
    members = get_args(family) or (family,)
    for member in members:
        tag = member.__struct_config__.tag
        if not isinstance(tag, str):
            raise TypeError(f"{member.__name__} has no tag, so it cannot be stored")
        yield tag


UPCASTS: dict[tuple[str, int], Upcast] = {
    # (tag, version): the function that lifts a payload of that version to the next
}


def domain_codec() -> EventCodec:
    """Return the codec of compas's own log."""
    return EventCodec(Event, UPCASTS)
