"""Which worktree has which ports: every port belongs to at most one at a time, from lease to release."""

from collections.abc import Iterator, Sequence

import msgspec

from compas.domain import events as e
from compas.domain.advice import advise, say
from compas.domain.decision import Draft, Refusal

FIRST, LAST = 20_000, 29_999
"""Below the ports that Linux and macOS give out by themselves, so that nobody is given one of these by chance."""

Owner = tuple[str, str]
"""A thread and a repository."""


class Leases(msgspec.Struct, frozen=True, kw_only=True):
    """Who has which ports. `version` is the number of events folded in."""

    version: int = 0
    held: dict[Owner, tuple[int, ...]] = {}

    def taken(self) -> frozenset[int]:
        """Return every port that belongs to somebody."""
        return frozenset(port for ports in self.held.values() for port in ports)


def evolve(state: Leases, recorded: e.Recorded) -> Leases:
    """Fold one recorded event into the state."""
    held = dict(state.held)
    match recorded.event:
        case e.PortsLeased(thread=thread, repository=repository, ports=ports):
            held[thread, repository] = ports
        case e.PortsReleased(thread=thread, repository=repository):
            held.pop((thread, repository), None)
        case _:
            raise ValueError(f"event {recorded.position} is not about ports")
    return Leases(version=recorded.version, held=held)


def candidates(state: Leases, begin: int) -> Iterator[int]:
    """Yield the ports that nobody has, from `begin` on and around; two users of a machine begin at different places."""
    taken, size = state.taken(), LAST - FIRST + 1
    for step in range(size):
        port = FIRST + (begin + step) % size
        if port not in taken:
            yield port


def missing(state: Leases, owner: Owner, count: int) -> int:
    """Return how many ports an owner lacks of `count`."""
    return max(0, count - len(state.held.get(owner, ())))


def decide_lease(state: Leases, owner: Owner, count: int, free: Sequence[int]) -> tuple[Draft, ...] | Refusal:
    """Give an owner `count` ports: those it has, then the first of `free`, which were found unused on the machine.

    Nothing is left to do when it has as many; with fewer wanted than it has, it keeps them, because what runs in the
    worktree may use them. Refused when there are not enough.
    """
    own = state.held.get(owner, ())
    wanted = missing(state, owner, count)
    if not wanted:
        return ()
    taken = state.taken()
    more = [port for port in dict.fromkeys(free) if port not in taken][:wanted]
    if len(more) < wanted:
        sentence = say(
            f"{count} ports are wanted and only {len(own) + len(more)} of {FIRST} to {LAST} are free; "
            "close threads, remove their worktrees (`",
            advise("worktrees"),
            "`), or lower `ports` in the config",
        )
        return Refusal(code="no_free_ports", message=sentence)
    leased = e.PortsLeased(thread=owner[0], repository=owner[1], ports=(*own, *more))
    return (Draft(stream=e.PORTS_STREAM, event=leased),)


def decide_release(state: Leases, owner: Owner) -> tuple[Draft, ...]:
    """Free the ports of an owner; nothing when it has none."""
    if owner not in state.held:
        return ()
    released = e.PortsReleased(thread=owner[0], repository=owner[1])
    return (Draft(stream=e.PORTS_STREAM, event=released),)
