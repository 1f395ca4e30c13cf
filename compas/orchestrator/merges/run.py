"""One merge operation at work: computed, checked, published, and what follows from it in its thread."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import trio

from actors.ref import ActorRef
from actors.registry import Registry
from compas import failpoints
from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.conflict_report import for_agent
from compas.domain.decision import Refusal
from compas.domain.hand_back import HandBack
from compas.domain.lifecycle import Close
from compas.domain.merge import LOOK_AGAIN, Operation, Step
from compas.domain.merge_message import thread_trailer
from compas.domain.requests import own_request
from compas.domain.specs import CommandSpec, RepositorySpec
from compas.domain.target import Sight
from compas.git.errors import GitError, GitWorkerLost
from compas.git.protocol.merging import (
    ClearMerge,
    Conflicts,
    FinishMerge,
    Prepared,
    PrepareMerge,
    PublishMerge,
    Refused,
    TargetMoved,
    VerifyMerge,
)
from compas.orchestrator.asking import ask_thread
from compas.orchestrator.merges import words as words
from compas.orchestrator.merges.approval import judge_queued
from compas.orchestrator.merges.publications import once_published
from compas.orchestrator.merges.target_guard import LOOKS, look_at_target
from compas.orchestrator.messages.thread import Answered, CloseThread, HandBackTo
from compas.orchestrator.services import JOURNAL, Services
from compas.orchestrator.stream import patiently
from compas.orchestrator.worktrees.setup import repository_spec

log = logging.getLogger("compas.merge")

TARGET_MOVED_TRIES: Final = 20
"""How often a merge is computed again because the target moved meanwhile; nobody commits that fast for long."""
NOTHING_MOVES: Final = ("already_merged", "nothing")
COMPAS: Final = "compas"
"""Who says what nobody in particular says."""

Record = Callable[[Step], Awaitable[bool]]
"""Logs a step; False when the operation was cancelled meanwhile, so that it does not count."""
Begin = Callable[[], Awaitable[Refusal | None]]
"""Asks the thread whether its work may be published now; if so, nothing ends the thread until the step is over."""

Note = Callable[[Sight], Awaitable[Refusal | None]]
"""Notes where the target is; a refusal says why nothing is merged into it, or that it has to be looked at again."""


@dataclass(frozen=True, kw_only=True)
class MergeRun:
    """Works on one operation. Every step is logged before the next is taken, so that another run can go on."""

    services: Services
    registry: Registry
    operation: Operation
    record: Record
    begin: Begin
    note: Note

    @property
    def _queued(self) -> e.MergeQueued:
        return self.operation.queued

    async def clear(self) -> None:
        """Remove what a supervisor that died in this operation has left, once all it started has ended."""
        queued = self._queued
        try:
            await self.services.git.ask(ClearMerge(repo=queued.repository, op=queued.op))
        except GitWorkerLost:
            raise
        except GitError as err:  # computing it says what is the matter with the repository
            log.warning("merge %s: what it had left was not cleared: %s", queued.op, err)

    async def merge(self) -> None:
        """Compute, check and publish, once; where the target has moved meanwhile the operation is begun again.

        Cancelling it ends what git or a check runs, and publishes nothing (design §6 rule 5).
        """
        queued = self._queued
        prepared = await self._prepare()
        if isinstance(prepared, e.MergeFailed):
            await self.record(prepared)
            return
        checked = "" if prepared.kind in NOTHING_MOVES else await self._verify(prepared.new)
        if isinstance(checked, e.MergeFailed):
            await self.record(checked)
            return
        against = await self._may_publish(prepared)
        if against is not None:
            await self.record(against)
            return
        if prepared.kind in NOTHING_MOVES:
            await self._end(words.nothing_to_do(queued, prepared))
            return
        await self._publish(prepared, checked)

    async def _may_publish(self, prepared: Prepared) -> e.MergeCancelled | e.MergeFailed | None:
        """Ask, last of all, whatever may keep this from being published; return the end of the operation if it does.

        The thread comes last: from its word on nothing ends it, and what it was asked for is what is published.
        """
        try:
            refusal = await self._target_is_held(prepared)
        except GitWorkerLost:
            raise
        except GitError as err:
            return self._git_failed(err)
        objection = await self._objection() if refusal is None else None
        if objection is not None:
            return objection
        if refusal is None:
            refusal = await once_published(self.registry, self._queued.thread, self.begin)
            failpoints.hit("merge.publication_begun")
        return None if refusal is None else words.not_published(self._queued, refusal)

    async def _target_is_held(self, prepared: Prepared) -> Refusal | None:
        """Judge the commit that the target is moved from; if it is at another one by then, it is not moved."""
        queued = self._queued
        refusal: Refusal | None = None
        for _ in range(LOOKS):
            sight = await look_at_target(self.services, queued.repository, queued.target, prepared.target_old)
            refusal = await self.note(sight)
            if refusal is None or refusal.code != LOOK_AGAIN:
                break
        return refusal

    async def _publish(self, prepared: Prepared, checked: str) -> None:
        """Log the intent, move the target, and log the outcome."""
        queued = self._queued
        intent = e.MergePrepared(
            op=queued.op,
            kind=words.kind_of(prepared),
            target_old=prepared.target_old,
            new_commit=prepared.new,
        )
        if not await self.record(intent):
            return
        failpoints.hit("merge.intent_logged")
        # A worker lost in here leaves the outcome to be read from the repository: crash, and recover.
        found = await self.services.git.ask_once(PublishMerge(repo=queued.repository, op=queued.op, prepared=prepared))
        failpoints.hit("merge.published")
        if not isinstance(found, TargetMoved):
            await self._end(words.published(queued, prepared.summary + checked, found))
        elif self.operation.tries < TARGET_MOVED_TRIES:
            log.info("merge %s: %s moved meanwhile; merging again", queued.op, found.target)
            await self.record(e.MergeStarted(op=queued.op))
        else:
            reason = f"{queued.target} moved {TARGET_MOVED_TRIES} times while the merge was computed; try again later"
            await self.record(e.MergeFailed(op=queued.op, code="target_busy", reason=reason))

    async def recover(self) -> None:
        """Ask the repository whether the intended move happened, complete it, or begin anew (design §6 rule 8)."""
        intent, queued = self.operation.prepared, self._queued
        if intent is None:
            raise AssertionError(f"operation {queued.op} is publishing without an intent")
        finished = await self.services.git.ask(
            FinishMerge(
                repo=queued.repository,
                op=queued.op,
                target=queued.target,
                target_old=intent.target_old,
                new=intent.new_commit,
            )
        )
        if finished.published:
            summary = f"Merged {queued.source} into {queued.target}" + words.stale_note(finished.stale)
            summary += words.behind_note(finished.behind)
            await self._end(e.MergeCompleted(op=queued.op, new_commit=intent.new_commit, summary=summary))
        else:
            await self.record(e.MergeStarted(op=queued.op))

    # --- computing ---------------------------------------------------------------------------------------------------

    async def _prepare(self) -> Prepared | e.MergeFailed:
        queued, limit = self._queued, self.services.config.merge_timeout_secs
        try:
            with trio.fail_after(limit):
                found = await self.services.git.ask(
                    PrepareMerge(
                        repo=queued.repository,
                        op=queued.op,
                        source=queued.source,
                        target=queued.target,
                        message=queued.message,
                        trailer=thread_trailer(queued.thread),
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
            return self._git_failed(err)
        match found:
            case Conflicts():
                return self._conflict(found)
            case Refused():
                return words.refused(queued, found)
            case Prepared():
                return found

    def _git_failed(self, err: GitError) -> e.MergeFailed:
        code = getattr(err, "code", None)
        return e.MergeFailed(op=self._queued.op, code=code if isinstance(code, str) else "git_failed", reason=str(err))

    # --- checking ----------------------------------------------------------------------------------------------------

    async def _verify(self, commit: str) -> str | e.MergeFailed:
        """Run the repository's check on the merged tree; return what to add to the summary, or why it is over."""
        queued, check = self._queued, self._check()
        if check is None:
            return ""
        config = self.services.config
        path = str(Path(config.state_dir) / "merges" / f"{queued.op}.log")
        try:
            found = await self.services.git.ask(
                VerifyMerge(
                    repo=queued.repository,
                    op=queued.op,
                    commit=commit,
                    command=check.run,
                    timeout_secs=check.timeout_secs,
                    log=path,
                    redaction_patterns=config.redaction_patterns if config.redact_secrets else None,
                )
            )
        except GitWorkerLost:
            raise
        except GitError as err:
            return self._git_failed(err)
        failpoints.hit("merge.verified")
        if found.outcome == "passed":
            return f"; `{check.run}` passed on it ({found.log})"
        return words.unverified(queued, check.run, found)

    def _check(self) -> CommandSpec | None:
        spec = self._repository()
        return None if spec is None else spec.merge_verify

    def _repository(self) -> RepositorySpec | None:
        return repository_spec(self.services, self._queued.repository)

    # --- judging -----------------------------------------------------------------------------------------------------

    async def _objection(self) -> e.MergeFailed | None:
        """Return what verdicts and work that have come meanwhile have against it; None when it may be published."""
        try:
            judged = await judge_queued(self.services, self._queued)
        except GitWorkerLost:
            raise
        except GitError as err:
            return self._git_failed(err)
        failpoints.hit("merge.judged")
        if judged.outcome != "refuse":
            return None
        reason = f"{in_commands(judged.message)} Nothing was published."
        return e.MergeFailed(op=self._queued.op, code=judged.code, reason=reason)

    # --- what follows in the thread ----------------------------------------------------------------------------------

    def _conflict(self, found: Conflicts) -> e.MergeFailed:
        """Report a conflict, and where the repository is configured to, mean to hand it back."""
        report, spec = words.report_of(self._queued, found), self._repository()
        hands_back = spec is not None and spec.on_conflict == "hand_back"
        return words.conflicts(self._queued, report, for_agent(report) if hands_back else "")

    async def hand_back(self) -> e.MergeHandedBack:
        """Tell the agent whose work it is of its conflict; telling it again is answered as the first time."""
        queued = self._queued
        command = HandBack(op=queued.op, repository=queued.repository, body=self.operation.hand_back, by=COMPAS)
        request = own_request("hand-back", queued.op)
        outcome = await self._tell(HandBackTo(command=command, request_id=request, respond=_who_got_it))
        failpoints.hit("merge.handed_back")
        if isinstance(outcome, Refusal):
            return e.MergeHandedBack(op=queued.op, summary=f"not handed back: {in_commands(outcome.message)}")
        agent = outcome.body.decode()
        said = f"handed back to {agent}" if agent else "not handed back: its chain of handoffs has reached its limit"
        return e.MergeHandedBack(op=queued.op, summary=said, agent=agent)

    async def _end(self, event: e.MergeCompleted | e.MergeFailed) -> None:
        """Log the end; a thread that was to be closed with its merge is closed before anybody hears of it."""
        closes = self._queued.closes
        if closes is None or isinstance(event, e.MergeFailed):
            await self.record(event)
            return
        message = CloseThread(
            command=Close(
                by=closes.by,
                status=closes.status,
                note=closes.note,
                after=self._queued.op,
                asked_at=self.operation.asked_at,
            ),
            request_id=own_request("close-after", self._queued.op),
            respond=lambda recorded: b"closed",
        )
        outcome = await self._tell(message)
        failpoints.hit("merge.thread_closed")
        said = f"; the thread was closed as {closes.status}"
        if isinstance(outcome, Refusal):
            said = f"; the thread was not closed: {in_commands(outcome.message)}"
        summary = event.summary + said
        await self.record(e.MergeCompleted(op=event.op, new_commit=event.new_commit, summary=summary))

    async def _tell(self, message: HandBackTo | CloseThread) -> Answered | Refusal:
        """Ask the thread, for as long as the disk takes nothing; a repeat is answered as the first time."""
        ask = partial(ask_thread, self.registry, self._queued.thread, message)
        outcome: Answered | Refusal = await patiently(self._journal, ask)
        return outcome

    async def _journal(self) -> ActorRef:
        return await self.registry.wait_registered(JOURNAL)


def _who_got_it(recorded: tuple[e.Recorded, ...]) -> bytes:
    """Return the agent that starts on a conflict; nothing at the end of a chain, where the operator is told instead."""
    return next((one.event.agent.encode() for one in recorded if isinstance(one.event, e.ExecutionQueued)), b"")
