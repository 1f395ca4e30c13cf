"""Whatever is asked for, there is an answer, and nobody else notices: no actor restarts, and nothing crashes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

import compas.orchestrator.threads.directory
from actors.errors import ActorError
from actors.remote.errors import RequestFailed, SessionLost
from actors.remote.framing import Encoding
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import memory_transport_pair
from compas.api.catalogue import BY_NAME
from compas.domain import events as e
from compas.domain.requests import RequestId
from compas.orchestrator.messages.thread import AbandonThread, DescribeThread, LocateThread
from compas.orchestrator.services import THREADS
from compas.orchestrator.stream import CommandFaultedError
from tests.kit.orchestrator.actor_workshop import Supervisor, open_workshop
from tests.kit.orchestrator.any_requests import AnyRequest, any_request, filled, written
from tests.kit.orchestrator.furnished import AGENTS, YEAR_SECS, furnish
from tests.kit.orchestrator.judge import Judge, judging
from tests.kit.orchestrator.patient_clock import run_patiently

pytestmark = pytest.mark.exhaustive

PATIENCE_SECS = 300.0
"""Virtual seconds within which an operation answers that waits for nothing but the supervisor."""
LISTENING_SECS = 30.0
"""Virtual seconds after which the client of one that waits gives it up."""
SETTINGS = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
Programs = st.lists(any_request, min_size=1, max_size=20)


class Client:
    """Connects again whenever the server has had enough of it."""

    def __init__(self, supervisor: Supervisor, encoding: Encoding, meta: dict[str, str]) -> None:
        self._supervisor = supervisor
        self._encoding = encoding
        self._meta = meta

    async def ask(self, request: AnyRequest, names: dict[str, str], judge: Judge) -> None:
        """Ask once, and see that there is an answer."""
        operation = BY_NAME.get(request.op)
        is_answered_at_once = operation is None or operation.kind in ("read", "write")
        args = written(filled(request.args, names), self._encoding)
        request_id, op = (text.encode(errors="replace").decode() for text in (request.request_id, request.op))
        async with self._connected() as session:
            try:
                with trio.move_on_after(PATIENCE_SECS if is_answered_at_once else LISTENING_SECS) as patience:
                    await session.request(op, args, Any, request_id=request_id, on_push=lambda item: None)
                if patience.cancelled_caught and is_answered_at_once:
                    judge.note_silence(request.op)
            except SessionLost:
                pass  # what is not even a frame is answered by the end of the connection
            except RequestFailed as failure:
                judge.note_answer(request.op, failure.code, failure.message)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Session]:
        ours, theirs = memory_transport_pair(self._encoding)
        server = ServerSettings(welcome=WelcomeInfo(server="test/1"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, self._supervisor.gate.serve, server)
            async with open_session(ours, client="anybody", meta=self._meta) as session:
                yield session
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def open_furnished() -> AsyncIterator[tuple[Supervisor, dict[str, str]]]:
    """Open a tree in which there is something to ask about; give the names of that as well."""
    async with open_workshop(*AGENTS, limit_secs=YEAR_SECS) as shop, shop.supervisor() as supervisor:
        yield supervisor, await furnish(shop, supervisor)


async def ask_all(program: list[AnyRequest], encoding: Encoding, *, at_once: bool, meta: dict[str, str]) -> list[str]:
    """Send everything, one after the other or all at the same time; return what the judge has found.

    The end of the tree, with work under way, is no matter of the judge's.
    """
    async with open_furnished() as (supervisor, names):
        with judging() as judge:
            client = Client(supervisor, encoding, meta)
            async with trio.open_nursery() as nursery:
                for request in program:
                    if at_once:
                        nursery.start_soon(client.ask, request, names, judge)
                    else:
                        await client.ask(request, names, judge)
            await trio.sleep(LISTENING_SECS)
            assert (await supervisor.transcript("t1")).thread_status is not None, "the others are served as before"
        return judge.found


def play(program: list[AnyRequest], encoding: Encoding, at_once: bool, meta: dict[str, str]) -> None:
    async def run() -> list[str]:
        return await ask_all(program, encoding, at_once=at_once, meta=meta)

    assert run_patiently(run) == []


METAS = st.just({}) | st.dictionaries(
    st.sampled_from(["execution", "token", "origin"]), st.text(max_size=10), max_size=2
)


@settings(SETTINGS, max_examples=40)
@given(program=Programs, encoding=st.sampled_from(Encoding), at_once=st.booleans(), meta=METAS)
def test_whatever_is_asked_is_answered_and_disturbs_nobody(
    program: list[AnyRequest], encoding: Encoding, at_once: bool, meta: dict[str, str]
) -> None:
    play(program, encoding, at_once, meta)


@pytest.mark.long
@pytest.mark.parametrize("part", range(50))
@settings(SETTINGS, max_examples=40)
@given(
    program=st.lists(any_request, min_size=10, max_size=10),
    encoding=st.sampled_from(Encoding),
    at_once=st.booleans(),
    meta=METAS,
)
def test_20_000_times_whatever_is_asked_is_answered(
    part: int, program: list[AnyRequest], encoding: Encoding, at_once: bool, meta: dict[str, str]
) -> None:
    play(program, encoding, at_once, meta)


def test_the_judge_finds_a_planted_actor_that_crashes_on_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def child_id(thread: str) -> str:
        if thread == "t4":
            raise LookupError("planted")
        return thread

    def ask(thread: str) -> list[str]:
        program = [AnyRequest("dispatch", {"to": "dev", "body": "work", "thread_id": thread}, "")]
        return run_patiently(lambda: ask_all(program, Encoding.MSGPACK, at_once=False, meta={}))

    monkeypatch.setattr(compas.orchestrator.threads.directory, "_child_id", child_id)
    assert ask("t1") == []
    found = ask("t4")
    assert any("restarts" in one and "planted" in one for one in found)
    assert any("dispatch was answered with unavailable" in one for one in found)


async def test_the_directory_of_threads_takes_any_name(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        with judging() as judge:
            directory = supervisor.actor(THREADS)
            for name in ("", "a/b", "..", "\0", "\n", "x" * 1_000_000):
                thread = await directory.ask(LocateThread(thread=name), timeout=10)
                assert not (await thread.ask(DescribeThread(), timeout=10)).exists
            with pytest.raises(ActorError):  # no database takes it
                await directory.ask(LocateThread(thread="\ud800"), timeout=10)
            assert await directory.ask(LocateThread(thread="a"), timeout=10)
        assert [one for one in judge.found if "restarts" in one] == []


async def test_a_defect_in_a_command_is_told_and_its_thread_goes_on(autojump_clock: MockClock) -> None:
    def broken(recorded: tuple[e.Recorded, ...]) -> bytes:
        raise LookupError("planted")

    async with open_workshop() as shop, shop.supervisor() as supervisor:
        await supervisor.dispatch("dev", "100 seconds of work", thread_id="t1")
        with judging() as judge:
            command = AbandonThread(by="operator", request_id=RequestId(name="r1"), respond=broken)
            with pytest.raises(CommandFaultedError, match=r"nothing has changed.*LookupError: planted"):
                await supervisor.context.ask_thread("t1", command)
            assert (await supervisor.transcript("t1")).thread_status == "Active"
            assert (await supervisor.abandon("t1")).status == "Abandoned"
        assert [one for one in judge.found if "restarts" in one] == []
        assert any("compas.thread" in one for one in judge.found), "it is in the log, to be mended"
