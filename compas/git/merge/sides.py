"""What is merged into what, pinned to commits, and everything a person should hear before git is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from compas.git import quick
from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.merge.laid_paths import refuse_laid
from compas.git.merge.unsaved import refuse_unsaved
from compas.git.naming import thread_of
from compas.git.protocol.merging import MergeKind, Prepared, PrepareMerge
from compas.git.repository import Listed, branch_tip, target_tip, tip_of
from compas.git.worktree.registration import read_registration

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


async def preflight(git: Git, common_dir: str, listed: Sequence[Listed], request: PrepareMerge) -> Sides:
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
    await refuse_unsaved(git, common_dir, listed, request.source)
    await refuse_laid(git, common_dir, request, source_tip, target_old)
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


async def merge_base(git: Git, sides: Sides) -> str:
    """Return a common ancestor of both sides. Raises GitRefused `unrelated`."""
    try:
        base = await quick.merge_base(git.store, sides.target_old, sides.source_tip)
    except quick.NotQuick:
        base = await git.line("merge-base", "--end-of-options", sides.target_old, sides.source_tip)
    if base is None:
        message = f"{sides.source} and {sides.target} have no commit in common; merge them by hand if that is meant"
        raise GitRefused("unrelated", message)
    return base


def nothing_to_do(common_dir: str, sides: Sides) -> Prepared:
    """Return the result where the target contains the source: told apart by whether the source ever had a commit."""
    thread = thread_of(sides.source)
    made = read_registration(common_dir, thread) if thread is not None else None
    if made is not None and made.base == sides.source_tip:
        summary = f"No commits to merge: {sides.source} has none of its own"
        return sides.prepared("nothing", sides.target_old, summary)
    summary = f"No commits to merge: {sides.target} contains {sides.source} already"
    return sides.prepared("already_merged", sides.target_old, summary)
