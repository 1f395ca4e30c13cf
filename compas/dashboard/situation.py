"""What a person looks at when they do something: the threads that are meant, and what is known of each."""

import msgspec

from compas.api.threads import StatusRow
from compas.dashboard.board import Board, Merge
from compas.dashboard.tabs.tab import Row
from compas.domain.advice import Said


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A thread that is meant; `row` is None where the board knows none. `merge` is set where a merge is selected.

    `execution` is the one that is looked at, else the thread's newest; `what_now` is what the row advises.
    """

    thread: str
    row: StatusRow | None = None
    execution: str | None = None
    merge: Merge | None = None
    what_now: Said = ""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what may be done now. `page` is the kind of the page that is shown, if any.

    `now` is UTC seconds."""

    board: Board
    targets: tuple[Target, ...] = ()
    page: str = ""
    may_start: bool = False
    now: float = 0.0

    @property
    def threads(self) -> tuple[Target, ...]:
        """The threads that are meant, each once, though it and its merges may have been marked beside each other."""
        found: dict[str, Target] = {}
        for target in self.targets:
            found.setdefault(target.thread, target)
        return tuple(found.values())

    @property
    def names(self) -> str:
        """The threads that are meant, in words."""
        names = [target.thread for target in self.threads]
        return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def target_of(board: Board, thread: str, execution: str | None = None) -> Target:
    """Return a thread as a target, with the execution that is looked at, if it is one in particular."""
    row = board.threads.get(thread)
    return Target(thread=thread, row=row, execution=execution or (row.execution_id if row is not None else None))


def target_of_row(board: Board, row: Row) -> Target:
    """Return the thread of a row as a target, and its merge where the row is one."""
    kind, _, name = row.key.partition(":")
    merge = board.merges.get(name) if kind == "merge" else None
    return msgspec.structs.replace(
        target_of(board, row.thread, row.execution or None), merge=merge, what_now=row.what_now
    )
