"""A conflict goes back to the agent whose work it is, as one more link of its chain, and no further than that goes."""

import msgspec

from compas.domain import events as e
from compas.domain.decision import Decision
from compas.domain.hand_back import HandBack, decide_hand_back
from compas.domain.specs import HandoffSpec
from tests.kit.domain.thread_dialogue import Dialogue, agent, kinds, refusal, rules, success

INTENTS = ("dispatch", "handoff", "changes-requested")
TREE = e.WorktreeReady(repository="/src/app", path="/src/app", branch="compas/t1", base="main", base_commit="c")
COMMAND = HandBack(op="m1", repository="/src/app", body="Resolve it.", by="compas")
"""For the dialogue's thread: what merge m1 wants to be told."""


def worked(*targets: str, depth: int = 3) -> Dialogue:
    """Have dev work in a worktree, and whoever it hands over to look at it there."""
    dev = agent("dev", *targets, workspace="worktree")
    dev = msgspec.structs.replace(dev, handoff=HandoffSpec(targets=targets, max_chain_depth=depth))
    talk = Dialogue(rules(dev, agent("reviewer"), intents=INTENTS))
    talk.dispatch()
    talk.append(TREE)
    talk.run(success())
    while talk.next() is not None:
        talk.run(success())
    return talk


def hand_back(talk: Dialogue, command: HandBack = COMMAND) -> Decision:
    return decide_hand_back(talk.state, command, talk.rules, talk.moment())


def test_who_wrote_it_gets_it_and_not_who_looked_at_it_last() -> None:
    talk = worked("reviewer")
    opening = next(iter(talk.state.messages.values()))
    posted, queued = talk.play(hand_back(talk))
    assert isinstance(posted, e.MessagePosted)
    assert isinstance(queued, e.ExecutionQueued)
    assert (posted.sender, posted.recipient, posted.intent, posted.body) == (
        "compas", "dev", "changes-requested", "Resolve it."
    )  # fmt: skip
    assert (posted.depth, queued.message, queued.agent) == (2, posted.message, "dev")
    assert talk.log[-1].lineage == opening.lineage, "it belongs to the chain that made the work"


def test_at_the_chains_limit_the_operator_is_told_instead() -> None:
    talk = worked(depth=1)
    assert kinds(talk.play(hand_back(talk))) == ["MessagePosted", "ExecutionQueued"]
    talk.run(success())
    (note,) = talk.play(hand_back(talk))
    assert isinstance(note, e.MessagePosted)
    assert (note.recipient, note.intent) == ("operator", "review-request")
    assert "limit of 1 handoffs" in note.body
    assert "Resolve it." in note.body


def test_a_new_dispatch_begins_a_chain_that_can_be_handed_back_again() -> None:
    talk = worked(depth=1)
    talk.play(hand_back(talk))
    talk.run(success())
    talk.dispatch(body="go on")
    talk.run(success())
    assert kinds(talk.play(hand_back(talk))) == ["MessagePosted", "ExecutionQueued"]


def test_a_thread_that_was_closed_is_opened_again_by_it() -> None:
    talk = worked()
    talk.close("failed")
    assert kinds(talk.play(hand_back(talk))) == ["ThreadReopened", "MessagePosted", "ExecutionQueued"]
    assert talk.state.status == "Active"


def test_whom_it_cannot_be_given_to_is_said() -> None:
    talk = worked()
    elsewhere = msgspec.structs.replace(COMMAND, repository="/src/other")
    assert refusal(hand_back(talk, elsewhere)).code == "no_author"
    talk.rules = rules(agent("reviewer"), intents=INTENTS)
    assert refusal(hand_back(talk)).code == "would_not_start"
    talk.rules = rules(agent("dev"), intents=("dispatch",))
    assert "'changes-requested' starts no work" in refusal(hand_back(talk)).message
    talk.abandon()
    assert refusal(hand_back(talk)).code == "thread_abandoned"
