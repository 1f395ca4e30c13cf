"""Judges a thread's branch: how it stands to its newest review, and whether it may be merged."""

from typing import Literal

import msgspec

from compas.domain.advice import Said, say
from compas.domain.approval import words
from compas.domain.approval.facts import Case, Commit, Findings, Opinion, Round, Standing, Work
from compas.domain.decision import Refusal
from compas.domain.specs import Requires


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """How a branch stands to its newest review, and in a sentence who said so. `missing` gave no verdict in it."""

    standing: Standing
    sentence: str
    missing: tuple[str, ...] = ()


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a merge passes, passes with a warning, or is refused.

    `code` is for programs and empty unless it is refused; `message` says what was found and what to do, and is empty
    where the merge passes.
    """

    review: Review
    outcome: Literal["pass", "warn", "refuse"]
    code: str = ""
    message: Said = ""


def judge(case: Case, found: Findings, *, requires: Requires, force: bool = False) -> Judgement:
    """Say whether what the tip holds may be merged (docs/decisions/0020).

    `force` is the operator's word against verdicts and a failed snapshot. Work under way is refused all the same.
    """
    review = review_of(case, found)
    busy = why_busy(case)
    if busy is not None:
        return Judgement(review=review, outcome="refuse", code="still_running", message=busy)
    refused = objection(case.thread, review, requires)
    if refused is None:
        is_warned = review.standing == "changed_since_the_review"
        return Judgement(
            review=review, outcome="warn" if is_warned else "pass", message=review.sentence if is_warned else ""
        )
    if force:
        return Judgement(review=review, outcome="warn", message=words.forced(review.sentence, review.missing))
    return Judgement(review=review, outcome="refuse", code=refused.code, message=refused.message)


def why_busy(case: Case) -> str | None:
    """Say what is under way in the thread and in what its fan-outs opened; None when nothing is."""
    return words.busy(case.thread, case.busy) if case.busy else None


def review_of(case: Case, found: Findings) -> Review:
    """Return how the tip stands to the newest round that has a verdict.

    A person's newest verdict on a tree outranks what agents say of that tree, before and after. Each reviewer's newest
    verdict counts; a reviewer without one is ignored.
    """
    last = case.works[-1] if case.works else None
    if last is not None and last.problem:
        return Review(standing="no_snapshot", sentence=words.no_snapshot(last))
    counted = newest_round(case, found)
    if counted is None:
        return Review(standing="not_reviewed", sentence=words.not_reviewed(case.branch))
    objections = [one for one in counted.newest() if one.verdict == "request_changes"]
    approvals = [one for one in counted.newest() if one.verdict == "approve"]
    if objections:
        return _after_objections(case, objections, found)
    missing = tuple(name for name in counted.asked if name not in {one.by for one in approvals})
    if all(_holds(one, found) for one in approvals):
        return Review(
            standing="approved", sentence=words.approved(case.branch, approvals, found.tip.commit), missing=missing
        )
    return Review(
        standing="changed_since_the_approval",
        sentence=words.changed_since_approval(case.branch, approvals, found),
        missing=missing,
    )


def to_look_up(case: Case) -> tuple[str, ...]:
    """Return the commits about which git has to be asked before a case can be judged."""
    opinions = [one for each in case.rounds for one in each.opinions]
    left = [work.snapshot.commit for work in case.works if work.snapshot is not None and work.moved]
    return tuple(dict.fromkeys([*(one.judged for one in opinions), *(left if opinions else [])]))


def newest_round(case: Case, found: Findings) -> Round | None:
    """Return the round that counts, None when nobody has given a verdict."""
    counted = next((one for one in reversed(case.rounds) if one.opinions), None)
    if counted is None or counted.is_person:
        return counted
    judged = [found.of(one.judged) for one in counted.newest()]
    for one in reversed(case.rounds):
        if one.is_person and any(_is_same(found.of(one.opinions[-1].judged), other) for other in judged):
            return one
    return counted


def _is_same(one: Commit, other: Commit) -> bool:
    return one.commit == other.commit or (one.tree is not None and one.tree == other.tree)


def objection(thread: str, review: Review | None, requires: Requires) -> Refusal | None:
    """Return what the review has against a merge; None when it has nothing, or when nothing is known of one."""
    if review is None:
        return None
    match review.standing:
        case "no_snapshot":
            return Refusal(code=review.standing, message=say(f"{review.sentence} ", words.UNTIL_RECORDED))
        case "changes_requested":
            return Refusal(code=review.standing, message=say(f"{review.sentence} ", words.to_be_changed(thread)))
        case "changed_since_the_approval":
            return Refusal(code=review.standing, message=say(f"{review.sentence} ", words.to_be_looked_at(thread)))
        case "approved" if requires == "approval" and review.missing:
            return Refusal(code="not_approved", message=words.not_by_all(review.sentence, review.missing))
        case "not_reviewed" | "changed_since_the_review" if requires == "approval":
            return Refusal(code="not_approved", message=words.approval_required(thread, review.sentence))
        case _:
            return None


def _after_objections(case: Case, objections: list[Opinion], found: Findings) -> Review:
    """Changes that somebody asked for are answered by a later execution of the thread that moved the branch."""
    newest = max(one.position for one in objections)
    still_there = any(found.of(one.judged).commit == found.tip.commit for one in objections)
    still_there = still_there or any(found.is_same_tree(one.judged) for one in objections)
    answers = (work for work in case.works if work.queued > newest and _left(work, found))
    answer = None if still_there else next(answers, None)
    if answer is None:
        sentence = words.changes_requested(case.branch, objections, still_there=still_there, tip=found.tip.commit)
        return Review(standing="changes_requested", sentence=sentence)
    return Review(
        standing="changed_since_the_review", sentence=words.changed_since_review(case.branch, objections, answer, found)
    )


def _left(work: Work, found: Findings) -> bool:
    """True when this execution made what the tip holds: it left the branch there, or that very tree uncommitted."""
    taken = work.snapshot
    if taken is None or not work.moved:
        return False
    return taken.head == found.tip.commit or found.is_same_tree(taken.commit)


def _holds(approval: Opinion, found: Findings) -> bool:
    """True when the tip has the tree that was approved, and the merge base. What the target contains lands no more."""
    judged, tip = found.of(approval.judged), found.tip
    if judged.commit == tip.commit:
        return True
    return found.is_same_tree(judged.commit) and (judged.base == tip.base or tip.base == tip.commit)
