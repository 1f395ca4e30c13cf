"""Handlers of `worktrees`, `worktree_remove` and `commit`."""

import math

import msgspec
import trio

from actors.remote.errors import CallError
from compas.api import worktrees as api
from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.cleanup import Kept
from compas.domain.decision import Refusal, no_such_thread
from compas.domain.thread import TERMINAL, Thread
from compas.git.errors import GitError, GitRefused
from compas.git.protocol.reading import Status, StatusReport
from compas.git.protocol.worktrees import CommitAll, NothingToCommit
from compas.orchestrator.asking_git import ask_within_limit
from compas.orchestrator.executions.workspace import tree_of
from compas.orchestrator.gate.resolved_call import ResolvedCall
from compas.orchestrator.handler_context import HandlerContext, answered
from compas.orchestrator.known_names import refuse_unknown_thread
from compas.orchestrator.messages.thread import CommitWork, DescribeThread
from compas.orchestrator.messages.worktree import DescribeKept, RemoveTree
from compas.orchestrator.refused import call_error, refused, unless_refused
from compas.orchestrator.services import ASK_TIMEOUT_SECS, JANITOR
from compas.orchestrator.worktrees.which_repository import which_repository
from compas.store.connection import Reader
from compas.store.projections.threads import thread_by_id
from compas.store.projections.worktrees import WorktreeRow, all_worktrees, worktrees_of_thread

FILES_NAMED = 20
AT_ONCE = 4
"""How many worktrees are looked at at a time: each is a git that reads all of its files."""


QUICK_SIZE_SECS = 0.5
"""How long the size of one is counted when nobody has asked for it; some 100,000 files."""
SIZE_SECS = 600.0
"""How long it is counted when somebody has."""


async def worktrees(context: HandlerContext, call: ResolvedCall) -> api.WorktreesResponse:
    """Look at every worktree there should be."""
    request = call.decode(api.WorktreesRequest)

    def read(reader: Reader) -> list[tuple[WorktreeRow, str]]:
        wanted = request.thread_id
        rows = all_worktrees(reader) if wanted is None else worktrees_of_thread(reader, wanted)
        known = [(row, thread_by_id(reader, row.thread)) for row in rows if row.path is not None]
        return [(row, thread.status if thread is not None else "unknown") for row, thread in known]

    rows = await context.services.store.query(read)
    janitor = await context.actor(JANITOR)
    kept = await janitor.ask(DescribeKept(), timeout=ASK_TIMEOUT_SECS)
    found: dict[int, api.WorktreeListing] = {}
    limit = trio.CapacityLimiter(AT_ONCE)

    async def look(place: int, row: WorktreeRow, status: str) -> None:
        async with limit:
            found[place] = await _look(
                context, row, status, kept, measure_secs=SIZE_SECS if request.sizes else QUICK_SIZE_SECS
            )

    async with trio.open_nursery() as nursery:
        for place, (row, status) in enumerate(rows):
            nursery.start_soon(look, place, row, status)
    return api.WorktreesResponse(worktrees=tuple(found[place] for place in sorted(found)))


async def _look(
    context: HandlerContext, row: WorktreeRow, status: str, kept: dict[tuple[str, str], Kept], *, measure_secs: float
) -> api.WorktreeListing:
    target = context.services.config.default_merge_target
    reason = kept.get((row.thread, row.repository))
    listing = api.WorktreeListing(
        thread_id=row.thread,
        thread_status=status,
        repository=row.repository,
        path=row.path or "",
        branch=row.branch,
        base_commit=row.base_commit or "",
        made_at=row.at,
        state="being removed" if row.removing else "missing",
        target_branch=target,
        kept_because=reason.reason if reason is not None else None,
    )
    if row.removing:
        return listing
    try:
        report = await _status(context, row, target, measure_secs=measure_secs)
    except GitError as err:
        if isinstance(err, GitRefused) and err.code == "worktree_missing":
            return listing
        return msgspec.structs.replace(listing, state="unreadable", trouble=str(err))
    return msgspec.structs.replace(
        listing,
        state="clean" if report.clean else "dirty",
        uncommitted=report.total,
        files=tuple(entry.path for entry in report.entries[:FILES_NAMED]),
        ahead=report.ahead,
        behind=report.behind,
        in_progress=report.in_progress,
        size_bytes=report.size_bytes,
        trouble=f"it stands {report.head_on}, not on {row.branch}" if report.head_on else None,
    )


async def _status(context: HandlerContext, row: WorktreeRow, target: str, *, measure_secs: float) -> StatusReport:
    git, of = context.services.git, tree_of(row.thread, row)
    try:
        base = f"refs/heads/{target}"
        return await git.ask(Status(of=of, base=base, measure_secs=measure_secs))
    except GitRefused as refused:
        if refused.code != "unknown_revision":
            raise
        # The target is gone or was never there: everything else can still be told.
        return await git.ask(Status(of=of, measure_secs=measure_secs))


async def worktree_remove(context: HandlerContext, call: ResolvedCall) -> api.WorktreeRemoveResponse:
    """Have the janitor remove a worktree; that goes on even if the client goes away."""
    request = call.decode(api.WorktreeRemoveRequest)
    await refuse_unknown_thread(context, request.thread_id)
    told = RemoveTree(
        thread=request.thread_id,
        repository=request.repository,
        by=request.sender,
        force=request.force,
        request_id=call.request_id,
    )
    janitor = await context.actor(JANITOR)
    outcome = await janitor.ask(told, timeout=math.inf)
    match outcome:
        case Refusal():
            raise refused(outcome)
        case e.WorktreeKept(path=path, reason=reason):
            raise CallError("kept", f"the worktree {path} stays as it is: {reason}")
        case e.WorktreeRemoved():
            response = api.WorktreeRemoveResponse(
                thread_id=request.thread_id,
                repository=outcome.repository,
                path=outcome.path,
                branch=outcome.branch,
                branch_fate=outcome.fate,
                archive=outcome.archive,
                snapshot=outcome.snapshot,
                ignored=outcome.ignored,
                notes=outcome.notes,
            )
            await context.keep_answer(call.request_id, response)
            return response


async def commit(context: HandlerContext, call: ResolvedCall) -> api.CommitResponse:
    """Commit what is in a thread's worktree, and log it."""
    request = call.decode(api.CommitRequest)
    if request.message is not None and not request.message.strip():
        raise CallError("empty_message", "the message is empty; say what the commit does, or leave it to the summary")
    state: Thread = await context.ask_thread(request.thread_id, DescribeThread())
    tree = await _the_tree(state, request)
    busy = state.occupied_by()
    if busy is not None:
        found = f"{busy.queued.agent} ({busy.queued.execution}) is at work in {tree.path}"
        raise CallError("still_running", f"{found}; wait for it, then commit what it has left")
    message = request.message or state.summary or f"Work of thread {state.thread}"
    try:
        made = await ask_within_limit(
            context.services, CommitAll(of=tree_of(state.thread, tree), message=message), "the commit"
        )
    except GitRefused as err:
        code = "worktree_gone" if err.code == "worktree_missing" else err.code
        raise CallError(code, err.message) from err
    except GitError as err:
        raise CallError("git_failed", str(err)) from err
    if isinstance(made, NothingToCommit):
        sentence = f"there is nothing to commit in {tree.path}: {tree.branch} ({made.head[:12]}) holds everything"
        raise CallError("nothing_to_commit", sentence)
    response = api.CommitResponse(
        thread_id=state.thread,
        repository=tree.repository,
        branch=tree.branch,
        commit=made.commit,
        files=made.files,
        left_out=(*made.left_out, *((made.head_moved,) if made.head_moved else ())),
        commit_sha=made.commit,
        files_changed=made.files,
        worktree_path=tree.path,
    )
    event = e.WorkCommitted(repository=tree.repository, commit=made.commit, files=made.files)
    body = msgspec.json.encode(response)
    logged = CommitWork(event, request_id=call.request_id, respond=lambda recorded: body)
    return answered(await context.ask_thread(state.thread, logged), api.CommitResponse)


async def _the_tree(state: Thread, request: api.CommitRequest) -> e.WorktreeReady:
    if not state.exists:
        raise refused(no_such_thread(state.thread))
    if state.status in TERMINAL:
        ended = f"thread {state.thread} has ended ({state.status}); dispatch in it, or `"
        raise call_error("thread_ended", say(ended, advise("reopen"), "` it, first"))
    own = {repository: tree for repository, tree in state.worktrees.items() if not tree.reading}
    if not own:
        raise CallError("no_worktree", f"thread {state.thread} has no worktree, so there is nothing to commit")
    tree = own[unless_refused(await which_repository(state.thread, tuple(own), request.repository))]
    if state.removing:
        sentence = say(f"the worktree {tree.path} is being removed; see `", advise("worktrees"), "`")
        raise call_error("being_removed", sentence)
    return tree
