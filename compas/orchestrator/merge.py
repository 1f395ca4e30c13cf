"""The merges of one target branch: an actor that does one at a time, and survives its own death in the middle."""

import logging
import os
from functools import partial

import trio

from actors.actor import Actor
from actors.ref import ActorRef
from compas import failpoints
from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.merge import Operation, Queue, decide_outcome, decide_queue, decide_start, evolve
from compas.git import messages as g
from compas.git.client import GitWorker
from compas.git.errors import GitError, GitWorkerLost
from compas.orchestrator.messages import Answered, QueueMerge
from compas.orchestrator.services import JOURNAL, Services, merge_name
from compas.orchestrator.stream import commit, patiently
from compas.store.errors import StoreUnavailable
from compas.store.projections.threads import thread_by_id
from compas.store.records import Repeated

log = logging.getLogger("compas.merge")

TARGET_MOVED_TRIES = 20
"""How often a merge is computed again because the target moved meanwhile; nobody commits that fast for long."""


class MergeActor(Actor):
    """Strictly one merge at a time on one (repository, target).

    The intent to move the target is logged before it is moved, and the target itself tells afterwards whether it
    was: so a merge is never both failed and published (design §6 rule 8).
    """

    def __init__(self, repository: str, target: str, services: Services) -> None:
        self._repository = repository
        self._target = target
        self._services = services
        self._state = Queue(stream=e.merge_stream(repository, target))
        self._writing = trio.Lock()
        self._more = trio.Event()

    async def on_start(self) -> None:
        """Read the stream, and go on with what is open in it."""
        self.context.registry.register(merge_name(self._repository, self._target), self.context.ref)
        for recorded in await self._services.store.read_stream(self._state.stream):
            self._state = evolve(self._state, recorded)
        self.context.start_soon(self._work)

    async def receive(self, message: object) -> object:
        """Put a merge in line."""
        if not isinstance(message, QueueMerge):
            raise TypeError(f"merges do not take {type(message).__name__}")
        try:
            return await self._queue(message)
        except StoreUnavailable as err:
            self.context.defer().fail(err)
            return None

    async def _queue(self, message: QueueMerge) -> Answered | Refusal:
        async with self._writing:
            decision = decide_queue(
                self._state, message.queued, thread_status=message.thread_status, lineage=message.lineage
            )
            if isinstance(decision, Refusal):
                return decision
            depth = self._state.depth() + 1
            outcome = await commit(
                await self._journal(),
                decision,
                stream=self._state.stream,
                version=self._state.version,
                causation=f"request:{message.request_id}",
                request_id=message.request_id,
                respond=lambda recorded: message.respond(recorded, depth),
            )
            if not isinstance(outcome, Repeated):
                self._fold(outcome.recorded)
                self._more.set()
            return Answered(body=outcome.response)

    async def _work(self) -> None:
        while True:
            operation = self._state.current()
            if operation is None:
                await self._more.wait()
                self._more = trio.Event()
                continue
            await self._step(operation)

    async def _step(self, operation: Operation) -> None:
        match operation.status:
            case "queued":
                row = await self._services.store.query(lambda reader: thread_by_id(reader, operation.queued.thread))
                status: e.ThreadStatus = row.status if row is not None else "Abandoned"
                await self._record(decide_start(self._state, operation.queued.op, thread_status=status), operation)
            case "executing":
                await self._prepare_and_publish(operation)
            case "publishing":
                await self._recover(operation)
            case _:
                raise AssertionError(f"operation {operation.queued.op} is {operation.status}, which is not open")

    async def _prepare_and_publish(self, operation: Operation) -> None:
        queued = operation.queued
        for _ in range(TARGET_MOVED_TRIES):
            prepared = await self._prepare(queued)
            if not isinstance(prepared, g.Prepared):
                await self._outcome(prepared)
                return
            if prepared.kind in ("already_merged", "nothing"):
                await self._outcome(_nothing_to_do(queued, prepared))
                return
            intent = e.MergePrepared(
                op=queued.op,
                kind="fast_forward" if prepared.kind == "fast_forward" else "merge",
                target_old=prepared.target_old,
                new_commit=prepared.new,
            )
            await self._outcome(intent)
            failpoints.hit("merge.intent_logged")
            # A worker lost in here leaves the outcome to be read from the repository: crash, and recover.
            published = await self._services.git.call(partial(_publish, self._repository, queued.op, prepared))
            failpoints.hit("merge.published")
            if not isinstance(published, g.TargetMoved):
                await self._outcome(_published(queued, prepared, published))
                return
            log.info("merge %s: %s moved meanwhile; merging again", queued.op, published.target)
        reason = f"{queued.target} moved {TARGET_MOVED_TRIES} times while the merge was computed; try again later"
        await self._outcome(e.MergeFailed(op=queued.op, code="target_busy", reason=reason))

    async def _prepare(self, queued: e.MergeQueued) -> g.Prepared | e.MergeFailed:
        limit = self._services.config.merge_timeout_secs
        try:
            with trio.fail_after(limit):
                found = await self._services.git.retry(
                    lambda git: git.prepare_merge(
                        queued.repository,
                        queued.op,
                        source=queued.source,
                        target=queued.target,
                        message=queued.message,
                        strategy=queued.strategy,
                        expected_source=queued.source_tip,
                    )
                )
        except trio.TooSlowError:
            reason = f"the merge was not computed within {limit} s (merge_timeout_secs); nothing was changed"
            return e.MergeFailed(op=queued.op, code="timeout", reason=reason)
        except GitWorkerLost:
            raise
        except GitError as err:
            return e.MergeFailed(op=queued.op, code=getattr(err, "code", "git_failed") or "git_failed", reason=str(err))
        match found:
            case g.Conflicts():
                return _conflicts(queued, found)
            case g.Refused():
                return _refused(queued, found)
            case g.Prepared():
                return found

    async def _recover(self, operation: Operation) -> None:
        """Ask the repository whether the intended move happened, complete it, or begin again."""
        intent, queued = operation.prepared, operation.queued
        if intent is None:
            raise AssertionError(f"operation {queued.op} is publishing without an intent")
        finished = await self._services.git.retry(
            lambda git: git.finish_merge(
                self._repository,
                queued.op,
                target=queued.target,
                target_old=intent.target_old,
                new=intent.new_commit,
            )
        )
        if finished.published:
            summary = f"Merged {queued.source} into {queued.target}" + _stale_note(finished.stale)
            await self._outcome(e.MergeCompleted(op=queued.op, new_commit=intent.new_commit, summary=summary))
        else:
            await self._prepare_and_publish(operation)

    async def _outcome(self, event: e.MergePrepared | e.MergeCompleted | e.MergeFailed) -> None:
        operation = self._state.operations[event.op]
        await self._record(decide_outcome(self._state, event), operation)

    async def _record(self, decision: Decision, operation: Operation) -> None:
        if isinstance(decision, Refusal) or not decision:
            return
        await patiently(self._journal, partial(self._commit, decision, operation))

    async def _commit(self, decision: tuple[Draft, ...], operation: Operation) -> None:
        # Held for one try only: while the disk takes nothing, a client that wants to queue a merge is told so.
        async with self._writing:
            outcome = await commit(
                await self._journal(),
                decision,
                stream=self._state.stream,
                version=self._state.version,
                causation=f"merge:{operation.queued.op}",
            )
            self._fold(outcome.recorded)

    async def _journal(self) -> ActorRef:
        return await self.context.registry.wait_registered(JOURNAL)

    def _fold(self, recorded: tuple[e.Recorded, ...]) -> None:
        for one in recorded:
            if one.stream == self._state.stream:
                self._state = evolve(self._state, one)


async def _publish(repository: str, op: str, prepared: g.Prepared, git: GitWorker) -> g.PublishResult:
    return await git.publish_merge(repository, op, prepared)


def _nothing_to_do(queued: e.MergeQueued, prepared: g.Prepared) -> e.MergeCompleted | e.MergeFailed:
    if prepared.kind == "already_merged":
        summary = f"{queued.target} contains {queued.source} already"
        return e.MergeCompleted(op=queued.op, new_commit=prepared.target_old, summary=summary)
    reason = f"No commits to merge: {queued.source} has nothing that {queued.target} does not have. {prepared.summary}"
    return e.MergeFailed(op=queued.op, code="no_commits", reason=reason.strip())


def _published(
    queued: e.MergeQueued, prepared: g.Prepared, published: g.Published | g.Refused
) -> e.MergeCompleted | e.MergeFailed:
    if isinstance(published, g.Refused):
        return _refused(queued, published)
    summary = prepared.summary + _stale_note(published.stale)
    return e.MergeCompleted(op=queued.op, new_commit=published.new, summary=summary)


def _refused(queued: e.MergeQueued, refused: g.Refused) -> e.MergeFailed:
    where = f" (in {refused.worktree})" if refused.worktree and refused.worktree not in refused.sentence else ""
    output = f"\n{refused.output.strip()}" if refused.output.strip() else ""
    conflicts = tuple(e.Conflict(path=path, kind="in the way") for path in refused.files)
    return e.MergeFailed(
        op=queued.op, code=refused.code, reason=f"{refused.sentence}{where}{output}", conflicts=conflicts
    )


def _conflicts(queued: e.MergeQueued, found: g.Conflicts) -> e.MergeFailed:
    conflicts = tuple(e.Conflict(path=one.path, kind=one.kind) for one in found.files)
    lines = [f"Merge conflict in {len(conflicts)} file(s); {queued.target} and {queued.source} are as they were."]
    lines += [f"  {one.path}: {one.kind}" for one in conflicts]
    lines += [f"  on {queued.target}: {side.commit[:10]} {side.subject} ({side.author})" for side in found.ours]
    lines += [f"  on {queued.source}: {side.commit[:10]} {side.subject} ({side.author})" for side in found.theirs]
    lines.append(f"Merge {queued.target} into {queued.source} and resolve it there, then merge again.")
    return e.MergeFailed(op=queued.op, code="conflict", reason="\n".join(lines), conflicts=conflicts)


def _stale_note(stale: tuple[g.StaleCheckout, ...]) -> str:
    return "".join(f". The checkout {os.fspath(one.worktree)} was not moved along: {one.reason}" for one in stale)
