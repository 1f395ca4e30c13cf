"""The points of hooks: every one documented with its fields, and no event that was only wanted reaches one."""

import re

import pytest

from compas.domain import events as e
from compas.domain.outbox.payload import MergeInPlace, Subject, as_text, passes, payload
from compas.domain.outbox.points import ALWAYS, FIELDS, POINTS, points_of
from compas.domain.outbox.specs import HookSpec, Point
from compas.domain.thread import Thread
from tests.kit.places import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "hooks.md").read_text(encoding="utf-8")


def documented(first_cell: str) -> set[str]:
    """Return the names in the last cell of the row that begins with this."""
    (row,) = [line for line in DOCUMENT.splitlines() if line.startswith(f"| {first_cell} |")]
    last = row.rstrip("| ").split(" | ")[-1]
    named = set(re.findall(r"`([a-z_]+)`", last)) - {"on_"}
    for of in ("a thread", "an execution", "a merge", "its thread"):
        if f"those of {of}" in last:
            named |= documented(of.replace("its", "a"))
    return named


@pytest.mark.parametrize("point", POINTS)
def test_every_point_is_documented_with_its_fields(point: Point) -> None:
    assert documented(f"`{point}`") == set(FIELDS[point])
    assert documented("every event") == set(ALWAYS)


def hook(point: Point, **filters: str) -> HookSpec:
    return HookSpec(name="h", point=point, command="x", filter=filters)


def recorded(event: e.Event, stream: str = "thread:t1") -> e.Recorded:
    return e.Recorded(position=7, stream=stream, version=1, event=event, at=1_700_000_000.0)


@pytest.mark.parametrize(
    ("event", "points"),
    [
        (e.ExecutionQueued(execution="x", message="m", agent="a", backend="b"), ()),
        (e.ExecutionQueued(execution="x", message="m", agent="a", backend="b", reason="scheduled"), ()),
        (
            e.ExecutionQueued(execution="x", message="m", agent="a", backend="b", reason="crash"),
            ("on_execution_retrying",),
        ),
        (e.ExecutionRequested(execution="x", workdir="/w"), ()),
        (e.ExecutionEnded(execution="x", status="completed"), ("on_execution_completed",)),
        (
            e.ExecutionEnded(execution="x", status="completed", verdict="approve"),
            ("on_execution_completed", "on_verdict"),
        ),
        (e.VerdictGiven(execution="x", verdict="approve"), ()),
        (e.ExecutionCancelled(execution="x", reason="r"), ()),
        (e.MergePrepared(op="o", kind="merge", target_old="a", new_commit="b"), ()),
        (e.HookEnded(subscriber="s", about=1, outcome="failed"), ()),
    ],
)
def test_an_event_reaches_the_points_it_is(event: e.Event, points: tuple[str, ...]) -> None:
    assert points_of(event) == points


@pytest.mark.parametrize("point", POINTS)
def test_a_payload_has_every_field_even_where_nothing_is_known(point: Point) -> None:
    found = payload(hook(point), recorded(e.ThreadOpened(thread="t1")), Subject())
    assert tuple(found) == (*ALWAYS, *FIELDS[point])


def test_a_merge_is_told_with_its_place_and_its_conflicts() -> None:
    merge = MergeInPlace(thread="t1", repository="/r", source="compas/t1", target="main", strategy="squash")
    failed = e.MergeFailed(op="o", code="conflict", reason="two files", conflicts=(e.Conflict(path="a", kind="both"),))
    subject = Subject(thread=Thread(thread="t1", summary="title"), merge=merge)
    found = payload(hook("on_merge_failed"), recorded(failed, "merge:/r:main"), subject)
    assert found["conflicts"] == [{"path": "a", "kind": "both"}]
    assert (found["status"], found["target"], found["title"], found["thread"]) == ("failed", "main", "title", "t1")


def test_a_person_is_told_as_who_judged() -> None:
    judged = e.PersonJudged(verdict="request_changes", repository="/r", commit="c" * 40, by="operator", note="shorter")
    found = payload(hook("on_verdict"), recorded(judged), Subject(thread=Thread(thread="t1")))
    assert (found["verdict"], found["by"], found["note"], found["execution"]) == (
        "request_changes",
        "operator",
        "shorter",
        None,
    )


# proves: c-config-dashboard 68
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (0.5, "0.5"),
        ("3", "3"),
        ("", ""),
        ([{"path": "ä"}], '[{"path":"ä"}]'),
    ],
)
def test_a_filter_compares_with_what_json_writes(value: object, text: str) -> None:
    assert as_text(value) == text
    assert passes(hook("on_verdict", by=text), {"by": value})
    assert not passes(hook("on_verdict", by=text + "x"), {"by": value})
    assert not passes(hook("on_verdict", by=text), {})
