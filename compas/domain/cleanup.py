"""When a worktree may go, and when it is time to look: nothing is lost by it (design §6 rule 4)."""

from collections.abc import Collection, Mapping

import msgspec

from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.publication import refuse_while_publishing
from compas.domain.specs import RetentionSpec
from compas.domain.thread import Thread

CLEANUP = "cleanup"
"""Who removes worktrees when it is not a person."""
FIRST_RETRY_SECS = 3600.0
LONGEST_RETRY_SECS = 86_400.0


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A worktree that cleanup left in place: how often it looked, when it will again (UTC seconds), and why."""

    tries: int
    again_at: float
    reason: str


def due_at(ended_at: float, keep_secs: float | None, kept: Kept | None) -> float:
    """Return when cleanup looks at a worktree whose thread ended at `ended_at`: after `keep_secs`, None being none."""
    due = ended_at + (keep_secs or 0.0)
    return due if kept is None else max(due, kept.again_at)


def keep(earlier: Kept | None, reason: str, now: float) -> Kept:
    """Leave a worktree in place until the next look, which is ever longer away, a day at most."""
    tries = 1 if earlier is None else earlier.tries + 1
    delay = min(FIRST_RETRY_SECS * 2 ** min(tries - 1, 10), LONGEST_RETRY_SECS)
    return Kept(tries=tries, again_at=now + delay, reason=reason)


def logs_to_remove(
    logs: Mapping[str, float], in_use: Collection[str], retention: RetentionSpec, now: float
) -> tuple[tuple[str, ...], float]:
    """Return the executions whose logs go, oldest first, and when the next one is due in UTC seconds.

    `logs` says when each was last written. The newest `log_count` stay as long as they are not too old (a-core 52);
    one that is in use stays whatever its age.
    """
    removed, due = [], float("inf")
    newest_first = sorted(logs, key=lambda execution: (logs[execution], execution), reverse=True)
    for place, execution in enumerate(newest_first):
        written_at = logs[execution]
        ends_at = float("inf") if retention.logs is None else written_at + retention.logs
        if execution in in_use:
            continue
        if place >= retention.log_count or ends_at <= now:
            removed.append(execution)
        else:
            due = min(due, ends_at)
    return tuple(reversed(removed)), due


def decide_removal(state: Thread, repository: str, *, by: str, force: bool = False) -> Decision:
    """Log the intent to remove a worktree; nothing when it is logged already.

    Refused while anything is queued or running in the thread: it may use the worktree. Cleanup takes only those of
    threads that were completed or abandoned: a failed one is for a person to look at (a-core 72).
    """
    if not state.exists:
        missing = f"there is no thread {state.thread!r}; `"
        sentence = say(missing, advise("worktrees"), "` lists those with a worktree")
        return Refusal(code="unknown_thread", message=sentence)
    tree = state.worktrees.get(repository)
    if tree is None:
        return Refusal(code="no_worktree", message=f"thread {state.thread} has no worktree of {repository}")
    if repository in state.removing:
        return ()
    busy = state.occupied_by() or next(iter(state.in_flight()), None)
    if busy is not None:
        found = f"{busy.queued.agent} ({busy.queued.execution}) is {'being ended' if busy.stopping else busy.status}"
        sentence = f"the worktree of thread {state.thread} is in use: {found}. Wait for it, or abandon the thread."
        return Refusal(code="still_running", message=sentence)
    publishing = refuse_while_publishing(state)
    if publishing is not None:
        return publishing
    if by == CLEANUP and state.status not in ("Completed", "Abandoned"):
        return Refusal(code="not_ended", message=f"thread {state.thread} is {state.status}: its worktree stays")
    planned = e.WorktreeRemovalPlanned(repository=repository, path=tree.path, by=by, force=force)
    return (_draft(state, planned),)


def decide_removal_end(state: Thread, event: e.WorktreeRemoved | e.WorktreeKept) -> Decision:
    """Log what came of a removal; nothing when that is known."""
    return (_draft(state, event),) if event.repository in state.removing else ()


def decide_committed(state: Thread, committed: e.WorkCommitted) -> Decision:
    """Log that a client committed what is in a worktree."""
    return (_draft(state, committed),)


def _draft(state: Thread, event: e.Event) -> Draft:
    newest = next(reversed(state.messages.values()), None)
    lineage = newest.lineage if newest is not None else ""
    return Draft(stream=e.thread_stream(state.thread), event=event, lineage=lineage)
