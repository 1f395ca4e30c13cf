"""Finds what names in requests stand for, and refuses those that nobody knows, with the ones that were probably meant.

An empty answer about a misspelt name would look like one about something that is there.
"""

from collections.abc import Collection
from typing import assert_never

from compas.api.names import SHORTEST_BEGINNING, Kind, Named
from compas.domain.advice import THREAD, advise, say
from compas.domain.decision import Refusal, no_such_thread
from compas.domain.specs import OPERATOR
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.refused import refused
from compas.store.connection import Reader
from compas.store.projections import names as rows
from compas.store.projections.messages import was_addressed
from compas.suggest import nearest
from compas.text import alternatives

MOST_NAMES = 500
"""Names among which those are looked for that are nearly so: the newest of their kind."""
MOST_CANDIDATES = 5
"""Names that are listed where several begin so."""


def find(reader: Reader, one: Named, agents: Collection[str]) -> str | Refusal:
    """Return the name of what is meant: of what is called so, else of the only one whose name begins so.

    `agents` are those of the config. One that has left it is known for as long as the log has heard of it.
    """
    if is_known(reader, one, agents):
        return one.name
    found = _beginning_with(reader, one, agents) if len(one.name) >= SHORTEST_BEGINNING else ()
    if len(found) == 1:
        return found[0]
    return _ambiguous(one, found) if found else unknown(reader, one, agents)


async def refuse_unknown_thread(context: HandlerContext, thread: str) -> None:
    """Raise the client's error where nothing was ever said in this thread."""
    if not await context.services.store.query(lambda reader: rows.is_known(reader, "thread", thread)):
        raise refused(no_such_thread(thread))


def is_known(reader: Reader, one: Named, agents: Collection[str]) -> bool:
    """Say whether something is called exactly so."""
    if one.kind == "agent":
        return one.name in agents or one.name == OPERATOR or was_addressed(reader, one.name)
    return any(rows.is_known(reader, kind, one.name) for kind in _kinds(one.kind))


def unknown(reader: Reader, one: Named, agents: Collection[str]) -> Refusal:
    """Refuse a name that nobody knows, with those that are nearly so."""
    name = one.name
    if one.kind == "agent":
        return no_such_agent(name, agents)
    known = [found for kind in _kinds(one.kind) for found in rows.newest_names(reader, kind, MOST_NAMES)]
    hint = _hint(name, known)
    match one.kind:
        case "thread":
            return no_such_thread(name, hint)
        case "batch":
            return no_such_batch(name, hint)
        case "merge":
            return no_such_merge(name, hint)
        case "execution":
            return no_such_execution(name, hint)
        case _:
            assert_never(one.kind)


def no_such_agent(agent: str, known: Collection[str]) -> Refusal:
    """Refuse what is about an agent that nobody has heard of."""
    hint = _hint(agent, tuple(known))
    names = ", ".join(sorted(known)) or "none"
    sentence = f"no agent is called {agent!r}; {f'{hint}There' if hint else 'there'} are: {names}"
    return Refusal(code="unknown_agent", message=sentence)


def no_such_batch(batch: str, hint: str = "") -> Refusal:
    """Refuse what is about a batch that no thread has."""
    sentence = say(f"no thread has the batch {batch!r}; {hint}`", advise("status"), "` shows which there are")
    return Refusal(code="unknown_batch", message=sentence)


def no_such_merge(op: str, hint: str = "") -> Refusal:
    """Refuse what is about a merge operation that does not exist."""
    sentence = say(f"there is no merge operation {op!r}; {hint}`", advise("merge_status"), "` lists them")
    return Refusal(code="unknown_merge", message=sentence)


def no_such_execution(name: str, hint: str = "") -> Refusal:
    """Refuse what is about an execution that does not exist."""
    missing = f"there is no execution, and no thread, called {name!r}; {hint}`"
    return Refusal(
        code="unknown_execution", message=say(missing, advise("transcript", thread_id=THREAD), "` lists them")
    )


def _hint(name: str, known: Collection[str]) -> str:
    meant = nearest(name, tuple(known))
    return f"did you mean {alternatives([repr(one) for one in meant])}? " if meant else ""


def _beginning_with(reader: Reader, one: Named, agents: Collection[str]) -> tuple[str, ...]:
    if one.kind == "agent":
        return tuple(sorted(name for name in agents if name.startswith(one.name)))
    several = MOST_CANDIDATES + 1
    return tuple(name for kind in _kinds(one.kind) for name in rows.beginning_with(reader, kind, one.name, several))


def _kinds(kind: Kind) -> tuple[rows.Kind, ...]:
    """Return what may be called so: an execution is named by its thread, too."""
    match kind:
        case "execution":
            return ("execution", "thread")
        case "agent":
            return ()
        case _:
            return (kind,)


def _ambiguous(one: Named, found: tuple[str, ...]) -> Refusal:
    listed = ", ".join(found[:MOST_CANDIDATES])
    more = " and more" if len(found) > MOST_CANDIDATES else ""
    sentence = f"{one.name!r} is the beginning of several names: {listed}{more}; give as much as only one begins with"
    return Refusal(code="ambiguous_name", message=sentence)
