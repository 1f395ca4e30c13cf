"""A telemetry database that cannot be used keeps nobody from working."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio

from compas.orchestrator.telemetry.file import open_or_replace
from compas.store.connection import open_database
from compas.store.telemetry import TelemetryEvent, open_telemetry
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


async def test_telemetry_of_a_newer_compas_is_kept_whole_and_not_called_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "telemetry.sqlite"
    with trio.fail_after(CEILING):
        async with open_telemetry(path) as telemetry:
            await telemetry.add([TelemetryEvent(execution="E", index=0, kind="message", summary="hello", at_ms=1)])
        database = open_database(path, "telemetry")
        database.execute("PRAGMA user_version = 99")
        database.close()
        async with AsyncExitStack() as stack:
            telemetry = await open_or_replace(stack, path)
            assert (await telemetry.read("E")).events == ()
    aside = open_database(tmp_path / "telemetry.sqlite.newer", "telemetry")
    assert aside.number("SELECT count(*) FROM telemetry") == 1
    aside.close()
    (said,) = [record for record in caplog.records if record.name == "compas.telemetry"]
    assert said.levelname == "WARNING"
    assert "a newer compas wrote it (schema 99" in said.getMessage()
    assert "damaged" not in said.getMessage()
    assert not (tmp_path / "telemetry.sqlite.damaged").exists()
