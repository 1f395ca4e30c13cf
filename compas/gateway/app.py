"""Runs the gateway: one process for one editor, which ends with it and takes nothing else along."""

import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from importlib.metadata import PackageNotFoundError, version

import trio

from actors.remote.session import Session
from compas.client.connection import await_replaced, open_connection, reach
from compas.client.place import Place
from compas.client.reach import caller_meta, start_rule
from compas.gateway.calls import Calls
from compas.gateway.editor import wait_editor_gone
from compas.gateway.server import build_server
from compas.gateway.stdio import claim_stdio, open_streams

log = logging.getLogger("compas.gateway")

CLIENT = "compas gateway"
"""What the supervisor calls us in its log."""


def run_gateway(find_place: Callable[[], Place], environ: Mapping[str, str], *, may_start: bool) -> None:
    """Serve the editor on standard input and output until it closes them, ends, or SIGTERM or SIGINT comes.

    Calls that are under way are cancelled then, at the supervisor too, which goes on, as its agents do. A supervisor
    is started by the first call that needs one, if `may_start`. `find_place` says where it is; what that raises is
    answered to the call, for an editor shows nobody why a gateway did not start. Logs go to standard error.
    """
    _start_logging()
    trio.run(_serve, find_place, environ, may_start)


async def _serve(find_place: Callable[[], Place], environ: Mapping[str, str], may_start: bool) -> None:
    meta = caller_meta(environ)

    def reach_now() -> AbstractAsyncContextManager[Session]:
        place = find_place()
        return reach(place, start_rule(place, environ, is_allowed=may_start), client=CLIENT, meta=meta)

    connection = open_connection(
        reach_now,
        await_end=lambda: await_replaced(find_place()),
        notice=lambda text: log.warning("%s", text, extra={"action": "reconnecting"}),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(_leave_on_signal, nursery.cancel_scope)
        nursery.start_soon(_leave_after, wait_editor_gone, nursery.cancel_scope)
        async with connection as connected, open_streams(*claim_stdio()) as (incoming, outgoing):
            server = build_server(Calls(connected), _version())
            await server.run(incoming, outgoing, server.create_initialization_options())
        nursery.cancel_scope.cancel()


async def _leave_on_signal(scope: trio.CancelScope, *, task_status: trio.TaskStatus[None]) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for _ in signals:
            scope.cancel()


async def _leave_after(wait: Callable[[], Awaitable[None]], scope: trio.CancelScope) -> None:
    await wait()
    log.info("the editor is gone", extra={"action": "editor_gone"})
    scope.cancel()


def _start_logging() -> None:
    """Write our own logs, and what the SDK warns of, to standard error: standard output is the protocol's."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    for name in ("compas", "actors"):
        logging.getLogger(name).setLevel(logging.INFO)


def _version() -> str:
    try:
        return version("compas-orchestrator")
    except PackageNotFoundError:
        return "unknown"
