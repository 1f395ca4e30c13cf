"""Whatever a model gives a tool, there is an answer that it can read, and nobody else notices."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import compas.gateway.calls
from compas.gateway.parameters import offered
from compas.gateway.tool import Tool
from compas.gateway.tools import BY_NAME, TOOLS
from tests.kit.gateway.in_process import ERAS, MODERN, Model, open_model, said
from tests.kit.orchestrator.any_requests import any_value, anything, filled, fitting_value, one_in, without_a_ping
from tests.kit.orchestrator.furnished import AGENTS, YEAR_SECS, furnish
from tests.kit.orchestrator.judge import Judge, judging
from tests.kit.orchestrator.patient_clock import run_patiently

pytestmark = pytest.mark.exhaustive

PATIENCE_SECS = 300.0
"""Virtual seconds within which a tool answers that waits for nothing but the supervisor."""
LISTENING_SECS = 30.0
"""Virtual seconds after which the model gives up one that waits."""
SETTINGS = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
Call = tuple[str, dict[str, Any]]


def sendable(value: object) -> bool:
    """Tell whether the SDK's client can write a value; what it cannot never comes to us from it."""
    match value:
        case float():
            return math.isfinite(value)
        case str():
            return value.isascii() or all(not 0xD800 <= ord(one) < 0xE000 for one in value)
        case list():
            return all(map(sendable, value))
        case dict():
            return all(isinstance(key, str) and sendable(key) and sendable(one) for key, one in value.items())
    return value is None or isinstance(value, bool | int)


def calls_of(tool: Tool) -> st.SearchStrategy[Call]:
    """Return calls of a tool: by its schema, sloppy, and with names that it does not know."""
    known = offered(tool)

    def given_by(value: Callable[..., st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
        required = {one.wire_name: value(one) for one in known if one.required}
        return st.fixed_dictionaries(
            required, optional={one.wire_name: value(one) for one in known if not one.required}
        )

    lacking = st.fixed_dictionaries({}, optional={"bogus": anything, **{one.wire_name: anything for one in known}})
    arguments = one_in(6, lacking, one_in(3, given_by(any_value), given_by(fitting_value)))
    return st.tuples(st.just(tool.name), arguments.filter(sendable).map(without_a_ping))  # type: ignore[arg-type]


any_call = st.sampled_from(TOOLS).flatmap(calls_of)


async def ask(model: Model, call: Call, names: dict[str, str], judge: Judge) -> None:
    """Call a tool, and see that there is an answer to read."""
    name, arguments = call
    waits = BY_NAME[name].operation.kind == "wait" or arguments.get("wait") is not None
    with trio.move_on_after(LISTENING_SECS if waits else PATIENCE_SECS) as patience:
        result = await model.client.call_tool(name, filled(arguments, names))  # type: ignore[arg-type]
        if result.is_error:
            judge.note_answer(name, (result.meta or {}).get("compas/code"), said(result))
            assert said(result)
            assert "crashed inside the gateway" not in said(result), (name, arguments, said(result))
        else:
            assert msgspec.json.decode(said(result)) == result.structured_content
    if patience.cancelled_caught and not waits:
        judge.note_silence(name)


def play(program: list[Call], era: str) -> None:
    """Make all calls, one after the other, and let the judge judge."""

    async def run() -> list[str]:
        async with open_model(*AGENTS, era=era, limit_secs=YEAR_SECS) as model:
            names = await furnish(model.shop, model.supervisor)
            with judging() as judge:
                for call in program:
                    await ask(model, call, names, judge)
                await model.call("orch_transcript", thread_id="t1")
            return judge.found

    assert run_patiently(run) == []


@SETTINGS
@given(program=st.lists(any_call, min_size=1, max_size=20), era=st.sampled_from(ERAS))
def test_whatever_a_tool_is_given_it_answers(program: list[Call], era: str) -> None:
    play(program, era)


@pytest.mark.long
@pytest.mark.parametrize("part", range(25))
@SETTINGS
@given(program=st.lists(any_call, min_size=10, max_size=10), era=st.sampled_from(ERAS))
def test_10_000_times_whatever_a_tool_is_given_it_answers(part: int, program: list[Call], era: str) -> None:
    play(program, era)


def test_a_planted_crash_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise LookupError("planted")

    play([("orch_diff", {"thread_id": "t1"})], MODERN)
    monkeypatch.setattr(compas.gateway.calls, "shortened", crash)
    with pytest.RaisesGroup(
        pytest.RaisesExc(AssertionError, match="crashed inside the gateway"), flatten_subgroups=True
    ):
        play([("orch_diff", {"thread_id": "t1"})], MODERN)
