"""Puts a merge in line: what can be refused at once is refused at once, then the operation waits for its turn."""

from collections.abc import Callable
from dataclasses import dataclass

from actors.remote.errors import CallError
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.approval.judgement import Judgement
from compas.domain.callers import refuse_force
from compas.domain.decision import Refusal, no_such_thread
from compas.domain.merge import LOOK_AGAIN
from compas.domain.merge_message import merge_message
from compas.domain.requests import RequestId
from compas.domain.target import Sight, is_held
from compas.git.errors import GitError
from compas.git.protocol.reading import Contains, Entry, StatusReport
from compas.git.work.head_words import head_elsewhere
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, git_refused
from compas.orchestrator.merges.approval import Wish, judge_wish
from compas.orchestrator.merges.target_guard import LOOKS, look_at_target
from compas.orchestrator.merges.targets import refuse_target
from compas.orchestrator.messages.merge import LocateMerges, QueueMerge
from compas.orchestrator.messages.thread import Answered
from compas.orchestrator.refused import call_error, refused, unless_refused
from compas.orchestrator.services import ASK_TIMEOUT_SECS, MERGES
from compas.orchestrator.worktrees.gone import report_if_there, tip_of_branch
from compas.orchestrator.worktrees.which_repository import which_repository
from compas.store.connection import Reader
from compas.store.log_rows import head
from compas.store.projections.messages import newest_message
from compas.store.projections.threads import ThreadRow, thread_by_id
from compas.store.projections.worktrees import WorktreeRow, worktrees_of_thread

STRATEGIES = ("merge", "rebase", "squash")


@dataclass(frozen=True, kw_only=True)
class MergeWish:
    """What somebody wants merged; None means as configured. `closes` is there where the thread is to end with it."""

    thread: str
    target: str | None
    strategy: str | None
    by: str
    repository: str | None = None
    closes: e.CloseAfter | None = None
    force: bool = False
    caller: str | None = None
    """The execution that asks for it, None for a person."""
    accept_target: str | None = None


Respond = Callable[[e.MergeQueued, Judgement, e.ThreadStatus, int], bytes]
"""Makes the answer out of what was queued, how it was judged, the thread's status and how many are in line."""


def asking_execution(call: ResolvedCall, operation: str, *, force: bool) -> str | None:
    """Return the execution that asks for a merge, None for a person. Raises CallError where it may not force it."""
    if call.caller is None:
        return None
    if force:
        raise refused(refuse_force(operation))
    return call.caller.execution


async def queue_merge(
    context: HandlerContext, wish: MergeWish, request_id: RequestId, respond: Respond
) -> Answered | Refusal:
    """Check what can be checked at once, and put the merge in line under the name of its request."""
    config = context.services.config
    strategy = wish.strategy or config.default_merge_strategy
    check_strategy(strategy)
    found = await context.services.store.query(lambda reader: _read(reader, wish.thread))
    if found is None:
        raise refused(no_such_thread(wish.thread))
    thread, trees, lineage, looked_at = found
    tree = await _the_tree(wish, trees)
    target = wish.target or config.default_merge_target
    refusal = await context.services.store.query(lambda reader: refuse_target(reader, tree.repository, target))
    if refusal is not None:
        return refusal
    tip, target_tip, judged = await _preflight(context, wish, tree, target)
    sight = await _look(context, tree.repository, target, target_tip)
    # A held target is told first: where it was moved to may be all that the verdicts stumble over.
    if judged.outcome == "refuse" and (wish.accept_target is not None or not is_held(sight)):
        raise call_error(judged.code, judged.message)
    queued = e.MergeQueued(
        op=context.services.new_id(),
        thread=wish.thread,
        repository=tree.repository,
        source=tree.branch,
        target=target,
        strategy=strategy,
        requested_by=wish.by,
        message=merge_message(
            config.merge_message,
            thread=wish.thread,
            summary=thread.summary,
            source=tree.branch,
            target=target,
            strategy=strategy,
        ),
        source_tip=tip,
        closes=wish.closes,
        force=wish.force,
        execution=wish.caller,
        review=judged.review.standing,
        looked_at=looked_at,
    )
    directory = await context.actor(MERGES)
    where = LocateMerges(repository=tree.repository, target=target)
    ref = await directory.ask(where, timeout=ASK_TIMEOUT_SECS)
    outcome: Answered | Refusal = Refusal(code=LOOK_AGAIN, message=f"{target} is moving all the time; try again")
    for _ in range(LOOKS):
        message = QueueMerge(
            queued=queued,
            lineage=lineage,
            thread_status=thread.status,
            sight=sight,
            accepted=wish.accept_target,
            request_id=request_id,
            respond=lambda recorded, depth: respond(queued, judged, thread.status, depth),
        )
        outcome = await ref.ask(message, timeout=ASK_TIMEOUT_SECS)
        if not isinstance(outcome, Refusal) or outcome.code != LOOK_AGAIN:
            break
        sight = await _look(context, tree.repository, target, target_tip)
    return outcome


def operators_word(call: ResolvedCall, accepted: str | None) -> str | None:
    """Return the commit of a target that is accepted as it is, which is the operator's word alone. Raises CallError."""
    if accepted is not None and call.caller is not None:
        sentence = "to accept a target that was moved is for the operator; tell in your answer what you have found"
        raise CallError("not_for_agents", sentence)
    return accepted


async def _look(context: HandlerContext, repository: str, target: str, tip: str) -> Sight:
    try:
        return await look_at_target(context.services, repository, target, tip)
    except GitError as err:
        raise git_refused(err) from err


def check_strategy(strategy: str) -> None:
    """Refuse a strategy that nobody knows (b-mcp-cli-merge 64, 79)."""
    if strategy not in STRATEGIES:
        raise CallError("invalid", f"{strategy!r} is no merge strategy; there are: {', '.join(STRATEGIES)}")


def _read(reader: Reader, thread: str) -> tuple[ThreadRow, tuple[WorktreeRow, ...], str, int] | None:
    looked_at = head(reader)  # before anything else, so that no end of the thread is taken for an earlier one
    row = thread_by_id(reader, thread)
    if row is None:
        return None
    newest = newest_message(reader, thread)
    return row, worktrees_of_thread(reader, thread), newest.lineage if newest is not None else "", looked_at


async def _the_tree(wish: MergeWish, trees: tuple[WorktreeRow, ...]) -> WorktreeRow:
    """Return the one worktree that is meant (b-mcp-cli-merge 125)."""
    ready = {tree.repository: tree for tree in trees if tree.path is not None and not tree.reading}
    if not ready:
        raise CallError("nothing_to_merge", f"thread {wish.thread} has no worktree, so it has no branch to merge")
    if wish.closes and len(ready) > 1:
        found = f"thread {wish.thread} worked in several repositories ({', '.join(ready)}); merge each by its own `"
        raise call_error("several_repositories", say(found, advise("merge"), "`, then close it"))
    return ready[unless_refused(await which_repository(wish.thread, tuple(ready), wish.repository))]


async def _preflight(
    context: HandlerContext, wish: MergeWish, tree: WorktreeRow, target: str
) -> tuple[str, str, Judgement]:
    """Refuse what is known to fail; return the commit that is to be merged, the target's, and how the former stands
    to its review (b-mcp-cli-merge 79-85)."""
    git = context.services.git
    try:
        tip = await tip_of_branch(context.services, wish.thread, tree.repository, tree.branch)
        found = await git.ask(Contains(repo=tree.repository, commit=tip, branch=target))
        judged = await judge_wish(
            context.services,
            Wish(
                thread=wish.thread,
                repository=tree.repository,
                branch=tree.branch,
                tip=tip,
                target=target,
                caller=wish.caller,
                force=wish.force,
            ),
        )
        if judged.code != "still_running":  # what is at work there changes the worktree under our eyes
            report = await report_if_there(context.services, tree_of(wish.thread, tree))
            if report is not None:
                _refuse_unsaved(wish.thread, tree, report)
    except GitError as err:
        raise git_refused(err) from err
    return tip, found.tip, judged


def _refuse_unsaved(thread: str, tree: WorktreeRow, report: StatusReport) -> None:
    if report.head_on:
        raise CallError("head_elsewhere", head_elsewhere(tree.path or "", report.head_on, tree.branch))
    if not report.clean:
        listed = "\n".join(f"  {_letters(entry)} {entry.path}" for entry in report.entries[:20])
        raise CallError(
            "uncommitted_changes",
            f"thread {thread} has uncommitted changes in {tree.path} ({report.total} files):\n{listed}\n"
            "Have its agent commit them, or commit them there yourself, then merge again.",
        )


def _letters(entry: Entry) -> str:
    """Return what `git status --short` shows for an entry."""
    return "??" if entry.kind == "untracked" else f"{entry.index}{entry.tree}".replace(".", " ")
