"""Takes what an operator's client brings of its shell's variables; an agent's changes nothing (decision 0039)."""

import logging
import os

import trio

from actors.errors import ActorError
from actors.remote.call import Call
from compas.domain.bringing import ONLY_MISSING, OPERATIONS, read_brought
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.messages.backend import CredentialsMayDiffer
from compas.orchestrator.services import backend_name
from compas.runner.lineage import is_within
from compas.store.projections.execution_queries import pids_at_work

log = logging.getLogger("compas.gate")


async def take_brought(context: HandlerContext, call: Call) -> None:
    """Let agents have from now on what stands beside the call. Names are logged, values nowhere.

    What an agent's process offers is left alone, also when it does not say that it is one.
    """
    if call.op not in OPERATIONS:
        return
    environ = context.services.environ
    offered, only_missing = read_brought(call.meta), bool(call.meta.get(ONLY_MISSING))
    wanted = context.services.wanted_variables()
    if environ.would_take(offered, wanted, only_missing=only_missing):
        if call.peer.meta.get("execution") or await _is_of_an_agent(context, call.peer.pid):
            log.warning("an agent's client offered variables; none was taken", extra={"action": "variables_refused"})
            return
        changed = environ.take(offered, wanted, only_missing=only_missing)
        log.info("agents get %s as a client has it", ", ".join(changed), extra={"action": "variables_taken"})
    await _tell_backends(context)


async def _tell_backends(context: HandlerContext) -> None:
    """Have each backend look whether what it was refused for lack of a login can go on: somebody may have logged in."""
    for name in context.services.backends:
        if (backend := context.registry.find(backend_name(name))) is not None:
            try:
                await backend.tell(CredentialsMayDiffer())
            except ActorError:
                continue  # it is being restarted, and begins with what there is then


async def _is_of_an_agent(context: HandlerContext, pid: int | None) -> bool:
    """Say whether a process is an agent's; one that cannot be seen is taken for one."""
    if pid is None:
        return True
    agents = await context.services.store.query(pids_at_work)
    return await trio.to_thread.run_sync(is_within, pid, os.getpid(), agents)
