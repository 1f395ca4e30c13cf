"""A connection that lives for hours: many requests at once, and none is lost with a supervisor."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from actors.remote.call import Call
from actors.remote.errors import RequestFailed
from actors.remote.frames import Hello
from actors.remote.handshake import WelcomeInfo
from actors.remote.listener import bind_unix, listen_unix
from actors.remote.server import ServerSettings
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.history import EVENTS, EventsRequest, LogEvent
from compas.api.supervision import HEALTH, HealthRequest
from compas.api.threads import STATUS, StatusRequest
from compas.api.waiting import WAIT, WaitRequest
from compas.client.connection import Connection, await_replaced, open_connection, reach
from compas.client.errors import NotRunningError, UnreachableError
from compas.client.place import Place
from compas.client.reach import Start, start_rule
from compas.client.resume import MOST_LOSSES
from tests.kit.ceiling import CEILING
from tests.kit.client.scripted_supervisor import Scripted

pytestmark = pytest.mark.system

SENT = {"thread_id": "T", "message_id": 1, "reference": "db:1", "next_step": "wait"}
FOUND = {"found": True, "thread_id": "T", "message_id": 2, "body": "done"}
NOTHING = {"threads": [], "total": 0}


@asynccontextmanager
async def connected(
    scripted: Scripted, *, start: Start | None = None, notices: list[str] | None = None
) -> AsyncIterator[Connection]:
    said = [] if notices is None else notices
    with trio.fail_after(CEILING):
        async with open_connection(
            lambda: reach(scripted.place, start or scripted.start, client="test"),
            await_end=lambda: await_replaced(scripted.place),
            notice=said.append,
        ) as connection:
            yield connection


def asked(scripted: Scripted, op: str) -> list[dict[str, Any]]:
    return [record for record in scripted.seen if record["op"] == op]


class Desk:
    """Serves in the test's own process: requests hang until the test says how they are answered."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._send, self.calls = trio.open_memory_channel[Call](100)
        self.cancelled = trio.Event()
        self.answer: object = None
        self.answered = trio.Event()
        self.clients = 0

    async def __call__(self, call: Call) -> object:
        self._send.send_nowait(call)
        try:
            await self.answered.wait()
        except trio.Cancelled:
            self.cancelled.set()
            raise
        return self.answer

    def _greet(self, _: Hello) -> WelcomeInfo:
        self.clients += 1
        return WelcomeInfo(server="desk/1", state="ready", epoch=1)

    async def serve(self, *, task_status: trio.TaskStatus[trio.CancelScope]) -> None:
        """Listen; cancelling the scope drops every connection as a killed supervisor does."""
        with trio.CancelScope() as scope:
            settings = ServerSettings(welcome=self._greet)
            async with trio.open_nursery() as nursery:
                await nursery.start(listen_unix, bind_unix(self._place.socket), self, settings)
                task_status.started(scope)


async def test_nobody_is_connected_to_before_something_is_asked(scripted: Scripted) -> None:
    scripted.says(answers={"status": {"reply": NOTHING}})
    async with connected(scripted) as connection:
        assert scripted.seen == []
        assert (await connection.call(STATUS, StatusRequest())).total == 0
    assert [record["op"] for record in scripted.seen] == ["begun", "status"]


async def test_requests_of_many_tasks_share_one_connection(scripted: Scripted) -> None:
    desk = Desk(scripted.place)
    async with connected(scripted) as connection, trio.open_nursery() as nursery:
        listening = await nursery.start(desk.serve)
        for _ in range(20):
            nursery.start_soon(connection.call, STATUS, StatusRequest())
        for _ in range(20):
            await desk.calls.receive()
        assert desk.clients == 1
        nursery.cancel_scope.cancel()
        listening.cancel()


async def test_a_write_whose_supervisor_is_killed_is_put_again_under_the_same_request_id(scripted: Scripted) -> None:
    scripted.says(answers={"dispatch": {"reply": SENT}}, die_at=["dispatch", 1])
    notices: list[str] = []
    async with connected(scripted, notices=notices) as connection:
        response = await connection.call(DISPATCH, DispatchRequest(to="dev", body="do it"))
        await connection.call(DISPATCH, DispatchRequest(to="dev", body="another"))
    first, second, third = asked(scripted, "dispatch")
    assert response.thread_id == "T"
    assert first["pid"] != second["pid"]
    assert first["request_id"] == second["request_id"] not in ("", third["request_id"])
    assert len(notices) == 1


async def test_all_waits_go_on_with_the_next_supervisor_and_the_time_that_is_left(scripted: Scripted) -> None:
    desk = Desk(scripted.place)
    bodies: list[str | None] = []

    async def wait(connection: Connection, since: str) -> None:
        request = WaitRequest(thread_id="T", since_reference=since, timeout_secs=500)
        bodies.append((await connection.wait(WAIT, request)).body)

    scripted.says(answers={"wait": {"reply": FOUND}})
    async with connected(scripted) as connection, trio.open_nursery() as nursery:
        listening = await nursery.start(desk.serve)
        for since in ("db:1", "db:2"):
            nursery.start_soon(wait, connection, since)
            await desk.calls.receive()
        listening.cancel()
    assert bodies == ["done", "done"]
    again = asked(scripted, "wait")
    assert len(asked(scripted, "begun")) == 1
    assert {record["args"]["since_reference"] for record in again} == {"db:1", "db:2"}
    assert all(400 < record["args"]["timeout_secs"] < 500 for record in again)


async def test_a_request_whose_supervisor_makes_way_is_put_to_the_next(scripted: Scripted) -> None:
    scripted.says(answers={"wait": {"fail": "restarting", "then_stop": True}})

    async def replaced() -> None:
        scripted.says(answers={"wait": {"reply": FOUND}})
        await await_replaced(scripted.place)

    opened = open_connection(lambda: reach(scripted.place, scripted.start, client="test"), await_end=replaced)
    with trio.fail_after(CEILING):
        async with opened as connection:
            assert (await connection.wait(WAIT, WaitRequest(thread_id="T"))).body == "done"
    assert [record["op"] for record in scripted.seen] == ["begun", "wait", "begun", "wait"]


async def test_a_cancelled_wait_ends_at_the_supervisor_while_the_connection_goes_on(scripted: Scripted) -> None:
    desk = Desk(scripted.place)
    async with connected(scripted) as connection, trio.open_nursery() as nursery:
        listening = await nursery.start(desk.serve)
        async with trio.open_nursery() as waiting:
            waiting.start_soon(connection.wait, WAIT, WaitRequest(thread_id="T"))
            await desk.calls.receive()
            waiting.cancel_scope.cancel()
        await desk.cancelled.wait()
        desk.answer = NOTHING
        desk.answered.set()
        assert (await connection.call(STATUS, StatusRequest())).total == 0
        assert desk.clients == 1
        listening.cancel()


async def test_a_stream_goes_on_behind_its_last_item(scripted: Scripted) -> None:
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
            os.kill(asked(scripted, "begun")[0]["pid"], signal.SIGKILL)

    async with connected(scripted) as connection:
        assert (await connection.stream(EVENTS, EventsRequest(follow=True), take)).next_after == 3
    assert read == [1, 2, 3]


async def test_why_no_supervisor_is_started_is_said_to_whoever_asked(
    scripted: Scripted, environ: dict[str, str]
) -> None:
    inside = start_rule(scripted.place, environ | {"COMPAS_EXECUTION": "X"})
    async with connected(scripted, start=inside) as connection:
        for _ in range(2):
            with pytest.raises(NotRunningError, match="inside an execution"):
                await connection.call(HEALTH, HealthRequest())


async def test_a_failure_is_no_reason_to_ask_again(scripted: Scripted) -> None:
    scripted.says(answers={})
    async with connected(scripted) as connection:
        with pytest.raises(RequestFailed, match="says nothing of health"):
            await connection.call(HEALTH, HealthRequest())
    assert len(asked(scripted, "health")) == 1


async def test_a_request_that_kills_every_supervisor_is_given_up(scripted: Scripted) -> None:
    deaths = 0

    def start_armed() -> None:
        nonlocal deaths
        deaths += 1
        scripted.says(answers={"health": {"reply": {}}}, die_at=["health", deaths])
        scripted.start()

    async with connected(scripted, start=start_armed) as connection:
        with pytest.raises(UnreachableError, match="went away"):
            await connection.call(HEALTH, HealthRequest())
    assert len(asked(scripted, "health")) == MOST_LOSSES + 1
