"""The journal: the only writer of the log. It commits in groups, publishes what is committed, then answers."""

import logging
from collections import deque

import trio

from actors.actor import Actor
from actors.reply import Reply
from compas.orchestrator.messages.journal import Commit, WaitWritable
from compas.orchestrator.services import JOURNAL
from compas.store.errors import StoreUnavailable
from compas.store.event_log import Store
from compas.store.records import Append, Appended, Faulted, Outcome

log = logging.getLogger("compas.journal")

LARGEST_GROUP = 256
PROBE_AFTER_SECS = (0.5, 1.0, 2.0, 5.0)
"""How long to leave a failing disk alone before each look; the last one repeats."""


class Journal(Actor):
    """Groups whatever arrives while a commit is under way into the next one.

    While the disk fails, writes are refused at once with the disk's own words, and the disk is probed at growing
    intervals; nothing is queued up in memory for it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: deque[tuple[Append, Reply]] = deque()
        self._arrived = trio.Event()
        self._settled = trio.Condition()
        self._failure: StoreUnavailable | None = None
        self._writable = trio.Event()
        self._writable.set()

    async def on_start(self) -> None:
        """Begin to commit."""
        self.context.registry.register(JOURNAL, self.context.ref)
        self.context.start_soon(self._commit_groups)

    async def receive(self, message: object) -> object:
        """Take a commit into the next group, or tell when writing works again."""
        reply = self.context.defer()
        match message:
            case Commit(append=append):
                if self._failure is not None:
                    reply.fail(self._failure)
                    return None
                async with self._settled:
                    while len(self._pending) >= LARGEST_GROUP:
                        await self._settled.wait()
                self._pending.append((append, reply))
                self._arrived.set()
            case WaitWritable():
                self.context.start_soon(self._tell_writable, reply)
            case _:
                raise self.unexpected(message)
        return None

    async def on_stop(self) -> None:
        """Commit what has been accepted."""
        async with self._settled:
            while self._pending:
                await self._settled.wait()

    async def _tell_writable(self, reply: Reply) -> None:
        await self._writable.wait()
        reply.resolve(None)

    async def _commit_groups(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived = trio.Event()
            while self._pending:
                group = [self._pending[at] for at in range(min(LARGEST_GROUP, len(self._pending)))]
                await self._commit(group)
                for _ in group:
                    self._pending.popleft()
                async with self._settled:
                    self._settled.notify_all()

    async def _commit(self, group: list[tuple[Append, Reply]]) -> None:
        """Commit, then publish, then answer (design §4)."""
        try:
            outcomes = await self._store.append_all([append for append, _ in group])
        except StoreUnavailable as err:
            log.error("the log takes no writes: %s", err, extra={"action": "journal_refused"})
            self._start_probing(err)
            for _, reply in group:
                reply.fail(err)
            return
        except Exception:
            # The crash answers everybody; on_stop() must not wait for what nobody will commit.
            self._pending.clear()
            raise
        for outcome in outcomes:
            if isinstance(outcome, Appended):
                for recorded in outcome.recorded:
                    self.context.bus.publish(recorded, recorded.position)
        for (_, reply), outcome in zip(group, outcomes, strict=True):
            _answer(reply, outcome)

    def _start_probing(self, failure: StoreUnavailable) -> None:
        if self._failure is None:
            self._writable = trio.Event()
            self.context.start_soon(self._probe)
        self._failure = failure

    async def _probe(self) -> None:
        tries = 0
        while self._failure is not None:
            await trio.sleep(PROBE_AFTER_SECS[min(tries, len(PROBE_AFTER_SECS) - 1)])
            tries += 1
            try:
                await self._store.probe()
            except StoreUnavailable as err:
                self._failure = err
            else:
                log.warning("the log takes writes again", extra={"action": "journal_recovered"})
                self._failure = None
                self._writable.set()


def _answer(reply: Reply, outcome: Outcome) -> None:
    if isinstance(outcome, Faulted):
        reply.fail(outcome.error)
    else:
        reply.resolve(outcome)
