"""Whether a thread may be merged, by how it was reviewed, what was said, and what its branch holds since then."""

from collections.abc import Callable

import pytest

from compas.domain.approval.judgement import judge
from compas.domain.facts.event import Verdict
from tests.kit.domain.told_story import WORKING, Story

APPROVE: Verdict = "approve"
CHANGES: Verdict = "request_changes"

SAID: dict[str, tuple[Verdict, Verdict]] = {
    # what the reviewers say, the first and the second
    "none": ("", ""),
    "approve": (APPROVE, APPROVE),
    "request changes": (CHANGES, CHANGES),
    "mixed": (APPROVE, CHANGES),
    "one silent": (APPROVE, ""),
}

# P: the merge passes.  W: it passes with a warning.  R: it is refused.
TABLE = """
how it was reviewed    | what was said   | same execution nobody base dirty unrecorded
no reviewer            | none            | P    P         P      P    P     R
one reviewer           | none            | P    P         P      P    P     R
one reviewer           | approve         | P    R         R      R    R     R
one reviewer           | request changes | R    W         R      R    R     R
one reviewer           | late            | R    R         R      R    R     R
one reviewer           | own work        | P    P         P      P    P     R
fan-out of two         | none            | P    P         P      P    P     R
fan-out of two         | approve         | P    R         R      R    R     R
fan-out of two         | request changes | R    W         R      R    R     R
fan-out of two         | mixed           | R    W         R      R    R     R
fan-out of two         | one silent      | P    R         R      R    R     R
fan-out of two         | late            | R    R         R      R    R     R
joined                 | none            | P    P         P      P    P     R
joined                 | approve         | P    R         R      R    R     R
joined                 | request changes | R    W         R      R    R     R
joined                 | mixed           | R    W         R      R    R     R
joined                 | own work        | P    P         P      P    P     R
until: approved        | approve         | P    R         R      R    R     R
until: approved        | none            | P    P         P      P    P     R
depth limit            | none            | P    P         P      P    P     R
depth limit            | approve         | R    R         R      R    R     R
depth limit            | request changes | W    W         R      W    R     R
hand-back              | none            | P    P         P      P    P     R
hand-back              | approve         | R    R         R      R    R     R
hand-back              | request changes | W    W         R      W    R     R
person                 | approve         | P    R         R      R    R     R
person                 | request changes | R    W         R      R    R     R
person after agents    | approve         | P    R         R      R    R     R
person after agents    | request changes | R    W         R      R    R     R
agents after person    | approve         | P    R         R      R    R     R
agents after person    | request changes | R    W         R      R    R     R
dispatched by hand     | none            | P    P         P      P    P     R
dispatched by hand     | approve         | P    R         R      R    R     R
dispatched by hand     | request changes | R    W         R      R    R     R
dispatched by hand     | own work        | P    P         P      P    P     R
"""

Form = Callable[[Story, str, str], None]


def no_reviewer(story: Story, judged: str, said: str) -> None:
    """Nobody looks at it."""


def one_reviewer(story: Story, judged: str, said: str) -> None:
    work = story.turns[-1].execution
    if said == "own work":  # an answer to a review that asked for changes
        story.look("dev", APPROVE, at=judged, handed_by=work, task_verdict=CHANGES)
    elif said == "late":
        story.look("reviewer", CHANGES, at=judged, handed_by=work, ended_position=10_000)
    else:
        story.look("reviewer", SAID[said][0], at=judged, handed_by=work)


def fan_out(story: Story, judged: str, said: str) -> None:
    work = story.turns[-1].execution
    first, second = SAID["mixed" if said == "late" else said]
    ended = {"ended_position": 10_000} if said == "late" else {}
    story.look("r1", first, at=judged, handed_by=work, opened_by=work, thread="c1")
    story.look("r2", second, at=judged, handed_by=work, opened_by=work, thread="c2", **ended)


def joined(story: Story, judged: str, said: str) -> None:
    work = story.turns[-1].execution
    fan_out(story, judged, "none" if said == "own work" else said)
    story.look("lead", APPROVE, at=judged, handed_by=work, thread="t1", joins=True)


def depth_limit(story: Story, judged: str, said: str) -> None:
    """The reply of the reviewer goes back to the worker, whose turn is the last."""
    one_reviewer(story, judged, said)
    reviewer = story.turns[-1].execution
    story.tip = judged
    story.work(makes="answer", handed_by=reviewer, task_verdict=SAID[said][0])


def hand_back(story: Story, judged: str, said: str) -> None:
    """A merge conflicted, and its agent has merged the target into its branch."""
    one_reviewer(story, judged, said)
    story.tip = judged
    story.work(makes="resolved@newer")


def person(story: Story, judged: str, said: str) -> None:
    story.person(SAID[said][0], judged)


def person_after_agents(story: Story, judged: str, said: str) -> None:
    one_reviewer(story, judged, "approve" if said == "request changes" else "request changes")
    story.person(SAID[said][0], judged)


def agents_after_person(story: Story, judged: str, said: str) -> None:
    """A person's verdict on a tree outranks what agents say of it later."""
    story.person(SAID[said][0], judged)
    work = story.turns[-1].execution
    story.look("reviewer", APPROVE if said == "request changes" else CHANGES, at=judged, handed_by=work)


def by_hand(story: Story, judged: str, said: str) -> None:
    if said == "own work":  # it changed something itself, so its verdict is about nothing that others made
        story.look("reviewer", thread="t1", at=judged, verdict=APPROVE, judged=None)
    else:
        story.look("reviewer", SAID[said][0], at=judged, thread="t1")


FORMS: dict[str, Form] = {
    "no reviewer": no_reviewer,
    "one reviewer": one_reviewer,
    "fan-out of two": fan_out,
    "joined": joined,
    "until: approved": one_reviewer,
    "depth limit": depth_limit,
    "hand-back": hand_back,
    "person": person,
    "person after agents": person_after_agents,
    "agents after person": agents_after_person,
    "dispatched by hand": by_hand,
}


def tell(form: Form, said: str, state: str) -> Story:
    """Tell how a thread was worked on and reviewed, and what became of its branch after that."""
    story = Story()
    story.work(makes="work", dirty=state == "dirty")
    form(story, "work", said)
    match state:
        case "execution":
            story.work(makes="more")
        case "nobody":
            story.tip = "theirs"
        case "base":
            story.tip = f"{story.tip.partition('@')[0]}@older"
        case "dirty":
            story.tip = "begun"
        case "unrecorded":
            story.turn("dev", **WORKING, unrecorded="git refused")
    return story


def rows() -> list[tuple[str, str, str, str]]:
    """Return how, what was said, what became of the branch, and the outcome, cell by cell."""
    head, *lines = TABLE.strip().splitlines()
    states = head.split("|")[2].split()
    found = []
    for line in lines:
        how, said, outcomes = (part.strip() for part in line.split("|"))
        found += [(how, said, state, one) for state, one in zip(states, outcomes.split(), strict=True)]
    return found


@pytest.mark.parametrize(("how", "said", "state", "expected"), rows())
def test_a_merge_passes_warns_or_is_refused(how: str, said: str, state: str, expected: str) -> None:
    story = tell(FORMS[how], said, state)
    found = judge(story.case(), story.findings(), requires="no_objection")
    assert found.outcome == {"P": "pass", "W": "warn", "R": "refuse"}[expected], found
    assert bool(found.code) == (expected == "R")
    assert bool(found.message) == (expected != "P")


@pytest.mark.parametrize(("how", "said", "state", "expected"), rows())
def test_the_operators_word_overrides_every_verdict(how: str, said: str, state: str, expected: str) -> None:
    story = tell(FORMS[how], said, state)
    found = judge(story.case(), story.findings(), requires="approval", force=True)
    assert found.outcome != "refuse"
    if expected == "R":
        assert found.outcome == "warn"


@pytest.mark.parametrize(("how", "said", "state", "expected"), rows())
def test_where_an_approval_is_required_nothing_else_passes(how: str, said: str, state: str, expected: str) -> None:
    story = tell(FORMS[how], said, state)
    found = judge(story.case(), story.findings(), requires="approval")
    is_approved = expected == "P" and said == "approve"
    assert found.outcome == ("pass" if is_approved else "refuse"), found
