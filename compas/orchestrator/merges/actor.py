"""The merges of one target branch: an actor that does one at a time, and survives its own death in the middle."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import trio

from actors.actor import Actor
from actors.ask import Ask
from actors.ref import ActorRef
from actors.reply import Reply
from compas import failpoints
from compas.domain import events as e
from compas.domain.decision import Decision, Draft, Refusal
from compas.domain.merge import (
    ABANDONED,
    BEGUN,
    Operation,
    Queue,
    Step,
    decide_cancel,
    decide_handed_back,
    decide_outcome,
    decide_queue,
    decide_sight,
    decide_start,
    decide_withdraw,
    evolve,
)
from compas.domain.requests import RequestId
from compas.domain.target import Sight, refuse_held, why_held
from compas.orchestrator.asking import ask_thread
from compas.orchestrator.merges.run import MergeRun
from compas.orchestrator.messages.merge import AwaitPublication, CancelMerge, QueueMerge, WithdrawMerges
from compas.orchestrator.messages.thread import Answered, BeginPublication, EndPublication
from compas.orchestrator.services import JOURNAL, Services, merge_name
from compas.orchestrator.stream import CommandFaultedError, commit, commit_command, patiently
from compas.store.errors import StoreUnavailable
from compas.store.projections.threads import thread_by_id
from compas.store.records import Appended

log = logging.getLogger("compas.merge")

R = TypeVar("R")

Decide = Callable[[], Decision]
"""Decides by the state of the moment; called while nothing else writes."""
CLEARING_SECS: Final = 10.0
"""How long one who gave a thread up waits for what its merge has left to be cleared away."""


@dataclass(frozen=True, slots=True)
class RunningMerge:
    """The operation of which a step is being taken; `left` is set when that step is over, however it ended."""

    op: str
    scope: trio.CancelScope
    left: trio.Event = field(default_factory=trio.Event)


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
        self._at_work: RunningMerge | None = None
        self._adopted: set[str] = set()
        self._publications: set[str] = set()
        """Operations that their threads may be held for: they were, or are being, asked."""
        self._waiting: list[tuple[str, Reply]] = []

    async def on_start(self) -> None:
        """Read the stream, and go on with what is open in it."""
        self.context.registry.register(merge_name(self._repository, self._target), self.context.ref)
        for recorded in await self._services.store.read_stream(self._state.stream):
            self._state = evolve(self._state, recorded)
            if isinstance(recorded.event, e.MergeStarted):
                # The last one that was at work may have ended without its thread's knowing.
                self._publications = {recorded.event.op}
        self._adopted = {op for op, one in self._state.operations.items() if one.status == "executing"}
        self._publications |= {op for op, one in self._state.operations.items() if one.status in BEGUN}
        self.context.start_soon(self._work)

    async def receive(self, message: object) -> object:
        """Put a merge in line, or withdraw one."""
        try:
            match message:
                case QueueMerge():
                    return await self._queue(message)
                case CancelMerge():
                    return await self._cancel(message)
                case WithdrawMerges():
                    await self._withdraw(message)
                    return None
                case AwaitPublication(op=op):
                    self._waiting.append((op, self.context.defer()))
                    self._answer_waiting()
                    return None
                case _:
                    raise TypeError(f"merges do not take {type(message).__name__}")
        except StoreUnavailable as err:
            self.context.defer().fail(err)
            return None
        except CommandFaultedError as err:
            log.exception("merges into %s: %s", self._target, err, extra={"action": "command_faulted"})
            self.context.defer().fail(err)
            return None

    async def _queue(self, message: QueueMerge) -> Answered | Refusal:
        depth, queued = 0, message.queued
        seen = partial(
            decide_sight, sight=message.sight, target=queued.target, accepted=message.accepted, by=queued.requested_by
        )
        refused = await self._note(seen, f"request:{message.request_id}", queued.thread)
        if refused is not None:
            first = await self._services.store.answer_of(message.request_id)
            return Answered(body=first) if isinstance(first, bytes) else refused

        def decide() -> Decision:
            nonlocal depth
            depth = self._state.depth() + 1
            return decide_queue(
                self._state, message.queued, thread_status=message.thread_status, lineage=message.lineage
            )

        return await self._take(decide, message.request_id, lambda recorded: message.respond(recorded, depth))

    async def _note(self, decide: Callable[[Queue], Decision], causation: str, thread: str) -> Refusal | None:
        """Note where the target is; return why nothing is merged into it, or why that cannot be told from this look."""
        async with self._writing:
            decision = decide(self._state)
            if isinstance(decision, Refusal):
                return decision
            if decision:
                await self._write(decision, causation)
        held = self._state.held
        if held is None:
            return None
        if decision:
            log.warning("%s: %s", self._repository, why_held(held, self._target), extra={"action": "target_held"})
        return refuse_held(held, repository=self._repository, target=self._target, thread=thread)

    async def _cancel(self, message: CancelMerge) -> Answered | Refusal:
        """Withdraw an operation; whatever git or a check of it runs is ended, with its process group."""
        answer = await self._take(
            lambda: decide_cancel(self._state, message.op, message.by), message.request_id, message.respond
        )
        operation = self._state.operations.get(message.op)
        is_cancelled = operation is not None and operation.status == "cancelled"
        if is_cancelled and self._at_work is not None and self._at_work.op == message.op:
            self._at_work.scope.cancel()
        return answer

    async def _withdraw(self, message: WithdrawMerges) -> None:
        """Withdraw the merges of a thread that was given up; answered once nothing of them runs."""
        async with self._writing:
            decision = decide_withdraw(self._state, message.thread, message.reason)
            assert not isinstance(decision, Refusal)
            if decision:
                await self._write(decision, f"thread:{message.thread}")
                self._more.set()
        at_work = self._at_work
        if at_work is not None and self._state.operations[at_work.op].status == "cancelled":
            at_work.scope.cancel()
            self.context.start_soon(self._clear, at_work, self.context.defer())

    async def _clear(self, at_work: "RunningMerge", reply: Reply) -> None:
        """Answer once what an operation ran has ended, or cannot be found to have: its checkout is cleared after it."""
        await at_work.left.wait()
        with trio.move_on_after(CLEARING_SECS):
            await self._run(self._state.operations[at_work.op]).clear()
        reply.resolve(None)

    async def _take(
        self, decide: Decide, request_id: RequestId, respond: Callable[[tuple[e.Recorded, ...]], bytes]
    ) -> Answered | Refusal:
        """Decide on a client's command and record it; one that was sent before gets its first answer."""
        async with self._writing:
            try:
                decision = decide()
            except Exception as err:
                raise CommandFaultedError(err) from err
            outcome = await commit_command(
                await self._journal(),
                self._services.store,
                decision,
                stream=self._state.stream,
                version=self._state.version,
                request_id=request_id,
                respond=respond,
            )
            if not isinstance(outcome, Appended):
                return outcome
            self._fold(outcome.recorded)
            self._more.set()
            return Answered(body=outcome.response)

    async def _work(self) -> None:
        while True:
            await self._release_all()
            failed = self._state.to_hand_back()
            if failed is not None:
                await self._hand_back(failed)
                continue
            operation = self._state.current()
            if operation is None:
                await self._more.wait()
                self._more = trio.Event()
                continue
            with trio.CancelScope() as scope:
                at_work = self._at_work = RunningMerge(op=operation.queued.op, scope=scope)
                await self._step(operation)
            at_work.left.set()
            self._at_work = None
            await self._release(operation)

    async def _hand_back(self, operation: Operation) -> None:
        event = await self._run(operation).hand_back()
        await self._record(lambda: decide_handed_back(self._state, event), operation)

    def _run(self, operation: Operation) -> MergeRun:
        return MergeRun(
            services=self._services,
            registry=self.context.registry,
            operation=operation,
            record=partial(self._outcome, operation),
            begin=partial(self._begin, operation),
            note=partial(self._note_in, operation),
        )

    async def _note_in(self, operation: Operation, sight: Sight) -> Refusal | None:
        queued = operation.queued
        seen = partial(decide_sight, sight=sight, target=queued.target)
        return await patiently(self._journal, partial(self._note, seen, f"merge:{queued.op}", queued.thread))

    async def _begin(self, operation: Operation) -> Refusal | None:
        """Ask the thread to stay as it is until its work is published; asking again is answered as the first time."""
        queued = operation.queued
        self._publications.add(queued.op)
        begun = e.PublicationBegun(op=queued.op, repository=queued.repository, target=queued.target)
        message = BeginPublication(begun, asked_at=operation.asked_at)
        return await self._ask_thread(operation, message)

    async def _release_all(self) -> None:
        """See to operations that ended while nothing of them was being done."""
        ended = [self._state.operations[op] for op in self._publications]
        for operation in [one for one in ended if one.status not in BEGUN]:
            await self._release(operation)

    async def _release(self, operation: Operation) -> None:
        """Tell the thread of an operation that is not about to move its target that it may end again."""
        op = operation.queued.op
        if op in self._publications and self._state.operations[op].status != "publishing":
            await self._ask_thread(operation, EndPublication(op=op))
            self._publications.discard(op)
            self._answer_waiting()

    async def _ask_thread(self, operation: Operation, message: Ask[R]) -> R:
        ask = partial(ask_thread, self.context.registry, operation.queued.thread, message)
        return await patiently(self._journal, ask)

    def _answer_waiting(self) -> None:
        for op, reply in tuple(self._waiting):
            if op not in self._publications:
                self._waiting.remove((op, reply))
                reply.resolve(None)

    async def _step(self, operation: Operation) -> None:
        run = self._run(operation)
        match operation.status:
            case "queued":
                status = await self._thread_status(operation)
                op = operation.queued.op
                await self._record(lambda: decide_start(self._state, op, thread_status=status), operation)
                failpoints.hit("merge.started")
            case "executing":
                if operation.queued.op in self._adopted:
                    await run.clear()
                    self._adopted.discard(operation.queued.op)
                    if await self._thread_status(operation) == "Abandoned":
                        await run.record(e.MergeCancelled(op=operation.queued.op, reason=ABANDONED))
                        return
                await run.merge()
            case "publishing":
                await run.recover()
            case _:
                raise AssertionError(f"operation {operation.queued.op} is {operation.status}, which is not open")

    async def _thread_status(self, operation: Operation) -> e.ThreadStatus:
        row = await self._services.store.query(lambda reader: thread_by_id(reader, operation.queued.thread))
        return row.status if row is not None else "Abandoned"

    async def _outcome(self, operation: Operation, event: Step) -> bool:
        return await self._record(lambda: decide_outcome(self._state, event), operation)

    async def _record(self, decide: Decide, operation: Operation) -> bool:
        """Record a step; False when there is none to record any more, because the operation is over."""
        return await patiently(self._journal, partial(self._commit, decide, operation))

    async def _commit(self, decide: Decide, operation: Operation) -> bool:
        # Held for one try only: while the disk takes nothing, a client that wants to queue a merge is told so.
        async with self._writing:
            decision = decide()
            if isinstance(decision, Refusal) or not decision:
                return False
            await self._write(decision, f"merge:{operation.queued.op}")
            return True

    async def _write(self, drafts: tuple[Draft, ...], causation: str) -> None:
        journal, stream, version = await self._journal(), self._state.stream, self._state.version
        outcome = await commit(journal, drafts, stream=stream, version=version, causation=causation)
        self._fold(outcome.recorded)

    async def _journal(self) -> ActorRef:
        return await self.context.registry.wait_registered(JOURNAL)

    def _fold(self, recorded: tuple[e.Recorded, ...]) -> None:
        for one in recorded:
            if one.stream == self._state.stream:
                self._state = evolve(self._state, one)
