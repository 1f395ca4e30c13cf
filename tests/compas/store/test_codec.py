"""What was written once stays readable: rows and events, old forms of them, and words for what is not known."""

import msgspec
import pytest

from compas.domain import events as e
from compas.store.codec import EncodedEvent, EventCodec, Payload, domain_codec
from compas.store.errors import UnreadableEvent
from tests.kit.places import DATA

GOLDEN = DATA / "events" / "golden.jsonl"
"""One line for each version of each event that was ever written; lines are added, never changed."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    tag: str
    version: int
    payload: msgspec.Raw

    def row(self) -> EncodedEvent:
        return EncodedEvent(tag=self.tag, version=self.version, payload=bytes(self.payload).decode())


SAMPLES = [msgspec.json.decode(line, type=Sample) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]


def test_every_event_has_a_golden_sample_of_its_present_form() -> None:
    """A new event or a new version needs a line in the golden file."""
    codec = domain_codec()
    present = {(tag, codec.version_of(tag)) for tag in codec.tags}
    assert present - {(sample.tag, sample.version) for sample in SAMPLES} == set()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.tag}-{sample.version}")
def test_every_golden_sample_is_still_readable(sample: Sample) -> None:
    codec = domain_codec()
    event = codec.decode(sample.row(), 1)
    if sample.version == codec.version_of(sample.tag):
        written = codec.encode(event)
        assert msgspec.json.decode(written.payload) == msgspec.json.decode(sample.payload)
        assert written.tag == sample.tag


class Renamed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="thing.named"):
    full_name: str
    loud: bool = False


class Plain(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="thing.plain"):
    n: int


def split(payload: Payload) -> Payload:
    return {**payload, "parts": [payload["first"], payload["last"]]}


def join(payload: Payload) -> Payload:
    return {"type": payload["type"], "full_name": " ".join(payload["parts"])}


def row(tag: str, version: int, payload: str) -> EncodedEvent:
    return EncodedEvent(tag=tag, version=version, payload=payload)


def test_old_forms_are_lifted_one_version_after_the_other() -> None:
    codec = EventCodec(Renamed | Plain, {("thing.named", 1): split, ("thing.named", 2): join})
    first = row("thing.named", 1, '{"type":"thing.named","first":"Ada","last":"Lovelace"}')
    second = row("thing.named", 2, '{"type":"thing.named","parts":["Ada","Lovelace"]}')
    third = codec.encode(Renamed(full_name="Ada Lovelace"))
    assert (third.version, codec.version_of("thing.plain")) == (3, 1)
    assert {codec.decode(one, 1) for one in (first, second, third)} == {Renamed(full_name="Ada Lovelace")}


def test_upcasts_with_a_gap_or_for_an_unknown_tag_are_refused() -> None:
    for upcasts in ({("thing.named", 2): join}, {("thing.other", 1): join}):
        with pytest.raises(ValueError, match="without gaps"):
            EventCodec(Renamed | Plain, upcasts)


def test_fields_of_a_newer_compas_are_ignored() -> None:
    payload = '{"type":"merge.started","op":"o1","since":"later","deep":{"x":[1]}}'
    assert domain_codec().decode(row("merge.started", 1, payload), 1) == e.MergeStarted(op="o1")


@pytest.mark.parametrize(
    ("tag", "version", "payload", "told"),
    [
        ("thread.vanished", 1, "{}", "'thread.vanished'"),
        ("merge.started", 9, '{"type":"merge.started","op":"o1"}', "version 9"),
        ("merge.started", 1, '{"type":"merge.started"}', "missing required field `op`"),
        ("merge.started", 1, "not json", "malformed"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_position(tag: str, version: int, payload: str, told: str) -> None:
    with pytest.raises(UnreadableEvent, match=r"event 4711 of the log") as caught:
        domain_codec().decode(row(tag, version, payload), 4711)
    assert told in str(caught.value)


def test_an_event_of_another_family_is_not_written() -> None:
    with pytest.raises(TypeError, match="Plain is not an event of this log"):
        domain_codec().encode(Plain(n=1))


def test_a_family_without_tags_is_refused() -> None:
    class Untagged(msgspec.Struct):
        n: int

    with pytest.raises(TypeError, match="Untagged has no tag"):
        EventCodec(Untagged)
