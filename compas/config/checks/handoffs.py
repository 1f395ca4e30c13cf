"""Checks of who gets a reply: the targets of every agent's handoff."""

from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.config.defaults import MergedAgent
from compas.config.findings import KeyPath
from compas.domain.specs import OPERATOR
from compas.suggest import did_you_mean


def handoffs(draft: Draft) -> Iterator[Problem]:
    """A target is another agent, or `operator` alone; a list has no doubles (c-config 21)."""
    for agent in draft.agents:
        handoff = agent.entry.handoff
        if handoff is None:
            continue
        path = (*agent.path("handoff"), "on_response")
        if isinstance(handoff.on_response, str):
            yield from _target(draft, agent, handoff.on_response, path)
        elif handoff.on_response is not None:
            yield from _targets(draft, agent, handoff.on_response, path)
        if handoff.join is not None and (handoff.on_response is None or isinstance(handoff.on_response, str)):
            yield warning((*path[:-1], "join"), "nothing is joined: on_response does not name several agents")
        if handoff.join == OPERATOR:
            yield error(
                (*path[:-1], "join"),
                f"{OPERATOR!r} is a person and joins nothing; name an agent, or leave join out: answers come to you",
            )
        elif handoff.join is not None:
            yield from _target(draft, agent, handoff.join, (*path[:-1], "join"), may_be_self=True)


def _targets(draft: Draft, agent: MergedAgent, targets: tuple[str, ...], path: KeyPath) -> Iterator[Problem]:
    if not targets:
        yield error(path, "the list is empty; name an agent, or leave on_response out")
    for index, target in enumerate(targets):
        at = (*path, index)
        if target in targets[:index]:
            yield error(at, f"{target!r} is in the list twice")
        elif target == OPERATOR:
            yield error(at, f"{OPERATOR!r} stands alone or not at all: on_response: {OPERATOR}")
        else:
            yield from _target(draft, agent, target, at)


def _target(
    draft: Draft, agent: MergedAgent, target: str, path: KeyPath, *, may_be_self: bool = False
) -> Iterator[Problem]:
    alias = agent.entry.alias
    if target == OPERATOR or not target:
        return
    if target == alias and not may_be_self:
        yield error(path, f"agent {alias!r} cannot hand its reply to itself")
    elif target not in draft.aliases:
        # With an alias that could not be read, the target may well be that one.
        if "" not in draft.aliases:
            known = ", ".join(draft.aliases)
            meant = did_you_mean(target, draft.aliases)
            yield error(
                path,
                f"agent {alias!r} hands over to {target!r}, which no agent is called; there are {known}{meant}",
            )
    elif any(each.entry.alias == target and each.entry.role == OPERATOR for each in draft.agents):
        yield warning(path, f"{target!r} has the role operator and is never started; the chain ends there")
