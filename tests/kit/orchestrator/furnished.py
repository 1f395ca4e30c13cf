"""A tree in which there is something to ask about: threads, merges, batches, work under way."""

from tests.kit.orchestrator.actor_workshop import Supervisor, Workshop, agent
from tests.kit.orchestrator.troupe import Turn, echo

AGENTS = (agent("dev", to="rev", workspace="worktree"), agent("rev", workspace=None))
YEAR_SECS = 365 * 86_400.0
"""How long the tree lives, in virtual seconds."""


async def furnish(shop: Workshop, supervisor: Supervisor) -> dict[str, str]:
    """Have the agents work, and return the names that requests leave in braces."""
    shop.plays("dev", _busy)
    posted = await supervisor.dispatch("dev", "work", thread_id="t1", batch="b1")
    await supervisor.chain(posted)
    merged = await supervisor.merge("t1")
    await supervisor.wait_merge(merged.op_id)
    await supervisor.chain(await supervisor.dispatch("dev", "work", thread_id="t2", batch="b1"))
    await supervisor.dispatch("dev", "1000 seconds of work", thread_id="t3")
    return {"{run}": posted.execution_id or "", "{op}": merged.op_id}


async def _busy(turn: Turn) -> None:
    """Leave a commit, as an agent does, where there is a worktree."""
    if turn.spec.cwd in turn.repo.checkouts and turn.spec.cwd != turn.repo.path:
        turn.commit("work", **{f"{turn.spec.execution}_txt": "x"})
    await echo(turn)
