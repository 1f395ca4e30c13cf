"""How reliable the tools of agents are."""

import msgspec


class Uses(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of a tool, and how many of them came back with an error."""

    calls: int = 0
    errors: int = 0

    def plus(self, other: "Uses") -> "Uses":
        """Return both together."""
        return Uses(calls=self.calls + other.calls, errors=self.errors + other.errors)

    @property
    def error_rate(self) -> float:
        """The share of calls that failed. A result whose call was not kept stands for a call."""
        called = max(self.calls, self.errors)
        return self.errors / called if called else 0.0
