"""A thread in dialogue with its rules: commands go in, events come out and are folded, and the clock is a number."""

from collections.abc import Iterator
from itertools import count
from typing import TypeVar

import msgspec

from compas.domain import events as e
from compas.domain.briefing import Answer
from compas.domain.decision import Decision, Moment, Refusal
from compas.domain.dispatch import Dispatch, Rules, decide_dispatch
from compas.domain.execution import (
    Outcome,
    decide_end,
    decide_request,
    decide_started,
    decide_stopped,
    next_run,
)
from compas.domain.join import decide_join
from compas.domain.lifecycle import Close, decide_abandon, decide_cancel, decide_close, decide_reopen
from compas.domain.specs import AgentSpec, HandoffSpec
from compas.domain.thread import Run, Thread, evolve

NOON = 1_700_000_000.0

Said = tuple[e.Event, ...]
EventT = TypeVar("EventT", bound=e.Event)


def agent(alias: str, *targets: str, **changes: object) -> AgentSpec:
    """Return an agent that hands its reply to `targets`."""
    handoff = HandoffSpec(targets=targets) if targets else None
    plain = AgentSpec(alias=alias, backend="cli", workdir="/src/app", handoff=handoff)
    return msgspec.structs.replace(plain, **changes)


def rules(*agents: AgentSpec, intents: tuple[str, ...] = ("dispatch", "handoff")) -> Rules:
    """Return the rules of a config with these agents."""
    return Rules(agents={each.alias: each for each in agents}, trigger_intents=frozenset(intents))


def success(reply: str | None = "done", **changes: object) -> Outcome:
    """Return the outcome of an agent that answered."""
    return msgspec.structs.replace(Outcome(status="completed", reply=reply), **changes)


def failure(category: e.Category = "agent_error", error: str = "it broke", **changes: object) -> Outcome:
    """Return the outcome of an agent that did not."""
    return msgspec.structs.replace(Outcome(status="failed", category=category, error=error), **changes)


TIMED_OUT = Outcome(status="timed_out", category="timeout", error="timed out after 600 s")
CRASHED = Outcome(status="crashed", category="unknown", error="the execution was lost")


class Dialogue:
    """One thread. Every method plays a command and returns what was appended; `refusal` returns the words instead."""

    def __init__(self, config: Rules, thread: str = "t1") -> None:
        self.rules = config
        self.state = Thread(thread=thread)
        self.others: dict[str, Thread] = {}
        self.log: list[e.Recorded] = []
        self.now = NOON
        self._names: Iterator[int] = count(1)

    # --- commands ------------------------------------------------------------------------------------------------

    def dispatch(self, to: str = "dev", body: str = "add a health check", **fields: object) -> Said:
        return self.play(self.decide_dispatch(to, body, **fields))

    def decide_dispatch(self, to: str = "dev", body: str = "add a health check", **fields: object) -> Decision:
        plain = Dispatch(sender="operator", recipient=to, intent="dispatch", body=body)
        return decide_dispatch(self.state, msgspec.structs.replace(plain, **fields), self.rules, self.moment())

    def start(self) -> str:
        """Request and start the execution whose turn it is; return its name."""
        run = self.next()
        assert run is not None, "nothing may start now"
        execution = run.queued.execution
        self.play(decide_request(self.state, e.ExecutionRequested(execution=execution, workdir="/src/app")))
        self.play(decide_started(self.state, e.ExecutionStarted(execution=execution, pid=7, started_at=self.now)))
        return execution

    def end(self, outcome: Outcome, execution: str | None = None) -> Said:
        """End an execution, by default the one that runs."""
        return self.play(self.decide_end(outcome, execution))

    def decide_end(self, outcome: Outcome, execution: str | None = None) -> Decision:
        if execution is None:
            occupied = self.state.occupied_by()
            assert occupied is not None, "nothing runs"
            execution = occupied.queued.execution
        return decide_end(self.state, execution, outcome, self.rules, self.moment())

    def run(self, outcome: Outcome) -> Said:
        """Start what is next, and end it."""
        return self.end(outcome, self.start())

    def stopped(self, execution: str) -> Said:
        return self.play(decide_stopped(self.state, e.ExecutionStopped(execution=execution)))

    def close(self, status: str = "failed", **fields: object) -> Said:
        return self.play(self.decide_close(status, **fields))

    def decide_close(self, status: str = "failed", **fields: object) -> Decision:
        command = msgspec.structs.replace(Close(by="operator", status="failed"), status=status, **fields)
        return decide_close(self.state, command, self.moment())

    def abandon(self) -> Said:
        return self.play(self.decide_abandon())

    def cancel(self) -> Said:
        """Let the operator cancel what is queued or running."""
        return self.play(decide_cancel(self.state, "operator"))

    def decide_abandon(self) -> Decision:
        return decide_abandon(self.state, "operator", self.moment())

    def join(self, *answers: Answer, execution: str | None = None) -> Said:
        """Tell the thread what came of a fan-out, by default the only one."""
        return self.play(self.decide_join(*answers, execution=execution))

    def decide_join(self, *answers: Answer, execution: str | None = None) -> Decision:
        name = execution if execution is not None else next(iter(self.state.fan_outs))
        return decide_join(self.state, name, answers, self.rules, self.moment())

    def child(self, thread: str) -> "Dialogue":
        """Return a thread that a fan-out opened, to go on with."""
        other = Dialogue(self.rules, thread)
        other.state, other.log, other.now = self.others[thread], self.log, self.now
        other._names = self._names
        return other

    def reopen(self) -> Said:
        return self.play(self.decide_reopen())

    def decide_reopen(self) -> Decision:
        return decide_reopen(self.state, "operator")

    # --- what came of them ---------------------------------------------------------------------------------------

    def play(self, decision: Decision) -> Said:
        """Append what a rule decided; a refusal fails the test."""
        assert not isinstance(decision, Refusal), decision
        said: list[e.Event] = []
        for draft in decision:
            self.append(draft.event, stream=draft.stream, lineage=draft.lineage)
            said.append(draft.event)
        return tuple(said)

    def append(self, event: e.Event, *, stream: str = "", lineage: str = "") -> None:
        """Record an event the way the journal does; threads that it opens are `others`."""
        own = e.thread_stream(self.state.thread)
        name = (stream or own).removeprefix(e.thread_stream(""))
        state = self.state if (stream or own) == own else self.others.setdefault(name, Thread(thread=name))
        recorded = e.Recorded(
            position=len(self.log) + 1,
            stream=stream or own,
            version=state.version + 1,
            event=event,
            at=self.now,
            lineage=lineage,
        )
        self.log.append(recorded)
        if state is self.state:
            self.state = evolve(state, recorded)
        else:
            self.others[name] = evolve(state, recorded)

    def moment(self) -> Moment:
        return Moment(now=self.now, new_id=lambda: f"id{next(self._names)}")

    def next(self) -> Run | None:
        return next_run(self.state, self.now)

    def queued(self) -> list[e.ExecutionQueued]:
        """Return what waits, oldest first."""
        return [run.queued for run in self.state.runs.values() if run.status == "queued"]

    def messages(self, intent: str) -> list[e.MessagePosted]:
        return [message.posted for message in self.state.messages.values() if message.posted.intent == intent]


def refusal(decision: Decision) -> Refusal:
    """Return the refusal a rule answered with."""
    assert isinstance(decision, Refusal), decision
    return decision


def kinds(said: Said) -> list[str]:
    """Name the events, in order."""
    return [type(event).__name__ for event in said]


def only(said: Said, kind: type[EventT]) -> EventT:
    """Return the one event of a kind."""
    found = [event for event in said if isinstance(event, kind)]
    assert len(found) == 1, kinds(said)
    return found[0]
