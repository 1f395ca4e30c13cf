"""Asks the log and the repository how threads stand to their reviews: for a merge, or for many threads at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import trio

from compas.domain import events as e
from compas.domain.approval.facts import Case, Commit, Findings
from compas.domain.approval.judgement import Judgement, Review, judge, review_of, to_look_up
from compas.domain.approval.rounds import Place, case_of
from compas.domain.specs import Requires
from compas.git.errors import GitError
from compas.git.protocol.reading import CommitSeen, ReadSides, Side, SideSeen
from compas.orchestrator.services import Services
from compas.orchestrator.worktrees.setup import repository_spec
from compas.store.connection import Reader
from compas.store.projections.reviews import reviews_of
from compas.store.projections.worktrees import WorktreeRow, worktrees_of_thread

PATIENCE_SECS = 5.0
"""How long somebody who only looks waits for git."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A merge in question: what `tip` holds is to go to `target`; `caller` is the execution that asks for it."""

    thread: str
    repository: str
    branch: str
    tip: str
    target: str
    caller: str | None = None
    force: bool = False


async def judge_wish(services: Services, wish: Wish) -> Judgement:
    """Judge by the log and the repository of this moment. Raises GitError."""
    now = services.clock()

    def read(reader: Reader) -> Case:
        told = reviews_of(reader, [wish.thread])[wish.thread]
        rows = worktrees_of_thread(reader, wish.thread)
        path = next((row.path for row in rows if row.repository == wish.repository), None)
        place = Place(thread=wish.thread, repository=wish.repository, branch=wish.branch, path=path or "")
        return case_of(place, told.turns, told.rulings, now=now, caller=wish.caller)

    case = await services.store.query(read)
    side = Side(repo=wish.repository, target=wish.target, tip=wish.tip, commits=to_look_up(case))
    (seen,) = (await services.git.ask(ReadSides(sides=(side,)))).sides
    found = _findings(seen) or Findings(tip=Commit(commit=wish.tip))
    return judge(case, found, requires=required(services, wish.repository), force=wish.force)


async def judge_queued(services: Services, queued: e.MergeQueued) -> Judgement:
    """Judge a merge operation again: verdicts may have come since it was asked for. Raises GitError."""
    wish = Wish(
        thread=queued.thread,
        repository=queued.repository,
        branch=queued.source,
        tip=queued.source_tip,
        target=queued.target,
        caller=queued.execution,
        force=queued.force,
    )
    return await judge_wish(services, wish)


def required(services: Services, repository: str) -> Requires:
    """Return what a merge in this repository needs."""
    spec = repository_spec(services, repository)
    return services.config.merge_requires if spec is None else spec.merge_requires


async def reviews_now(services: Services, threads: Sequence[str]) -> dict[str, Review]:
    """Return how each of these threads stands to its newest review; one without a branch of its own is left out.

    Of several repositories it is the review that says most against a merge. Git is asked once for all threads, and not
    at all where nobody has given a verdict; while it cannot be asked, reviewed threads are left out.
    """
    now = services.clock()

    def read(reader: Reader) -> list[tuple[WorktreeRow, Case]]:
        told = reviews_of(reader, threads)
        found = []
        for thread, story in told.items():
            for row in worktrees_of_thread(reader, thread):
                if row.base_commit is not None and not row.reading:
                    place = Place(thread=thread, repository=row.repository, branch=row.branch, path=row.path or "")
                    found.append((row, case_of(place, story.turns, story.rulings, now=now)))
        return found

    cases = await services.store.query(read)
    asked = {place: side for place, (row, case) in enumerate(cases) if (side := _side(services, row, case))}
    seen = await _look(services, tuple(asked.values()))
    answers = dict(zip(asked, seen, strict=True)) if seen is not None else None
    found: dict[str, list[Review]] = {}
    for place, (row, case) in enumerate(cases):
        findings = Findings(tip=Commit(commit=row.tip or ""))
        if place in asked:
            answer = _findings(answers[place]) if answers is not None else None
            if answer is None:
                continue
            findings = answer
        found.setdefault(row.thread, []).append(review_of(case, findings))
    return {thread: max(reviews, key=_weight) for thread, reviews in found.items()}


def _side(services: Services, row: WorktreeRow, case: Case) -> Side | None:
    """Return what to ask git about a thread's branch; None where nobody has judged it."""
    commits = to_look_up(case)
    if not commits:
        return None
    # Of a worktree that was removed, the commit that its branch was at is still there: merged, or archived.
    tip = row.tip if row.path is None and row.tip else f"refs/heads/{row.branch}"
    return Side(repo=row.repository, target=services.config.default_merge_target, tip=tip, commits=commits)


async def _look(services: Services, sides: tuple[Side, ...]) -> tuple[SideSeen, ...] | None:
    if not sides:
        return ()
    with trio.move_on_after(PATIENCE_SECS):
        try:
            return (await services.git.ask(ReadSides(sides=sides))).sides
        except GitError:
            return None
    return None


def _findings(seen: SideSeen) -> Findings | None:
    if seen.tip is None:
        return None
    return Findings(tip=_commit(seen.tip), commits={one.commit: _commit(one) for one in seen.commits})


def _commit(seen: CommitSeen) -> Commit:
    return Commit(commit=seen.commit, tree=seen.tree, base=seen.base)


_WEIGHTS = (
    "approved",
    "not_reviewed",
    "changed_since_the_review",
    "changed_since_the_approval",
    "changes_requested",
    "no_snapshot",
)


def _weight(review: Review) -> int:
    return _WEIGHTS.index(review.standing)
