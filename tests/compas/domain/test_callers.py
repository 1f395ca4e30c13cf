"""What agents may ask for, and when an agent would wait for itself."""

import msgspec
import pytest

from compas.domain import events as e
from compas.domain.callers import Caller, Places, Waiter, refuse_operation, waits_for_itself
from tests.kit.domain.thread_dialogue import Dialogue, agent, only, refusal, rules, success

DEV = Caller(execution="x1", agent="dev", thread="t0", lineage="l1", depth=1, may=frozenset({"dispatch"}), limit=3)


def caller(**changes: object) -> Caller:
    return msgspec.structs.replace(DEV, **changes)


@pytest.mark.parametrize(
    ("operation", "may", "code"),
    [
        ("dispatch", {"dispatch"}, None),
        ("dispatch", set(), "not_allowed"),
        ("merge", {"dispatch"}, "not_allowed"),
        ("merge", {"merge"}, None),
        ("merge_cancel", {"cancel"}, None),
        ("close", {"close"}, None),
        ("abandon_batch", {"abandon"}, None),
        ("reopen", {"dispatch"}, "not_allowed"),
        ("stop", {"dispatch", "merge", "close", "abandon", "reopen", "cancel"}, "not_for_agents"),
        ("worktree_remove", {"abandon"}, "not_for_agents"),
        ("reload", {"dispatch"}, "not_for_agents"),
    ],
)
def test_an_agent_may_do_what_its_config_says_and_never_what_is_the_operators(
    operation: str, may: set[str], code: str | None
) -> None:
    found = refuse_operation(caller(may=frozenset(may)), operation)
    assert (found.code if found else None) == code


def test_what_an_execution_left_behind_changes_nothing() -> None:
    found = refuse_operation(caller(is_over=True), "dispatch")
    assert found is not None
    assert found.code == "execution_over"


# --- dispatching -------------------------------------------------------------------------------------------------


def test_what_an_agent_dispatches_belongs_to_its_lineage_one_step_deeper() -> None:
    talk = Dialogue(rules(agent("dev", "reviewer"), agent("reviewer")))
    said = talk.dispatch("dev", caller=DEV)
    posted = only(said, e.MessagePosted)
    assert (posted.depth, posted.execution) == (2, "x1")
    assert {one.lineage for one in talk.log} == {"l1"}
    assert talk.messages("handoff") == []
    handed = [event for event in talk.run(success()) if isinstance(event, e.MessagePosted)][-1]
    assert (handed.intent, handed.depth) == ("handoff", 3)


def test_a_chain_of_dispatches_comes_to_an_end() -> None:
    talk = Dialogue(rules(agent("dev")))
    refused = refusal(talk.decide_dispatch("dev", caller=caller(depth=3)))
    assert refused.code == "chain_too_long"
    assert "step 3 of a chain that may have 3" in refused.message


@pytest.mark.parametrize(("may", "works"), [({"dispatch"}, False), ({"dispatch", "reopen"}, True)])
def test_an_agent_takes_up_a_thread_that_has_ended_only_if_it_may(may: set[str], works: bool) -> None:
    talk = Dialogue(rules(agent("dev")))
    talk.dispatch("dev")
    talk.run(success())
    talk.close("completed")
    decision = talk.decide_dispatch("dev", caller=caller(may=frozenset(may)))
    assert isinstance(decision, tuple) == works


# --- waiting -----------------------------------------------------------------------------------------------------


def waiter(execution: str, agent: str = "rev", thread: str = "t9", *, queued: bool = False) -> Waiter:
    return Waiter(execution=execution, agent=agent, thread=thread, is_queued=queued)


def places(*running: Waiter, waiting: tuple[str, ...] = ("x1",), overall: int = 2, per_agent: int = 1) -> Places:
    return Places(running=running, waiting=frozenset(waiting), overall=overall, per_agent=per_agent)


ME = waiter("x1", "dev", "t0")
WANTED = waiter("x2", queued=True)


@pytest.mark.parametrize(
    ("wanted", "where", "stuck"),
    [
        (WANTED, places(ME), False),
        (WANTED, places(ME, overall=1), True),
        (WANTED, places(ME, waiter("x3", "other")), False),
        (WANTED, places(ME, waiter("x3", "other"), waiting=("x1", "x3")), True),
        (WANTED, places(ME, waiter("x3"), overall=9), False),
        (WANTED, places(ME, waiter("x3"), waiting=("x1", "x3"), overall=9), True),
        (waiter("x2", "dev", queued=True), places(ME, overall=9), True),
        (waiter("x2", thread="t0", queued=True), places(ME, overall=9, per_agent=9), True),
        (waiter("x2"), places(ME, waiter("x2"), overall=1), False),
    ],
)
def test_an_agent_waits_for_itself_when_every_place_is_held_by_one_who_waits(
    wanted: Waiter, where: Places, stuck: bool
) -> None:
    assert waits_for_itself(DEV, (wanted,), where) == stuck
    assert not waits_for_itself(DEV, (wanted, waiter("x7", "free")), places(ME, waiter("x7", "free"), overall=9))
    assert not waits_for_itself(DEV, (), where)
