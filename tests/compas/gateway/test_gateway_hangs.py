"""A gateway that hangs without dying is killed and replaced, and its editors hear of nothing."""

import os
import signal
from typing import Any

import pytest

from compas.relay.silence import PATIENCE_VARIABLE
from tests.kit.client.scripted_supervisor import Scripted
from tests.kit.gateway.editor_process import Editor, of, until, until_seen, wait_gone
from tests.kit.gateway.scripts import HANGING

pytestmark = pytest.mark.system


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Return the environment of relays and supervisors that bear with a silent gateway for a second."""
    return environ | {PATIENCE_VARIABLE: "1"}


def stop(pid: int) -> None:
    """Make a process hang, as an endless loop in it would."""
    os.kill(pid, signal.SIGSTOP)


def waits(scripted: Scripted) -> list[dict[str, Any]]:
    """Return the waits that came to the stand-in."""
    return [record for record in scripted.seen if record["op"] == "wait"]


def test_a_call_under_way_is_brought_to_the_next_one(scripted: Scripted, environ: dict[str, str]) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    with Editor(of(scripted.place, environ)) as editor:
        editor.shake_hands()
        editor.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        hanging = waits(scripted)[0]["peer"]
        stop(hanging)
        assert wait_gone(hanging)
        until(scripted, lambda: len(waits(scripted)) == 2)
        first, again = waits(scripted)
        assert again["peer"] != first["peer"]
        assert again["args"]["thread_id"] == first["args"]["thread_id"]


def test_an_editor_that_comes_while_it_hangs_is_served_by_the_next_one(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers={**HANGING, "status": {"reply": {"threads": [], "total": 0}}})
    scripted.start()
    with Editor(of(scripted.place, environ)) as early, Editor(of(scripted.place, environ)) as late:
        for editor in (early, late):
            editor.shake_hands()
        early.call("orch_wait", thread_id="T")
        until_seen(scripted, "hanging")
        hanging = waits(scripted)[0]["peer"]
        stop(hanging)
        late.call("orch_status")
        pinged = late.send("ping", {})
        assert late.receive()["id"] == pinged
        assert not late.receive()["result"]["isError"]
        assert wait_gone(hanging)


def test_relays_that_lose_patience_with_one_that_lives_cost_it_nothing(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    scripted.says(answers=HANGING)
    scripted.start()
    with Editor(of(scripted.place, environ | {PATIENCE_VARIABLE: "0.05"})) as impatient:
        impatient.shake_hands()
        impatient.call("orch_wait", thread_id="T")
        until(scripted, lambda: bool(waits(scripted)))
        with Editor(of(scripted.place, environ)) as other:
            other.shake_hands()
            other.call("orch_wait", thread_id="U")
            until(scripted, lambda: any(record["args"]["thread_id"] == "U" for record in waits(scripted)))
        assert len({record["peer"] for record in waits(scripted)}) == 1
