"""Handler of `why`: where a thread stands, and the chain of causes that brought it there, read from the log."""

from collections.abc import Iterator

from msgspec import structs

from compas.api.history import Cause, WhyRequest, WhyResponse
from compas.domain import events as e
from compas.domain.breaker import Breaker
from compas.domain.explanation import explain, standing
from compas.domain.thread import Thread, evolve
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk
from compas.orchestrator.handlers.looking import unknown_thread
from compas.orchestrator.merges.approval import reviews_now
from compas.orchestrator.messages.backend import DescribeBreaker
from compas.orchestrator.services import ASK_TIMEOUT_SECS, backend_name
from compas.store.projections.merges import merges_of_thread


async def why(desk: Desk, call: ResolvedCall) -> WhyResponse:
    """Tell the story of a thread from its own stream and from its merges."""
    thread = call.decode(WhyRequest).thread_id
    stream = e.thread_stream(thread)
    recorded = list(await desk.services.store.read_stream(stream))
    if not recorded:
        raise unknown_thread(thread)
    state, began = Thread(thread=thread), recorded[0].position
    for one in recorded:
        state = evolve(state, one)
    merges = await desk.services.store.query(lambda reader: merges_of_thread(reader, thread))
    ops = {row.op for row in merges}
    streams = {row.stream for row in merges}
    goes_to = desk.services.config.default_merge_target
    streams |= {e.merge_stream(tree.repository, goes_to) for tree in state.worktrees.values() if not tree.reading}
    for merge_stream in streams:
        found = await desk.services.store.read_stream(merge_stream)
        recorded += [one for one in found if getattr(one.event, "op", None) in ops or _is_about_target(one, began)]
    recorded += _config_changes(await desk.services.store.read_stream(e.SUPERVISOR_STREAM), state, began)
    recorded.sort(key=lambda one: one.position)
    breakers = await _breakers(desk, {run.queued.backend for run in state.in_flight()})
    review = (await reviews_now(desk.services, [thread])).get(thread)
    where, following = standing(state, now=desk.services.clock(), breakers=breakers)
    return WhyResponse(
        thread_id=thread,
        thread_status=state.status,
        standing=where,
        next_step=following,
        causes=tuple(
            Cause(position=told.position, at=told.at, depth=told.depth, what=told.what, because=told.because)
            for told in explain(tuple(recorded))
        ),
        review=review.standing if review is not None else None,
        review_note=review.sentence if review is not None else None,
    )


def _is_about_target(one: e.Recorded, began: int) -> bool:
    """Say whether an event says that merges into a target were held, or are not any longer, since a thread began."""
    is_release = isinstance(one.event, e.TargetSeen) and one.event.how in ("accepted", "back")
    return one.position > began and (is_release or isinstance(one.event, e.TargetHeld))


async def _breakers(desk: Desk, backends: set[str]) -> dict[str, Breaker]:
    found: dict[str, Breaker] = {}
    for backend in backends:
        ref = desk.registry.find(backend_name(backend))
        if ref is not None:
            found[backend] = await ref.ask(DescribeBreaker(), timeout=ASK_TIMEOUT_SECS)
    return found


def _config_changes(supervisor: tuple[e.Recorded, ...], state: Thread, began: int) -> Iterator[e.Recorded]:
    """Return the changes of the config, since the thread began, that its agents or the limits of all are about."""
    agents = {run.queued.agent for run in state.runs.values()}
    for one in supervisor:
        if one.position > began and isinstance(one.event, e.ConfigLoaded):
            concerned = tuple(name for name in one.event.changed if _concerns(name, agents))
            if concerned:
                yield structs.replace(one, event=structs.replace(one.event, changed=concerned))


def _concerns(changed: str, agents: set[str]) -> bool:
    """Tell whether a changed key (`agents.dev.model`, `orchestration.…`) may have had a say in what those agents do."""
    if not changed.startswith("agents."):
        return changed.startswith("orchestration.")
    name = changed.removeprefix("agents.")
    return any(name.startswith((f"{agent}.", f"{agent} ")) for agent in agents)
