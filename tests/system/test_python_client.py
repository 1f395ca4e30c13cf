"""The official Python client of MCP, from the list of tools to the end of a thread, over standard input and output."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from compas.gateway.tools import TOOLS
from tests.kit.ceiling import CEILING
from tests.kit.system.workshop import Workshop

pytestmark = pytest.mark.system

REPLY = "Made it."
SERVER = ("-P", "-m", "compas", "mcp-server")


@pytest.fixture
def gate(workshop: Workshop) -> Path:
    """Return the FIFO that `dev` waits for."""
    path = workshop.fifo("gate")
    work = [{"block": str(path)}, {"write": "health.py", "text": "OK = 1\n"}, {"reply": REPLY}]
    workshop.configure([workshop.agent("dev", work, workspace="worktree", commit="auto")])
    return path


@asynccontextmanager
async def open_client(workshop: Workshop) -> AsyncIterator[ClientSession]:
    """Start a server as an editor does, and shake hands with it."""
    server = StdioServerParameters(command=sys.executable, args=list(SERVER), env=workshop.environ, cwd=workshop.repo)
    async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
        await session.initialize()
        yield session


async def call(session: ClientSession, tool: str, **arguments: object) -> dict[str, Any]:
    """Call a tool that has to succeed."""
    result = await session.call_tool(tool, arguments)
    assert not result.is_error, result.content
    answer: dict[str, Any] = result.structured_content
    return answer


async def test_a_task_goes_from_dispatch_to_merge_and_its_wait_may_be_given_up(workshop: Workshop, gate: Path) -> None:
    heard: list[tuple[float, str]] = []
    with trio.fail_after(CEILING):
        async with open_client(workshop) as session:
            listed = [tool.name for tool in (await session.list_tools()).tools]
            assert listed == [tool.name for tool in TOOLS if tool.is_core]
            sent = await call(session, "orch_dispatch", to="dev", body="Add a health check.", thread_id="health")
            waiting = {"thread_id": "health", "since_reference": sent["reference"]}
            with trio.CancelScope() as patience:

                async def hear(progress: float, total: float | None, message: str | None) -> None:
                    heard.append((progress, message or ""))
                    assert (await call(session, "orch_health"))["clients"] == 2, "the wait, and this very call"
                    patience.cancel()

                await session.call_tool("orch_wait", waiting, progress_callback=hear)
            assert patience.cancelled_caught
            assert [progress for progress, _ in heard] == [10]
            assert "waiting for thread health" in heard[0][1]
            await until_nobody_waits(session)
            (row,) = (await call(session, "orch_status", thread_id="health"))["threads"]
            assert row["execution_status"] == "executing"
            await trio.to_thread.run_sync(gate.write_text, "go")
            answer = await call(session, "orch_wait", **waiting)
            assert (answer["found"], answer["body"]) == (True, REPLY)
            assert "+OK = 1" in (await call(session, "orch_diff", thread_id="health"))["text"]
            merge = await call(session, "orch_merge", thread_id="health")
            assert (await call(session, "orch_wait_merge", op_id=merge["op_id"]))["status"] == "completed"
            assert (await call(session, "orch_close", thread_id="health"))["status"] == "Completed"
    assert (workshop.repo / "health.py").read_text() == "OK = 1\n"
    assert [run["status"] for run in workshop.ask("transcript", "health")["executions"]] == ["completed"]


async def until_nobody_waits(session: ClientSession) -> None:
    """Return once the supervisor has no request but the one that asks."""
    while (await call(session, "orch_health"))["clients"] > 1:
        pass
