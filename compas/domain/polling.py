"""Which messages a look at a thread counts, and how the beginning of one is shown."""

import msgspec

PREVIEW_BYTES = 200
"""Bytes of a body, in UTF-8, that a poll shows; more is cut off and marked."""
_CUT = "..."


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: messages with a number above `after`, which the caller chose if `has_cursor`."""

    after: int = 0
    has_cursor: bool = False
    intent: str | None = None
    trigger_intents: frozenset[str] = frozenset()

    def counts(self, intent: str) -> bool:
        """Say whether a message with this intent counts.

        An asked-for intent must be exact. Without one, tasks for agents are left out, unless the caller has said from
        where on it wants to see everything (b-mcp-cli-merge 53).
        """
        if self.intent is not None:
            return intent == self.intent
        return self.has_cursor or intent not in self.trigger_intents


def beginning(text: str, limit: int = PREVIEW_BYTES) -> str:
    """Return the first `limit` bytes of a text, without the character that would cross that (b-mcp-cli-merge 52)."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return text
    return encoded[:limit].decode(errors="ignore") + _CUT
