"""Where a reply goes next: to another agent, to the operator, or nowhere."""

import msgspec
import pytest

from compas.domain import events as e
from compas.domain.execution import decide_request, decide_worktree_ready
from compas.domain.specs import AgentSpec, HandoffSpec
from tests.kit.domain.thread_dialogue import Dialogue, Said, agent, kinds, only, rules, success

TWO = rules(agent("dev", "reviewer"), agent("reviewer", "dev"))


def handing(alias: str, *targets: str, **plan: object) -> AgentSpec:
    return agent(alias, handoff=msgspec.structs.replace(HandoffSpec(targets=targets), **plan))


def review_request(said: Said) -> e.MessagePosted:
    posted = [event for event in said if isinstance(event, e.MessagePosted) and event.intent == "review-request"]
    assert len(posted) == 1, kinds(said)
    assert posted[0].recipient == "operator"
    return posted[0]


def handed_on(said: Said) -> e.MessagePosted:
    posted = [event for event in said if isinstance(event, e.MessagePosted) and event.intent == "handoff"]
    assert len(posted) == 1, kinds(said)
    return posted[0]


# proves: a-core 123
def test_a_reply_goes_to_the_operator_and_to_the_next_agent_in_one_append_on_the_same_thread() -> None:
    talk = Dialogue(TWO)
    talk.dispatch(body="add a health check")
    said = talk.run(success("added"))
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "MessagePosted", "ExecutionQueued"]
    assert only(said[:2], e.MessagePosted).recipient == "operator"
    posted, queued = handed_on(said), only(said, e.ExecutionQueued)
    assert (posted.sender, posted.recipient, posted.depth) == ("dev", "reviewer", 1)
    assert (queued.agent, queued.message) == ("reviewer", posted.message)
    assert len({one.stream for one in talk.log}) == 1
    assert len({one.lineage for one in talk.log}) == 1


# proves: a-core 128
def test_one_target_is_a_target_on_the_same_thread_also_beside_the_operator() -> None:
    talk = Dialogue(rules(agent("dev", "operator", "reviewer"), agent("reviewer")))
    talk.dispatch()
    assert handed_on(talk.run(success())).recipient == "reviewer"


# proves: a-core 127
@pytest.mark.parametrize("targets", [(), ("operator",)])
def test_an_agent_that_answers_the_operator_or_hands_on_to_nobody_only_replies(targets: tuple[str, ...]) -> None:
    talk = Dialogue(rules(agent("dev", *targets), handing("idle")))
    for alias in ("dev", "idle"):
        talk.dispatch(alias)
        assert kinds(talk.run(success())) == ["ExecutionEnded", "MessagePosted"]


# proves: a-core 132
@pytest.mark.parametrize("targets", [("r1",), ("r1", "r2")])
def test_a_dispatch_that_switched_handoffs_off_brings_only_its_reply(targets: tuple[str, ...]) -> None:
    talk = Dialogue(rules(agent("dev", *targets), agent("r1"), agent("r2")))
    talk.dispatch(skip_handoff=True)
    assert kinds(talk.run(success())) == ["ExecutionEnded", "MessagePosted"]


# --- what the next agent is told -------------------------------------------------------------------------------------


# proves: a-core 124
def test_a_handoff_begins_with_the_configured_prompt_or_with_the_original_dispatch() -> None:
    for prompt, beginning in (
        (None, "## Original dispatch\n\nadd a check"),
        ("Be strict.", "Be strict.\n\n## Original"),
    ):
        talk = Dialogue(rules(handing("dev", "reviewer", prompt=prompt), agent("reviewer")))
        talk.dispatch(body="add a check")
        body = handed_on(talk.run(success("I added it"))).body
        assert body.startswith(beginning)
        assert "## Reply from dev\n\nI added it" in body
        assert "## Work under review" not in body


def test_every_hop_is_told_the_task_that_its_own_chain_began_with() -> None:
    talk = Dialogue(TWO)
    talk.dispatch(body="first task")
    talk.dispatch(body="second task")
    bodies = [handed_on(talk.run(success())).body for _ in range(4)]
    began = ["first" if "first task" in body else "second" for body in bodies]
    assert began == ["first", "second", "first", "second"]


def test_a_reviewer_is_told_where_the_work_is_and_where_it_stands_in_the_chain() -> None:
    talk = Dialogue(TWO)
    talk.dispatch()
    execution = talk.queued()[0].execution
    ready = e.WorktreeReady(
        repository="/src/app", path="/trees/t1", branch="compas/t1", base="main", base_commit="b" * 40
    )
    talk.play(decide_worktree_ready(talk.state, execution, ready))
    requested = e.ExecutionRequested(execution=execution, workdir="/trees/t1", worktree=True)
    talk.play(decide_request(talk.state, requested))
    body = handed_on(talk.end(success(snapshot=e.SnapshotTaken(commit="c" * 40, head="h")))).body
    work = body.partition("## Work under review")[2]
    for part in ("/trees/t1", "compas/t1", "main", "git diff bbbbbbbbbbbb cccccccccccc", "handoff 1 of this dispatch"):
        assert part in work


# --- limits ----------------------------------------------------------------------------------------------------------


# proves: a-core 125, a-core 130
@pytest.mark.parametrize("targets", [("dev",), ("dev", "lead")])
def test_at_the_longest_chain_the_operator_is_asked_instead(targets: tuple[str, ...]) -> None:
    config = rules(handing("dev", "reviewer"), handing("reviewer", *targets, max_chain_depth=1), agent("lead"))
    talk = Dialogue(config)
    talk.dispatch()
    talk.run(success())
    said = talk.run(success("looks odd"))
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "MessagePosted"]
    assert only(said[:2], e.MessagePosted).body == "looks odd"
    asked = review_request(said)
    assert "limit of 1 handoffs" in asked.body
    assert "dev" in asked.body
    assert "reviewer" in asked.body
    assert (talk.queued(), talk.state.status) == ([], "Active")


# proves: a-core 126, b-mcp-cli-merge 139
def test_a_new_dispatch_after_a_limit_is_handed_on_again() -> None:
    talk = Dialogue(TWO)
    talk.dispatch()
    for _ in range(3):
        handed_on(talk.run(success()))
    review_request(talk.run(success()))
    talk.dispatch()
    assert handed_on(talk.run(success())).depth == 1


# --- targets that start nothing --------------------------------------------------------------------------------------


def test_a_handoff_to_an_operator_role_is_posted_and_ends_the_chain() -> None:
    talk = Dialogue(rules(agent("dev", "human"), agent("human", role="operator")))
    talk.dispatch()
    said = talk.run(success())
    assert kinds(said) == ["ExecutionEnded", "MessagePosted", "MessagePosted"]
    assert handed_on(said).recipient == "human"
    assert talk.state.in_flight() == ()


def test_a_handoff_to_an_agent_that_is_gone_is_put_to_the_operator() -> None:
    talk = Dialogue(TWO)
    talk.dispatch()
    talk.start()
    talk.rules = rules(agent("dev", "reviewer"), agent("lead"))
    said = talk.end(success())
    asked = review_request(said)
    assert "'reviewer'" in asked.body
    assert "not in the config any more" in asked.body
    assert [posted.intent for posted in talk.messages("handoff")] == []
    assert talk.state.in_flight() == ()


def test_a_handoff_that_would_start_no_work_is_put_to_the_operator() -> None:
    talk = Dialogue(rules(agent("dev", "reviewer"), agent("reviewer"), intents=("dispatch",)))
    talk.dispatch()
    asked = review_request(talk.run(success()))
    assert "trigger_intents" in asked.body
    assert "'reviewer'" in asked.body


# --- until: approved -------------------------------------------------------------------------------------------------

BY_AUTHOR = rules(handing("dev", "reviewer", until="approved"), handing("reviewer", "dev"))
BY_REVIEWER = rules(handing("dev", "reviewer"), handing("reviewer", "dev", until="approved"))


@pytest.mark.parametrize("config", [BY_AUTHOR, BY_REVIEWER], ids=["author", "reviewer"])
def test_an_approval_ends_a_chain_that_goes_on_until_approved(config: object) -> None:
    talk = Dialogue(config)  # type: ignore[arg-type]
    talk.dispatch()
    talk.run(success())
    handed_on(talk.run(success(verdict="request_changes")))
    talk.run(success("fixed"))
    assert kinds(talk.run(success(verdict="approve"))) == ["ExecutionEnded", "MessagePosted"]
    assert talk.queued() == []


@pytest.mark.parametrize("verdict", ["request_changes", ""])
def test_without_an_approval_the_chain_goes_on(verdict: e.Verdict) -> None:
    talk = Dialogue(BY_AUTHOR)
    talk.dispatch()
    talk.run(success())
    assert handed_on(talk.run(success(verdict=verdict))).recipient == "dev"


def test_an_approval_ends_no_chain_that_nobody_wanted_approved() -> None:
    talk = Dialogue(TWO)
    talk.dispatch()
    talk.run(success())
    assert handed_on(talk.run(success(verdict="approve"))).recipient == "dev"


def test_an_author_cannot_approve_its_own_work() -> None:
    talk = Dialogue(BY_AUTHOR)
    talk.dispatch()
    assert handed_on(talk.run(success(verdict="approve"))).recipient == "reviewer"
    talk.run(success(verdict="request_changes"))
    assert handed_on(talk.run(success(verdict="approve"))).recipient == "reviewer"
