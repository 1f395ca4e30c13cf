"""Measures the way of a task: request to running agent, its end to whoever waits, and from agent to agent."""

import os
import time

from bench.comparison import Times
from bench.floors import Floor
from bench.workplace import AGENT_SCRIPT, SHELL, Workplace, ask
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.waiting import WAIT, WaitRequest, WaitResponse
from compas.client.blocking import BlockingConnection

START = "dispatch to running agent"
END = "agent's end to waiter"
HOP = "agent's end to next agent"


def one_agent(place: Workplace, connection: BlockingConnection) -> Times:
    """Dispatch to an agent, let it go on once somebody waits for it, and take both ways' times."""
    asked = time.monotonic()
    sent = ask(connection, DISPATCH, DispatchRequest(to="solo", body="begin"))
    begun = place.stamps.wait("solo begins")
    place.wait_for_event(sent.thread_id, "execution.started")
    answer = _wait(place, connection, sent.thread_id)
    answered = time.monotonic()
    ended = place.stamps.wait("solo ends")
    assert answer.found, answer
    place.wait_runner_gone(sent.execution_id or "")
    return {START: begun - asked, END: answered - ended}


def two_agents(place: Workplace, connection: BlockingConnection) -> Times:
    """Dispatch to an agent that hands over to another, and take the time between the two."""
    sent = ask(connection, DISPATCH, DispatchRequest(to="first", body="begin"))
    place.stamps.wait("first begins")
    place.wait_for_event(sent.thread_id, "execution.started")
    answer = _wait(place, connection, sent.thread_id)
    assert answer.found, answer
    ended, begun = place.stamps.wait("first ends"), place.stamps.wait("second begins")
    place.stamps.wait("second ends")
    for step in answer.chain:
        place.wait_runner_gone(step.execution_id)
    return {HOP: begun - ended}


def _wait(place: Workplace, connection: BlockingConnection, thread: str) -> WaitResponse:
    """Wait for the answer; the agent goes on as soon as the supervisor has the wait."""

    def began(_: object) -> None:
        place.gate.open()

    return ask(connection, WAIT, WaitRequest(thread_id=thread, await_chain=True), began)


def bare_agent(place: Workplace, floor: Floor) -> Times:
    """The same agent, started and awaited by hand, with one transaction on disk at either end."""
    asked = time.monotonic()
    floor.echo.round_trip()
    floor.file.append()
    pid = place.spawn([SHELL, str(AGENT_SCRIPT), str(place.stamps.path), "floor", str(place.gate.path)])
    begun = place.stamps.wait("floor begins")
    place.gate.open()
    os.waitpid(pid, 0)
    floor.file.append()
    answered = time.monotonic()
    ended = place.stamps.wait("floor ends")
    return {START: begun - asked, END: answered - ended}


def bare_start(place: Workplace, floor: Floor) -> Times:
    """What a second agent takes by hand once the first has ended: a transaction and a start."""
    return {HOP: bare_agent(place, floor)[START]}
