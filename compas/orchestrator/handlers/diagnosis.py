"""Handlers of `why`, `diagnose` and `session_info`: where a thread stands, and what brought it there."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from compas.api import diagnosis as api
from compas.api.diagnosis import Cause, WhyRequest, WhyResponse
from compas.domain import diagnosis as rules
from compas.domain import events as e
from compas.domain.decision import no_such_thread
from compas.domain.diagnosis import AgentState, LastMerge, Surroundings
from compas.domain.explanation import Told, explain
from compas.domain.in_short import in_short
from compas.domain.outbox.words import how_it_ended
from compas.domain.specs import Requires
from compas.domain.thread import Session, Thread, evolve
from compas.orchestrator.backends.examining import examine
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.merges.approval import required, reviews_now
from compas.orchestrator.merges.targets import why_targets_are_held
from compas.orchestrator.refused import refused
from compas.orchestrator.threads.staleness import stale_threads
from compas.orchestrator.worktrees.survey import lists_several
from compas.store import log_file
from compas.store.connection import Reader
from compas.store.projections.counters import AgentLoad, loads
from compas.store.projections.execution_queries import ExecutionRow, newest_of_thread
from compas.store.projections.merges import MergeRow, merges_of_thread
from compas.store.projections.outbox import HookRun, failed_runs_of_thread
from compas.store.projections.threads import StatusFilter, status_page


async def diagnose(context: HandlerContext, call: ResolvedCall) -> api.DiagnoseResponse:
    """Look at a thread and at what it depends on."""
    thread = call.decode(api.DiagnoseRequest).thread_id
    state = await _state(context, thread)

    def read(reader: Reader) -> tuple[ExecutionRow | None, tuple[MergeRow, ...], tuple[AgentLoad, ...]]:
        return (
            newest_of_thread(reader, thread),
            merges_of_thread(reader, thread),
            loads(reader, context.services.clock()),
        )

    newest, merges, load = await context.services.store.query(read)
    found = rules.diagnose(state, await _surroundings(context, state, merges, load))
    return api.DiagnoseResponse(
        thread_id=thread,
        thread_status=state.status,
        summary=state.summary,
        message_count=len(state.messages),
        execution_count=len(state.runs),
        latest_execution_id=newest.execution if newest is not None else None,
        latest_execution_status=newest.status if newest is not None else None,
        latest_execution_agent=newest.agent if newest is not None else None,
        latest_execution_error=newest.error or None if newest is not None else None,
        latest_execution_duration_ms=_milliseconds(newest.duration_secs) if newest is not None else None,
        standing=found.standing,
        blockers=found.blockers,
        suggestions=found.suggestions,
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


async def _state(context: HandlerContext, thread: str) -> Thread:
    """Return a thread as its stream tells it. Raises the client's error when there is none."""
    recorded = await context.services.store.read_stream(e.thread_stream(thread))
    if not recorded:
        raise refused(no_such_thread(thread))
    state = Thread(thread=thread)
    for one in recorded:
        state = evolve(state, one)
    return state


async def _surroundings(
    context: HandlerContext, state: Thread, merges: tuple[MergeRow, ...], load: tuple[AgentLoad, ...]
) -> Surroundings:
    config = context.services.config
    concerned = {run.queued.agent for run in state.in_flight()}
    agents = tuple(agent for agent in config.agents.values() if agent.alias in concerned)
    examined = await examine(context, agents, is_thorough=False)
    running = {one.agent: one.running for one in load}
    last = merges[-1] if merges else None
    return Surroundings(
        now=context.services.clock(),
        agents={
            agent.alias: AgentState(
                unusable="" if examined[agent.alias].looked.usable else examined[agent.alias].looked.detail,
                remedy=examined[agent.alias].looked.remedy,
                running=running.get(agent.alias, 0),
                limit=config.at_once(agent),
            )
            for agent in agents
        },
        running=sum(running.values()),
        limit=config.effective_concurrency,
        held=await _held(context, state, last),
        review=(await reviews_now(context.services, [state.thread])).get(state.thread),
        requires=_required(context, state),
        login=_how_to_log_in(context, state),
        stale_secs=await _stale_secs(context, state.thread),
        is_ending=not context.services.new_work.is_welcome,
        breakers={agent.backend: breaker for agent in agents if (breaker := examined[agent.alias].breaker) is not None},
        merge=None if last is None else LastMerge(op=last.op, status=last.status, target=last.target, error=last.error),
    )


def _how_to_log_in(context: HandlerContext, state: Thread) -> str:
    newest = next(reversed(state.runs.values()), None)
    return "" if newest is None else context.services.how_to_log_in(newest.queued.backend, newest.queued.agent)


async def _stale_secs(context: HandlerContext, thread: str) -> float | None:
    services = context.services
    page = await services.store.query(lambda reader: status_page(reader, StatusFilter(thread=thread), 1))
    since = (await stale_threads(services, context.registry, page.rows)).get(thread)
    return None if since is None else services.clock() - since


async def _held(context: HandlerContext, state: Thread, last: MergeRow | None) -> tuple[str, ...]:
    """Say why nothing is merged into the targets that a thread's work goes to."""
    target = context.services.config.default_merge_target
    concerned = {(tree.repository, target) for tree in state.worktrees.values()}
    concerned |= {(last.repository, last.target)} if last is not None else set()
    return await context.services.store.query(lambda reader: why_targets_are_held(reader, concerned))


def _required(context: HandlerContext, state: Thread) -> Requires:
    """Return what the merges of a thread need, where most is needed."""
    needed = {required(context.services, tree.repository) for tree in state.worktrees.values() if not tree.reading}
    return "approval" if "approval" in needed else "no_objection"


async def session_info(context: HandlerContext, call: ResolvedCall) -> api.SessionInfoResponse:
    """Tell who serves, and name the conversations of a thread's agents."""
    thread = call.decode(api.SessionInfoRequest).thread_id
    config = context.services.config
    return api.SessionInfoResponse(
        server="compas",
        version=context.supervision.version,
        agent_count=len(config.agents),
        db_path=str(Path(config.state_dir) / log_file.NAME),
        thread_id=thread,
        conversations=() if thread is None else _conversations(context, await _state(context, thread)),
    )


def _conversations(context: HandlerContext, state: Thread) -> tuple[api.Conversation, ...]:
    occupied = state.occupied_by()
    speaking = None if occupied is None or occupied.requested is None else occupied.requested.resume_session
    return tuple(
        api.Conversation(
            agent=agent,
            backend=backend,
            session_id=session.id,
            workdir=session.workdir,
            resume_command=_resume_command(context, backend, session),
            in_use=session.id == speaking,
        )
        for (agent, backend), session in state.sessions.items()
    )


def _resume_command(context: HandlerContext, backend: str, session: Session) -> str | None:
    """Write the line that a person types: where a conversation was held, it goes on."""
    known = context.services.backends.get(backend)
    argv = known.resume_command(session.id) if known is not None else None
    if argv is None:
        return None
    there = f"cd {shlex.quote(session.workdir)} && " if session.workdir is not None else ""
    return there + shlex.join(argv)


async def why(context: HandlerContext, call: ResolvedCall) -> WhyResponse:
    """Tell the story of a thread from its own stream and from its merges."""
    thread = call.decode(WhyRequest).thread_id
    stream = e.thread_stream(thread)
    recorded = list(await context.services.store.read_stream(stream))
    if not recorded:
        raise refused(no_such_thread(thread))
    state, began = Thread(thread=thread), recorded[0].position
    for one in recorded:
        state = evolve(state, one)
    merges = await context.services.store.query(lambda reader: merges_of_thread(reader, thread))
    ops = {row.op for row in merges}
    streams = {row.stream for row in merges}
    goes_to = context.services.config.default_merge_target
    streams |= {e.merge_stream(tree.repository, goes_to) for tree in state.worktrees.values() if not tree.reading}
    for merge_stream in streams:
        others = await context.services.store.read_stream(merge_stream)
        recorded += [one for one in others if getattr(one.event, "op", None) in ops or _is_about_target(one, began)]
    recorded += _config_changes(await context.services.store.read_stream(e.SUPERVISOR_STREAM), state, began)
    recorded.sort(key=lambda one: one.position)
    failed = await context.services.store.query(lambda reader: failed_runs_of_thread(reader, thread))
    load = await context.services.store.query(lambda reader: loads(reader, context.services.clock()))
    around = await _surroundings(context, state, merges, load)
    found = rules.diagnose(state, around)
    return WhyResponse(
        thread_id=thread,
        thread_status=state.status,
        standing=found.standing,
        next_step=found.suggestions[0],
        causes=tuple(
            Cause(position=told.position, at=told.at, depth=told.depth, what=told.what, because=told.because)
            for told in sorted((*explain(tuple(recorded)), *_failed_hooks(failed)), key=lambda told: told.position)
        ),
        review=around.review.standing if around.review is not None else None,
        review_note=around.review.sentence if around.review is not None else None,
        repository=state.only_repository if lists_several(context.services.config) else None,
    )


def _failed_hooks(runs: tuple[HookRun, ...]) -> Iterator[Told]:
    """Tell of the hooks that were to hear of the thread and did not do so well."""
    for run in runs:
        how = how_it_ended(
            run.outcome, exit_code=run.exit_code, seconds=run.seconds, output=run.output, problem=run.problem
        )
        name = run.subscriber.partition(":")[2]
        told = f"the hook {name} {in_short(how)}"
        yield Told(position=run.position, at=run.at, depth=0, what=told, because=f"told of event {run.about}")


def _is_about_target(one: e.Recorded, began: int) -> bool:
    """Say whether an event says that merges into a target were held, or are not any longer, since a thread began."""
    is_release = isinstance(one.event, e.TargetSeen) and one.event.how in ("accepted", "back")
    return one.position > began and (is_release or isinstance(one.event, e.TargetHeld))


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
