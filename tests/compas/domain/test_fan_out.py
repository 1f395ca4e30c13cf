"""A reply that goes to several agents at once, and what comes of their answers."""

import msgspec
import pytest

from compas.api.advice import in_commands
from compas.domain import events as e
from compas.domain.briefing import Answer
from compas.domain.execution import decide_request, decide_worktree_ready
from compas.domain.explanation import standing
from compas.domain.specs import AgentSpec, HandoffSpec
from tests.kit.domain.thread_dialogue import Dialogue, agent, failure, kinds, only, rules, success

REVIEWERS = (agent("r1"), agent("r2"), agent("lead"))
LINE = {
    "repository": "/src/app",
    "path": "/trees/t1",
    "branch": "compas/t1",
    "base": "main",
    "base_commit": "b" * 40,
}


def handing(alias: str, *targets: str, **plan: object) -> AgentSpec:
    return agent(alias, handoff=msgspec.structs.replace(HandoffSpec(targets=targets), **plan))


def fanning(**plan: object) -> Dialogue:
    """Return a thread whose `dev` hands to `r1` and `r2`."""
    return Dialogue(rules(handing("dev", "r1", "r2", **plan), *REVIEWERS))


def answer(name: str, body: str = "fine", verdict: e.Verdict = "", status: e.ExecutionStatus = "completed") -> Answer:
    return Answer(thread=f"t-{name}", agent=name, status=status, verdict=verdict, body=body)


def handed_on(talk: Dialogue) -> e.MessagePosted:
    return talk.messages("handoff")[-1]


# proves: a-core 129
@pytest.mark.parametrize(("batch", "expected"), [(None, "fanout-t1"), ("night", "night")])
def test_each_target_gets_a_thread_of_its_own_in_one_append_with_the_reply(batch: str | None, expected: str) -> None:
    talk = fanning()
    talk.dispatch(body="add a check", batch=batch, summary="A check")
    said = talk.run(success("I added it"))
    assert kinds(said)[:3] == ["ExecutionEnded", "MessagePosted", "FannedOut"]
    fanned_out = only(said, e.FannedOut)
    assert (fanned_out.agents, fanned_out.depth) == (("r1", "r2"), 1)
    assert tuple(talk.others) == fanned_out.threads
    for name, state in zip(fanned_out.agents, talk.others.values(), strict=True):
        assert (state.status, state.batch, state.source_thread, state.summary) == ("Active", expected, "t1", "A check")
        (message,) = state.messages.values()
        assert (message.posted.recipient, message.posted.intent, message.posted.depth) == (name, "handoff", 1)
        assert "## Original dispatch\n\nadd a check\n\n## Reply from dev\n\nI added it" in message.posted.body
        (run,) = state.runs.values()
        assert (run.queued.agent, run.status) == (name, "queued")
    assert len({one.lineage for one in talk.log}) == 1
    assert talk.state.batch == batch


@pytest.mark.parametrize("join", [None, "dev"])
def test_each_of_its_threads_is_named_after_the_task_and_tells_who_gets_the_answer(join: str | None) -> None:
    talk = fanning(join=join)
    talk.dispatch(body="\nadd a check\n\nto the login")
    opened = [event for event in talk.run(success("done")) if isinstance(event, e.ThreadOpened)]
    assert [(one.summary, one.answers_to) for one in opened] == [("add a check", join)] * 2


def test_a_reviewer_of_a_fan_out_is_told_which_work_it_looks_at_and_what_it_said_about_which_commit() -> None:
    talk = fanning()
    talk.dispatch()
    execution = talk.queued()[0].execution
    talk.play(decide_worktree_ready(talk.state, execution, e.WorktreeReady(**LINE)))
    talk.play(decide_request(talk.state, e.ExecutionRequested(execution=execution, workdir="/trees/t1", worktree=True)))
    talk.end(success(snapshot=e.SnapshotTaken(commit="c" * 40, head="h")))
    review = talk.child(next(iter(talk.others)))
    (message,) = review.state.messages.values()
    assert message.posted.work == e.WorkUnderReview(**LINE, snapshot="c" * 40)
    assert "git diff bbbbbbbbbbbb cccccccccccc" in message.posted.body
    ended = only(review.run(success("Verdict: approve", verdict="approve")), e.ExecutionEnded)
    assert ended.judged == "c" * 40


# proves: a-core 135
def test_agents_that_fan_out_to_each_other_are_stopped_by_the_length_of_the_chain() -> None:
    config = rules(handing("dev", "r1", "r2"), handing("r1", "dev", "r2"), handing("r2", "dev", "r1"))
    talk = Dialogue(config)
    talk.dispatch()
    talk.run(success())
    opened, asked = 0, 0
    waiting = [talk.child(thread) for thread in talk.others]
    while waiting:
        thread = waiting.pop()
        opened += 1
        thread.run(success())
        asked += len(thread.messages("review-request"))
        waiting += [thread.child(name) for name in thread.others]
    assert (opened, asked) == (2 + 4 + 8, 8)


def test_a_handoff_in_a_thread_of_a_fan_out_still_names_the_task_that_it_all_began_with() -> None:
    talk = Dialogue(rules(handing("dev", "r1", "r2"), handing("r1", "lead"), *REVIEWERS[1:]))
    talk.dispatch(body="add a check")
    talk.run(success("I added it"))
    review = talk.child(next(iter(talk.others)))
    review.run(success("odd"))
    assert handed_on(review).body.startswith("## Original dispatch\n\nadd a check\n\n## Reply from r1\n\nodd")


def test_the_operator_is_told_of_targets_that_would_not_start_and_the_others_go_on() -> None:
    talk = Dialogue(rules(handing("dev", "r1", "gone"), *REVIEWERS))
    talk.dispatch()
    fanned_out = only(talk.run(success()), e.FannedOut)
    assert fanned_out.agents == ("r1",)
    assert "'gone': that agent is not in the config any more" in talk.messages("review-request")[0].body


# proves: a-core 134
def test_the_failure_of_one_thread_of_a_fan_out_leaves_its_source_alone() -> None:
    talk = fanning()
    talk.dispatch()
    talk.run(success())
    review = talk.child(next(iter(talk.others)))
    review.run(failure())
    assert (review.state.status, talk.state.status) == ("Failed", "Active")


# --- joining ---------------------------------------------------------------------------------------------------------


def test_all_answers_go_to_the_agent_that_joins_them_with_one_verdict() -> None:
    talk = fanning(join="lead")
    talk.dispatch(body="add a check")
    talk.run(success("I added it"))
    said = talk.join(answer("r1", "looks good", "approve"), answer("r2", "one bug", "request_changes"))
    assert kinds(said) == ["Joined", "MessagePosted", "ExecutionQueued"]
    posted = only(said, e.MessagePosted)
    assert (posted.sender, posted.recipient, posted.depth, posted.verdict) == ("dev", "lead", 2, "request_changes")
    for part in (
        "add a check",
        "### r1, verdict: approve\n\nlooks good",
        "### r2, verdict: request changes\n\none bug",
    ):
        assert part in posted.body
    assert talk.state.fan_outs == {}


def test_answers_are_joined_once() -> None:
    talk = fanning(join="dev")
    talk.dispatch()
    execution = talk.start()
    talk.end(success())
    talk.join(answer("r1"), answer("r2"))
    assert talk.decide_join(answer("r1"), answer("r2"), execution=execution) == ()


def test_a_failure_among_the_answers_is_told_and_none_at_all_is_put_to_the_operator() -> None:
    talk = fanning(join="lead")
    talk.dispatch()
    talk.run(success())
    body = only(talk.join(answer("r1"), answer("r2", "it broke", status="failed")), e.MessagePosted).body
    assert "### r2 (failed)\n\nit broke" in body
    talk.run(success())
    talk.dispatch()
    talk.run(success())
    said = talk.join(answer("r1", "it broke", status="failed"), answer("r2", "", status="cancelled"))
    assert kinds(said) == ["Joined", "MessagePosted"]
    assert only(said, e.MessagePosted).body.startswith("None of the agents that got the reply has answered.")


@pytest.mark.parametrize(("second", "ends"), [("approve", True), ("", False), ("request_changes", False)])
def test_a_chain_until_approved_ends_when_everybody_approved(second: e.Verdict, ends: bool) -> None:
    talk = fanning(join="dev", until="approved")
    talk.dispatch()
    talk.run(success())
    said = talk.join(answer("r1", verdict="approve"), answer("r2", verdict=second))
    assert (only(said, e.MessagePosted).recipient == "operator") == ends
    assert (len(talk.queued()) == 0) == ends


def test_a_join_beyond_the_length_of_the_chain_is_put_to_the_operator_with_the_answers() -> None:
    talk = fanning(join="dev", max_chain_depth=1)
    talk.dispatch()
    talk.run(success())
    posted = only(talk.join(answer("r1", "one thing")), e.MessagePosted)
    assert posted.intent == "review-request"
    assert "limit of 1 handoffs" in posted.body
    assert "one thing" in posted.body


def test_a_join_by_an_agent_that_is_gone_is_put_to_the_operator() -> None:
    talk = fanning(join="lead")
    talk.dispatch()
    talk.run(success())
    talk.rules = rules(handing("dev", "r1", "r2", join="lead"))
    assert "'lead' was to join the answers" in only(talk.join(answer("r1")), e.MessagePosted).body


@pytest.mark.parametrize("end", ["close", "abandon"])
def test_nothing_is_joined_in_a_thread_that_has_ended_nor_after_it_was_taken_up_again(end: str) -> None:
    talk = fanning(join="lead")
    talk.dispatch()
    execution = talk.start()
    talk.end(success())
    getattr(talk, end)()
    assert talk.decide_join(answer("r1"), execution=execution) == ()
    talk.dispatch()
    assert talk.state.fan_outs == {}


def test_a_thread_that_waits_for_answers_says_so() -> None:
    talk = fanning(join="lead")
    talk.dispatch()
    talk.run(success())
    where, following = standing(talk.state, now=talk.now)
    assert all(thread in where for thread in talk.others)
    assert "--await-chain" in in_commands(following)
