"""Handlers of `diagnose` and `session_info`."""

import shlex
from pathlib import Path

from compas.api import diagnosis as api
from compas.domain import events as e
from compas.domain.diagnosis import AgentState, LastMerge, Surroundings, diagnose
from compas.domain.thread import Session, Thread, evolve
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import Desk
from compas.orchestrator.handlers.backends import examine
from compas.orchestrator.handlers.looking import unknown_thread
from compas.orchestrator.merges.targets import why_targets_are_held
from compas.store.connection import Reader
from compas.store.projections.counters import AgentLoad, loads
from compas.store.projections.execution_queries import ExecutionRow, newest_of_thread
from compas.store.projections.merges import MergeRow, merges_of_thread

LOG_FILE = "compas.sqlite"


async def diagnose_thread(desk: Desk, call: ResolvedCall) -> api.DiagnoseResponse:
    """Look at a thread and at what it depends on."""
    thread = call.decode(api.DiagnoseRequest).thread_id
    state = await _state(desk, thread)

    def read(reader: Reader) -> tuple[ExecutionRow | None, tuple[MergeRow, ...], tuple[AgentLoad, ...]]:
        return newest_of_thread(reader, thread), merges_of_thread(reader, thread), loads(reader, desk.services.clock())

    newest, merges, load = await desk.services.store.query(read)
    found = diagnose(state, await _surroundings(desk, state, merges, load))
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


async def _state(desk: Desk, thread: str) -> Thread:
    """Return a thread as its stream tells it. Raises the client's error when there is none."""
    recorded = await desk.services.store.read_stream(e.thread_stream(thread))
    if not recorded:
        raise unknown_thread(thread)
    state = Thread(thread=thread)
    for one in recorded:
        state = evolve(state, one)
    return state


async def _surroundings(
    desk: Desk, state: Thread, merges: tuple[MergeRow, ...], load: tuple[AgentLoad, ...]
) -> Surroundings:
    config = desk.services.config
    concerned = {run.queued.agent for run in state.in_flight()}
    agents = tuple(agent for agent in config.agents.values() if agent.alias in concerned)
    examined = await examine(desk, agents, is_thorough=False)
    running = {one.agent: one.running for one in load}
    last = merges[-1] if merges else None
    concerned_targets = {(tree.repository, config.default_merge_target) for tree in state.worktrees.values()}
    concerned_targets |= {(last.repository, last.target)} if last is not None else set()
    held = await desk.services.store.query(lambda reader: why_targets_are_held(reader, concerned_targets))
    return Surroundings(
        now=desk.services.clock(),
        agents={
            agent.alias: AgentState(
                unusable="" if examined[agent.alias].looked.usable else examined[agent.alias].looked.detail,
                running=running.get(agent.alias, 0),
                limit=agent.max_concurrent or config.max_triggers_per_agent,
            )
            for agent in agents
        },
        running=sum(running.values()),
        limit=config.effective_concurrency,
        held=held,
        is_ending=not desk.services.new_work.is_welcome,
        breakers={agent.backend: breaker for agent in agents if (breaker := examined[agent.alias].breaker) is not None},
        merge=None if last is None else LastMerge(op=last.op, status=last.status, target=last.target, error=last.error),
    )


async def session_info(desk: Desk, call: ResolvedCall) -> api.SessionInfoResponse:
    """Tell who serves, and name the conversations of a thread's agents."""
    thread = call.decode(api.SessionInfoRequest).thread_id
    config = desk.services.config
    return api.SessionInfoResponse(
        server="compas",
        version=desk.supervision.version,
        agent_count=len(config.agents),
        db_path=str(Path(config.state_dir) / LOG_FILE),
        thread_id=thread,
        conversations=() if thread is None else _conversations(desk, await _state(desk, thread)),
    )


def _conversations(desk: Desk, state: Thread) -> tuple[api.Conversation, ...]:
    occupied = state.occupied_by()
    speaking = None if occupied is None or occupied.requested is None else occupied.requested.resume_session
    return tuple(
        api.Conversation(
            agent=agent,
            backend=backend,
            session_id=session.id,
            workdir=session.workdir,
            resume_command=_resume_command(desk, backend, session),
            in_use=session.id == speaking,
        )
        for (agent, backend), session in state.sessions.items()
    )


def _resume_command(desk: Desk, backend: str, session: Session) -> str | None:
    """Write the line that a person types: where a conversation was held, it goes on."""
    known = desk.services.backends.get(backend)
    argv = known.resume_command(session.id) if known is not None else None
    if argv is None:
        return None
    there = f"cd {shlex.quote(session.workdir)} && " if session.workdir is not None else ""
    return there + shlex.join(argv)
