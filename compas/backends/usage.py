"""Adds up what an agent spent, and takes it apart; what is unknown stays unknown unless something is known of it."""

from typing import TypeVar

from compas.domain.events import Usage

Number = TypeVar("Number", int, float)


def plus(first: Usage, second: Usage) -> Usage:
    """Return what both spent together."""
    return Usage(
        cost_usd=_plus(first.cost_usd, second.cost_usd),
        tokens_in=_plus(first.tokens_in, second.tokens_in),
        tokens_out=_plus(first.tokens_out, second.tokens_out),
        tokens_cached=_plus(first.tokens_cached, second.tokens_cached),
        turns=_plus(first.turns, second.turns),
    )


def _plus(first: Number | None, second: Number | None) -> Number | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second
