"""Handler of `prune`."""

import math
import os
from pathlib import Path

from compas.api import retention as api
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.messages.retention import Prune
from compas.orchestrator.services import KEEPER
from compas.store.log_file import NAME
from compas.store.projections.retention import count_executions


async def prune(context: HandlerContext, call: ResolvedCall) -> api.PruneResponse:
    """Have the keeper count, or count and remove; that goes on even if the client goes away.

    What was only looked at is not kept as an answer: a repeat looks again.
    """
    request, services = call.decode(api.PruneRequest), context.services
    keeper = await context.actor(KEEPER)
    gathered = await keeper.ask(Prune(does_remove=request.yes), timeout=math.inf)
    response = api.PruneResponse(
        has_removed=request.yes,
        gathered=gathered,
        log_bytes=_size(Path(services.config.state_dir)),
        events=await services.store.head(),
        executions=await services.store.query(count_executions),
    )
    if request.yes:
        await context.keep_answer(call.request_id, response)
    return response


def _size(state: Path) -> int:
    """Return the bytes of the log with what is not written back yet; 0 where it is in no file."""
    files = (state / f"{NAME}{suffix}" for suffix in ("", "-wal"))
    return sum(os.stat(file).st_size for file in files if file.exists())
