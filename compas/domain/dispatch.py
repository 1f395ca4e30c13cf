"""Accepting a message: opening, continuing or reopening its thread, and queuing the work it makes."""

from collections.abc import Mapping

import msgspec

from compas.domain import events as e
from compas.domain.callers import Caller, refuse_dispatch
from compas.domain.decision import Decision, Draft, Moment, Refusal
from compas.domain.ids import thread_id_problem
from compas.domain.specs import AgentSpec
from compas.domain.start_time import in_utc
from compas.domain.thread import OPERATOR, TERMINAL, Thread
from compas.domain.which_repository import refuse_another

NAME_TAKEN = "name_taken"
"""Code of a refusal to open a thread under a name that one has."""


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """A message for an agent. `not_before` is UTC seconds of a delayed start; `caller` is the agent that sends it.

    `opens` says that the thread is to be a new one. `repository` and `occasion` are of a thread that it opens; one that
    there is already stays as it is, and with `keeps_repository` it has to have that repository. `origin` names the
    terminal or the editor that it comes from.
    """

    sender: str
    recipient: str
    intent: str
    body: str
    batch: str | None = None
    summary: str | None = None
    skip_handoff: bool = False
    not_before: float | None = None
    caller: Caller | None = None
    opens: bool = False
    repository: str | None = None
    keeps_repository: bool = False
    occasion: e.Occasion | None = None
    origin: str = ""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the config says that decisions of a thread depend on, as it was when the decision was taken."""

    agents: Mapping[str, AgentSpec]
    trigger_intents: frozenset[str]
    prompt_hashes: Mapping[str, str | None] = {}

    def triggers(self, *, recipient: str, intent: str) -> bool:
        """True when such a message starts an execution (a-core 11, 13, 14)."""
        agent = self.agents.get(recipient)
        return agent is not None and agent.role == "worker" and intent in self.trigger_intents

    def why_idle(self, *, recipient: str, intent: str) -> str | None:
        """Say why a message will not start any work, or None when it will."""
        if self.triggers(recipient=recipient, intent=intent):
            return None
        agent = self.agents.get(recipient)
        if agent is None:
            return f"there is no agent {recipient!r}: the message is kept, and nothing will run"
        if agent.role != "worker":
            return f"{recipient!r} has the role operator: the message is kept, and nothing will run"
        known = ", ".join(sorted(self.trigger_intents))
        return f"the intent {intent!r} starts no work (these do: {known}): the message is kept, and nothing will run"


def decide_dispatch(state: Thread, command: Dispatch, rules: Rules, moment: Moment) -> Decision:
    """Accept a message into a thread, or refuse it and change nothing.

    A thread that has ended is reopened, and what was left queued in it is cancelled, so that only the new message
    runs (a-core 146, b-mcp-cli-merge 4, 5). A start time that has passed is refused (b-mcp-cli-merge 9). The message
    begins a lineage of its own, named after it; an agent's goes on with that of its execution, one step deeper.
    """
    problem = _problem(state, command, rules, moment)
    if problem is not None:
        return problem
    message, caller = moment.new_id(), command.caller
    stream = e.thread_stream(state.thread)
    found: list[e.Event] = [*_prelude(state, command)]
    found.append(
        e.MessagePosted(
            message=message,
            sender=command.sender,
            recipient=command.recipient,
            intent=command.intent,
            body=command.body,
            batch=command.batch,
            skip_handoff=command.skip_handoff,
            depth=0 if caller is None else caller.depth + 1,
            execution=None if caller is None else caller.execution,
            origin=command.origin,
        )
    )
    if rules.triggers(recipient=command.recipient, intent=command.intent):
        agent = rules.agents[command.recipient]
        found.append(
            e.ExecutionQueued(
                execution=moment.new_id(),
                message=message,
                agent=agent.alias,
                backend=agent.backend,
                not_before=command.not_before,
                reason="" if command.not_before is None else "scheduled",
                prompt_hash=rules.prompt_hashes.get(agent.alias),
            )
        )
    lineage = message if caller is None else caller.lineage
    return tuple(Draft(stream=stream, event=event, lineage=lineage) for event in found)


def _problem(state: Thread, command: Dispatch, rules: Rules, moment: Moment) -> Refusal | None:
    if command.caller is not None:
        refusal = refuse_dispatch(command.caller, reopens=state.status in TERMINAL)
        if refusal is not None:
            return refusal
    unsafe = thread_id_problem(state.thread)
    if unsafe is not None:
        return Refusal(code="bad_thread_id", message=unsafe)
    if command.opens and state.exists:
        return Refusal(code=NAME_TAKEN, message=f"there is a thread {state.thread} already")
    if command.keeps_repository and state.exists and state.repository != command.repository:
        has = tuple(repository for repository in (state.repository,) if repository is not None)
        return refuse_another(state.thread, has, command.repository or "none")
    if command.recipient not in rules.agents:
        known = ", ".join(rules.agents) or "none"
        sentence = f"there is no agent {command.recipient!r}; the configured agents are: {known}"
        return Refusal(code="unknown_agent", message=sentence)
    if not command.body.strip():
        return Refusal(code="empty_body", message="the message is empty; say what the agent should do")
    if command.not_before is not None and command.not_before <= moment.now:
        wanted, now = in_utc(command.not_before), in_utc(moment.now)
        sentence = f"the start time {wanted} is not in the future: it is {now} now; give a later one, or none at all"
        return Refusal(code="not_in_the_future", message=sentence)
    return None


def _prelude(state: Thread, command: Dispatch) -> list[e.Event]:
    """Make the thread ready for a message. A summary of blanks is none: commits would have no message."""
    said = (command.summary or "").strip() or None
    if not state.exists:
        opened = e.ThreadOpened(
            thread=state.thread,
            batch=command.batch,
            summary=said,
            repository=command.repository,
            occasion=command.occasion,
        )
        return [opened]
    found: list[e.Event] = []
    if state.status in TERMINAL:
        found += [
            e.ExecutionCancelled(execution=run.queued.execution, reason="the thread was reopened by a new dispatch")
            for run in state.in_flight()
        ]
        found.append(e.ThreadReopened(previous=state.status, by=command.sender))
    batch = command.batch if command.batch and command.batch != state.batch else None
    summary = said if said != state.summary else None
    if batch is not None or summary is not None:
        found.append(e.ThreadDescribed(batch=batch, summary=summary))
    return found


def operator_note(
    *, message: str, sender: str, intent: str, body: str, execution: str | None = None, depth: int = 0
) -> e.MessagePosted:
    """Build a message to the operator, which never starts anything."""
    return e.MessagePosted(
        message=message,
        sender=sender,
        recipient=OPERATOR,
        intent=intent,
        body=body,
        execution=execution,
        depth=depth,
    )
