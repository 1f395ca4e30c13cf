"""A killed supervisor costs a client nothing: the request is put again, and nothing is missed or done twice."""

import os
import signal
from typing import Any

import msgspec
import pytest

from actors.remote.errors import RequestFailed
from compas.api.catalogue import OPERATIONS
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.history import EVENTS, LOG, EventsRequest, LogChunkItem, LogEvent, LogRequest
from compas.api.operation import arguments
from compas.api.supervision import HEALTH, HealthRequest
from compas.api.waiting import WAIT, WaitBegan, WaitRequest
from compas.cli.operations import without_defaults
from compas.client.blocking import BlockingConnection
from compas.client.caller import Caller
from compas.client.connect import connect_or_start
from compas.client.errors import UnreachableError
from compas.client.resume import MOST_LOSSES, after_item, with_time_left
from compas.client.typed import TypedCaller
from compas.client.waiting_locks import wait_until_free_for
from tests.kit.api.filled import filled
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system

SENT = {"thread_id": "T", "message_id": 1, "reference": "db:1", "next_step": "wait"}


def caller_for(scripted: Scripted, notices: list[str] | None = None) -> Caller:
    return Caller(
        lambda: connect_or_start(scripted.place, scripted.start, client="test"),
        await_end=lambda: wait_until_free_for(scripted.place.lock, 30),
        notice=(notices if notices is not None else []).append,
    )


def asked(scripted: Scripted, op: str) -> list[dict[str, Any]]:
    return [record for record in scripted.seen if record["op"] == op]


def test_a_write_whose_supervisor_is_killed_is_put_again_under_the_same_request_id(scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}}, die_at=["dispatch", 1])
    notices: list[str] = []
    with caller_for(scripted, notices) as caller:
        response = TypedCaller(caller).call(DISPATCH, DispatchRequest(to="dev", body="do it"))
    first, second = asked(scripted, "dispatch")
    assert response.thread_id == "T"
    assert first["pid"] != second["pid"]
    assert first["request_id"] == second["request_id"] != ""
    assert len(notices) == 1


def test_a_wait_whose_supervisor_makes_way_goes_on_with_the_next(scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"fail": "restarting", "then_stop": True}})
    found = {"wait": {"reply": {"found": True, "thread_id": "T", "body": "done"}}}
    caller = Caller(
        lambda: connect_or_start(scripted.place, scripted.start, client="test"),
        await_end=lambda: (scripted.says(answers=found), wait_until_free_for(scripted.place.lock, 30)),
    )
    with caller:
        assert TypedCaller(caller).wait(WAIT, WaitRequest(thread_id="T")).body == "done"
    assert [record["op"] for record in scripted.seen] == ["begun", "wait", "begun", "wait"]


def test_a_wait_whose_supervisor_is_stopped_starts_no_other(scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"fail": "stopped"}})
    with caller_for(scripted) as caller, pytest.raises(RequestFailed) as failure:
        TypedCaller(caller).wait(WAIT, WaitRequest(thread_id="T"))
    assert failure.value.code == "stopped"
    assert [record["op"] for record in scripted.seen] == ["begun", "wait"]


def test_what_need_not_be_sent_is_left_out_also_when_a_wait_is_put_again(scripted: Scripted) -> None:
    found = {"found": True, "thread_id": "T", "message_id": 2, "body": "done"}
    scripted.says(answers={"wait": {"reply": found}}, die_at=["wait", 1])
    caller = Caller(lambda: connect_or_start(scripted.place, scripted.start, client="test"), sparing=without_defaults)
    with caller:
        TypedCaller(caller).wait(WAIT, WaitRequest(thread_id="T", since_reference="db:1", timeout_secs=500))
    for record in asked(scripted, "wait"):
        assert set(record["args"]) == {"thread_id", "since_reference", "timeout_secs"}


def test_two_writes_have_two_request_ids(scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}})
    with caller_for(scripted) as caller:
        TypedCaller(caller).call(DISPATCH, DispatchRequest(to="dev", body="one"))
        TypedCaller(caller).call(DISPATCH, DispatchRequest(to="dev", body="two"))
    assert len({record["request_id"] for record in asked(scripted, "dispatch")}) == 2


def test_a_wait_goes_on_with_the_time_that_is_left_and_the_same_cursor(scripted: Scripted) -> None:
    found = {"found": True, "thread_id": "T", "message_id": 2, "body": "done"}
    scripted.says(answers={"wait": {"reply": found}}, die_at=["wait", 1])
    with caller_for(scripted) as caller:
        response = TypedCaller(caller).wait(WAIT, WaitRequest(thread_id="T", since_reference="db:1", timeout_secs=500))
    first, second = asked(scripted, "wait")
    assert response.body == "done"
    assert first["args"]["since_reference"] == second["args"]["since_reference"] == "db:1"
    assert 400 < second["args"]["timeout_secs"] < first["args"]["timeout_secs"] <= 500


def test_a_wait_that_times_out_names_the_limit_that_was_asked_for(scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"reply": {"found": False, "thread_id": "T", "timeout_secs": 0}}})
    with caller_for(scripted) as caller:
        assert TypedCaller(caller).wait(WAIT, WaitRequest(thread_id="T", timeout_secs=0)).timeout_secs == 0


def test_a_stream_goes_on_behind_its_last_item(scripted: Scripted) -> None:
    events = [
        {"position": n, "at": 0.0, "stream": "s", "type": "t", "causation": "", "lineage": "", "epoch": 1, "data": {}}
        for n in (1, 2, 3)
    ]
    scripted.says(answers={"events": {"push": events[:2], "hang": True}})
    read: list[int] = []

    def take(event: LogEvent) -> None:
        read.append(event.position)
        if event.position == 2:
            scripted.says(answers={"events": {"push": events, "reply": {"next_after": 3}}})
            os.kill(
                scripted.seen[-1]["pid"] if "pid" in scripted.seen[-1] else scripted.seen[-2]["pid"], signal.SIGKILL
            )

    with caller_for(scripted) as caller:
        assert TypedCaller(caller).stream(EVENTS, EventsRequest(follow=True), take).next_after == 3
    assert read == [1, 2, 3]


def behind(op: str, request: msgspec.Struct, item: msgspec.Struct) -> msgspec.Struct:
    """Return the request that goes on behind an item."""
    ahead = after_item(op, arguments(request), msgspec.to_builtins(item))
    return msgspec.convert(ahead, type(request))


def test_a_log_goes_on_at_the_byte_where_it_broke_off_and_not_at_its_tail() -> None:
    first = LogRequest(execution_id="the-thread", tail=10, follow=True)
    chunk = LogChunkItem(execution_id="X", offset=0, next_offset=64, text="…")
    assert behind("log", first, chunk) == LogRequest(execution_id="X", offset=64, follow=True)
    lines = msgspec.structs.replace(chunk, text="a\nb\n")
    limited = LogRequest(execution_id="T", limit=5)
    assert behind("log", limited, lines) == LogRequest(execution_id="X", offset=64, limit=3)
    assert behind("log", LogRequest(execution_id="T", limit=2), lines) == LogRequest(
        execution_id="X", offset=64, limit=1
    )
    assert LOG.item is LogChunkItem


def test_a_log_that_is_read_by_lines_goes_on_at_the_line_where_it_broke_off() -> None:
    first = LogRequest(execution_id="T", unit="lines", offset=10, limit=5)
    chunk = LogChunkItem(execution_id="X", offset=60, next_offset=64, text="a\nb\n", next_line=12)
    assert behind("log", first, chunk) == LogRequest(execution_id="X", unit="lines", offset=12, limit=3)
    last = LogRequest(execution_id="T", unit="lines", tail=2)
    assert behind("log", last, chunk) == LogRequest(execution_id="X", unit="lines", offset=12)


def test_a_wait_for_what_is_new_goes_on_from_where_it_began() -> None:
    first = WaitRequest(thread_id="T", strict_new=True)
    assert behind("wait", first, WaitBegan(after=7)) == WaitRequest(thread_id="T", strict_new=True, after=7)


def test_a_time_limit_never_falls_below_one_last_look() -> None:
    assert with_time_left({"thread_id": "T", "timeout_secs": 5}, 9)["timeout_secs"] == 0


def test_every_operation_that_pushes_items_can_go_on_behind_one() -> None:
    for operation in OPERATIONS:
        if operation.item is not None:
            request = filled(operation.request)
            assert behind(operation.name, request, filled(operation.item)) is not None


def test_a_request_that_kills_every_supervisor_is_given_up(scripted: Scripted) -> None:
    scripted.says(answers={"health": {"reply": {}}})
    deaths = 0

    def connect_and_arm() -> BlockingConnection:
        nonlocal deaths
        deaths += 1
        scripted.says(answers={"health": {"reply": {}}}, die_at=["health", deaths])
        return connect_or_start(scripted.place, scripted.start, client="test")

    with Caller(connect_and_arm) as caller, pytest.raises(UnreachableError, match="went away"):
        TypedCaller(caller).call(HEALTH, HealthRequest())
    assert len(asked(scripted, "health")) == MOST_LOSSES + 1


def test_a_failure_is_no_reason_to_ask_again(scripted: Scripted) -> None:
    scripted.says(answers={})
    with caller_for(scripted) as caller, pytest.raises(RequestFailed, match="says nothing of health"):
        TypedCaller(caller).call(HEALTH, HealthRequest())
    assert len(asked(scripted, "health")) == 1
