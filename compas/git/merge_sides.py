"""What is merged into what, pinned to commits, and everything a person should hear before git is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compas.git import quick
from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.messages import MergeKind, Prepared, PrepareMerge
from compas.git.naming import BASES, BRANCHES
from compas.git.repository import Listed, branch_tip, target_tip, tip_of
from compas.git.status import read_entries

STRATEGIES: Final = ("merge", "rebase", "squash")


@dataclass(frozen=True, slots=True)
class Sides:
    """Source and target at fixed commits; `message` and `trailer` are for the commit that the merge makes."""

    source: str
    target: str
    source_tip: str
    target_old: str
    message: str
    trailer: str

    def prepared(self, kind: MergeKind, new: str, summary: str) -> Prepared:
        """Return the result of that kind."""
        return Prepared(
            kind=kind,
            source=self.source,
            target=self.target,
            source_tip=self.source_tip,
            target_old=self.target_old,
            new=new,
            summary=summary,
        )


async def preflight(git: Git, listed: Sequence[Listed], request: PrepareMerge) -> Sides:
    """Pin both sides, or raise GitRefused for what is known to fail (b-mcp-cli-merge 80, 85, 91)."""
    if request.strategy not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise GitRefused("bad_strategy", f"{request.strategy!r} is no merge strategy; choose one of {known}")
    target_old = await target_tip(git, request.target)
    source_tip = await _source_tip(git, request.source)
    if request.expected_source is not None and request.expected_source != source_tip:
        message = (
            f"{request.source} is at {source_tip[:12]}, not at {request.expected_source[:12]} as when the merge "
            "was asked for; look at what was added, and ask again"
        )
        raise GitRefused("source_moved", message)
    await _refuse_unsaved(git, listed, request.source)
    verb = "Squash merge" if request.strategy == "squash" else "Merge branch"
    message = request.message.strip() or f"{verb} '{request.source}' into {request.target}"
    return Sides(request.source, request.target, source_tip, target_old, message, request.trailer.strip())


async def _source_tip(git: Git, source: str) -> str:
    if not source.startswith("refs/"):
        return await branch_tip(git, source)
    tip = await tip_of(git, source) if await git.holds("check-ref-format", source) else None
    if tip is None:
        raise GitRefused("no_such_branch", f"{source!r} does not exist in {git.directory}")
    return tip


async def _refuse_unsaved(git: Git, listed: Sequence[Listed], source: str) -> None:
    """Refuse while a checkout of the source holds something that no commit has; untracked counts (b row 80)."""
    for checkout in listed:
        if checkout.branch != BRANCHES + source or not checkout.present:
            continue
        entries = await read_entries(git.at(checkout.path))
        if entries:
            names = ", ".join(entry.path for entry in entries[:10]) + (", …" if len(entries) > 10 else "")
            message = (
                f"{checkout.path} has uncommitted changes ({len(entries)}: {names}); "
                "commit them there, or discard them, then merge again"
            )
            raise GitRefused("source_dirty", message)


async def merge_base(git: Git, sides: Sides) -> str:
    """Return a common ancestor of both sides. Raises GitRefused `unrelated`."""
    try:
        base = await quick.merge_base(git.directory, sides.target_old, sides.source_tip)
    except quick.NotQuick:
        base = await git.line("merge-base", "--end-of-options", sides.target_old, sides.source_tip)
    if base is None:
        message = f"{sides.source} and {sides.target} have no commit in common; merge them by hand if that is meant"
        raise GitRefused("unrelated", message)
    return base


async def nothing_to_do(git: Git, sides: Sides) -> Prepared:
    """Return the result where the target contains the source: told apart by whether the source ever had a commit."""
    start = await tip_of(git, BASES + sides.source.removeprefix(BRANCHES).removeprefix("compas/"))
    if start == sides.source_tip:
        summary = f"No commits to merge: {sides.source} has none of its own"
        return sides.prepared("nothing", sides.target_old, summary)
    summary = f"No commits to merge: {sides.target} contains {sides.source} already"
    return sides.prepared("already_merged", sides.target_old, summary)
