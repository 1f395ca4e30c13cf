"""Decides which repository a dispatch works in, before it is posted."""

from dataclasses import dataclass

from compas.api.dispatch import DispatchRequest
from compas.domain.callers import Caller
from compas.domain.decision import Refusal
from compas.domain.specs import AgentSpec
from compas.domain.which_repository import choose, find_named, note_of, refuse_another, refuse_unlisted
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.services import Services
from compas.orchestrator.worktrees.survey import Survey, is_in_config, lists_several, survey
from compas.store.connection import Reader
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import worktrees_of_thread

_SILENT = Refusal(
    code="git_silent",
    message="it could not be found out which repository this is about, because the git worker did not answer; nothing "
    "was dispatched. Try again",
)


@dataclass(frozen=True, kw_only=True)
class DispatchPlace:
    """Where a dispatch works. `repository` is what a thread is opened for, and one that is there has to have it where
    `is_kept`. `shown` is told to the caller, with `note`."""

    repository: str | None = None
    is_kept: bool = False
    shown: str | None = None
    note: str | None = None


async def place_of_dispatch(
    services: Services, call: ResolvedCall, request: DispatchRequest
) -> DispatchPlace | Refusal:
    """Return the repository that the thread has, or that a new one gets; or why the dispatch is refused."""
    thread = request.thread_id
    has = None if thread is None else await services.store.query(lambda reader: _has(reader, thread))
    if thread is not None and has is not None:
        return await _place_of_thread(services, call, request, thread, has)
    return await _place_of_new(services, call, request)


async def repository_of_run(services: Services, agent: AgentSpec | None) -> str | None:
    """Return what a thread that nobody calls for is opened for: the agent's own, else the default, of several."""
    found = await survey(services) if lists_several(services.config) else None
    if found is None or not found.has_several:
        return None
    return choose(found.around(agent, stands_in=None), None).repository


@dataclass(frozen=True, slots=True)
class _Has:
    """What a thread was opened for, and the repositories of its worktrees, of those that are gone too."""

    opened_for: str | None
    worked_in: tuple[str, ...]

    @property
    def only(self) -> str | None:
        """The one repository that it has; None where that cannot be told, or it has several."""
        return self.opened_for or (self.worked_in[0] if len(self.worked_in) == 1 else None)


def _has(reader: Reader, thread: str) -> _Has | None:
    row = thread_by_id(reader, thread)
    if row is None:
        return None
    return _Has(row.repository, tuple(tree.repository for tree in worktrees_of_thread(reader, thread)))


async def _place_of_thread(
    services: Services, call: ResolvedCall, request: DispatchRequest, thread: str, has: _Has
) -> DispatchPlace | Refusal:
    if has.opened_for is not None and not await is_in_config(services, has.opened_for):
        return refuse_unlisted(thread, has.opened_for)
    if request.repository is not None:
        found = await survey(services, request.repository, has.opened_for, call.stands_in)
        if found is None:
            return _SILENT
        named = _named(found, request.repository)
        if isinstance(named, Refusal):
            return named
        there = (found.root(has.opened_for),) if has.opened_for is not None else has.worked_in
        if there != (named,):
            return refuse_another(thread, there, named)
    shown = has.only if lists_several(services.config) else None
    return DispatchPlace(repository=has.opened_for, is_kept=has.opened_for is not None, shown=shown)


async def _place_of_new(services: Services, call: ResolvedCall, request: DispatchRequest) -> DispatchPlace | Refusal:
    works_in = await _works_in(services, call.caller)
    named_path = request.repository if request.repository is not None and "/" in request.repository else None
    found = await survey(services, call.stands_in, works_in, named_path)
    if found is None:
        is_open = request.repository is not None or lists_several(services.config)
        return _SILENT if is_open else DispatchPlace()
    named = None if request.repository is None else _named(found, request.repository)
    if isinstance(named, Refusal):
        return named
    around = found.around(services.config.agents.get(request.to), stands_in=call.stands_in, works_in=works_in)
    chosen = choose(around, named)
    is_decided = named is not None or found.has_several
    return DispatchPlace(
        repository=chosen.repository if is_decided else None,
        is_kept=named is not None,
        shown=chosen.repository if found.has_several else None,
        note=note_of(chosen, services.config.default_workdir, is_person=call.caller is None),
    )


def _named(found: Survey, wanted: str) -> str | Refusal:
    return find_named(found.listed, wanted, found.repository(wanted))


async def _works_in(services: Services, caller: Caller | None) -> str | None:
    """Return the repository that the thread of a calling agent works in."""
    if caller is None:
        return None
    has = await services.store.query(lambda reader: _has(reader, caller.thread))
    return None if has is None else has.only
