"""The merges of one target branch: an actor that does one at a time, and survives its own death in the middle."""

from collections.abc import Callable
from functools import partial

import trio

from actors.actor import Actor
from actors.ref import ActorRef
from compas import failpoints
from compas.domain import events as e
from compas.domain.decision import Decision, Refusal
from compas.domain.merge import (
    Operation,
    Queue,
    decide_cancel,
    decide_handed_back,
    decide_outcome,
    decide_queue,
    decide_start,
    evolve,
)
from compas.domain.requests import RequestId
from compas.orchestrator.merge_run import MergeRun, Step
from compas.orchestrator.messages import Answered, CancelMerge, QueueMerge
from compas.orchestrator.services import JOURNAL, Services, merge_name
from compas.orchestrator.stream import commit, commit_command, patiently
from compas.store.errors import StoreUnavailable
from compas.store.projections.threads import thread_by_id
from compas.store.records import Appended

Decide = Callable[[], Decision]
"""Decides by the state of the moment; called while nothing else writes."""


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
        self._at_work: tuple[str, trio.CancelScope] | None = None
        self._adopted: set[str] = set()

    async def on_start(self) -> None:
        """Read the stream, and go on with what is open in it."""
        self.context.registry.register(merge_name(self._repository, self._target), self.context.ref)
        for recorded in await self._services.store.read_stream(self._state.stream):
            self._state = evolve(self._state, recorded)
        self._adopted = {op for op, one in self._state.operations.items() if one.status == "executing"}
        self.context.start_soon(self._work)

    async def receive(self, message: object) -> object:
        """Put a merge in line, or withdraw one."""
        try:
            match message:
                case QueueMerge():
                    return await self._queue(message)
                case CancelMerge():
                    return await self._cancel(message)
                case _:
                    raise TypeError(f"merges do not take {type(message).__name__}")
        except StoreUnavailable as err:
            self.context.defer().fail(err)
            return None

    async def _queue(self, message: QueueMerge) -> Answered | Refusal:
        depth = 0

        def decide() -> Decision:
            nonlocal depth
            depth = self._state.depth() + 1
            return decide_queue(
                self._state, message.queued, thread_status=message.thread_status, lineage=message.lineage
            )

        return await self._take(decide, message.request_id, lambda recorded: message.respond(recorded, depth))

    async def _cancel(self, message: CancelMerge) -> Answered | Refusal:
        """Withdraw an operation; whatever git or a check of it runs is ended, with its process group."""
        answer = await self._take(
            lambda: decide_cancel(self._state, message.op, message.by), message.request_id, message.respond
        )
        operation = self._state.operations.get(message.op)
        is_cancelled = operation is not None and operation.status == "cancelled"
        if is_cancelled and self._at_work is not None and self._at_work[0] == message.op:
            self._at_work[1].cancel()
        return answer

    async def _take(
        self, decide: Decide, request_id: RequestId, respond: Callable[[tuple[e.Recorded, ...]], bytes]
    ) -> Answered | Refusal:
        """Decide on a client's command and record it; one that was sent before gets its first answer."""
        async with self._writing:
            outcome = await commit_command(
                await self._journal(),
                self._services.store,
                decide(),
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
                self._at_work = (operation.queued.op, scope)
                await self._step(operation)
            self._at_work = None

    async def _hand_back(self, operation: Operation) -> None:
        event = await self._run(operation).hand_back()
        await self._record(lambda: decide_handed_back(self._state, event), operation)

    def _run(self, operation: Operation) -> MergeRun:
        return MergeRun(
            services=self._services,
            registry=self.context.registry,
            operation=operation,
            record=partial(self._outcome, operation),
        )

    async def _step(self, operation: Operation) -> None:
        run = self._run(operation)
        match operation.status:
            case "queued":
                row = await self._services.store.query(lambda reader: thread_by_id(reader, operation.queued.thread))
                status: e.ThreadStatus = row.status if row is not None else "Abandoned"
                op = operation.queued.op
                await self._record(lambda: decide_start(self._state, op, thread_status=status), operation)
                failpoints.hit("merge.started")
            case "executing":
                if operation.queued.op in self._adopted:
                    await run.clear()
                    self._adopted.discard(operation.queued.op)
                await run.merge()
            case "publishing":
                await run.recover()
            case _:
                raise AssertionError(f"operation {operation.queued.op} is {operation.status}, which is not open")

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
            outcome = await commit(
                await self._journal(),
                decision,
                stream=self._state.stream,
                version=self._state.version,
                causation=f"merge:{operation.queued.op}",
            )
            self._fold(outcome.recorded)
            return True

    async def _journal(self) -> ActorRef:
        return await self.context.registry.wait_registered(JOURNAL)

    def _fold(self, recorded: tuple[e.Recorded, ...]) -> None:
        for one in recorded:
            if one.stream == self._state.stream:
                self._state = evolve(self._state, one)
