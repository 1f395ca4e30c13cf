"""Which waiting execution may have the next free place: limits per agent and in all, first come first served."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from compas.domain.advice import advise, say
from compas.domain.decision import Refusal


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that wants to run. `position` is where the log queued it, which is its place in line."""

    execution: str
    agent: str
    position: int
    backend: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many executions may run at once: in all, per agent, and per agent with a limit of its own."""

    overall: int
    per_agent: int
    of_agent: dict[str, int] = {}

    def for_agent(self, agent: str) -> int:
        """Return the limit that holds for an agent."""
        return self.of_agent.get(agent, self.per_agent)


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """How many executions of a backend whose circuit breaker is not closed may be at work, beside those that were
    `before` it opened: an old one that takes hours must not keep its backend from being tried."""

    places: int
    before: frozenset[str] = frozenset()


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits and who runs, by execution."""

    waiting: dict[str, Claim] = {}
    running: dict[str, Claim] = {}


def enqueue(line: Line, claim: Claim) -> Line:
    """Put a claim in line; one that waits or runs already changes nothing."""
    if claim.execution in line.waiting or claim.execution in line.running:
        return line
    return msgspec.structs.replace(line, waiting={**line.waiting, claim.execution: claim})


def occupy(line: Line, claim: Claim) -> Line:
    """Count an execution as running without asking: it was found alive after a restart."""
    waiting = {name: other for name, other in line.waiting.items() if name != claim.execution}
    return Line(waiting=waiting, running={**line.running, claim.execution: claim})


def leave(line: Line, execution: str) -> Line:
    """Take an execution out, wherever it is; unknown ones change nothing."""
    return Line(
        waiting={name: claim for name, claim in line.waiting.items() if name != execution},
        running={name: claim for name, claim in line.running.items() if name != execution},
    )


def grant(
    line: Line, limits: Limits, restrictions: Mapping[str, Restriction] | None = None
) -> tuple[Line, tuple[Claim, ...]]:
    """Let in everybody for whom there is room, oldest first.

    An agent that is at its limit does not hold up the others behind it (a-core 18), nor does a backend whose circuit
    breaker lets only so many in (a-core 120), and what finds no room stays in line as it is (a-core 19).
    """
    granted: list[Claim] = []
    busy = Counter(claim.agent for claim in line.running.values())
    for claim in sorted(line.waiting.values(), key=lambda claim: (claim.position, claim.execution)):
        if len(line.running) >= limits.overall:
            break
        if busy[claim.agent] < limits.for_agent(claim.agent) and _is_let_in(line, claim.backend, restrictions or {}):
            line = occupy(line, claim)
            busy[claim.agent] += 1
            granted.append(claim)
    return line, tuple(granted)


def restriction_of(line: Line, backend: str, places: int) -> Restriction:
    """Return the restriction of a backend whose breaker has just opened: who is at work now was there before."""
    at_work = frozenset(name for name, claim in line.running.items() if claim.backend == backend)
    return Restriction(places=places, before=at_work)


def _is_let_in(line: Line, backend: str, restrictions: Mapping[str, Restriction]) -> bool:
    restriction = restrictions.get(backend)
    if restriction is None:
        return True
    at_work = [
        name for name, other in line.running.items() if other.backend == backend and name not in restriction.before
    ]
    return len(at_work) < restriction.places


def queue_is_full(in_flight: int, limit: int | None) -> Refusal | None:
    """Refuse more work when as many executions as may wait, or run, do so; those for later count too
    (b-mcp-cli-merge 6, 7)."""
    if limit is None or in_flight < limit:
        return None
    sentence = say(
        f"the queue is full: {in_flight} of at most {limit} executions wait or run (max_queued_executions), so nothing "
        "was dispatched. Wait for some of them, or give up stale threads with `",
        advise("abandon"),
        "`; `",
        advise("status"),
        "` lists them.",
    )
    return Refusal(code="queue_full", message=sentence)
