"""What calls from inside an execution may do (design §2): this guides agents, it does not confine them."""

import msgspec

from compas.domain.decision import Refusal

DEFAULT_DEPTH = 3
"""How long a chain of an agent without a handoff of its own may be."""

NEEDED: dict[str, str] = {
    "dispatch": "dispatch",
    "merge": "merge",
    "merge_cancel": "cancel",
    "close": "close",
    "abandon": "abandon",
    "abandon_batch": "abandon",
    "reopen": "reopen",
}
"""What an agent's `may` has to hold for an operation that changes something; the others are the operator's alone."""

OWN_WORD = "verdict"
"""Nobody has to allow an agent to say what it thinks."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that calls. What it dispatches belongs to its `lineage`, one deeper; `limit` is the longest chain.

    `is_over` says that the execution has ended and the call comes from what it left behind.
    """

    execution: str
    agent: str
    thread: str
    lineage: str
    depth: int
    may: frozenset[str]
    limit: int = DEFAULT_DEPTH
    is_over: bool = False


def refuse_operation(caller: Caller, operation: str) -> Refusal | None:
    """Say why an agent must not do something that changes state, or None when it may."""
    if caller.is_over:
        sentence = f"the execution {caller.execution} is over: what it left running may read, and change nothing"
        return Refusal(code="execution_over", message=sentence)
    if operation == OWN_WORD:
        return None
    needed = NEEDED.get(operation)
    if needed is None:
        sentence = f"{operation} is for the operator; tell in your answer what should be done, and why"
        return Refusal(code="not_for_agents", message=sentence)
    if needed not in caller.may:
        sentence = (
            f"the agent {caller.agent!r} may not {operation.replace('_', ' ')}; tell in your answer what should be "
            "done, and the operator will decide"
        )
        return Refusal(code="not_allowed", message=sentence)
    return None


def refuse_force(operation: str) -> Refusal:
    """Say why no agent merges against a verdict, whatever else it may do."""
    sentence = f"{operation} with force is for the operator; tell in your answer what should be done, and why"
    return Refusal(code="not_for_agents", message=sentence)


def refuse_dispatch(caller: Caller, *, reopens: bool) -> Refusal | None:
    """Say why an agent must not dispatch now: its chain is as long as it may be, or the thread has ended."""
    if caller.depth >= caller.limit:
        sentence = (
            f"this is step {caller.depth} of a chain that may have {caller.limit} (max_chain_depth), so nothing was "
            "dispatched; answer with what you have"
        )
        return Refusal(code="chain_too_long", message=sentence)
    if reopens and "reopen" not in caller.may:
        sentence = f"the thread has ended, and the agent {caller.agent!r} may not take it up again; name another thread"
        return Refusal(code="not_allowed", message=sentence)
    return None


class Waiter(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that something is wanted of: where it stands, and whose place it needs."""

    execution: str
    thread: str
    agent: str
    is_queued: bool


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a place now, and how many there are. `waiting` are the executions whose agents wait for an answer."""

    running: tuple[Waiter, ...]
    waiting: frozenset[str]
    overall: int
    per_agent: int
    of_agent: dict[str, int] = {}


def waits_for_itself(caller: Caller, wanted: tuple[Waiter, ...], places: Places) -> bool:
    """Say whether nothing of what is waited for can come before the caller ends.

    That is so of work in the caller's own thread, where one runs at a time, and of work that finds no place because
    all places are held by agents who wait themselves (design §2, no self-deadlock).
    """
    return bool(wanted) and all(_is_stuck(caller, one, places) for one in wanted)


def _is_stuck(caller: Caller, wanted: Waiter, places: Places) -> bool:
    if not wanted.is_queued:
        return False
    if wanted.thread == caller.thread:
        return True
    of_agent = [one for one in places.running if one.agent == wanted.agent]
    limit = places.of_agent.get(wanted.agent, places.per_agent)
    return _is_held(places.running, places.overall, places) or _is_held(of_agent, limit, places)


def _is_held(running: "tuple[Waiter, ...] | list[Waiter]", limit: int, places: Places) -> bool:
    """Say whether all places are taken, and none of them is given back before somebody stops waiting."""
    return len(running) >= limit and all(one.execution in places.waiting for one in running)
