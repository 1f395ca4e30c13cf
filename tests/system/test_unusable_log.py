"""A supervisor that cannot start because of its log: every command says why, and doctor finds it."""

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system


def damage(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 3 * 4096)


def empty(log: Path) -> None:
    log.write_bytes(b"")


def replace(log: Path) -> None:
    log.write_text("hello\n" * 1000)


def remove(log: Path) -> None:
    log.unlink()


def make_newer(log: Path) -> None:
    database = apsw.Connection(str(log))
    database.execute("PRAGMA user_version = 9999")
    database.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (damage, "is damaged"),
        (empty, "is empty, but "),
        (remove, "there is no "),
        (replace, "it is not a SQLite database"),
        (make_newer, "a newer compas wrote it"),
    ],
)
def test_every_command_tells_why_no_supervisor_can_start(
    workshop: Workshop, spoil: Callable[[Path], None], says: str
) -> None:
    workshop.configure([workshop.agent("dev", [{"reply": "Made it."}])])
    workshop.ask("dispatch", "dev", "Do it.", "--thread", "t1", "--wait")
    assert workshop("doctor").out.count("compas.sqlite") == 1, "a log that is whole is found whole"
    assert workshop("stop").code == 0
    log = workshop.state / "compas.sqlite"
    spoil(log)
    before = log.read_bytes() if log.exists() else None
    for command in (["status"], ["run", "--detached"], ["restart"]):
        result = workshop(*command)
        assert result.code == 2, (command, result)
        assert result.err.count("error: ") == 1, (command, result)
        assert says in result.err, (command, result)
        assert "Traceback" not in result.err
    found = workshop("doctor")
    assert found.code == 1
    assert says in found.out
    assert (log.read_bytes() if log.exists() else None) == before
