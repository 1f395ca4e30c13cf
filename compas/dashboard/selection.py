"""Which row of a list is selected: it follows its row wherever that moves, and takes a neighbour when it is gone."""

from collections.abc import Sequence

import msgspec

NO_THREAD = "no thread is selected"
"""Why nothing can be shown of one, nor done to one: there are no rows, or the selected one is about something else."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The selected row by its key, and where it stood when the rows were last seen."""

    key: str | None = None
    index: int = 0


def settled(selection: Selection, keys: Sequence[str]) -> Selection:
    """Return the selection among the rows there are now.

    A row that disappeared leaves its place to the one that moved up into it, the last row to the one before
    (c-config-dashboard 99, 100).
    """
    if not keys:
        return Selection()
    if selection.key in keys:
        return Selection(key=selection.key, index=keys.index(selection.key))
    index = min(selection.index, len(keys) - 1)
    return Selection(key=keys[index], index=index)


def moved(selection: Selection, keys: Sequence[str], by: int) -> Selection:
    """Return the selection so many rows further down, at most the last, or up, at least the first."""
    here = settled(selection, keys)
    if not keys:
        return here
    index = max(0, min(len(keys) - 1, here.index + by))
    return Selection(key=keys[index], index=index)
