"""What a person is asked before work is merged, given up or removed, in words to decide by."""

from collections.abc import Mapping
from typing import NamedTuple, assert_never

from compas.api.batches import BATCH_STATUS, AbandonBatchRequest, BatchStatusRequest
from compas.api.lifecycle import AbandonRequest, CloseMerge, CloseRequest
from compas.api.merges import MergeRequest
from compas.api.names import LAST
from compas.api.threads import STATUS, StatusRequest, StatusRow
from compas.api.worktrees import WorktreeRemoveRequest
from compas.gateway.lookup import Lookup, NobodyKnowsError


class Question(NamedTuple):
    """What to ask, and the thread that it is about, if it is about one."""

    text: str
    thread: str | None = None

    def settled(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments of the call with the thread that the person was asked about.

        What `@last` stands for may have changed since.
        """
        return {name: self.thread if value == LAST else value for name, value in arguments.items()}


async def question_about(request: object, lookup: Lookup) -> Question | None:
    """Return what to ask before a request is carried out; None where nobody has to be asked.

    Of a thread or a batch that does not exist nothing is asked: the request is refused by itself.
    """
    try:
        match request:
            case AbandonBatchRequest(batch_id=batch):
                return Question(await _about_batch(batch, lookup))
            case MergeRequest() | CloseRequest(merge=CloseMerge()) | AbandonRequest() | WorktreeRemoveRequest():
                row = await _thread(request.thread_id, lookup)
                return Question(_about_thread(request, row), row.thread_id)
            case _:
                return None
    except NobodyKnowsError:
        return None


def _about_thread(request: MergeRequest | CloseRequest | AbandonRequest | WorktreeRemoveRequest, row: StatusRow) -> str:
    thread = f'{row.thread_id} ("{row.summary}")' if row.summary else row.thread_id
    match request:
        case MergeRequest():
            return _about_merge(request, thread, row, "")
        case CloseRequest(merge=merge):
            return _about_merge(merge or CloseMerge(), thread, row, ", and close the thread once that is done")
        case AbandonRequest():
            state = f" Its newest execution is {row.execution_status}." if row.execution_status else ""
            return f"Give up thread {thread}?{state} What runs in it is ended; its commits are kept."
        case WorktreeRemoveRequest():
            return f"Remove the worktree of thread {thread}? Commits that are not merged are archived first."
        case _:
            assert_never(request)


def _about_merge(merge: MergeRequest | CloseMerge, thread: str, row: StatusRow, more: str) -> str:
    sentences = [f"Merge the work of thread {thread} into {merge.target_branch or 'its target'}{more}?"]
    if row.review_note:
        sentences.append(row.review_note)
    if merge.force:
        sentences.append("With force: whatever reviewers say.")
    if merge.accept_target:
        sentences.append(f"The target, which somebody moved, is kept at {merge.accept_target}.")
    return " ".join(sentences)


async def _about_batch(batch: str, lookup: Lookup) -> str:
    found = await lookup.ask_about(BATCH_STATUS, BatchStatusRequest(batch_id=batch, limit=1))
    if found is not None:
        _refuse_another(batch, found.batch_id)
    counts = "" if found is None else ", ".join(f"{count} {status}" for status, count in found.counts.items() if count)
    standing = f" Its threads: {counts}." if counts else ""
    return (
        f"Give up every thread of batch {batch} that has not ended?{standing} What runs in them is ended; their "
        "commits are kept."
    )


async def _thread(thread: str, lookup: Lookup) -> StatusRow:
    """Return how the thread stands; without a supervisor to ask, its name alone. Raises NobodyKnowsError."""
    found = await lookup.ask_about(STATUS, StatusRequest(thread_id=thread))
    rows = () if found is None else found.threads
    row = next(iter(rows), StatusRow(thread_id=thread, thread_status="", updated_at=0))
    if thread != LAST:
        _refuse_another(thread, row.thread_id)
    return row


def _refuse_another(asked: str, found: str) -> None:
    """Reading takes the beginning of a name, and what changes something does not. Raises NobodyKnowsError."""
    if asked != found:
        raise NobodyKnowsError(f"{asked} is the beginning of {found}, and no whole name")
