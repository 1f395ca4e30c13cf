"""A thread under any sequence of commands: its invariants, by a random walk, and how events are folded."""

from collections import Counter
from typing import get_args

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from compas.domain import events as e
from compas.domain.decision import Decision, Refusal
from compas.domain.dispatch import Rules
from compas.domain.execution import Outcome, decide_plan_worktree, decide_request, decide_started, decide_stopped
from compas.domain.specs import AgentSpec, HandoffSpec
from compas.domain.thread import IN_FLIGHT, Thread, evolve
from tests.kit.domain.thread_dialogue import CRASHED, TIMED_OUT, Dialogue, agent, failure, rules, success

LIMIT = 2


def _handing(alias: str, *targets: str, **changes: object) -> AgentSpec:
    return agent(alias, handoff=HandoffSpec(targets=targets, max_chain_depth=LIMIT), **changes)


CONFIGS: list[Rules] = [
    rules(_handing("dev", "reviewer", max_retries=1), _handing("reviewer", "dev", on_crash="fail"), agent("lead")),
    rules(_handing("dev", "gone"), _handing("reviewer", "human"), agent("human", role="operator")),
    rules(_handing("dev", "reviewer", "lead"), agent("reviewer", max_retries=2), agent("lead"), intents=("dispatch",)),
]
OUTCOMES: list[Outcome] = [
    success(),
    success(None),
    success(verdict="approve"),
    success(verdict="request_changes", session="s"),
    failure(),
    failure("transient"),
    failure("stale_session"),
    TIMED_OUT,
    CRASHED,
]


class ThreadMachine(RuleBasedStateMachine):
    """Commands in any order, also repeated, late, and of executions that are long over. What always holds:

    * No lost message: every execution waits, runs, was cancelled, or has ended; and each end is told exactly once, by a
      response, by an error, or by the next attempt.
    * No double run: at most one execution occupies the worktree, and each is requested, started, ended or cancelled,
      and stopped at most once, in this order. A cancelled execution is never requested.
    * Nothing waits or runs on a thread that is not Active, and nothing starts on it.
    * The chain is bounded: each handoff is one deeper than the message it answers, and none deeper than the limit.
    * Settled means settled: with nothing in flight, no word from an execution appends anything.
    * A refusal changes nothing, and the log folded anew is the state.
    * Left alone, every thread comes to rest after a bounded number of executions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.talk = Dialogue(CONFIGS[0])

    def try_out(self, decision: Decision) -> None:
        if not isinstance(decision, Refusal):
            self.talk.play(decision)

    def pick(self, index: int) -> str:
        names = list(self.talk.state.runs)
        return names[-1 - index % len(names)]

    @initialize()
    def somebody_asks(self) -> None:
        self.talk.dispatch()

    @rule(
        to=st.sampled_from(["dev", "dev", "reviewer", "lead", "human", "stranger"]),
        intent=st.sampled_from(["dispatch", "dispatch", "dispatch", "note"]),
        skip=st.booleans(),
        delay=st.sampled_from([None, None, 10.0, -1.0]),
    )
    def dispatch(self, to: str, intent: str, skip: bool, delay: float | None) -> None:
        due = None if delay is None else self.talk.now + delay
        self.try_out(self.talk.decide_dispatch(to, intent=intent, skip_handoff=skip, not_before=due))

    @precondition(lambda self: self.talk.next() is not None)
    @rule()
    def start_what_is_next(self) -> None:
        self.talk.start()

    @rule(index=st.integers(0, 5))
    def request(self, index: int) -> None:
        name = self.pick(index)
        self.try_out(decide_plan_worktree(self.talk.state, name, repository="/r", branch="b", base="main"))
        self.try_out(decide_request(self.talk.state, e.ExecutionRequested(execution=name, workdir="/w")))

    @rule(index=st.integers(0, 5))
    def report_started(self, index: int) -> None:
        started = e.ExecutionStarted(execution=self.pick(index), pid=7, started_at=self.talk.now)
        self.try_out(decide_started(self.talk.state, started))

    @precondition(lambda self: self.talk.state.occupied_by() is not None)
    @rule(outcome=st.sampled_from(OUTCOMES))
    def end_what_runs(self, outcome: Outcome) -> None:
        self.talk.end(outcome)

    @rule(index=st.integers(0, 5), outcome=st.sampled_from(OUTCOMES))
    def report_an_end(self, index: int, outcome: Outcome) -> None:
        self.try_out(self.talk.decide_end(outcome, self.pick(index)))

    @rule(index=st.integers(0, 5))
    def report_stopped(self, index: int) -> None:
        self.talk.stopped(self.pick(index))

    @rule(status=st.sampled_from(["completed", "failed"]), unmerged=st.sampled_from([None, "not merged"]))
    def close(self, status: str, unmerged: str | None) -> None:
        self.try_out(self.talk.decide_close(status, unmerged=unmerged))

    @rule()
    def abandon(self) -> None:
        self.try_out(self.talk.decide_abandon())

    @rule()
    def reopen(self) -> None:
        self.try_out(self.talk.decide_reopen())

    @rule(seconds=st.sampled_from([1.0, 30.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.talk.now += seconds

    @rule(config=st.sampled_from(CONFIGS))
    def the_config_changes(self, config: Rules) -> None:
        self.talk.rules = config

    @invariant()
    def every_end_is_told_once(self) -> None:
        told = Counter(
            message.posted.execution
            for message in self.talk.state.messages.values()
            if message.posted.intent in ("response", "error")
        )
        attempts: dict[str, int] = Counter(run.queued.message for run in self.talk.state.runs.values())
        for name, run in self.talk.state.runs.items():
            if run.ended is None:
                assert run.status in IN_FLIGHT | {"cancelled"}
                assert told[name] == 0
                continue
            is_repeated = attempts[run.queued.message] > run.queued.attempt + 1
            assert told[name] == (0 if is_repeated else 1), name
            assert not (is_repeated and run.status == "completed")

    @invariant()
    def nothing_runs_beside_or_after(self) -> None:
        assert sum(run.occupies for run in self.talk.state.runs.values()) <= 1
        steps: dict[str, list[str]] = {}
        for one in self.talk.log:
            name = getattr(one.event, "execution", None)
            if name is not None and not isinstance(one.event, e.MessagePosted | e.WorktreePlanned | e.ThreadFailed):
                steps.setdefault(name, []).append(type(one.event).__name__.removeprefix("Execution"))
        for name, taken in steps.items():
            assert tuple(taken) in _LIVES, (name, taken)

    @invariant()
    def an_ended_thread_holds_no_work(self) -> None:
        state = self.talk.state
        assert state.status == "Active" or (state.in_flight() == () and self.talk.next() is None)

    @invariant()
    def chains_are_bounded_and_keep_their_lineage(self) -> None:
        messages = self.talk.state.messages
        for message in messages.values():
            run = self.talk.state.runs.get(message.posted.execution or "")
            if run is None:
                assert message.posted.depth == 0
                continue
            task = messages[run.queued.message]
            assert message.lineage == run.lineage == task.lineage
            assert message.posted.depth == task.posted.depth + (message.posted.intent == "handoff") <= LIMIT

    @invariant()
    def settled_is_settled(self) -> None:
        state = self.talk.state
        if state.in_flight() or state.occupied_by() is not None:
            return
        for name in state.runs:
            assert [self.talk.decide_end(outcome, name) for outcome in OUTCOMES] == [()] * len(OUTCOMES)
            assert decide_started(state, e.ExecutionStarted(execution=name, pid=1, started_at=0.0)) == ()
            assert decide_stopped(state, e.ExecutionStopped(execution=name)) == ()
            assert isinstance(decide_request(state, e.ExecutionRequested(execution=name, workdir="/w")), Refusal)

    def teardown(self) -> None:
        again = Thread(thread=self.talk.state.thread)
        for one in self.talk.log:
            again = evolve(again, one)
        assert again == self.talk.state
        for _ in range(len(self.talk.state.in_flight()) * (LIMIT + 2) + 1):
            occupied = self.talk.state.occupied_by()
            if occupied is not None:
                self.talk.end(success(), occupied.queued.execution)
            self.talk.now += 4000
            if self.talk.next() is None:
                break
            self.talk.start()
        assert self.talk.state.in_flight() == ()
        assert self.talk.state.occupied_by() is None
        self.every_end_is_told_once()
        self.chains_are_bounded_and_keep_their_lineage()
        self.settled_is_settled()


_BEGUN = ("Queued", "Requested", "Started")
_LIVES = {_BEGUN[:length] for length in (1, 2, 3)}
_LIVES |= {(*begun, "Ended") for begun in _LIVES} | {(*begun, "Cancelled") for begun in _LIVES}
_LIVES |= {(*begun, "Cancelled", "Stopped") for begun in (_BEGUN[:2], _BEGUN)}

ThreadMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestThreadMachine = ThreadMachine.TestCase


# --- folding ---------------------------------------------------------------------------------------------------------


def test_an_event_of_another_stream_is_refused() -> None:
    stray = e.Recorded(position=1, stream="thread:other", version=1, event=e.ThreadOpened(thread="other"), at=0.0)
    with pytest.raises(ValueError, match="does not belong to thread 't1'"):
        evolve(Thread(thread="t1"), stray)


# proves: a-core 5
@pytest.mark.parametrize("word", ["active", "COMPLETED", "Done", ""])
def test_a_status_word_that_is_unknown_or_in_the_wrong_case_is_refused(word: str) -> None:
    for kind in (e.ThreadStatus, e.ExecutionStatus):
        assert [msgspec.convert(each, kind) for each in get_args(kind)] == list(get_args(kind))
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(word, kind)
