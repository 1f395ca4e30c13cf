"""Writes worktrees: their list, and what became of one that was removed or committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compas.cli.render.table import Cell, pairs, table
from compas.cli.render.text import Colour, Style, counted, duration
from compas.cli.render.threads import status_colour

if TYPE_CHECKING:
    from compas.api.worktrees import CommitResponse, WorktreeListing, WorktreeRemoveResponse, WorktreesResponse

_COLOURS: dict[str, Colour] = {
    "clean": "green",
    "dirty": "yellow",
    "missing": "red",
    "unreadable": "red",
    "being removed": "dim",
}


def worktrees_text(response: WorktreesResponse, style: Style) -> str:
    """Write one line for each worktree, then what is wrong with some of them."""
    if not response.worktrees:
        return "there are no worktrees"
    heads = ("THREAD", "STATUS", "STATE", "AHEAD", "BEHIND", "AGE", "SIZE", "PATH")
    text = table(heads, [_row(one, style) for one in response.worktrees], style)
    remarks = [line for one in response.worktrees for line in _remarks(one)]
    if any(map(_is_uncounted, response.worktrees)):
        remarks.append("where the size is unknown it takes long to count: `compas worktrees --sizes` does that")
    return "\n".join([text, *(["", *(style.line(line) for line in remarks)] if remarks else [])])


def _row(one: WorktreeListing, style: Style) -> list[Cell]:
    state = f"dirty ({counted(one.uncommitted, 'file')})" if one.state == "dirty" and one.uncommitted else one.state
    return [
        Cell(one.thread_id),
        Cell(one.thread_status, status_colour(one.thread_status)),
        Cell(state, _COLOURS[one.state]),
        Cell("-" if one.ahead is None else str(one.ahead)),
        Cell("-" if one.behind is None else str(one.behind)),
        Cell(duration(int((style.now - one.made_at) * 1000))),
        Cell("unknown" if _is_uncounted(one) else size(one.size_bytes)),
        Cell(one.path),
    ]


def _is_uncounted(one: WorktreeListing) -> bool:
    """Say whether there is a worktree whose size was not found out."""
    return one.size_bytes is None and one.state in ("clean", "dirty")


def _remarks(one: WorktreeListing) -> list[str]:
    found = []
    if one.in_progress:
        found.append(f"{one.thread_id}: a {one.in_progress} is under way in it")
    if one.trouble:
        found.append(f"{one.thread_id}: {one.trouble}")
    if one.kept_because:
        found.append(f"{one.thread_id}: kept by cleanup: {one.kept_because}")
    return found


def size(count: int | None) -> str:
    """Write a number of bytes the short way: `512 B`, `1.5 MiB`."""
    if count is None:
        return "-"
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def worktree_remove_text(response: WorktreeRemoveResponse, style: Style) -> str:
    """Write what is gone, and where what was in it is kept."""
    return pairs(
        [
            ("removed", response.path),
            ("thread", response.thread_id),
            ("branch", f"{response.branch} ({response.branch_fate})"),
            ("archive", response.archive),
            ("snapshot", response.snapshot),
            ("ignored files gone", ", ".join(response.ignored)),
            *(("note", note) for note in response.notes),
        ],
        style,
    )


def commit_text(response: CommitResponse, style: Style) -> str:
    """Write what was committed."""
    return pairs(
        [
            ("committed", counted(response.files, "file")),
            ("branch", response.branch),
            ("commit", response.commit),
            ("worktree", response.worktree_path),
            ("left out", ", ".join(response.left_out)),
        ],
        style,
    )
