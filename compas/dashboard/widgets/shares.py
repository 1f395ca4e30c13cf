"""Divides a screen's lines among parts that want more than there are. Pure."""

from collections.abc import Sequence


def shares(wanted: Sequence[int], room: int) -> list[int]:
    """Return how many lines each part gets: what it wants, up to an equal part of what the smaller ones leave.

    What cannot be divided equally goes to the first parts that want it.
    """
    given = list(wanted)
    unsatisfied = list(range(len(wanted)))
    left = max(0, room)
    while unsatisfied:
        fair = left // len(unsatisfied)
        small = [number for number in unsatisfied if wanted[number] <= fair]
        if not small:
            break
        left -= sum(wanted[number] for number in small)
        unsatisfied = [number for number in unsatisfied if wanted[number] > fair]
    for place, number in enumerate(unsatisfied):
        fair, rest = divmod(left, len(unsatisfied))
        given[number] = fair + (place < rest)
    return given
