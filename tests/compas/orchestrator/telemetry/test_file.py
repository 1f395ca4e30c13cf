"""A damaged telemetry database keeps nobody from working."""

from contextlib import AsyncExitStack
from pathlib import Path

import trio

from compas.orchestrator.telemetry.file import open_or_replace
from compas.store.telemetry import TelemetryEvent
from tests.kit.ceiling import CEILING


async def test_a_telemetry_file_that_is_no_database_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.sqlite"
    path.write_bytes(b"this is no database, but it is long enough to be looked at as one" * 20)
    with trio.fail_after(CEILING):
        async with AsyncExitStack() as stack:
            telemetry = await open_or_replace(stack, path)
            await telemetry.add([TelemetryEvent(execution="E", index=0, kind="message", summary="hello", at_ms=1)])
            assert [event.summary for event in (await telemetry.read("E")).events] == ["hello"]
    assert (tmp_path / "telemetry.sqlite.damaged").read_bytes().startswith(b"this is no database")
