"""Looks at a target before anything is merged into it: where the log knows it, where it is, and how it came there."""

import msgspec

from compas.domain import events as e
from compas.domain.target import Sight
from compas.git.protocol.targets import FindMove, ThreadTip
from compas.orchestrator.services import Services
from compas.store.connection import Reader
from compas.store.projections.targets import first_base, published_commits, target_of, work_of_threads

LOOKS = 5
"""How often a target is looked at again because something else was noted of it meanwhile."""


async def look_at_target(services: Services, repository: str, target: str, now: str) -> Sight:
    """Return how a target came to the commit `now`; where that is the known one, git is not asked. Raises GitError."""
    known, start = await services.store.query(lambda reader: _known(reader, repository, target))
    if not start or start == now:
        return Sight(known=known, now=now, start=start)
    threads, published = await services.store.query(lambda reader: _work(reader, repository))
    move = await services.git.ask(FindMove(repo=repository, known=start, now=now, threads=threads, published=published))
    commits = tuple(msgspec.convert(one, e.ThreadCommit, from_attributes=True) for one in move.commits)
    return Sight(known=known, now=now, start=start, is_forward=move.is_forward, commits=commits)


def _known(reader: Reader, repository: str, target: str) -> tuple[str, str]:
    """Return what the log knows of a target, and the commit from which on it is judged: before anything was noted of it
    that is where the first worktree began."""
    row = target_of(reader, repository, target)
    known = row.known if row is not None else ""
    return known, known or first_base(reader, repository, target)


def _work(reader: Reader, repository: str) -> tuple[tuple[ThreadTip, ...], tuple[str, ...]]:
    work = work_of_threads(reader, repository)
    tips = tuple(ThreadTip(thread=one.thread, commit=one.commit, base=one.base) for one in work)
    return tips, published_commits(reader, repository)
