"""The refs of snapshots of ended threads: one ref takes their place, so that git stays quick."""

from collections.abc import Awaitable, Callable
from typing import Final

from actors.ref import ActorRef
from compas.domain import events as e
from compas.domain.retention import Gathered, GatheredKind, snapshots_to_archive
from compas.failpoints import hit
from compas.git.errors import GitError
from compas.git.protocol.worktrees import ArchivedSnapshots, ArchiveSnapshots
from compas.orchestrator.messages.journal import Commit
from compas.orchestrator.services import ASK_TIMEOUT_SECS, Services
from compas.store.projections.retention import count_snapshots, recorded_snapshots
from compas.store.records import Append, Appended, NewEvent

AT_ONCE: Final = 200
"""How many one commit of the archive has for its parents."""
_REF_BYTES: Final = 4096
"""What a ref in a file of its own takes on a usual disk."""


class SnapshotRefs:
    """Archives through the git worker, and logs what it did; what a crash keeps from being logged is found done."""

    kind: GatheredKind = "snapshot refs"

    def __init__(self, services: Services, journal: Callable[[], Awaitable[ActorRef]]) -> None:
        self._services = services
        self._journal = journal
        self._left: set[str] = set()
        """Executions whose ref names something else than their snapshot: not ours to touch."""

    async def gathered(self) -> Gathered:
        """Count them. Raises StoreUnavailable."""
        chosen, _ = await self._due()
        due = sum(map(len, chosen.values()))
        keep = self._services.config.retention.snapshots
        there = await self._services.store.query(count_snapshots)
        return Gathered(kind=self.kind, there=there, due=due, due_bytes=due * _REF_BYTES, keep_secs=keep)

    async def prune(self) -> tuple[int, float, str]:
        """Archive what is due; return how many, when the next ones are (UTC seconds), and what stays in the way.

        Cancelling leaves the rest for the next time. Raises StoreUnavailable.
        """
        removed, troubles = 0, []
        chosen, following = await self._due()
        for repository, snapshots in chosen.items():
            names = list(snapshots)
            try:
                for begin in range(0, len(names), AT_ONCE):
                    some = {name: snapshots[name] for name in names[begin : begin + AT_ONCE]}
                    removed += await self._archive(repository, some, is_last=begin + AT_ONCE >= len(names))
            except GitError as err:
                troubles.append(f"{repository}: {err}")
        if self._left:
            troubles.append(f"{len(self._left)} refs name something else than the log says, and are left alone")
        return removed, following, "; ".join(troubles)

    async def _due(self) -> tuple[dict[str, dict[str, str]], float]:
        found = await self._services.store.query(recorded_snapshots)
        known = [one for one in found if one.execution not in self._left and one.repository]
        return snapshots_to_archive(known, self._services.config.retention.snapshots, self._services.clock())

    async def _archive(self, repository: str, snapshots: dict[str, str], *, is_last: bool) -> int:
        asked = ArchiveSnapshots(repo=repository, snapshots=snapshots, is_last=is_last)
        done = await self._services.git.ask(asked)
        self._left.update(done.left)
        hit("retention.snapshots_archived")
        return await self._log(repository, done)

    async def _log(self, repository: str, done: ArchivedSnapshots) -> int:
        executions = (*done.archived, *done.absent)
        if executions:
            event = e.SnapshotsArchived(
                repository=repository, ref=done.ref, executions=executions, commit=done.commit or ""
            )
            append = Append(events=(NewEvent(stream=e.RETENTION_STREAM, event=event, causation="retention"),))
            outcome = await (await self._journal()).ask(Commit(append), timeout=ASK_TIMEOUT_SECS)
            assert isinstance(outcome, Appended)
        return len(executions)
