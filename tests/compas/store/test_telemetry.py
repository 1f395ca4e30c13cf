"""Telemetry is kept in batches, cut to size, pruned by age, and what is missing is counted."""

import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from compas.store.errors import StoreUnavailable
from compas.store.telemetry import TEXT_LIMIT, Telemetry, TelemetryEvent, ToolUse, ToolUses, open_telemetry


@pytest.fixture(params=["memory", "file"])
async def telemetry(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Telemetry]:
    path = None if request.param == "memory" else tmp_path / "telemetry.sqlite"
    async with open_telemetry(path) as opened:
        yield opened


def seen(index: int, kind: str = "message", execution: str = "x", **fields: object) -> TelemetryEvent:
    given = {"summary": f"n{index}", "at_ms": 1000 + index, **fields}
    return TelemetryEvent(execution=execution, index=index, kind=kind, **given)  # type: ignore[arg-type]


async def test_a_page_is_read_from_an_index_and_a_time_on(telemetry: Telemetry) -> None:
    await telemetry.add([seen(n) for n in range(10)])
    await telemetry.add([seen(0, execution="other")])
    page = await telemetry.read("x", since_index=3, limit=2)
    assert [event.index for event in page.events] == [4, 5]
    assert (page.more, page.missed) == (True, 0)
    rest = await telemetry.read("x", since_index=3, since_ms=1007)
    assert [event.index for event in rest.events] == [7, 8, 9]
    assert not rest.more


async def test_what_was_read_is_what_was_added(telemetry: Telemetry) -> None:
    event = seen(0, "tool_call", agent="dev", detail='{"x": 1}', tool="Bash")
    await telemetry.add([event])
    assert (await telemetry.read("x")).events == (event,)


async def test_an_event_that_is_there_already_stays_as_it_is(telemetry: Telemetry) -> None:
    await telemetry.add([seen(0), seen(1)])
    await telemetry.add([seen(1, summary="read again after an adoption"), seen(2)])
    assert [event.summary for event in (await telemetry.read("x")).events] == ["n0", "n1", "n2"]


# proves: a-core 41
async def test_long_texts_are_cut_between_characters(telemetry: Telemetry) -> None:
    await telemetry.add([seen(0, detail="é" * 3000, summary="s" * TEXT_LIMIT), seen(1, detail="\ud800 half")])
    first, second = (await telemetry.read("x")).events
    assert first.detail == "é" * (TEXT_LIMIT - 1) + "…"
    assert first.summary == "s" * TEXT_LIMIT
    assert second.detail == "? half"


async def test_gaps_are_counted_and_shown_until_they_are_filled(telemetry: Telemetry) -> None:
    await telemetry.add([seen(0), seen(3)])
    assert (await telemetry.read("x")).missed == 2
    await telemetry.note_seen("x", 6, 1005)
    assert (await telemetry.read("x")).missed == 4
    await telemetry.add([seen(n) for n in range(6)])
    assert (await telemetry.read("x")).missed == 0
    assert (await telemetry.read("other")).missed == 0


async def test_the_newest_event_can_leave_out_kinds_that_show_no_progress(telemetry: Telemetry) -> None:
    await telemetry.add([seen(0, "tool_call"), seen(1, "tool_result"), seen(2, "turn_complete")])
    newest = await telemetry.newest("x")
    progress = await telemetry.newest("x", without=("tool_result", "turn_complete"))
    assert newest is not None
    assert progress is not None
    assert (newest.index, progress.index) == (2, 0)
    assert await telemetry.newest("x", without=("tool_call", "tool_result", "turn_complete")) is None


async def test_tools_are_counted_with_their_errors(telemetry: Telemetry) -> None:
    await telemetry.add(
        [
            seen(0, "tool_call", agent="dev", tool="Bash"),
            seen(1, "tool_result", agent="dev", tool="Bash", summary="exit 3", failed=True),
            seen(2, "tool_call", agent="dev", tool="Bash"),
            seen(3, "tool_result", agent="dev", tool="Bash", summary="0 errors, none failed"),
            seen(4, "tool_call", agent="rev", tool="Read"),
        ]
    )
    bash = ToolUse(agent="dev", tool="Bash", calls=2, errors=1)
    read = ToolUse(agent="rev", tool="Read", calls=1, errors=0)
    assert await telemetry.tool_uses() == ToolUses(uses=(bash, read), missed=0)
    assert (await telemetry.tool_uses("dev")).uses == (bash,)
    await telemetry.add([seen(7, "tool_call", agent="dev", tool="run", failed=True)])
    run = ToolUse(agent="dev", tool="run", calls=1, errors=1)
    assert await telemetry.tool_uses("dev") == ToolUses(uses=(bash, run), missed=2)


async def test_pruning_deletes_what_is_older_and_says_how_much(telemetry: Telemetry) -> None:
    await telemetry.add([seen(n) for n in (0, 1, 2, 3, 5)])
    assert await telemetry.prune(1003) == 3
    page = await telemetry.read("x")
    assert ([event.index for event in page.events], page.missed) == ([3, 5], 1)
    assert await telemetry.prune(9999) == 2
    assert (await telemetry.read("x")).missed == 0


async def test_a_batch_that_the_disk_refused_is_counted_as_lost(tmp_path: Path) -> None:
    async with open_telemetry(tmp_path / "telemetry.sqlite") as telemetry:
        await telemetry.add([seen(0)])
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal_size(tmp_path) + 4096, hard))
        try:
            with pytest.raises(StoreUnavailable, match="write telemetry to"):
                await telemetry.add([seen(n, detail="x" * 2000) for n in range(1, 101)])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (await telemetry.read("x")).missed == 100
        await telemetry.add([seen(101)])
        page = await telemetry.read("x")
        assert ([event.index for event in page.events], page.missed) == ([0, 101], 100)
    async with open_telemetry(tmp_path / "telemetry.sqlite") as telemetry:
        assert (await telemetry.read("x")).missed == 100


def wal_size(directory: Path) -> int:
    return (directory / "telemetry.sqlite-wal").stat().st_size
