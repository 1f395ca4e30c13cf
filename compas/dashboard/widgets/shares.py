"""Divides a screen's lines among parts that want more than there are. Pure."""

from collections.abc import Sequence


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """Return how many lines each part gets: what it wants, up to an equal part of what the smaller ones leave.

    What cannot be divided equally goes to the first parts that want it.
    """
    given = [0] * len(wanted)
    left = max(0, room)
    order = sorted(range(len(wanted)), key=lambda number: wanted[number])
    for place, number in enumerate(order):
        given[number] = min(wanted[number], left // (len(order) - place))
        left -= given[number]
    for number, want in enumerate(wanted):
        more = min(left, want - given[number])
        given[number] += more
        left -= more
    return given
