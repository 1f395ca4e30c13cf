"""Handlers of `approve`, `request_changes` and `verdict`: which commit is meant, and what follows from the word."""

from dataclasses import dataclass

import msgspec

from actors.remote.errors import CallError
from compas.api.reviews import (
    ApproveRequest,
    ApproveResponse,
    RequestChangesRequest,
    RequestChangesResponse,
    VerdictRequest,
    VerdictResponse,
)
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.approval.judged import judged_now
from compas.domain.at_rest import merge_of
from compas.domain.decision import no_such_thread
from compas.domain.ids import reference
from compas.domain.thread import TERMINAL, Thread
from compas.git.errors import GitError
from compas.git.protocol.reading import ReadSides, Resolve, Side
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered, git_refused
from compas.orchestrator.handlers.dispatch import post_work
from compas.orchestrator.messages.thread import DescribeThread, GiveRuling, GiveVerdict
from compas.orchestrator.refused import call_error, refused, unless_refused
from compas.orchestrator.worktrees.gone import report_if_there, tip_of_branch
from compas.orchestrator.worktrees.which_repository import which_repository


@dataclass(frozen=True, slots=True)
class Branch:
    """A thread's branch in one repository, where it stands now."""

    tree: e.WorktreeReady
    tip: str


async def approve(context: HandlerContext, call: ResolvedCall) -> ApproveResponse:
    """Record that a person approves a commit of the thread: the tip of its branch, or the one they name."""
    request = call.decode(ApproveRequest)
    state = await context.ask_thread(request.thread_id, DescribeThread())
    branch = await _branch(context, state, request.repository)
    if request.commit is None:
        await _refuse_unsaved(context, state, branch)
        commit = branch.tip
    else:
        commit = await _named(context, state, branch, request.commit)
    several = sum(not tree.reading for tree in state.worktrees.values()) > 1
    following, warning = merge_of(state.thread, branch.tree.repository, several=several), None
    if commit != branch.tip:
        following = advise("diff", thread_id=state.thread)
        found = f"{branch.tree.branch} is at {branch.tip[:12]}"
        warning = f"{found}; the approval counts once it holds exactly what {commit[:12]} does"
    response = ApproveResponse(
        thread_id=state.thread,
        repository=branch.tree.repository,
        branch=branch.tree.branch,
        commit=commit,
        warning=warning,
        next_step=say(following),
    )
    message = GiveRuling(
        ruling=_ruling("approve", branch, commit, request.sender, request.note or ""),
        body=None,
        request_id=call.request_id,
        respond=lambda recorded: msgspec.json.encode(response),
    )
    return answered(await context.ask_thread(state.thread, message), ApproveResponse)


async def request_changes(context: HandlerContext, call: ResolvedCall) -> RequestChangesResponse:
    """Record that a person wants changes to what the branch holds now, and give them to its agent."""
    request = call.decode(RequestChangesRequest)
    state = await context.ask_thread(request.thread_id, DescribeThread())
    branch = await _branch(context, state, request.repository)

    def respond(recorded: tuple[e.Recorded, ...]) -> bytes:
        posted = next(one for one in recorded if isinstance(one.event, e.MessagePosted))
        queued = next(one.event for one in recorded if isinstance(one.event, e.ExecutionQueued))
        since = reference(posted.position)
        wait = advise("wait", thread_id=state.thread, since_reference=since, await_chain=True)
        response = RequestChangesResponse(
            thread_id=state.thread,
            repository=branch.tree.repository,
            branch=branch.tree.branch,
            commit=branch.tip,
            agent=queued.agent,
            execution_id=queued.execution,
            reference=since,
            next_step=say(wait),
            reopened=any(isinstance(one.event, e.ThreadReopened) for one in recorded),
        )
        return msgspec.json.encode(response)

    message = GiveRuling(
        ruling=_ruling("request_changes", branch, branch.tip, request.sender, request.body),
        body=request.body,
        request_id=call.request_id,
        respond=respond,
    )
    return answered(await post_work(context, state.thread, message, starts_work=True), RequestChangesResponse)


def _ruling(verdict: e.Verdict, branch: Branch, commit: str, by: str, note: str) -> e.PersonJudged:
    return e.PersonJudged(verdict=verdict, repository=branch.tree.repository, commit=commit, by=by, note=note)


async def _branch(context: HandlerContext, state: Thread, repository: str | None) -> Branch:
    """Return the one branch that is meant. Raises CallError."""
    if not state.exists:
        raise refused(no_such_thread(state.thread))
    own = {name: tree for name, tree in state.worktrees.items() if not tree.reading}
    if not own:
        sentence = f"thread {state.thread} has no worktree, so there is no branch to judge"
        raise CallError("no_worktree", sentence)
    tree = own[unless_refused(await which_repository(state.thread, tuple(own), repository))]
    try:
        tip = await tip_of_branch(context.services, state.thread, tree.repository, tree.branch)
    except GitError as err:
        raise git_refused(err) from err
    return Branch(tree=tree, tip=tip)


async def _refuse_unsaved(context: HandlerContext, state: Thread, branch: Branch) -> None:
    """Refuse to take a person's word for the branch while its worktree holds something else."""
    try:
        report = await report_if_there(context.services, tree_of(state.thread, branch.tree))
    except GitError as err:
        raise git_refused(err) from err
    if report is not None and not report.clean:
        listed = ", ".join(entry.path for entry in report.entries[:5])
        sentence = say(
            f"{branch.tree.path} holds changes that {branch.tree.branch} does not have ({listed}). Have them committed "
            "first (",
            *((advise("reopen", thread_id=state.thread), ", then ") if state.status in TERMINAL else ()),
            advise("commit", thread_id=state.thread),
            "), or say with --commit which commit you have looked at.",
        )
        raise call_error("uncommitted_changes", sentence)


async def _named(context: HandlerContext, state: Thread, branch: Branch, wanted: str) -> str:
    """Return the commit that a person names; it has to be the thread's. Raises CallError."""
    tree, git = branch.tree, context.services.git
    try:
        commit = (await git.ask(Resolve(repo=tree.repository, revision=wanted))).commit
        if commit == branch.tip or commit in _snapshots(state):
            return commit
        on_branch = Side(repo=tree.repository, target=tree.branch, tip=commit, commits=())
        (seen,) = (await git.ask(ReadSides(sides=(on_branch,)))).sides
    except GitError as err:
        raise git_refused(err) from err
    if seen.tip is not None and seen.tip.base == commit:
        return commit
    sentence = say(
        f"{wanted!r} ({commit[:12]}) is neither a commit of {tree.branch} nor a snapshot of thread {state.thread}; `",
        advise("diff", thread_id=state.thread),
        "` names what it shows",
    )
    raise call_error("not_of_the_thread", sentence)


def _snapshots(state: Thread) -> set[str]:
    ended = (run.ended for run in state.runs.values() if run.ended is not None)
    return {one.snapshot.commit for one in ended if one.snapshot is not None} | {
        taken.commit for taken in state.left.values()
    }


async def verdict(context: HandlerContext, call: ResolvedCall) -> VerdictResponse:
    """Note what the calling reviewer thinks of the work that it was given."""
    request = call.decode(VerdictRequest)
    caller = call.caller
    if caller is None:
        sentence = "a verdict is a reviewer's, given from inside its execution; merge or dispatch again instead"
        raise CallError("not_an_agent", sentence)
    state = await context.ask_thread(caller.thread, DescribeThread())
    run = state.runs[caller.execution]
    response = VerdictResponse(
        execution_id=caller.execution,
        thread_id=caller.thread,
        verdict=request.verdict,
        judged=judged_now(state, run),
    )
    message = GiveVerdict(
        execution=caller.execution,
        verdict=request.verdict,
        request_id=call.request_id,
        respond=lambda recorded: msgspec.json.encode(response),
    )
    return answered(await context.ask_thread(caller.thread, message), VerdictResponse)
