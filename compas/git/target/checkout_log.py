"""Reads from the logs of HEAD which commits were made in checkouts that are no thread's."""

import os
import re
from collections.abc import Iterator
from typing import Final

from compas.git.directories import same_place
from compas.git.naming import WORKTREES
from compas.git.plain_files import read_plain
from compas.git.worktree.registration import read_all_registrations

LONGEST_LOG: Final = 256 * 1024 * 1024
"""Bytes of a log of HEAD: about a million moves."""

_MADE: Final = re.compile(
    rb"commit(?: \([a-z ]+\))?:|cherry-pick:|revert:|am:|rebase \((?:pick|reword|squash|fixup|edit|continue)\):"
    rb"|(?:merge|pull)\b.*: Merge made by"
)
"""How git's own commands log that they made a commit; moving to one that was there is logged in other words."""


def commits_made_in_checkouts(common_dir: str) -> set[str]:
    """Return the commits that git's commands made in checkouts of the operator's, as far as their logs go back."""
    made: set[str] = set()
    for directory in _git_directories(common_dir):
        content = read_plain(os.path.join(directory, "logs", "HEAD"), LONGEST_LOG) or b""
        made |= {commit for line in content.split(b"\n") if (commit := _made_by(line)) is not None}
    return made


def _made_by(line: bytes) -> str | None:
    about, _, message = line.partition(b"\t")
    fields = about.split(b" ", 2)
    if len(fields) < 2 or _MADE.match(message) is None:
        return None
    return fields[1].decode("ascii", "replace")


def _git_directories(common_dir: str) -> Iterator[str]:
    """Yield the git directories of the main checkout and of every other one that no thread works in."""
    yield common_dir
    ours = [registered.path for registered in read_all_registrations(common_dir)]
    linked = os.path.join(common_dir, "worktrees")
    names = sorted(os.listdir(linked)) if os.path.isdir(linked) else []
    for name in names:
        place = _place(os.path.join(linked, name))
        is_ours = place is not None and (
            WORKTREES in place.split(os.sep) or any(same_place(place, one) for one in ours)
        )
        if place is not None and not is_ours:
            yield os.path.join(linked, name)


def _place(git_dir: str) -> str | None:
    content = read_plain(os.path.join(git_dir, "gitdir"))
    return None if content is None else os.path.dirname(os.fsdecode(content).strip())
