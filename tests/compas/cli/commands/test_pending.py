"""`compas pending`: what waits for the operator, and a silence that hooks of editors can rely on."""

import json

import pytest

from tests.kit.cli.command_line import CommandLine
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system


def row(thread: str, **fields: object) -> dict[str, object]:
    """Return a row of `status` as the supervisor sends it."""
    return {"thread_id": thread, "thread_status": "Active", "updated_at": 0.0, "execution_id": "X", **fields}


ROWS = [
    row("T1", execution_status="executing", agent="dev"),
    row("T2", execution_status="completed", agent="dev", review="approved", summary="the parser"),
    row("T3", execution_status="failed", agent="dev", error="it broke", summary="the printer"),
    row("T4", execution_status="completed", thread_status="Completed"),
]


def begin(scripted: Scripted, *rows: dict[str, object]) -> None:
    """Start a supervisor that knows these threads."""
    scripted.says(answers={"status": {"reply": {"threads": rows, "total": len(rows)}}})
    scripted.start()


def test_it_shows_what_has_come_to_rest_and_what_with(compas: CommandLine, scripted: Scripted) -> None:
    begin(scripted, *ROWS)
    for args in ((), ("--quiet",)):
        shown = compas("pending", *args)
        assert (shown.returncode, shown.stderr) == (0, "")
        first, _, *lines = shown.stdout.splitlines()
        assert first == "2 threads of compas wait for the operator:"
        assert [line.split(maxsplit=3) for line in lines] == [
            ["T2", "approved", "dev", "the parser"],
            ["T3", "failed", "dev", "it broke"],
        ]


def test_more_than_are_asked_for_are_counted(compas: CommandLine, scripted: Scripted) -> None:
    begin(scripted, *ROWS)
    assert compas("pending", "--limit", "1").stdout.splitlines()[-1] == "1 more thread; --limit shows more"
    found = json.loads(compas("pending", "--limit", "1", "--json").stdout)
    assert (found["total"], [(one["thread_id"], one["waits"]) for one in found["threads"]]) == (2, [("T2", "approved")])


def test_where_nothing_waits_people_are_told_and_hooks_are_not(compas: CommandLine, scripted: Scripted) -> None:
    begin(scripted, ROWS[0])
    assert compas("pending").stdout == "nothing waits for you\n"
    assert compas("pending", "--quiet").stdout == ""


def test_without_a_supervisor_none_is_started_and_hooks_hear_nothing(compas: CommandLine, scripted: Scripted) -> None:
    asked, quiet = compas("pending"), compas("pending", "--quiet")
    assert asked.returncode != 0
    assert "no supervisor is running" in asked.stderr
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert not scripted.place.socket.exists()
    compas.config.unlink()
    lost = compas("pending", "--quiet")
    assert (lost.returncode, lost.stdout, lost.stderr) == (0, "", "")


def test_a_supervisor_that_refuses_disturbs_no_hook(compas: CommandLine, scripted: Scripted) -> None:
    scripted.says(answers={"status": {"fail": "stopped"}})
    scripted.start()
    quiet = compas("pending", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_an_agent_at_work_is_not_told_what_waits_for_the_operator(compas: CommandLine, scripted: Scripted) -> None:
    begin(scripted, *ROWS)
    compas.environ["COMPAS_EXECUTION"] = "X1"
    quiet = compas("pending", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert all(record["op"] != "status" for record in scripted.seen)
