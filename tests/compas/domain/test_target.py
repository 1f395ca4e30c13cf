"""Where work may be merged into: never into a thread's branch, and not into a target that an agent has moved."""

import pytest

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.decision import Decision, Refusal
from compas.domain.merge import Queue, decide_sight, evolve
from compas.domain.target import Sight, is_thread_branch, judge, refuse_held, refuse_thread_branch

A, B, C = ("a" * 40, "b" * 40, "c" * 40)
THEIRS = (e.ThreadCommit(commit=B, thread="t1", subject="work"),)
STREAM = e.merge_stream("/src/app", "main")


class Target:
    """A target in dialogue with its rules."""

    def __init__(self) -> None:
        self.state = Queue(stream=STREAM)

    def see(self, now: str, *, accepted: str | None = None, **fields: object) -> Decision:
        sight = Sight(known=self.state.known, now=now, start=self.state.known, **fields)
        return decide_sight(self.state, sight, target="main", accepted=accepted, by="olga")

    def play(self, decision: Decision) -> list[e.Event]:
        assert not isinstance(decision, Refusal), decision
        for draft in decision:
            version = self.state.version + 1
            recorded = e.Recorded(position=version, stream=STREAM, version=version, event=draft.event, at=0.0)
            self.state = evolve(self.state, recorded)
        return [draft.event for draft in decision]


def code_of(decision: Decision) -> str:
    assert isinstance(decision, Refusal), decision
    return decision.code


@pytest.mark.parametrize(
    "branch",
    [
        "compas/t1",
        "COMPAS/t1",
        "Compas/x/y",
        "refs/heads/compas/t1",
        "REFS/Heads/compas/t1",
        "heads/compas/t1",
        "compas/",
    ],
)
def test_everything_under_the_prefix_of_threads_belongs_to_one_in_any_spelling(branch: str) -> None:
    assert is_thread_branch(branch)


@pytest.mark.parametrize("branch", ["main", "compas", "feature/compas/x", "compass/x", "refs/heads/main", ""])
def test_other_branches_belong_to_people(branch: str) -> None:
    assert not is_thread_branch(branch)


def test_the_refusal_names_the_branch_and_says_what_to_do() -> None:
    found = refuse_thread_branch("compas/t1")
    assert found.code == "thread_branch"
    assert "compas/t1" in found.message
    assert "--target" in found.message


# --- where a target is --------------------------------------------------------------------------------------------


def test_a_target_is_noted_when_it_is_first_seen_and_when_people_moved_it() -> None:
    talk = Target()
    assert talk.play(talk.see(A)) == [e.TargetSeen(commit=A, how="first")]
    assert talk.see(A) == (), "it is known"
    assert talk.play(talk.see(B)) == [e.TargetSeen(commit=B, how="forward")]
    assert talk.state.known == B


@pytest.mark.parametrize(
    ("is_forward", "commits", "why"),
    [(False, (), "rewound"), (True, THEIRS, "thread_commits"), (False, THEIRS, "rewound")],
)
def test_a_target_that_nobody_known_moved_is_held_once_and_known_where_it_was(
    is_forward: bool, commits: tuple[e.ThreadCommit, ...], why: str
) -> None:
    talk = Target()
    talk.play(talk.see(A))
    (held,) = talk.play(talk.see(B, is_forward=is_forward, commits=commits))
    assert held == e.TargetHeld(known=A, found=B, why=why, commits=commits, count=len(commits))
    assert (talk.state.known, talk.state.held) == (A, held)
    assert talk.see(B, is_forward=is_forward, commits=commits) == ()
    (again,) = talk.play(talk.see(C, is_forward=is_forward, commits=commits))
    assert again.found == C


def test_a_held_target_is_released_by_the_word_for_it_by_going_back_and_by_a_person_going_on_from_there() -> None:
    for decide, event in (
        (lambda talk: talk.see(B, commits=THEIRS, accepted=B[:7]), e.TargetSeen(commit=B, how="accepted", by="olga")),
        (lambda talk: talk.see(A), e.TargetSeen(commit=A, how="back")),
        (lambda talk: talk.see(C), e.TargetSeen(commit=C, how="forward")),
    ):
        talk = Target()
        talk.play(talk.see(A))
        talk.play(talk.see(B, commits=THEIRS))
        assert talk.play(decide(talk)) == [event]
        assert (talk.state.held, talk.state.known) == (None, event.commit)


def test_what_compas_publishes_is_known() -> None:
    talk = Target()
    talk.play(talk.see(A))
    talk.play(talk.see(B, commits=THEIRS))
    queued = e.MergeQueued(
        op="op1",
        thread="t1",
        repository="/src/app",
        source="compas/t1",
        target="main",
        strategy="merge",
        requested_by="olga",
        message="",
        source_tip=B,
    )
    for event in (queued, e.MergeStarted(op="op1"), e.MergeCompleted(op="op1", new_commit=C, summary="")):
        talk.state = evolve(talk.state, e.Recorded(position=1, stream=STREAM, version=1, event=event, at=0.0))
    assert (talk.state.known, talk.state.held) == (C, None)


def test_a_look_from_before_something_else_was_noted_is_taken_again() -> None:
    talk = Target()
    talk.play(talk.see(A))
    assert code_of(decide_sight(talk.state, Sight(known="", now=A), target="main")) == "look_again"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [("b" * 6, "bad_commit"), ("main", "bad_commit"), ("", "bad_commit"), ("-b" * 9, "bad_commit"), (C, "not_the_tip")],
)
def test_only_the_commit_that_the_target_is_at_can_be_accepted(accepted: str, code: str) -> None:
    talk = Target()
    talk.play(talk.see(A))
    assert code_of(talk.see(B, commits=THEIRS, accepted=accepted)) == code
    assert talk.state.known == A


def test_a_target_that_is_in_order_needs_no_word_and_takes_one() -> None:
    talk = Target()
    assert talk.play(talk.see(A, accepted=A)) == [e.TargetSeen(commit=A, how="first")]


def test_the_refusal_says_what_was_found_and_how_a_person_decides() -> None:
    many = tuple(e.ThreadCommit(commit=str(n) * 40, thread=f"t{n % 2}", subject=f"work {n}") for n in range(8))
    held = judge(Sight(known=A, now=B, start=A, is_forward=False, commits=many))
    assert isinstance(held, e.TargetHeld)
    found = refuse_held(held, repository="/src/my app", target="main", thread="t1")
    assert found.code == "target_moved"
    for text in (
        f"moved from {A[:12]} to {B[:12]}, not by compas",
        f"does not contain {A[:12]} any longer",
        "work of thread t0, t1",
        "8 commits",
        "and 3 more",
        f"`git -C '/src/my app' update-ref refs/heads/main {A} {B}`",
        f"`compas merge t1 --target main --accept-target {B[:12]}`",
        "The operator decides, nobody else",
    ):
        assert text in in_commands(found.message)
