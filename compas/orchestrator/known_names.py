"""Refuses names of agents, threads and batches that nobody knows: an empty answer would look like one about them."""

from collections.abc import Collection

import msgspec

from actors.remote.errors import CallError
from compas.domain.advice import advise, say
from compas.domain.decision import UNKNOWN_THREAD, Refusal, no_such_thread
from compas.domain.specs import OPERATOR
from compas.orchestrator.handler_context import HandlerContext
from compas.orchestrator.refused import refused
from compas.store.connection import Reader
from compas.store.projections.batches import threads_of_batch
from compas.store.projections.messages import was_addressed
from compas.store.projections.threads import newest_threads, thread_by_id
from compas.suggest import closest, did_you_mean

MOST_NAMES = 500
"""Threads among which one is looked for that is called nearly so, the newest ones."""


async def refuse_unknown(
    context: HandlerContext, *, agent: str | None = None, thread: str | None = None, batch: str | None = None
) -> None:
    """Raise the client's error for the first of these that is not known; None is nobody in particular.

    An agent that is not in the config any more is known for as long as the log has heard of it.
    """
    agents = context.services.config.agents

    def problem(reader: Reader) -> Refusal | None:
        if agent is not None and agent not in agents and agent != OPERATOR and not was_addressed(reader, agent):
            return no_such_agent(agent, agents)
        if thread is not None and thread_by_id(reader, thread) is None:
            return no_such_thread(thread)
        if batch is not None and not threads_of_batch(reader, batch, limit=1):
            return no_such_batch(batch)
        return None

    found = await context.services.store.query(problem)
    if found is not None:
        raise refused(found)


async def with_nearest(context: HandlerContext, error: CallError, arguments: msgspec.Struct) -> CallError:
    """Return the error; where it says that there is no such thread, with the one that was probably meant."""
    thread = getattr(arguments, "thread_id", None)
    if error.code != UNKNOWN_THREAD or not isinstance(thread, str):
        return error
    names = await context.services.store.query(lambda reader: newest_threads(reader, MOST_NAMES))
    meant = closest(thread, names)
    return error if meant is None else refused(no_such_thread(thread, meant))


def no_such_agent(agent: str, known: Collection[str]) -> Refusal:
    """Refuse what is about an agent that nobody has heard of."""
    names = ", ".join(sorted(known))
    meant = did_you_mean(agent, known)
    sentence = f"no agent is called {agent!r}{meant}{' There are' if meant else '; there are'}: {names}"
    return Refusal(code="unknown_agent", message=sentence)


def no_such_batch(batch: str) -> Refusal:
    """Refuse what is about a batch that no thread has."""
    sentence = say(f"no thread has the batch {batch!r}; `", advise("status"), "` shows which there are")
    return Refusal(code="unknown_batch", message=sentence)
