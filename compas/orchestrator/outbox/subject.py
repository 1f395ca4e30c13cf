"""Looks up what an event is about."""

from compas.domain import events as e
from compas.domain.at_rest import Outlook
from compas.domain.merge import OPEN
from compas.domain.outbox.payload import MergeInPlace, Subject
from compas.domain.thread import Thread, evolve
from compas.orchestrator.merges.approval import required, reviews_now
from compas.orchestrator.services import Services
from compas.store.event_log import Store
from compas.store.projections.merges import MergeRow, merge_by_op, merges_of_thread
from compas.store.projections.threads import thread_by_id

_THREAD = e.thread_stream("")


async def subject_of(store: Store, recorded: e.Recorded) -> Subject:
    """Return what is known of an event's thread, as it is now, and of its merge."""
    event = recorded.event
    merge: MergeRow | None = None
    if isinstance(event, e.MergeCompleted | e.MergeFailed):
        op = event.op
        merge = await store.query(lambda reader: merge_by_op(reader, op))
    thread = _thread_of(recorded, merge)
    if not thread:
        return Subject(merge=_in_place(merge))
    stream = await store.read_stream(e.thread_stream(thread))
    row = await store.query(lambda reader: thread_by_id(reader, thread))
    return Subject(
        thread=_state(thread, stream) if stream else None,
        merge=_in_place(merge),
        answers_to=row.answers_to if row is not None else None,
        handed_on=frozenset(one.event.execution for one in stream if isinstance(one.event, e.FannedOut)),
    )


def _thread_of(recorded: e.Recorded, merge: MergeRow | None) -> str:
    if recorded.stream.startswith(_THREAD):
        return recorded.stream.removeprefix(_THREAD)
    if merge is not None:
        return merge.thread
    found = getattr(recorded.event, "thread", "")
    return found if isinstance(found, str) else ""


def _state(thread: str, stream: tuple[e.Recorded, ...]) -> Thread:
    state = Thread(thread=thread)
    for one in stream:
        state = evolve(state, one)
    return state


def _in_place(merge: MergeRow | None) -> MergeInPlace | None:
    if merge is None:
        return None
    return MergeInPlace(
        thread=merge.thread,
        repository=merge.repository,
        source=merge.source,
        target=merge.target,
        strategy=merge.strategy,
    )


async def outlook_of(services: Services, state: Thread) -> Outlook:
    """Return what decides about a thread's work beside its own stream: its review, and a merge under way."""
    merges = await services.store.query(lambda reader: merges_of_thread(reader, state.thread))
    needed = {required(services, tree.repository) for tree in state.worktrees.values() if not tree.reading}
    return Outlook(
        review=(await reviews_now(services, [state.thread])).get(state.thread),
        requires="approval" if "approval" in needed else "no_objection",
        pending=next((row.op for row in merges if row.status in OPEN), ""),
    )
