"""Reads what branches hold beside what was judged of them: trees and merge bases, without a process where it can."""

import re
from typing import Final

from compas.git import quick
from compas.git.command import Git
from compas.git.errors import GitError
from compas.git.naming import BRANCHES
from compas.git.protocol.reading import CommitSeen, ReadSides, Side, SideSeen, SidesRead

_FULL_NAME: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF: Final = re.compile(r"refs/[^\x00-\x20\x7f]+")


async def read_sides(request: ReadSides) -> SidesRead:
    """ReadSides at each branch; one whose repository cannot be read does not keep the others from being answered."""
    return SidesRead(sides=tuple([await _look(side) for side in request.sides]))


async def _look(side: Side) -> SideSeen:
    names = [name for name in dict.fromkeys((side.tip, *side.commits)) if _is_name(name)]
    target = BRANCHES + side.target
    try:
        found = await _seen(Git(side.repo), target, names)
    except GitError:
        return SideSeen(tip=None)
    commits = tuple(
        CommitSeen(commit=name, tree=found[name][1], base=found[name][2]) for name in names if name in found
    )
    tip = found.get(side.tip)
    return SideSeen(
        tip=None if tip is None else CommitSeen(commit=tip[0], tree=tip[1], base=tip[2]),
        commits=tuple(one for one in commits if one.commit in side.commits),
    )


def _is_name(name: str) -> bool:
    return bool(_FULL_NAME.fullmatch(name) or _REF.fullmatch(name))


async def _seen(git: Git, target: str, names: list[str]) -> dict[str, tuple[str, str, str | None]]:
    try:
        return await quick.seen(git.directory, target, names)
    except quick.NotQuick:
        pass
    other = await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{target}^{{commit}}")
    found: dict[str, tuple[str, str, str | None]] = {}
    for name in names:
        commit = await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        tree = await git.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{tree}}")
        if commit is not None and tree is not None:
            base = await git.line("merge-base", "--end-of-options", commit, other) if other is not None else None
            found[name] = (commit, tree, base)
    return found
