"""Strategy rebase without a checkout: the source's commits made again on the target, one by one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from compas.git.command import LONG_LIMIT, Git, shown
from compas.git.merge.compute import commit_tree, merge_commits
from compas.git.merge.report import Labels, explain
from compas.git.merge.sides import Sides
from compas.git.protocol.merging import Prepared, PrepareResult, Refused, SideCommit
from compas.git.quick import NotQuick, tree_of
from compas.git.work.snapshot import OURS

_FIELDS: Final = ("%m", "%H", "%P", "%T", "%an", "%ae", "%ad", "%s", "%B")
EMPTY_TREE: Final = ("hash-object", "-t", "tree", "/dev/null")


@dataclass(frozen=True, slots=True)
class Pick:
    """One commit of the source. `parent` is None for a root; `is_there` says that the target has the same patch."""

    commit: str
    parent: str | None
    tree: str
    author: Mapping[str, str]
    subject: str
    message: bytes
    is_there: bool

    @property
    def side(self) -> SideCommit:
        """What a report says of it."""
        name = os.fsencode(self.author["GIT_AUTHOR_NAME"])
        return SideCommit(commit=self.commit, subject=self.subject, author=shown(name))


async def replay(there: Git, git: Git, sides: Sides) -> PrepareResult:
    """Make each commit of the source again on the target, as `git rebase` does (b-mcp-cli-merge 93).

    Merges in the source are left out, and so is a commit whose patch the target has already or that becomes empty.
    One that stands where it belongs is kept as it is. `there` is where attributes are read. Raises TooOldError.
    """
    onto, tree = sides.target_old, await _tree(git, sides.target_old)
    kept = left_out = 0
    for pick in await picks(git, sides):
        base = await _tree(git, pick.parent)
        is_empty = pick.tree == base
        if pick.is_there and not is_empty:
            left_out += 1
            continue
        if pick.parent == onto:
            onto, tree, kept = pick.commit, pick.tree, kept + 1
            continue
        result = await _replayed(there, git, sides, pick, onto, tree)
        if not isinstance(result, str):
            return result
        if result == tree and not is_empty:
            left_out += 1
            continue
        made = await commit_tree(git, result, [onto], pick.message, pick.author)
        if isinstance(made, Refused):
            return made
        onto, tree, kept = made, result, kept + 1
    return replayed(sides, onto, kept, left_out)


def replayed(sides: Sides, new: str, kept: int, left_out: int) -> Prepared:
    """Return the result of a rebase in words."""
    if new == sides.target_old:
        summary = f"No commits to merge: {sides.target} has every change of {sides.source} already"
        return sides.prepared("already_merged", new, summary)
    if new == sides.source_tip:
        return sides.prepared("fast_forward", new, f"{sides.target} moves forward to {sides.source}")
    summary = f"Rebased {sides.source} onto {sides.target}: {kept} {'commit' if kept == 1 else 'commits'}"
    if left_out:
        summary += f", {left_out} left out because {sides.target} has their changes already"
    return sides.prepared("rebase", new, summary)


async def _replayed(there: Git, git: Git, sides: Sides, pick: Pick, onto: str, tree: str) -> str | PrepareResult:
    """Return the tree of a commit made again, or what it conflicts with.

    git 2.38 cannot be told the base of a merge. A commit with the tree of the target so far, and with the picked
    commit's parent for its own, has that parent for a merge base, and so says the same.
    """
    parents = ("-p", pick.parent) if pick.parent is not None else ()
    marked = await git.having(**OURS).run(
        "commit-tree", *parents, "-m", f"{onto} for the replay", "--end-of-options", tree
    )
    stand_in = shown(marked.stdout).strip()
    options = () if pick.parent is not None else ("--allow-unrelated-histories",)
    merged = await merge_commits(there, stand_in, pick.commit, *options)
    if isinstance(merged, Refused) or merged.clean:
        return merged if isinstance(merged, Refused) else merged.tree
    labels = Labels({stand_in: sides.target, pick.commit: pick.commit[:7]})
    return await explain(git, sides, merged, labels, pick.side)


async def picks(git: Git, sides: Sides) -> list[Pick]:
    """Return the commits that only the source has, oldest first, merges left out."""
    form = "%x00".join(_FIELDS)
    output = await git.run(
        "log", "-z", f"--format=tformat:{form}", "--date=raw", "--encoding=UTF-8", "--no-color", "--no-notes",
        "--no-show-signature", "--reverse", "--topo-order", "--max-parents=1", "--right-only", "--cherry-mark",
        "--end-of-options", f"{sides.target_old}...{sides.source_tip}", "--",
        time_limit=LONG_LIMIT,
    )  # fmt: skip
    fields = output.stdout.split(b"\0")
    width = len(_FIELDS)
    return [_pick(fields[at : at + width]) for at in range(0, len(fields) - 1, width)]


def _pick(fields: list[bytes]) -> Pick:
    mark, commit, parent, tree, name, address, date, subject, message = fields
    return Pick(
        commit=shown(commit),
        parent=shown(parent) or None,
        tree=shown(tree),
        author={
            "GIT_AUTHOR_NAME": os.fsdecode(name),
            "GIT_AUTHOR_EMAIL": os.fsdecode(address),
            "GIT_AUTHOR_DATE": f"@{shown(date)}",
        },
        subject=shown(subject),
        message=message,
        is_there=mark == b"=",
    )


async def _tree(git: Git, commit: str | None) -> str:
    if commit is None:
        return await git.text(*EMPTY_TREE)
    try:
        return await tree_of(git.directory, commit)
    except NotQuick:
        return await git.text("rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
