"""How long one wait may take: long enough for what agents may take, short enough that a client is answered."""

import msgspec

from compas.api.agents import ListAgentsResponse
from compas.api.waiting import WaitResponse
from compas.gateway.answers import WaitAnswer

PADDING_SECS = 30
CHAIN_FACTOR = 3


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a wait was asked to take, None for as long as it may, and seconds it takes."""

    requested: int | None
    effective: int

    @property
    def is_lowered(self) -> bool:
        """Whether it takes less than was asked for."""
        return self.requested is not None and self.requested > self.effective


def ceiling(listed: ListAgentsResponse, *, chain: bool) -> int:
    """Return the longest wait in seconds: what the slowest agent may take, a chain three times that, and some more."""
    slowest = max(
        (agent.timeout_secs for agent in listed.agents if agent.role == "worker"),
        default=listed.execution_timeout_secs,
    )
    return slowest * (CHAIN_FACTOR if chain else 1) + PADDING_SECS


def limited(requested: int | None, longest: int) -> Limit:
    """Return how long a wait takes that was asked to take `requested` seconds."""
    return Limit(requested=requested, effective=longest if requested is None else min(requested, longest))


def wait_answer(response: WaitResponse, limit: Limit) -> WaitAnswer:
    """Return the answer of a wait; one that was cut short says so (b-mcp-cli-merge 31)."""
    fields = {name: getattr(response, name) for name in response.__struct_fields__}
    if response.found or not limit.is_lowered:
        return WaitAnswer(**fields)
    return WaitAnswer(
        **fields,
        clamped=True,
        requested_timeout_secs=limit.requested,
        effective_timeout_secs=limit.effective,
        hint=f"asked to wait {limit.requested} s; one call waits {limit.effective} s at most, which comes from the "
        "agents' own time limits (execution_timeout_secs). Call orch_wait again to go on waiting.",
    )
