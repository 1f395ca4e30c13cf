"""The gateway process from within: it stays while relays are there, and a host that cannot start one says so."""

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trio
import trio.testing

from actors.remote.process import ProcessHost, ProcessStartError
from actors.spec import ChildSpec
from actors.system import open_actor_system
from compas.gateway.app import Gateway
from compas.gateway.listed import listed_tools
from compas.orchestrator.machine.gateway import GatewayDoor, GatewayHost
from compas.orchestrator.process.activity import Activity
from compas.relay.link import PROTOCOL, READY, Introduction, introduction_line, reason_of_refusal
from tests.kit.ceiling import CEILING

pytestmark = pytest.mark.system


def relayed() -> tuple[trio.SocketStream, trio.SocketStream]:
    """Return the two sides of a relay's connection."""
    ours, theirs = (trio.socket.from_stdlib_socket(one) for one in socket.socketpair())
    return trio.SocketStream(ours), trio.SocketStream(theirs)


async def test_it_is_idle_once_the_last_relay_has_left() -> None:
    relay, served = relayed()
    with trio.fail_after(CEILING):
        async with open_actor_system("gateway") as system, trio.open_nursery() as nursery:
            gateway = Gateway(system, "/nowhere", Path("/nowhere"))
            nursery.start_soon(gateway.admit, served)
            await relay.send_all(introduction_line(Introduction(cwd="/", meta={})) + b"\n")
            assert await relay.receive_some() == READY + b"\n"
            idle = trio.Event()

            async def wait() -> None:
                await gateway.wait_idle(0.0)
                idle.set()

            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            assert not idle.is_set()
            await relay.aclose()
            await idle.wait()


@pytest.mark.parametrize("said", [b"hello", introduction_line(Introduction("/", {}, PROTOCOL + 1)), b"{}", b"[]"])
async def test_a_relay_that_it_does_not_understand_is_told_and_harms_no_other(said: bytes) -> None:
    with trio.fail_after(CEILING):
        async with open_actor_system("gateway") as system, trio.open_nursery() as nursery:
            gateway = Gateway(system, "/nowhere", Path("/nowhere"))
            for line, answers in ((said, False), (introduction_line(Introduction(cwd="/", meta={})), True)):
                relay, served = relayed()
                nursery.start_soon(gateway.admit, served)
                async with relay:
                    await relay.send_all(line + b"\n")
                    answer = await relay.receive_some()
                assert (answer == READY + b"\n") == answers
                assert answers or "start its MCP servers again" in (reason_of_refusal(answer) or "")
            nursery.cancel_scope.cancel()


LISTED = listed_tools()


class LockedDoor(GatewayDoor):
    """Behind it no gateway can be started."""

    @contextlib.asynccontextmanager
    async def open_gateway(self, log_fd: int | None) -> AsyncIterator[ProcessHost]:
        """Fail."""
        raise ProcessStartError("no memory")
        yield


async def test_a_host_that_can_start_no_gateway_tells_every_relay_and_leaves_the_list_of_tools() -> None:
    with TemporaryDirectory(prefix="cpg-", dir="/tmp") as directory:
        path = Path(directory)
        with contextlib.closing(LockedDoor(path / "s", path / "g", path / "t")) as door, trio.fail_after(CEILING):
            async with open_actor_system(
                "host", ChildSpec("host", lambda: GatewayHost(door, lambda: LISTED, Activity(), None))
            ):
                assert (path / "t").read_bytes() == LISTED
                for _ in range(3):
                    async with await trio.open_unix_socket(path / "g") as relay:
                        answer = await relay.receive_some()
                        assert (
                            reason_of_refusal(answer.rstrip()) == "the gateway of compas cannot be started: no memory"
                        )
                        assert await relay.receive_some() == b""
