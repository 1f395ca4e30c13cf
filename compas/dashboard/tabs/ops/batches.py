"""Gathers the rows of a section by their batches, under a head that says how each whole batch stands. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from compas.api.threads import BatchTotal
from compas.dashboard.tabs.ops.row import OpsRow
from compas.dashboard.tabs.ops.sections import Section

LEAST = 2
"""Rows that make a group; one alone only names its batch."""


def group_name(section: str, batch: str) -> str:
    """Return the name by which a batch is folded in a section."""
    return f"{section}/{batch}"


def grouped(section: Section, folded: frozenset[str]) -> tuple[OpsRow, ...]:
    """Return the rows with the heads of batches before their threads, which follow one another; folded ones are gone.

    A group stands where its first row stood.
    """
    members = members_of(section)
    found: list[OpsRow] = []
    for row in section.rows:
        name = group_name(section.title, row.batch)
        those = members.get(name, ())
        if len(those) < LEAST:
            found.append(row)
        elif row is those[0]:
            found.append(_head(section, name, those))
            if name not in folded:
                found += [msgspec.structs.replace(one, inside=name) for one in those]
    return tuple(found)


def members_of(section: Section) -> Mapping[str, Sequence[OpsRow]]:
    """Return the rows of each batch, by the name of its group."""
    found: dict[str, list[OpsRow]] = {}
    for row in section.rows:
        if row.batch:
            found.setdefault(group_name(section.title, row.batch), []).append(row)
    return found


def _head(section: Section, name: str, members: Sequence[OpsRow]) -> OpsRow:
    times = [row.since for row in members if row.since is not None]
    return OpsRow(
        key=f"batch:{name}",
        word="batch",
        title=members[0].batch,
        batch=members[0].batch,
        since=min(times, default=None),
        folds=name,
        what_now=f"z folds these {len(members)}, Space marks them; pages show the newest",
    )


def standing(total: BatchTotal | None) -> tuple[str, str]:
    """Return the style and the words for how a batch stands: all done, something failed, or under way."""
    if total is None or total.threads <= 0:
        return "dim", ""
    words = [f"{total.done}/{total.threads} done"]
    words += [f"{total.failed} failed"] if total.failed else []
    words += [f"{total.working} working"] if total.working else []
    style = "bad" if total.failed else "good" if total.done == total.threads else "accent"
    return style, ", ".join(words)
