"""What people can do with a thread at rest: by what there is of its work, its review, and what is on its way."""

from typing import Final

import msgspec

from compas.domain.advice import AGENT, TEXT, Advice, Said, advise, say
from compas.domain.approval.judgement import Review, objection
from compas.domain.specs import Requires
from compas.domain.thread import Thread


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What decides about a thread's work beside its own stream.

    `review` is None where nothing is known of one, `pending` the merge operation that is not over, and with `is_held`
    nothing is merged into its target until a person decides.
    """

    review: Review | None = None
    requires: Requires = "no_objection"
    pending: str = ""
    is_held: bool = False


NOTHING_KNOWN: Final = Outlook()


def next_at_rest(state: Thread, outlook: Outlook) -> Said:
    """Say what the operator may do next, now that nothing runs and nothing waits; nothing of it would be refused."""
    thread = state.thread
    task = advise("dispatch", to=AGENT, body=TEXT, thread_id=thread)
    if outlook.pending:
        return say(advise("wait_merge", op_id=outlook.pending))
    merge = merging(state)
    if merge is None and any(gone.archive for gone in state.retired.values()):
        return say(task, " brings its work back")
    if merge is None:
        return say(advise("close", thread_id=thread), ", or dispatch again")
    if outlook.is_held:
        return say("the operator decides about its target: ", merge, " says how")
    diff = advise("diff", thread_id=thread)
    against = objection(thread, outlook.review, outlook.requires)
    match against.code if against is not None else "":
        case "changes_requested":
            return say(task, " with what is to be changed")
        case "no_snapshot":
            return say("mend what git names, then ", task)
        case "changed_since_the_approval" | "not_approved":
            return say(diff, ", then have it reviewed, or dispatch again")
    step = advise("commit", thread_id=thread) if _is_unsaved(state) else merge
    return say(diff, ", then ", step, ", or dispatch again")


def mergeable(state: Thread, outlook: Outlook) -> Advice | None:
    """Return the advice to merge a thread's work; None where something that is known keeps it from being merged."""
    is_free = objection(state.thread, outlook.review, outlook.requires) is None and not _is_unsaved(state)
    return merging(state) if is_free else None


def merging(state: Thread) -> Advice | None:
    """Return the advice to merge a thread's work, of several repositories the first; None where there is no branch."""
    own = [tree.repository for tree in state.worktrees.values() if not tree.reading]
    return merge_of(state.thread, own[0], several=len(own) > 1) if own else None


def merge_of(thread: str, repository: str, *, several: bool) -> Advice:
    """Return the advice to merge the work in one repository, which is named where a thread has work in several."""
    named = {"repository": repository} if several else {}
    return advise("merge", thread_id=thread, **named)


def _is_unsaved(state: Thread) -> bool:
    """Say whether its agents have left something uncommitted that nobody has committed since."""
    return any(tree.path in state.unsaved for tree in state.worktrees.values() if not tree.reading)
